"""What is done in dbt's place says what dbt says."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt import compilation
from dbt.artifacts.resources.v1.components import InjectedCTE
from dbt.clients.jinja import MacroGenerator
from dbt.context.macros import MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt.parser.base import ConfiguredParser
from support import DuckDBEngine, Project, quick_dbt
from support.project import NOBODY, REPOSITORY

quick_dbt.install()

CTES = [InjectedCTE(id="a", sql=" a as (\nselect 1 as n\n)"), InjectedCTE(id="b", sql=" b as (\nselect 2 as n\n)")]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from a",
        "with c as (select 1) select * from c",
        "\n\n-- What it is; and with what.\nWITH \n c as (\n  select ';' as \"with\"\n)\nselect * from c\n",
        "-- one\n-- two\n\n  with\tc as (select 1), d as (with e as (select 2) select * from e) select * from c\n\n",
        "with recursive c as (select 1) select * from c",
        "with c as (select 1) select 1; select 2",
        "/* with */ with c as (select 1) select * from c",
        "with -- nothing\n c as (select 1) select * from c",
        "(with c as (select 1) select * from c)",
        "with without as (select 1) select 'it''s; so' from without",
    ],
)
def test_ephemeral_models_stand_where_dbt_puts_them(sql: str) -> None:
    inject: Any = compilation.inject_ctes_into_sql
    for ctes in ([], CTES[:1], CTES):
        assert inject(sql, ctes) == inject.__wrapped__(sql, ctes)


def names(found: Any) -> Any:
    """Of macros what they are, of everything else nothing."""
    if isinstance(found, dict):
        return {key: names(value) for key, value in found.items()}
    return found.macro.unique_id if hasattr(found, "macro") else None


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    workspace = DuckDBEngine().workspace(tmp_path)
    own = "{% macro own() %}1{% endmacro %}{% macro ref_name() %}2{% endmacro %}"
    yield Project(
        tmp_path, workspace, models=NOBODY, vars={"driftline_monitors": ["nobody"]}, files={"macros/own.sql": own}
    )
    workspace.close()


def test_macros_have_the_names_that_dbt_gives_them(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    quick: Any = MacroNamespaceBuilder.build_namespace
    quick_context: Any = ManifestContext.to_dict
    seen = []

    def build_namespace(self: Any, *arguments: Any) -> Any:
        found = quick(self, *arguments)
        seen.append(found)
        if len(seen) % 10:
            return found
        expected = quick.__wrapped__(self, *arguments)
        for part in ("global_namespace", "local_namespace", "global_project_namespace", "packages"):
            assert names(getattr(found, part)) == names(getattr(expected, part))
        return found

    def to_dict(self: Any) -> Any:
        found = quick_context(self)
        if len(seen) % 10:
            return found
        expected = quick_context.__wrapped__(self)
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            if key in self.namespace:
                assert names(found[key]) == names(value), key
        return found

    monkeypatch.setattr(MacroNamespaceBuilder, "build_namespace", build_namespace)
    monkeypatch.setattr(ManifestContext, "to_dict", to_dict)
    assert project.run(["compile", "--no-partial-parse", "--select", "nobody", "driftline_state"]).success
    assert len(seen) > 100


def test_models_refer_to_what_dbt_finds_in_them(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    quick: Any = ConfiguredParser.render_with_context
    known = 0

    def render_with_context(self: Any, node: Any, config: Any) -> Any:
        nonlocal known
        expected, of_expected = copy.deepcopy(node), copy.copy(config)
        of_expected._config_call_dict = {}
        quick.__wrapped__(self, expected, of_expected)
        context = quick(self, node, config)
        assert (node.refs, node.sources, node.depends_on) == (expected.refs, expected.sources, expected.depends_on)
        assert vars(node).keys() == vars(expected).keys(), node.name
        assert config._config_call_dict == of_expected._config_call_dict, node.name
        known += context is None
        return context

    monkeypatch.setattr(ConfiguredParser, "render_with_context", render_with_context)
    models = len(list(REPOSITORY.glob("models/**/*.sql")))
    often, numbers = {"driftline_monitors": ["nobody"]}, []
    lengths = {**often, "driftline_windows": {"day": [1, 3]}}
    for variables in (often, lengths, {"driftline_now": "2026-01-02", "driftline_language": "ja"}, often):
        known = 0
        project.vars = variables
        project.write_project_file()
        assert project.run(["parse", "--no-partial-parse"]).success
        numbers.append(known)
    # All of them where nothing is different, some where a variable is that others ask for.
    assert 0 < numbers[1] < models and numbers[2] < models and numbers[3] == models, numbers


WRONG = """
{% macro outer() %}{{ return(inner({}, 2)) }}{% endmacro %}
{% macro inner(a) %}{{ return(a) }}{% endmacro %}
{% macro refused() %}{{ outermost() }}{% endmacro %}
{% macro outermost() %}{{ exceptions.raise_compiler_error('no such colour') }}{% endmacro %}
"""


@pytest.mark.parametrize("macro", ["outer", "refused"])
def test_what_goes_wrong_in_a_macro_is_said_as_dbt_says_it(
    tmp_path: Path, macro: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = DuckDBEngine().workspace(tmp_path)
    project = Project(
        tmp_path,
        workspace,
        package=False,
        models={"asks": f"{{% if execute %}}{{{{ {macro}() }}}}{{% endif %}} select 1 as n"},
        files={"macros/wrong.sql": WRONG},
    )
    said = project.run(["compile"])
    quick: Any = MacroGenerator.__call__
    monkeypatch.setattr(MacroGenerator, "__call__", quick.__wrapped__)
    expected = project.run(["compile"])
    workspace.close()
    assert not said.success and not expected.success
    assert str(said.exception) == str(expected.exception)
    assert "called by model asks" in str(said.exception)
