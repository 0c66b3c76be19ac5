"""Each version of dbt Core on each Python, and the oldest of everything: `make matrix`.

For each pair an environment with the package's wheel, and in it a project's first day by the commands of the README: a
build without a warning, then validate, alert, check, incidents and report. What uv cannot get is left out, which is no
success: exit code 2, unless --available asks for what can be had. 1 is a failure.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENTS = REPOSITORY / ".venv-matrix"
UV = Path(sys.executable).parent / "uv"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
# What pins dbt Core: constraints/ has each for all Pythons.
VERSIONS = {"1.10": "compat-1.10", "1.11": "demo", "1.12": "compat-1.12"}
LOWEST = "lowest"
QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "UV_SYSTEM_CERTS": "true"}
LOG = """
select timestamp '2026-01-01' + day * interval '1 day' + row * interval '10 minutes' as at,
    case when day >= 15 then 30.0 else 10.0 end + row % 7 as price,
    case when row % 3 = 0 then 'card' else 'cash' end as kind
from range(20) as days(day) cross join range(120) as rows(row)
"""
MONITOR = """{{ driftline.monitor(
    relation=ref('log'), timestamp='at', reference={'start': '2026-01-01', 'end': '2026-01-11'},
    numeric=['price'], categorical=['kind']
) }}"""


class Problem(Exception):
    """A step that did not do what it should."""


@dataclass(frozen=True)
class Step:
    command: tuple[str, ...]
    code: int = 0
    says: str = ""


STEPS = (
    Step(("dbt", "deps")),
    Step(("dbt", "build", "--warn-error")),
    Step(("driftline", "validate"), says="1 monitor checked, no errors."),
    Step(("driftline", "alert", "--json"), says='"event": "opened"'),
    Step(("driftline", "check"), code=1, says="Price"),
    Step(("driftline", "incidents"), says="Price"),
    Step(("driftline", "report", "--output", "report.html")),
)


def run(command: list[str | Path], folder: Path, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    more = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")} | QUIET
    done = subprocess.run(command, cwd=folder, env=more | (environment or {}), capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def interpreter(version: str) -> str | None:
    """A Python that uv finds or can fetch, or pyenv has, over whose shims uv stumbles; None where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    beside = sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    for command in (
        ["find", version],
        ["find", str(beside[-1])] if beside else None,
        ["install", version],
        ["find", version],
    ):
        code, found, _ = run([UV, "python", *command], REPOSITORY) if command else (1, "", "")
        if code == 0 and found.strip() and command and command[0] == "find":
            return found.strip()
    return None


def pins(dbt: str) -> str:
    return f"constraints/{VERSIONS[dbt]}.txt"


def environment(python: str, dbt: str, wheel: Path) -> Path:
    """The folder of programs of an environment. Raises Problem where it cannot be installed."""
    folder = ENVIRONMENTS / f"{dbt}-{python}"
    shutil.rmtree(folder, ignore_errors=True)
    found = interpreter(python)
    if found is None:
        raise Problem(f"there is no Python {python}, and uv cannot fetch it")
    # The bounds are of the project's own requirements, so these are named, and the wheel comes without.
    lowest = ["--resolution", "lowest-direct", "--extra", "duckdb", "-r", "pyproject.toml"]
    wanted = [lowest, ["--no-deps", str(wheel)]] if dbt == LOWEST else [["-r", pins(dbt), f"{wheel}[duckdb]"]]
    install: list[str | Path] = [UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python"]
    for command in ([UV, "venv", "--quiet", "--python", found, folder], *([*install, *one] for one in wanted)):
        code, said, complaint = run(command, REPOSITORY)
        if code != 0:
            raise Problem(f"it cannot be installed: {' '.join((complaint or said).split())[-300:]}")
    return folder / "bin"


def first_day(programs: Path, folder: Path) -> None:
    """A project's first day. Raises Problem."""
    files = {
        "dbt_project.yml": {
            "name": "shop", "profile": "shop",
            "vars": {
                "driftline_monitors": ["orders"], "driftline_now": "2026-01-21", "driftline_windows": {"day": [1]},
            },
        },
        "profiles.yml": {"shop": {"target": "dev", "outputs": {"dev": {"type": "duckdb", "path": "shop.duckdb"}}}},
        "packages.yml": {"packages": [{"local": str(REPOSITORY)}]},
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    (folder / "models").mkdir()
    (folder / "models" / "log.sql").write_text(LOG, encoding="utf-8")
    (folder / "models" / "orders.sql").write_text(MONITOR, encoding="utf-8")
    for step in STEPS:
        code, out, err = run([programs / step.command[0], *step.command[1:]], folder)
        if code != step.code or step.says not in out:
            raise Problem(f"{' '.join(step.command)}: exit code {code}\n{(out + err)[-3000:]}")
    if not (folder / "report.html").stat().st_size or not list((folder / "target" / "driftline").glob("*.json")):
        raise Problem("no report, or nothing kept of what dbt said")


def versions(programs: Path) -> str:
    names = ("dbt-core", "dbt-duckdb", "duckdb", "sqlglot", "click")
    code = f"from importlib.metadata import version; print(*(n + ' ' + version(n) for n in {names}), sep=', ')"
    return run([programs / "python", "-c", code], REPOSITORY)[1].strip()


def verdict(passed: int, failed: list[str], left_out: list[str], available: bool) -> tuple[int, str]:
    """The exit code, and the last line: what was not tried is not passed."""
    told = f"{passed} passed, {len(failed)} failed, {len(left_out)} left out"
    for what, cells in (("FAILED", failed), ("NOT TRIED", left_out)):
        told += f"; {what}: {', '.join(cells)}" if cells else ""
    if failed:
        return 1, told
    return (2 if left_out and not (available and passed) else 0), told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", choices=PYTHONS, help="this one alone (repeatable)")
    parser.add_argument("--dbt", action="append", choices=VERSIONS, help="this one alone (repeatable)")
    parser.add_argument("--lowest", action="store_true", help="only the oldest versions that pyproject.toml allows")
    parser.add_argument("--available", action="store_true", help="exit code 0 although something cannot be had")
    given = parser.parse_args()
    cells = [] if given.lowest else list(itertools.product(given.dbt or VERSIONS, given.python or PYTHONS))
    if given.lowest or not (given.dbt or given.python):
        cells.append((LOWEST, "3.10"))
    passed, failed, left_out = 0, list[str](), list[str]()
    with tempfile.TemporaryDirectory() as name:
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", name]
        subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
        (wheel,) = Path(name).glob("*.whl")
        for number, (dbt, python) in enumerate(cells):
            started = time.perf_counter()
            folder = Path(name, str(number))
            folder.mkdir()
            what = f"dbt {dbt:<6} Python {python:<4}"
            try:
                programs = environment(python, dbt, wheel)
            except Problem as problem:
                left_out.append(" ".join(what.split()))
                print(f"{what}  left out: {problem}", flush=True)
                continue
            try:
                first_day(programs, folder)
                passed += 1
                said = f"passed in {time.perf_counter() - started:.0f} s ({versions(programs)})"
            except Problem as problem:
                failed.append(" ".join(what.split()))
                said = f"FAILED: {problem}"
            print(f"{what}  {said}", flush=True)
    code, told = verdict(passed, failed, left_out, given.available)
    print(told)
    return code


if __name__ == "__main__":
    sys.exit(main())
