"""What is private of the package: nobody else's ref() reaches it, and one line moves all of it into a schema of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from support import Project
from support.project import REPOSITORY

MakeProject = Callable[..., Project]
LOG = {"at": [dt.datetime(2024, 1, day) for day in (1, 2, 3)], "x": [1.0, 2.0, 3.0]}
MONITOR = """
{{ driftline.monitor(
    relation=source('raw', 'log'), timestamp='at', reference={'start': '2024-01-01', 'end': '2024-01-03'}, numeric=['x']
) }}
"""
INTERNAL = {path.stem for path in (REPOSITORY / "models" / "internal").rglob("*.sql")}


def test_what_is_private_is_in_one_folder_and_named_so() -> None:
    models = {path.stem: path for path in (REPOSITORY / "models").rglob("*.sql")}
    assert INTERNAL and {name for name in models if name.startswith("driftline_int_")} == INTERNAL


def test_a_project_cannot_refer_to_what_is_private(make_project: MakeProject) -> None:
    project = make_project(models={"mine": "select * from {{ ref('driftline', 'driftline_int_windows') }}"})
    run = project.run(["parse", "--no-partial-parse"])
    assert not run.success
    assert "driftline_int_windows" in run.text and "private" in run.text


def test_one_line_moves_all_that_is_private(make_project: MakeProject) -> None:
    project = make_project(
        models={"monitors/watched": MONITOR, "mine": "select * from {{ ref('driftline', 'driftline_drift') }}"},
        tables={"log": LOG},
        vars={"driftline_monitors": ["watched"], "driftline_now": "2024-01-05"},
        config={"models": {"driftline": {"internal": {"+schema": "inside"}}}},
    )
    assert project.run(["parse", "--no-partial-parse", "--warn-error"]).success
    project.build()
    schema = project.workspace.schema
    found = project.sql(
        "select table_schema, table_name from information_schema.tables where table_name like 'driftline%'"
        f" and table_schema in ('{schema}', '{schema}_inside')"
    )
    inside = {name for place, name in found if place != schema}
    public = {name for place, name in found if place == schema}
    assert inside and inside <= INTERNAL
    assert not public & INTERNAL and {"driftline_drift", "driftline_alerts"} <= public
    # The next run finds what the last one has left there: windows, noise and episodes.
    project.build("--select", "+driftline_int_kept", "+driftline_int_episodes")
