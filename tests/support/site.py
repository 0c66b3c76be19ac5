"""What the documentation's site has beside docs/*.md: a hook of MkDocs (mkdocs.yml).

The first page is README.md; the reference is made of what the code says of itself: the macros' descriptions, the
commands' help and the schema of driftline.yml. File names in the text become links where they are pages.
"""

from __future__ import annotations

import functools
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml
from driftline.alerting.channels import ChannelSettings
from driftline.cli import cli
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMA = REPOSITORY / "python/driftline/alerting/schema/config.v1.json"
# `docs/alerting.md` or `macros/monitor/_monitor.yml` in the text, and docs/… in a link or picture of README.md.
NAMED = re.compile(r"(?<![\[`])`(docs/[\w/-]+\.md|macros/[\w/]+\.yml)`(?!\])")
LINKED = re.compile(r"\]\(docs/([^)]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    made = {
        "index.md": (REPOSITORY / "README.md").read_text(encoding="utf-8"),
        "reference/macros.md": "\n".join(macros()),
        "reference/commands.md": "\n".join(commands()),
        "reference/configuration.md": "\n".join(configuration()),
        "reference/decisions.md": "\n".join(decisions()),
    }
    for path, content in made.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    here = posixpath.dirname(page.file.src_uri)

    def link(path: str) -> str:
        return posixpath.relpath(path, here or ".")

    def named(match: re.Match[str]) -> str:
        path = match[1].removeprefix("docs/") if match[1].startswith("docs/") else "reference/macros.md"
        return f"[`{match[1]}`]({link(path)})" if files.get_file_from_path(path) else match[0]

    return NAMED.sub(named, LINKED.sub(lambda match: f"]({link(match[1])})", markdown))


def macros() -> Iterator[str]:
    """The public macros, as their descriptions in macros/**/*.yml have them."""
    yield "# Macros\n\nWhat a project calls: in models, in `dbt run-operation`, and as generic tests under `data_tests`."
    paths = sorted(REPOSITORY.glob("macros/**/*.yml"), key=lambda path: (path.stem != "_monitor", path))
    for path in paths:
        for macro in yaml.safe_load(path.read_text(encoding="utf-8"))["macros"]:
            name = macro["name"].removeprefix("test_")
            # Strategies of incremental models are dbt's to call.
            if name.startswith("get_incremental_"):
                continue
            yield f"\n## {name}\n\n{macro['description']}\n\n| argument | type | |\n|---|---|---|"
            for argument in macro.get("arguments", []):
                if argument["name"] != "model":
                    yield f"| `{argument['name']}` | {_cell(argument['type'])} | {_cell(argument['description'])} |"


def commands() -> Iterator[str]:
    """The command line's own help."""
    yield "# Commands\n\nWhat `--help` says; how they work together: [the command line](../command-line.md)."
    yield from _command(cli, "driftline", 2)


def _command(command: click.Command, name: str, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=name, terminal_width=100, max_content_width=100)
    yield f"\n{'#' * level} {name}\n\n```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None and not found.hidden:
                yield from _command(found, f"{name} {sub}", level + (1 if " " in name else 0))


def configuration() -> Iterator[str]:
    """The schema of driftline.yml, key by key."""
    schema = _schema()
    yield "# driftline.yml\n\nEvery key, as `driftline alert` checks the file; what it does: [alerting](../alerting.md)."
    yield "\n| key | type | |\n|---|---|---|"
    for name, part in schema.get("properties", {}).items():
        yield f"| `{name}` | {_cell(_type(part))} | {_cell(part.get('description', ''))} |"
    parts = schema["$defs"]
    types = [
        one["$ref"].rsplit("/", 1)[-1] for one in schema["properties"]["channels"]["additionalProperties"]["oneOf"]
    ]
    # What every channel may say is told once.
    every = ChannelSettings.model_fields.keys() - {"type"}
    common = {key: value for name in types for key, value in parts[name]["properties"].items() if key in every}
    described = {"every channel": {"properties": common}, **parts}
    for name, part in described.items():
        yield f"\n## {name}\n\n{part.get('description', '')}\n\n| key | type | |\n|---|---|---|"
        for key, value in part["properties"].items():
            if name not in types or key not in every:
                needed = " (needed)" if key in part.get("required", []) else ""
                yield f"| `{key}`{needed} | {_cell(_type(value))} | {_cell(value.get('description', ''))} |"


@functools.cache
def _schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def _type(part: dict[str, Any]) -> str:
    if "title" in part:
        return str(part["title"])
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name})"
    if "const" in part:
        return f"`{part['const']}`"
    for several in ("oneOf", "anyOf"):
        if several in part:
            return " or ".join(dict.fromkeys(_type(one) for one in part[several]))
    found = part.get("type", "")
    return " or ".join(found) if isinstance(found, list) else str(found)


def decisions() -> Iterator[str]:
    """The decisions in their order, each with its title."""
    yield "# Decisions\n\nWhy things are as they are, in the order in which it was decided.\n"
    for path in sorted((REPOSITORY / "docs/decisions").glob("*.md")):
        title = path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        yield f"- [{title}](../decisions/{path.name})"


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
