"""Wheel and sdist, built and installed as a user gets them."""

from __future__ import annotations

import os
import subprocess
import sys
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
    """The package, its Python and what both say of themselves."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["version"] == package["version"]


def test_they_carry_every_file(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        assert {name for name in wheel.namelist() if not name.split("/")[0].endswith(".dist-info")} == package_files()
    with tarfile.open(built["sdist"]) as sdist:
        names = {name.split("/python/", 1)[1] for name in sdist.getnames() if "/python/" in name}
    assert names == package_files()
    assert "driftline/py.typed" in names


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
