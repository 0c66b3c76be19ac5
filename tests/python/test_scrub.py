"""Secrets do not get printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from driftline.scrub import Scrubber, is_secret_name


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "PGPASSWORD",
        "DBT_ENV_SECRET_X",
        "MOTHERDUCK_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "SLACK_TOKEN",
        "api_key",
        "client_secret",
        "pass",
        "private_key_passphrase",
        "pwd",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "PGPASSFILE", "PATH", "HOME", "private_key_path", "user"])
def test_other_names(name: str) -> None:
    assert not is_secret_name(name)


def test_environment_and_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_ENTRY", "from the environment")
    profiles = tmp_path / "profiles.yml"
    profiles.write_text(
        """
        shop:
          outputs:
            a: {password: "{{ env_var('SHOP_ENTRY') }}", user: ann}
            b: {token: literal-token, secrets: [{type: s3, key_id: "AK1234"}], keyfile_json: {private_key: "-----x"}}
            c: {path: "postgres://ann:in-the-url@host/db", pass: 987654}
        """
    )
    scrub = Scrubber({"SOME_TOKEN": "of the process", "FLAG_TOKEN": "true", "HOME": "home"})
    scrub.add_profiles_file(profiles)
    text = "from the environment, literal-token, AK1234, -----x, in-the-url, 987654, of the process, true, home, ann"
    assert scrub(text) == "***, ***, ***, ***, ***, ***, ***, true, home, ann"


def test_what_looks_like_a_secret() -> None:
    scrub = Scrubber({})
    assert scrub("md:x?motherduck_token=abc&y=1") == "md:x?motherduck_token=***&y=1"
    assert scrub("host=h password='a b' user=u") == "host=h password=*** user=u"
    assert scrub("https://ann:pw@host/x") == "https://ann:***@host/x"
    assert scrub("Unexpected token: x") == "Unexpected token: x"


def test_encoded_and_short_secrets() -> None:
    scrub = Scrubber({})
    scrub.add("p@ss/word")
    scrub.add("ab")
    assert scrub("p%40ss%2Fword ab cab") == "*** *** cab"


def test_an_unreadable_profiles_file_is_no_failure(tmp_path: Path) -> None:
    scrub = Scrubber({})
    scrub.add_profiles_file(tmp_path / "none.yml")
    (tmp_path / "bad.yml").write_text("a: [")
    scrub.add_profiles_file(tmp_path / "bad.yml")
