"""Fixtures for all tests: engines for the session, projects for a test or a module."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import further_engines
import pytest
from hypothesis import settings
from support import DuckDBEngine, Engine, PostgresEngine, Project, quick_dbt
from support.postgres_server import PostgresUnavailable

HERE = Path(__file__).parent
MakeProject = Callable[..., Project]
# The engine of `make test-<engine>`, where it is one of tests/further_engines.py; else DuckDB and Postgres are asked.
FURTHER = os.environ.get("DRIFTLINE_TEST_ENGINES", "")

# The same examples in every run: what fails, fails for everybody.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def duckdb_engine() -> Iterator[Engine]:
    quick_dbt.install()
    yield DuckDBEngine()


@pytest.fixture(scope="session")
def postgres_engine() -> Iterator[Engine]:
    """A Postgres server of this test session's own, with an empty database."""
    quick_dbt.install()
    try:
        engine = PostgresEngine()
    except PostgresUnavailable as problem:
        pytest.skip(str(problem))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def further_engine() -> Iterator[Engine]:
    """The further engine that this run is for: tests of it are left out of all other runs."""
    quick_dbt.install()
    engine = further_engines.engine(FURTHER)
    yield engine
    engine.close()


@pytest.fixture(scope="session", params=[FURTHER] if FURTHER else ["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn: a test that asks for it, or for a project, runs once on each."""
    found: Engine = request.getfixturevalue("further_engine" if FURTHER else f"{request.param}_engine")
    return found


@pytest.fixture(scope="session")
def other_engine(request: pytest.FixtureRequest) -> Engine:
    """What DuckDB is held against: Postgres, or the further engine that this run is for."""
    found: Engine = request.getfixturevalue("further_engine" if FURTHER else "postgres_engine")
    return found


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str, object], None]:
    """``figure("false alarms", "0.2 %")``: a number worth reading, printed at the end of the test run."""

    def record(name: str, value: object) -> None:
        record_property("figure", f"{name}: {value}")

    return record


# Measured on two cores: the modules of half a minute and more. In the order of their names the longest would come last,
# and one process would wait for it.
LONG = (
    "replay/test_one_build.py",
    "measures/test_measures_against_scipy.py",
    "compat/test_dbt_versions.py",
    "python/alerting/test_delivery.py",
    "measures/test_performance_against_sklearn.py",
    "measures/test_comparisons.py",
    "scoreboard/test_scoreboard.py",
    "state/test_runs.py",
    "demo/test_retrain.py",
    "adoption/test_natural_commands.py",
    "report/test_browser.py",
    "judge/test_replay.py",
    "measures/test_concept.py",
    "state/test_outcomes.py",
    "measures/test_properties.py",
    "judge/test_gate.py",
    "bad_input/test_what_works.py",
    "bad_input/test_variables.py",
    "python/alerting/test_actions.py",
)


# Asked of DuckDB alone, since the answers follow on Postgres from what is asked of both: drift, business metrics and the judge
# are equal there to 1e-9 (measures/test_engines_agree.py), and all measures with their noise are what an oracle makes of the
# raw rows on either. So how often a quiet metric is told of, whether a published number is met and what holds on any data
# need no second build; nothing in these modules is of types, time zones or runs, where the engines' SQL is not the same.
ON_DUCKDB_ALONE = {
    HERE / "measures/test_business.py",
    HERE / "measures/test_business_reference.py",
    HERE / "measures/test_day_of_month.py",
    HERE / "measures/test_noise_at_any_size.py",
    HERE / "measures/test_properties.py",
    HERE / "measures/test_published_numbers.py",
    HERE / "measures/test_small_effects.py",
    # Of random splits; what a merge is from run to run is asked of both.
    HERE / "sites/test_merged_states.py",
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest modules first, where tests are shared out by modules (see the Makefile)."""
    if FURTHER:
        others = [item for item in items if not {"engine", "further_engine", "other_engine"} & _fixtures(item)]
    else:
        others = [item for item in items if "further_engine" in _fixtures(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]
    follow = [item for item in items if item.path in ON_DUCKDB_ALONE and _engine_of(item) == "postgres"]
    config.hook.pytest_deselected(items=follow)
    items[:] = [item for item in items if item not in follow]
    places = {HERE / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


# What `make test` asks of both engines: state, measures, judge and ledger once each. Everything else it asks of DuckDB, and
# leaves the same on Postgres, but for ON_DUCKDB_ALONE, to `make test-engines` and `make test-weekly`.
# (test_engines_agree.py, which holds the tables of both against each other, is no parametrised test and in `make test`.)
ON_BOTH_ENGINES = {
    HERE / "state/test_counts.py",
    HERE / "measures/test_fairness.py",
    HERE / "judge/test_incidents.py",
    HERE / "python/alerting/test_ledger.py",
    HERE / "harness/test_support.py",
}


# What is left to it besides: other versions of dbt, fifty days replayed with kills (as long again is `make replay`), the
# tutorial, and first days by the documented commands.
LEFT = tuple(
    HERE / name
    for name in (
        *("compat", "docs/test_tutorial.py", "replay", "engines/test_foreign_semantics.py"),
        "adoption/test_first_day.py",
    )
)

# Of what is repeated on Postgres the state from run to run and the merged sites are asked for with what is left: there the
# engines' SQL differs. All else is asked for once a week: the figures, which measures/test_engines_agree.py holds to 1e-9,
# the results kept from run to run, the messages, the judge's sentences and the command line.
OFTEN = tuple(HERE / name for name in ("state", "sites"))
# Once a week too: the whole loop of a retraining, two minutes for one test, which `make retrain` shows; and what is marked so.
WEEKLY = (HERE / "demo",)
WEEKLY_ON_POSTGRES = (HERE / "state/test_kept_windows.py",)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """What no further engine is asked may need what its environment does not have."""
    if not FURTHER or collection_path in (HERE, *HERE.parents):
        return None
    place = collection_path.relative_to(HERE)
    asked = [Path(name) for name in further_engines.ASKED[FURTHER]]
    return None if any(place == path or place in path.parents for path in asked) else True


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def _lies_in(item: pytest.Item, places: tuple[Path, ...]) -> bool:
    return any(place in (item.path, *item.path.parents) for place in places)


def _engine_of(item: pytest.Item) -> Any:
    call = getattr(item, "callspec", None)
    return None if call is None else call.params.get("engine")


def pytest_itemcollected(item: pytest.Item) -> None:
    if FURTHER:
        name = f"{item.path.relative_to(HERE).as_posix()}::{getattr(item, 'originalname', item.name)}"
        reason = further_engines.NOT_ASKED[FURTHER].get(name)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))
        if _lies_in(item, tuple(HERE / module for module in further_engines.WEEKLY.get(FURTHER, []))):
            item.add_marker("weekly")
        return
    is_repeated = _engine_of(item) == "postgres" and item.path not in ON_BOTH_ENGINES
    seldom = is_repeated and (_lies_in(item, WEEKLY_ON_POSTGRES) or not _lies_in(item, OFTEN))
    if seldom or _lies_in(item, WEEKLY):
        item.add_marker("weekly")
    elif is_repeated or _lies_in(item, LEFT):
        item.add_marker("left")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    # By way of the reports, because the tests may have run in other processes.
    lines = [
        f"{report.nodeid}: {value}"
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        for name, value in report.user_properties
        if name == "figure"
    ]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def make_project(engine: Engine, tmp_path: Path) -> Iterator[MakeProject]:
    """``make_project(models={...}, tables={...}, vars={...})``: projects that live for one test."""
    yield from _projects(engine, tmp_path)


@pytest.fixture(scope="module")
def make_module_project(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeProject]:
    """The same for a whole module: build once in a module fixture, look at the tables in many tests."""
    yield from _projects(engine, tmp_path_factory.mktemp("module"))


def _projects(engine: Engine, folder: Path) -> Iterator[MakeProject]:
    made: list[Project] = []

    def make(*, on: Engine | None = None, **arguments: Any) -> Project:
        # A project's folder names the DuckDB file's folder too, so each project has a database of its own.
        path = folder / f"project_{len(made) + 1}"
        path.mkdir()
        project = Project(path, (on or engine).workspace(path), **arguments)
        made.append(project)
        return project

    yield make
    for project in made:
        project.close()
