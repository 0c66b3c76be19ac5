"""What no linter checks: descriptions of macros, models and columns; nothing left half done."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import further_engines
import jinja2
import pytest
import yaml
from support import config_schema, monitor_page, osi, points, tables
from support.materializations import Materializations
from support.project import REPOSITORY

# The types of arguments that dbt knows from 1.12 on, as far as they are in use.
MACRO_TYPE = re.compile(r"any|bool|float|integer|relation|string|list\[string\]|dict\[string, any\]")
JINJA = jinja2.Environment(extensions=["jinja2.ext.do", Materializations])


def documented(folder: str, kind: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((REPOSITORY / folder).rglob("*.yml")):
        for entry in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get(kind) or []:
            assert entry["name"] not in found, f"{entry['name']} is described twice, again in {path}"
            found[entry["name"]] = entry
    return found


def macros() -> Iterator[tuple[Path, jinja2.nodes.Macro]]:
    for path in sorted((REPOSITORY / "macros").rglob("*.sql")):
        # To dbt a generic test is the macro test_<name>.
        text = re.sub(r"{%(-?) test (\w+)", r"{%\1 macro test_\2", path.read_text(encoding="utf-8"))
        for macro in JINJA.parse(text.replace("{% endtest %}", "{% endmacro %}")).find_all(jinja2.nodes.Macro):
            yield path.relative_to(REPOSITORY), macro


def described(entry: dict[str, Any]) -> bool:
    return bool(str(entry.get("description") or "").strip())


def ruled_out_by(test: jinja2.nodes.Node) -> set[str]:
    """The names x of a condition that has `… not in x`, or `not x`."""
    compared = [operand for operand in test.find_all(jinja2.nodes.Operand) if operand.op == "notin"]
    denied = [*test.find_all(jinja2.nodes.Not), *([test] if isinstance(test, jinja2.nodes.Not) else [])]
    asked = [operand.expr for operand in compared] + [part.node for part in denied]
    return {name.name for name in asked if isinstance(name, jinja2.nodes.Name)}


def grown_in(loop: jinja2.nodes.For) -> set[str]:
    """The names of the lists and mappings that the body of a loop adds to."""
    calls = [call.node for part in loop.body for call in part.find_all(jinja2.nodes.Call)]
    methods = [method for method in calls if isinstance(method, jinja2.nodes.Getattr)]
    grown = [method.node for method in methods if method.attr in ("append", "extend", "insert", "update")]
    return {name.name for name in grown if isinstance(name, jinja2.nodes.Name)}


def test_no_loop_is_filtered_by_what_it_adds_to() -> None:
    """dbt 1 asks `for … if …` before each turn, dbt 2 before the first: what comes twice would be added twice."""
    asked, found = 0, []
    for path in sorted(path for folder in ("macros", "models") for path in (REPOSITORY / folder).rglob("*.sql")):
        text = re.sub(r"{%(-?) test (\w+)", r"{%\1 macro test_\2", path.read_text(encoding="utf-8"))
        for loop in JINJA.parse(text.replace("{% endtest %}", "{% endmacro %}")).find_all(jinja2.nodes.For):
            if loop.test is not None:
                names = ruled_out_by(loop.test)
                asked += len(names)
                found += [f"{path}:{loop.lineno}: {name}" for name in names & grown_in(loop)]
    assert asked >= 4
    assert not found, "the condition belongs into the loop:\n" + "\n".join(found)


def test_public_macros_are_described() -> None:
    """Public is what starts without an underscore; the engines' variants have two in the middle."""
    entries = documented("macros", "macros")
    public = {m.name: (path, m) for path, m in macros() if not m.name.startswith("_") and "__" not in m.name}
    assert "monitor" in public
    problems = []
    for name, (path, macro) in public.items():
        entry = entries.get(name)
        if entry is None or not described(entry):
            problems.append(f"{path}: macro {name} has no description in a .yml file under macros/")
            continue
        listed = {argument["name"]: argument for argument in entry.get("arguments") or []}
        takes = [argument.name for argument in macro.args]
        if list(listed) != takes:
            problems.append(f"{path}: macro {name} takes {takes}, described are {list(listed)}")
        problems += [f"{path}: macro {name}: {a} is not described" for a in listed if not described(listed[a])]
        problems += [
            f"{path}: macro {name}: dbt knows no type {entry['type']}, and warns of it"
            for entry in listed.values()
            if not MACRO_TYPE.fullmatch(entry["type"])
        ]
    problems += [f"{name} is described, but there is no such public macro" for name in entries if name not in public]
    assert not problems, "\n".join(problems)


def test_macro_names_are_unique() -> None:
    names = [macro.name for _, macro in macros()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(("folder", "kind", "ending"), [("models", "models", "sql"), ("seeds", "seeds", "csv")])
def test_relations_and_columns_are_described(folder: str, kind: str, ending: str) -> None:
    entries = documented(folder, kind)
    there = {path.stem for path in (REPOSITORY / folder).rglob(f"*.{ending}")}
    assert there
    problems = [f"{name} has no description" for name in sorted(there) if not described(entries.get(name, {}))]
    problems += [f"{name} is described, but does not exist" for name in entries if name not in there]
    for name, entry in entries.items():
        problems += [
            f"{name}.{column['name']} has no description"
            for column in entry.get("columns") or []
            if not described(column)
        ]
    assert not problems, "\n".join(problems)


def test_the_page_of_tables_lists_the_columns_as_they_are_described() -> None:
    assert tables.PAGE.read_text(encoding="utf-8") == tables.page(), "run `make docs`"


def test_the_page_of_a_monitors_arguments_has_their_descriptions() -> None:
    assert monitor_page.PAGE.read_text(encoding="utf-8") == monitor_page.page(), "run `make docs`"


def test_the_table_of_what_engines_say_differently_is_that_of_the_macros() -> None:
    assert points.PAGE.read_text(encoding="utf-8") == points.page(), "run `make docs`"
    dispatched = set()
    for path in (REPOSITORY / "macros").rglob("*.sql"):
        dispatched |= set(re.findall(r"dispatch\('(\w+)', 'driftline'", path.read_text(encoding="utf-8")))
    assert dispatched == set(re.findall(r"^\| `(\w+)`", points.page(), re.MULTILINE))


def test_the_schema_of_driftline_yml_is_that_of_the_models_that_read_it() -> None:
    assert config_schema.PAGE.read_text(encoding="utf-8") == config_schema.page(), "run `make docs`"


def test_the_osi_document_is_that_of_metricflows_file() -> None:
    assert osi.OSI.read_text(encoding="utf-8") == osi.text(), "run `make docs`"
    known = {name: {column["name"] for column in table["columns"]} for name, table in tables.described().items()}
    for name, key in osi.KEYS.items():
        assert set(key) <= known[name], name


def test_macros_that_the_page_of_engines_names_are_there() -> None:
    page = (REPOSITORY / "macros" / "adapters" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(_[a-z_]+)`", page))
    known = {macro.name for _, macro in macros()}
    assert len(named) > 50 and named <= known, named - known


def test_nothing_is_left_for_later() -> None:
    marks = ["TO" + "DO", "FIX" + "ME"]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    found = []
    for name in listed.stdout.splitlines():
        path = REPOSITORY / name
        # Other people's minified files say what they like.
        if not path.is_file() or path.name.endswith(".min.js"):
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{name}:{n}" for n, line in enumerate(lines, 1) if any(mark in line for mark in marks)]
    assert found == []


def test_variables_are_read_by_the_macro_that_sees_all_of_them() -> None:
    """dbt's own var() shows a monitor and the package's models different things (decision 14)."""
    texts = {
        path: path.read_text(encoding="utf-8")
        for folder in ("macros", "models")
        for path in sorted((REPOSITORY / folder).rglob("*.sql"))
    }
    names = texts.pop(REPOSITORY / "macros" / "monitor" / "_vars.sql")
    listed = set(re.findall(r"'(driftline_\w+)'", names[: names.index("{% endmacro %}")]))
    found = [f"{path}: {call}" for path, text in texts.items() for call in re.findall(r"(?<!_)\bvar\('\w+'", text)]
    assert found == []
    read = {name for text in texts.values() for name in re.findall(r"driftline\._var\('(\w+)'", text)}
    assert read <= listed, sorted(read - listed)


# What stands for the monitors themselves, and how they fare: there whether any is declared or not.
ALWAYS = {
    *("driftline_state", "driftline_bins", "driftline_importances", "driftline_int_monitors"),
    *("driftline_int_attempts", "driftline_int_runs", "driftline_int_operation"),
}


def test_a_model_that_nobody_needs_is_an_empty_select() -> None:
    """A model that only some of these ask about would read columns that an empty one does not have."""
    for path in sorted((REPOSITORY / "models").rglob("*.sql")):
        text = path.read_text(encoding="utf-8")
        assert path.stem in ALWAYS or ("driftline._is_needed(" in text and "driftline._empty()" in text), path


def test_what_one_family_reads_of_another_has_its_columns() -> None:
    """An empty model has the columns that are described, and their types only where it keeps a contract."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (REPOSITORY / "models").rglob("*.sql")}
    bodies: dict[str, str] = {}
    for path in (REPOSITORY / "macros").rglob("*.sql"):
        parts = re.split(r"{%-? macro (\w+)\(", path.read_text(encoding="utf-8"))
        bodies |= dict(zip(parts[1::2], parts[2::2], strict=True))

    def reads(text: str, seen: frozenset[str] = frozenset()) -> set[str]:
        """What a text refers to, itself or by the macros it calls."""
        called = set(re.findall(r"driftline\.(\w+)\(", text)) & bodies.keys() - seen
        return set(re.findall(r"ref\('(\w+)'\)", text)).union(*(reads(bodies[name], seen | {name}) for name in called))

    families: dict[str, set[str]] = {}
    for name, text in texts.items():
        if found := re.search(r"_is_needed\(\[(.*?)\]\)", text):
            families[name] = set(re.findall(r"'(\w+)'", found.group(1)))
    wrong = [
        f"{name} reads {read}"
        for name, text in texts.items()
        for read in reads(text) & families.keys()
        if not (name in families and families[name] <= families[read])
        and not any(contract in texts[read] for contract in ("_result(", "_keep_windows("))
        # Read only where comparisons are needed.
        and (name, read) != ("driftline_int_scopes", "driftline_int_version_pairs")
        # It is described with the types it has.
        and read != "driftline_int_version_series"
    ]
    assert wrong == []


def test_what_further_engines_are_asked_is_there() -> None:
    asked, left = further_engines.ASKED, further_engines.NOT_ASKED
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    made = re.findall(r"^(?:ENGINES|EMULATED) := (.*)$", makefile, re.MULTILINE)
    assert set(" ".join(made).split()) == set(asked) == set(left) == set(further_engines.CLASSES)
    for engine, modules in asked.items():
        assert (REPOSITORY / "constraints" / f"engine-{engine}.txt").exists()
        assert all((REPOSITORY / "tests" / name).exists() for name in modules)
        for place in left[engine]:
            module, _, test = place.partition("::")
            assert any(module == name or Path(name) in Path(module).parents for name in modules), place
            assert f"def {test}(" in (REPOSITORY / "tests" / module).read_text(encoding="utf-8"), place


def test_what_make_docs_calls_can_be_called() -> None:
    """As it stands in the Makefile, without what pytest adds to the path; loaded, not run."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    path = re.search(r"^docs: export PYTHONPATH := (\S+)$", makefile, re.MULTILINE)
    recipe = re.search(r"^docs: \$\(VENV\).*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert path and recipe
    scripts = re.findall(r"python (tests/\S+\.py)", recipe[1])
    assert len(scripts) > 3
    load = "import runpy, sys; [runpy.run_path(script, run_name='loaded') for script in sys.argv[1:]]"
    environment = {**os.environ, "PYTHONPATH": path[1]}
    done = subprocess.run(
        [sys.executable, "-c", load, *scripts], cwd=REPOSITORY, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_what_is_run_elsewhere_is_what_is_run_here() -> None:
    """Workflows and hooks call the Makefile's targets."""
    targets = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called: set[str] = set()
    for path in [REPOSITORY / ".pre-commit-config.yaml", *(REPOSITORY / ".github/workflows").glob("*.yml")]:
        text = path.read_text(encoding="utf-8")
        called |= set(re.findall(r"(?:run|entry): make ([\w-]+)", text))
        for job in (yaml.safe_load(text).get("jobs") or {}).values():
            called |= set(job.get("strategy", {}).get("matrix", {}).get("target", []))
    called |= set(
        re.findall(r"^ *(?:exec )?make (\S+)", (REPOSITORY / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert {"test", "test-engines", "demo", "lint", "lint-js"} <= called <= targets


def test_eslint_says_that_it_needs_npm(tmp_path: Path) -> None:
    """Rather than nothing, or what the shell says of a command it does not find. Its version is one."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^ESLINT := \d+\.\d+\.\d+$", makefile, re.MULTILINE)
    for name in ("sh", "getconf", "echo"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    done = subprocess.run(
        [shutil.which("make") or "make", "lint-js"],
        cwd=REPOSITORY, env={"PATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0 and "needs npm" in done.stderr
