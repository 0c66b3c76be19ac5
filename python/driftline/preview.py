"""`driftline preview`: what a monitor would have told of the history there is, built where nobody looks and taken away.

dbt builds the monitor and the package's models under the profile's own target with another schema, and reads what they
read from where it is (`--defer`). The schemas that come of it must be new, or nothing is built at all: a project may
name schemas without regard to the profile.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from driftline import ask_dbt
from driftline.declarations import read_declarations
from driftline.errors import DriftlineError
from driftline.health import Health, read_health
from driftline.incident_commands import Listing, listing
from driftline.project import LIST_VARIABLE, PACKAGE, Node, ProjectOptions
from driftline.scrub import Scrubber
from driftline.text import printable, wrap
from driftline.warehouse import Warehouse

SUFFIX = "_driftline_preview"

Place = tuple[str, str]


@dataclass(frozen=True)
class Preview:
    """What a monitor would have told."""

    monitor: str
    listing: Listing
    health: tuple[Health, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "monitor": self.monitor,
            **self.listing.to_dict(),
            "health": [one.to_dict() for one in self.health],
        }

    def lines(self, colours: bool = False) -> list[str]:
        incidents = self.listing.incidents
        still = sum(incident.is_open for incident in incidents)
        count = f"{len(incidents)} incident{'' if len(incidents) == 1 else 's'}"
        found = wrap(f"{self.monitor} would have told {count} of its history, {still} of them still open.", 80)
        found += self.listing.lines(colours) if incidents else []
        for one in self.health:
            judged = f"{one.windows_judged:,} of {one.windows:,} windows judged"
            found += wrap(printable(f"{judged}. {one.problem or one.not_judged or ''}".strip()), 80)
        return [*found, "Nothing was sent, and nothing of it was kept."]


def preview(
    options: ProjectOptions, scrub: Scrubber, monitor: str, progress: Callable[[str], None] = lambda _: None
) -> Preview:
    """Build one monitor over its history, read its incidents, drop all of it. Raises DriftlineError."""
    with tempfile.TemporaryDirectory(prefix="driftline_preview_") as name:
        folder = Path(name)
        progress("Reading the dbt project")
        with Warehouse.open(options, scrub, create=True, ask=True) as warehouse:
            declared = [one.monitor for one in read_declarations(warehouse)]
            if monitor not in declared:
                raise DriftlineError(
                    f"No monitor {monitor!r}; there is: {', '.join(declared) or 'none'}.",
                    "A monitor is a model that calls driftline.monitor; 'driftline init' writes one.",
                )
            nodes = list(warehouse.nodes())
            _write_profile(warehouse, options, folder)
            warehouse.write_manifest(folder / "manifest.json")
            given = {**warehouse.scopes()["--vars"], LIST_VARIABLE: [monitor]}
        aside = replace(
            options, profiles_dir=name, vars=json.dumps(given, default=str), target_path=str(folder / "target")
        )  # fmt: skip
        with _schemas(aside, scrub, monitor, nodes):
            progress("Building it aside")
            ask_dbt.build(
                aside, scrub, ["--select", monitor, f"package:{PACKAGE}", "--exclude-resource-type", "test",
                "--exclude-resource-type", "unit_test", "--defer", "--favor-state", "--state", name],
            )  # fmt: skip
            with Warehouse.open(aside, scrub, ask=True) as there:
                return Preview(monitor, listing(there, every=True, monitors=[monitor]), read_health(there, [monitor]))


def _write_profile(warehouse: Warehouse, options: ProjectOptions, folder: Path) -> None:
    """The profile as it is, unrendered, with another schema. For this user's eyes only, like the one it is made of."""
    profile, _, target = warehouse.target.rpartition(".")
    try:
        profiles = yaml.safe_load(options.profiles_file().read_text(encoding="utf-8"))
        outputs = profiles[profile]["outputs"]
        output = dict(outputs[target])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise DriftlineError(
            f"The target {warehouse.target} is not written out in {options.profiles_file()}, and a preview takes a "
            "copy of it with another schema.",
            "Give the folder of profiles.yml with --profiles-dir.",
        ) from error
    output["dataset" if "dataset" in output else "schema"] = warehouse.schema + SUFFIX
    path = folder / "profiles.yml"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yaml.safe_dump({profile: {"target": target, "outputs": {target: output}}}, file)


@contextmanager
def _schemas(aside: ProjectOptions, scrub: Scrubber, monitor: str, real: Iterable[Node]) -> Iterator[None]:
    """The schemas of the preview are new, and are gone afterwards."""
    known = {node.unique_id: node for node in real}
    with Warehouse.open(aside, scrub, create=True, ask=True) as there:
        nodes = {node.unique_id: node for node in there.nodes()}
        built = [
            node for node in nodes.values()
            if node.resource_type in ("model", "seed") and (node.package == PACKAGE or node.name == monitor)
        ]  # fmt: skip
        places = sorted({(node.database, node.schema) for node in built})
        _check_places(there, places, {(node.database, node.schema) for node in known.values()})
        upstream = {name for node in built if node.name == monitor for name in node.upstream}
        for node in (nodes[name] for name in sorted(upstream) if name in nodes and name in known):
            if node.resource_type == "source" and node.relation != known[node.unique_id].relation:
                raise DriftlineError(
                    f"The source {node.name} is in another schema where the target is: {node.relation}.",
                    "Such a monitor has no preview: build it in a target of your own.",
                )
    try:
        yield
    finally:
        with Warehouse.open(aside, scrub, ask=True) as there:
            for database, schema in places:
                if there.has_schema(schema, database):
                    there.drop_schema(schema, database)


def _check_places(there: Warehouse, places: list[Place], taken: set[Place]) -> None:
    for place in places:
        if place in taken:
            raise DriftlineError(
                f"The project puts its tables into {place[1]} whatever schema the profile names, so that a preview "
                "would take the place of what is there.",
                "Build the monitor in a target of your own, and look at 'driftline alert --dry-run'.",
            )
        if there.has_schema(place[1], place[0]):
            raise DriftlineError(
                f"There is a schema {place[1]} already.", "It is left of a preview that was killed, or runs: drop it."
            )  # fmt: skip
