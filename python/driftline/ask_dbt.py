"""dbt itself: what it makes of a project, its adapter, and a build.

The only module that touches dbt. It relies on what dbt Core 1.10 to 1.12 have in common: ``dbtRunner`` parses the
project and registers the adapter, which then stays usable in this process. Importing dbt takes seconds.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import timezone
from pathlib import Path
from typing import Any

from driftline.connection import Rows, Table
from driftline.errors import DriftlineError, ProjectError, UnknownMonitorError
from driftline.project import MACRO, PACKAGE, SIBLING, Exposure, Node, Package, Project, ProjectOptions, Variables
from driftline.scrub import Scrubber

_NO_SUCH_MODEL = re.compile(r"'model\.driftline\.\S+'.*?depends on a node named '(?P<monitor>[^']+)'")

_QUIET = (
    "--quiet",
    "--no-print",
    "--no-use-colors",
    "--no-write-json",
    "--no-send-anonymous-usage-stats",
    "--log-level=none",
    "--log-level-file=none",
)


class Parsed:
    """A project that dbt has just parsed, and the adapter that came of it."""

    def __init__(self, manifest: Any, adapter: Any) -> None:
        self._manifest = manifest
        self._config: Any = adapter.config
        self.project = _project(manifest, adapter)
        self.connection = AdapterConnection(adapter)

    def write_manifest(self, path: Path) -> None:
        """The project as dbt has parsed it, for its `--state`."""
        self._manifest.write(str(path))

    def environment_variables(self) -> set[str]:
        """Those that dbt has looked up, but for secrets."""
        found = set(self._manifest.env_vars) | set(self._config.profile_env_vars)
        for one in self._config.load_dependencies().values():
            found |= set(one.project_env_vars)
        return found

    def folders(self) -> tuple[Path, ...]:
        """The folders of the project and its packages."""
        return tuple(Path(one.project_root) for one in self._config.load_dependencies().values())

    def packages_folder(self) -> Path:
        """Where packages are installed."""
        return Path(self._config.project_root, self._config.packages_install_path)

    def trees(self) -> tuple[Path, ...]:
        """The folders that dbt reads models, macros, seeds and all else from."""
        found = []
        for one in self._config.load_dependencies().values():
            paths = {path for name, value in vars(one).items() if name.endswith("_paths") for path in value or ()}
            found += [Path(one.project_root, path) for path in sorted(paths)]
        return tuple(found)

    def read_from(self) -> tuple[Path, Path, Path]:
        """Where dbt found the project and the profile, and where it writes."""
        from dbt.flags import get_flags

        root = Path(self._config.project_root)
        return root, Path(get_flags().PROFILES_DIR) / "profiles.yml", root / self._config.project_target_path


def parse(options: ProjectOptions, scrub: Scrubber) -> Parsed:
    """Let dbt read the project. Raises ProjectError."""
    with no_stdout():
        from dbt.adapters.factory import get_adapter_by_type
        from dbt.cli.main import dbtRunner

        outcome = dbtRunner().invoke([*_QUIET, "parse", *options.arguments()])
        if not outcome.success or outcome.result is None:
            options.check_folder()
            raise _project_error(outcome.exception, scrub, options)
        adapter: Any = get_adapter_by_type(outcome.result.metadata.adapter_type)
    scrub.add_settings(adapter.config.credentials)
    return Parsed(outcome.result, adapter)


def build(options: ProjectOptions, scrub: Scrubber, arguments: Sequence[str]) -> None:
    """`dbt build`, quietly. Raises ProjectError with the first thing that failed."""
    with no_stdout():
        from dbt.cli.main import dbtRunner

        outcome = dbtRunner().invoke([*_QUIET, "build", *options.arguments(), *arguments])
    if outcome.success:
        return
    results = getattr(outcome.result, "results", None) or ()
    failed = next((r for r in results if str(getattr(r.status, "value", r.status)) == "error"), None)
    if failed is None:
        raise _project_error(outcome.exception, scrub, options)
    said = scrub(" ".join(str(failed.message).split()))
    raise ProjectError(f"{failed.node.name} cannot be built: {said}", "'dbt build' shows the same.")


# Types where dbt's adapter has none of that name, or one that is too small or holds no NULL.
_SPARK = {"text": "string", "float": "double"}
_OWN_TYPES = {
    "spark": _SPARK,
    "databricks": _SPARK,
    "clickhouse": {
        "text": "Nullable(String)", "timestamp": "Nullable(DateTime64(6, 'UTC'))", "integer": "Nullable(Int32)",
        "float": "Nullable(Float64)",
    },
}  # fmt: skip


class AdapterConnection:
    """A `Connection` by dbt's adapter: any engine, any profile."""

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter
        self._open: contextlib.ExitStack | None = None
        self.adapter_type = str(adapter.type())

    @property
    def is_open(self) -> bool:
        return self._open is not None

    def setting(self, name: str) -> Any:
        return getattr(self._adapter.config.credentials, name, None)

    def connect(self) -> None:
        if self._open is None:
            self._open = contextlib.ExitStack()
            self._open.enter_context(self._adapter.connection_named(PACKAGE))

    def rows(self, sql: str) -> Rows:
        manager = self._adapter.connections
        if self.adapter_type == "clickhouse":
            # Its add_query gives no cursor.
            found = manager.get_thread_connection().handle.query(sql)
            return list(found.column_names), found.result_set
        if hasattr(manager, "add_query"):
            # Not adapter.execute: its table guesses a type for every column anew, cell by cell.
            _, cursor = manager.add_query(sql, auto_begin=False)
            names = [str(column[0]) for column in cursor.description or ()]
            rows = cursor.fetchall() if names else []
            if self.adapter_type == "spark" and self.setting("method") == "session":
                rows = _in_utc(cursor.description, rows)
            return names, rows
        _, table = self._adapter.execute(sql, fetch=True)
        return list(table.column_names), [tuple(row.values()) for row in table.rows]

    def execute(self, sql: str) -> None:
        self._adapter.execute(sql, auto_begin=True, fetch=False)
        self._commit()

    def columns(self, sql: str) -> list[tuple[str, str]]:
        found = self._adapter.get_column_schema_from_query(sql)
        return [(str(column.name), str(column.data_type)) for column in found]

    def table(self, name: str, schema: str, database: str) -> Table | None:
        found = self._adapter.get_relation(database or None, schema, name)
        if found is None:
            return None
        return Table(str(found.database or ""), str(found.schema), str(found.identifier), str(found))

    def schemas(self, database: str) -> list[str]:
        return [str(name) for name in self._adapter.list_schemas(database or None)]

    def drop_schema(self, schema: str, database: str) -> None:
        self._adapter.drop_schema(self._adapter.Relation.create(database=database or None, schema=schema))
        self._commit()

    def text_type(self, size: int) -> str:
        return self._own_type("text") or str(self._adapter.Column.string_type(size))

    def type_named(self, name: str) -> str:
        return self._own_type(name) or str(self._adapter.Column.translate_type(name))

    def _own_type(self, name: str) -> str | None:
        return _OWN_TYPES.get(self.adapter_type, {}).get(name)

    def release(self) -> None:
        if self._open is not None:
            opened, self._open = self._open, None
            opened.close()

    def close(self) -> None:
        self.release()
        self._adapter.cleanup_connections()

    def _commit(self) -> None:
        connection = self._adapter.connections.get_if_exists()
        if connection is not None and connection.transaction_open:
            self._adapter.connections.commit_if_has_connection()


def _in_utc(description: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """A session of Spark in this process hands out its moments as wall clocks of this machine's zone."""
    moments = {number for number, column in enumerate(description) if column[1] == "timestamp"}
    return [
        tuple(
            value.astimezone(timezone.utc).replace(tzinfo=None) if number in moments and value is not None else value
            for number, value in enumerate(row)
        )
        for row in rows
    ]


# --- what dbt says, in our words -----------------------------------------------------------------------------------


def _project(manifest: Any, adapter: Any) -> Project:
    config = adapter.config
    macro = manifest.macros.get(f"macro.{PACKAGE}._var_names")
    return Project(
        name=str(config.project_name),
        profile=str(config.profile_name),
        target=str(config.target_name),
        adapter_type=str(adapter.type()),
        folder=Path(config.project_root),
        model_folder=Path(next(iter(config.model_paths), "models")),
        database=str(config.credentials.database or ""),
        schema=str(config.credentials.schema),
        variables=_variables(config),
        packages={
            str(name): Package(str(one.version or ""), Path(one.project_root))
            for name, one in config.load_dependencies().items()
        },
        known_variables=tuple(re.findall(r"'(\w+)'", macro.macro_sql)) if macro is not None else (),
        disabled=tuple(sorted({n.rsplit(".", 1)[-1] for n in manifest.disabled if n.split(".")[1] == PACKAGE})),
        nodes=tuple(_nodes(manifest, adapter)),
        exposures=tuple(
            Exposure(one.unique_id, one.label or one.name, one.url or None, tuple(one.depends_on.nodes))
            for one in manifest.exposures.values()
            if one.config.enabled
        ),
    )


def _variables(config: Any) -> Variables:
    return Variables(str(config.project_name), config.vars.to_dict(), dict(config.cli_vars))


def _nodes(manifest: Any, adapter: Any) -> Iterator[Node]:
    for node in [*manifest.nodes.values(), *manifest.sources.values()]:
        kind = str(getattr(node.resource_type, "value", node.resource_type))
        if kind in ("model", "seed", "snapshot", "source"):
            yield _node(node, kind, adapter)


def _node(node: Any, kind: str, adapter: Any) -> Node:
    depends_on = getattr(node, "depends_on", None)
    macros = tuple(name for name in getattr(depends_on, "macros", ()) or () if name == MACRO)
    ephemeral = kind == "model" and node.config.materialized == "ephemeral"
    version = getattr(node, "version", None)
    ours = node.package_name == PACKAGE
    relation = adapter.Relation.create_from(adapter.config, node)
    meta = dict(getattr(node.config, "meta", None) or {})
    return Node(
        unique_id=node.unique_id,
        name=node.name,
        package=node.package_name,
        resource_type=kind,
        source_name=getattr(node, "source_name", None),
        version=None if version is None else str(version),
        path=node.original_file_path,
        relation=None if ephemeral else str(relation),
        meta=meta,
        # Of other people's models nobody asks for these, and they are most of a large project.
        raw_code=str(getattr(node, "raw_code", "") or "") if macros or PACKAGE in meta else "",
        settings=node.config.to_dict() if ours else {},
        upstream=tuple(getattr(depends_on, "nodes", ()) or ()),
        macros=macros,
        database=str(relation.database or ""),
        schema=str(relation.schema),
        identifier=str(relation.identifier),
        sibling=str(relation.incorporate(path={"identifier": SIBLING})) if node.name.startswith(f"{PACKAGE}_") else "",
    )


def error_text(error: BaseException | None) -> str:
    """What an error of dbt or of a driver says, without dbt's headings, on one line."""
    if error is None:
        return "no reason given"
    lines = [line.strip() for line in str(error).splitlines()]
    if len(lines) > 1 and lines[0] in ("Runtime Error", "Database Error", "Compilation Error"):
        lines = lines[1:]
    text = " ".join(line for line in lines if line)
    return text or type(error).__name__


def _project_error(error: BaseException | None, scrub: Scrubber, options: ProjectOptions) -> ProjectError:
    text = scrub(error_text(error))
    if found := _NO_SUCH_MODEL.search(text):
        return UnknownMonitorError(found["monitor"], _listed_before_parsing(options))
    lowered = text.lower()
    if "dbt deps" in lowered:
        hint = "Run 'dbt deps' in the project."
    elif "profile" in lowered or "credentials" in lowered or "does not have a target" in lowered:
        hint = "Check --profiles-dir, --profile and --target; 'dbt debug' shows what dbt finds."
    elif "dbt_project.yml" in lowered or "does not exist" in lowered:
        hint = "Give the folder of the dbt project with --project-dir, and that of profiles.yml with --profiles-dir."
    else:
        hint = "'dbt parse' shows the same; it must succeed first."
    return ProjectError(f"The dbt project cannot be read: {text}", hint)


def _listed_before_parsing(options: ProjectOptions) -> list[str]:
    """The variable driftline_monitors of a project that dbt could not parse: its settings are read before."""
    from dbt.adapters.factory import FACTORY

    folder = options.folder().resolve()
    for adapter in FACTORY.adapters.values():
        config = adapter.config
        if Path(config.project_root).resolve() in (folder, *folder.parents):
            with contextlib.suppress(DriftlineError):
                return _variables(config).listed_monitors()
    return []


@contextlib.contextmanager
def no_stdout() -> Iterator[None]:
    """Standard output carries results alone: what dbt or a project's macros print goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
