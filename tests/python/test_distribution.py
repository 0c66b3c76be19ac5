"""Wheel and sdist, built and installed as a user gets them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
FOLDERS = {"__pycache__", "target", "logs"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return {"wheel": next(folder.glob("*.whl")), "sdist": next(folder.glob("*.tar.gz"))}


def package_files() -> set[str]:
    files = (path.relative_to(ROOT / "python") for path in (ROOT / "python/driftline").rglob("*") if path.is_file())
    return {path.as_posix() for path in files if not FOLDERS & set(path.parts)}


def test_one_version() -> None:
    """The package, its Python, the newest that CHANGELOG.md names, and the tag that README.md installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    named = re.findall(r"^## (\d\S*) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    (installed,) = re.findall(r"revision: v(\S+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert project["version"] == package["version"] == named[0] == installed


def test_they_carry_every_file(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        assert {name for name in wheel.namelist() if not name.split("/")[0].endswith(".dist-info")} == package_files()
    with tarfile.open(built["sdist"]) as sdist:
        names = {name.split("/python/", 1)[1] for name in sdist.getnames() if "/python/" in name}
    assert names == package_files()
    assert "driftline/py.typed" in names


def test_they_say_what_they_are(built: dict[str, Path]) -> None:
    """The page of an index is README.md; no address is named that is nobody's."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").strip()
    with zipfile.ZipFile(built["wheel"]) as wheel:
        (name,) = [one for one in wheel.namelist() if one.endswith(".dist-info/METADATA")]
        metadata = wheel.read(name).decode("utf-8")
    assert readme in metadata and "Programming Language :: Python :: 3.13" in metadata
    assert "Project-URL" not in metadata and "Home-page" not in metadata


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_an_installed_one_brings_its_command_and_its_channels(
    built: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    """By pip, into an environment that has dbt by looking into that of the tests."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    (site,) = environment.glob("lib/python*/site-packages")
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"]
    # Without isolation what builds is looked up where it is installed: beside the tests.
    beside = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    subprocess.run([*command, "--no-build-isolation", str(built[kind])], env=beside, check=True, cwd=tmp_path)
    (site / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")

    version = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["version"]
    said = subprocess.run([environment / "bin" / "driftline", "--version"], check=True, capture_output=True, text=True)
    assert said.stdout.split()[-1] == version
    code = (
        "import driftline, importlib.metadata as m\n"
        "print(driftline.__file__)\n"
        "own = [d for d in m.distributions(path=[__import__('sys').argv[1]]) if d.name == 'driftline']\n"
        "print(*sorted(e.name for d in own for e in d.entry_points if e.group == 'driftline.channels'))\n"
        "from driftline.alerting.channels import channel_types; print(*sorted(channel_types()))\n"
    )
    told = subprocess.run(
        [python, "-c", code, str(site)], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert told[0] == str(site / "driftline/__init__.py")
    wanted = ["apprise", "console", "mail", "pagerduty", "slack", "webhook"]
    assert told[1].split() == wanted and set(wanted) <= set(told[2].split())


def test_an_installed_wheel_works(built: dict[str, Path], tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(built["wheel"]) as wheel:
        wheel.extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def python(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    version = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["version"]
    assert python("-c", "import driftline; print(driftline.__file__)").strip() == str(site / "driftline/__init__.py")
    assert python("-m", "driftline", "--version").split()[-1] == version
    page = python("-c", "from driftline.report import build_report; print(build_report(lambda sql: [], {}))")
    assert "No monitors yet" in page
