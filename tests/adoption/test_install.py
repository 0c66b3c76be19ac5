"""The dbt package as README.md has it installed: a clone in a folder, or git at a tag."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.project import QUIET, REPOSITORY

VERSION = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text(encoding="utf-8"))["version"]


def run(folder: Path, *command: str | Path) -> str:
    who = {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    shown = {**QUIET, "DBT_LOG_LEVEL": "info"} | who
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("DBT_", "GIT_"))} | shown
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt reads of the package, and its pages, as a repository of its own with a tag."""
    folder = tmp_path_factory.mktemp("host") / "driftline.git"
    for name in ("macros", "models", "seeds", "docs"):
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, folder / name)
    shutil.copy(REPOSITORY / "dbt_project.yml", folder)
    run(folder, "git", "init", "--quiet", "--initial-branch", "main")
    run(folder, "git", "add", ".")
    run(folder, "git", "commit", "--quiet", "--message", "All of it")
    run(folder, "git", "tag", f"v{VERSION}")
    return folder


def packages() -> dict[str, str]:
    """What README.md has for packages.yml: the folder, and git in comments."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(packages:\n.+?)```", text, re.DOTALL)
    lines = block.splitlines()
    assert lines[1].startswith("  - local: ")
    uncommented = [line.replace("# ", "", 1) for line in lines[2:]]
    return {"local": "\n".join(lines[:2]), "git": "\n".join(["packages:", *uncommented])}


@pytest.mark.parametrize("way", ["local", "git", "branch"])
def test_dbt_installs_it(clone: Path, tmp_path: Path, way: str) -> None:
    """By what the README says without a warning; of a branch there is one, which is why it says a tag."""
    declared = yaml.safe_load(packages()["git" if way == "branch" else way])["packages"]
    (entry,) = declared
    if way == "local":
        entry["local"] = os.path.relpath(clone, tmp_path)
    else:
        assert entry["git"].startswith("file:///") and entry["revision"] == f"v{VERSION}"
        entry |= {"git": clone.as_uri()} | ({"revision": "main"} if way == "branch" else {})
    (tmp_path / "dbt_project.yml").write_text("name: shop\nversion: '1.0'\nprofile: shop\n", encoding="utf-8")
    (tmp_path / "packages.yml").write_text(yaml.safe_dump({"packages": declared}), encoding="utf-8")

    said = run(tmp_path, Path(sys.executable).parent / "dbt", "deps")

    assert ("warn" in said.lower()) == (way == "branch"), said
    assert (tmp_path / "dbt_packages/driftline/docs/monitor.md").is_file()
