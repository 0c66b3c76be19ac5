"""A name in the list of monitors, by inserting text into dbt_project.yml: all else stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from driftline.init.project_file import lists, with_monitor

HEAD = "name: shop  # ours\nversion: '1.0'\n\n# how it is built\nmodels:\n  shop: {+materialized: table}\n"

# What stands there, and the lines that are new.
PLACES = {
    "no vars": ("", ["", "vars:", "  driftline_monitors: [new]"]),
    "no line end": ("seeds: {}", ["", "vars:", "  driftline_monitors: [new]"]),
    "vars of nothing": ("vars:\n", ["  driftline_monitors: [new]"]),
    "vars of nothing, with a comment": ("vars:  # none yet\nseeds: {}\n", ["vars:", "  driftline_monitors: [new]  # none yet"]),
    "other vars": ("vars:\n    # of ours\n    other: 1\n", ["    driftline_monitors: [new]"]),
    "a list on a line": ("vars:\n  driftline_monitors: [one, 'two']  # all\n", ["  driftline_monitors: [one, 'two', new]  # all"]),
    "a comma at its end": ("vars:\n  driftline_monitors: [one,]\n", ["  driftline_monitors: [one, new,]"]),
    "an empty list": ("vars: {driftline_monitors: []}\n", ["vars: {driftline_monitors: [new]}"]),
    "a list of nothing": ("vars:\n  driftline_monitors:\n  x: 1\n", ["  driftline_monitors: [new]"]),
    "a list on lines": ("vars:\n  driftline_monitors:\n    - one\n    - two # last\n  x: 1\n", ["    - new"]),
    "not indented": ("vars:\n  driftline_monitors:\n  - one\n  x: 1\n", ["  - new"]),
    "at the end of the file": ("vars:\n  driftline_monitors:\n    - one", ["    - new"]),
    "brackets on lines": ("vars:\n  driftline_monitors: [\n    one,\n    two\n  ]\n", ["    two,", "    new"]),
    "braces": ("vars: {x: 1}\n", ["vars: {driftline_monitors: [new], x: 1}"]),
    "empty braces": ("vars: {}\n", ["vars: {driftline_monitors: [new]}"]),
    "of the package": ("vars:\n  x: 1\n  driftline:\n    driftline_monitors: [one]\n", ["    driftline_monitors: [one, new]"]),
    "of the package, none": ("vars:\n  driftline:\n    driftline_alpha: 0.01\n", ["  driftline_monitors: [new]"]),
}  # fmt: skip


def monitors(text: str) -> Any:
    variables = yaml.safe_load(text)["vars"]
    return (variables.get("driftline") or {}).get("driftline_monitors") or variables["driftline_monitors"]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("place", PLACES)
def test_a_name_is_added_and_nothing_else_changes(place: str, ends: str) -> None:
    rest, new = PLACES[place]
    before = (HEAD + rest).replace("\n", ends)
    after = with_monitor(before, "new")
    assert after is not None and monitors(after)[-1] == "new"
    old_lines, lines = before.splitlines(), after.splitlines()
    assert [line for line in lines if line not in old_lines] == [line for line in new if line not in old_lines]
    assert len(lines) - len(old_lines) == after.count(ends) - before.count(ends) - (0 if before.endswith(ends) else 1)
    # Comments and quotes are all there.
    assert all(after.count(mark) == before.count(mark) for mark in ("#", "'", "+materialized"))
    assert after.count("\n") == after.count(ends)
    # Once more gives the second name as well.
    again = with_monitor(after, "second")
    assert again is not None and monitors(again)[-2:] == ["new", "second"]


@pytest.mark.parametrize(
    "rest",
    [
        "vars:\n  driftline_monitors: \"{{ env_var('MONITORS') }}\"\n",
        "vars: 7\n",
        "vars:\n  driftline_monitors: one\n",
        "vars:\n  driftline_monitors: {a: 1}\n",
        "defaults: &all [one]\nvars:\n  driftline_monitors: *all\n",
        "vars: {{ nothing }\n",
        "vars:\n\tdriftline_monitors: []\n",
        "- a list\n",
    ],
)
def test_what_is_not_understood_is_left_alone(rest: str) -> None:
    assert with_monitor(HEAD + rest, "new") is None


def test_a_list_that_two_share_is_left_alone() -> None:
    """Inserted there it would be in the other as well."""
    assert with_monitor("a: &all\n  - one\nvars:\n  driftline_monitors: *all\n", "new") is None


def test_listed_already(tmp_path: Path) -> None:
    path = tmp_path / "dbt_project.yml"
    assert not lists(path, "one")
    for variables, there in (
        ({"driftline_monitors": ["one"]}, True),
        ({"driftline": {"driftline_monitors": ["one"]}}, True),
        ({"driftline_monitors": ["two"]}, False),
        ({"shop": {"driftline_monitors": ["one"]}}, False),
        (None, False),
    ):
        path.write_text(yaml.safe_dump({"vars": variables}))
        assert lists(path, "one") is there
