"""The command line. Results go to standard output, everything else to standard error.

Exit codes: 0 fine, 1 there is something to look at, 2 the command could not run.
"""

from __future__ import annotations

import functools
import os
import sys
import tempfile
import traceback
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from driftline import __version__
from driftline.errors import DriftlineError, ProjectError, reason_of
from driftline.progress import Progress
from driftline.scrub import Scrubber
from driftline.text import has_colours, printable, to_json

if TYPE_CHECKING:
    from driftline.project import ProjectOptions
    from driftline.warehouse import Warehouse

FINE, FOUND, FAILED, INTERRUPTED = 0, 1, 2, 130

Command = Callable[..., int]


class Context:
    """What every command has: the project's options, progress, and a scrubber for what is printed."""

    def __init__(self, options: ProjectOptions, verbose: bool, scrub: Scrubber) -> None:
        self.options = options
        self.verbose = verbose
        self.scrub = scrub
        self.progress = Progress(verbose)

    def open(self, create: bool = False) -> Warehouse:
        from driftline.warehouse import Warehouse

        self.progress("Reading the dbt project")
        return Warehouse.open(self.options, self.scrub, create)

    def fail(self, error: Exception) -> int:
        """Say what went wrong and what to do, on standard error."""
        if self.verbose:
            click.echo(self.scrub("".join(traceback.format_exception(error))), err=True)
        if isinstance(error, DriftlineError):
            message, hint = error.message, error.hint
        else:
            message = f"Unexpected error: {reason_of(error)}"
            hint = "Run it again with --verbose for the trace, and report it."
        click.echo(self.scrub(printable(f"driftline: {message}")), err=True)
        if hint:
            click.echo(self.scrub(printable(f"driftline: {hint}")), err=True)
        return FAILED


def project_command(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options that find the dbt project, and turns errors into messages and exit codes."""

    @functools.wraps(command)
    def run(
        project_dir: str | None,
        profiles_dir: str | None,
        profile: str | None,
        target: str | None,
        variables: str | None,
        verbose: bool,
        **arguments: Any,
    ) -> int:
        from driftline.project import ProjectOptions

        options = ProjectOptions(project_dir, profiles_dir, profile, target, variables)
        here = click.get_current_context()
        above = here.find_object(Context)
        if above is not None:
            # A command under another takes what that was given and it was not.
            options = ProjectOptions(
                *(getattr(options, f.name) or getattr(above.options, f.name) for f in fields(ProjectOptions))
            )
            verbose = verbose or above.verbose
        context = Context(options, verbose, Scrubber())
        here.obj = context
        try:
            return command(context, **arguments)
        except click.exceptions.ClickException:
            raise
        except BrokenPipeError:
            # The reader has gone. Python must not try to flush to it once more when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILED
        except Exception as error:
            return context.fail(error)

    for option in (
        click.option("--verbose", is_flag=True, help="Show progress, and the trace of an error."),
        click.option("--vars", "variables", metavar="YAML", help="dbt variables, as for dbt."),
        click.option("--target", "-t", help="Target of the profile, as for dbt."),
        click.option("--profile", help="Profile, as for dbt."),
        click.option("--profiles-dir", metavar="DIR", help="Folder of profiles.yml, as for dbt."),
        click.option("--project-dir", metavar="DIR", help="Folder of dbt_project.yml, as for dbt."),
    ):
        run = option(run)
    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="driftline")
def cli() -> None:
    """Drift and model monitoring in the warehouse.

    Every command connects through the dbt project's own profile. Results go to standard output, messages to standard
    error. Exit codes: 0 fine, 1 there is something to look at, 2 the command could not run.
    """


@cli.command("report")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("driftline_report.html"),
    show_default=True,
    help="Where to write it.",
)
@click.option("--title", help="Title of the page.")
@click.option(
    "--note", "notes", multiple=True, help="A line for the page's foot, such as the data's source. Repeatable."
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@project_command
def report(context: Context, output: Path, title: str | None, notes: tuple[str, ...], show: bool) -> int:
    """Write one self-contained HTML file. Prints its path."""
    from driftline.health import read_health
    from driftline.report import build_report

    with context.open() as warehouse:
        warehouse.relation("driftline_metrics")
        relations = warehouse.relations()

        def query(sql: str) -> list[dict[str, Any]]:
            context.progress(f"Reading: {' '.join(sql.split())[:80]}")
            return warehouse.query(sql)

        health = read_health(warehouse)
        now = datetime.now(timezone.utc)
        page = build_report(query, relations, title=title, generated_at=now, notes=notes, health=health)
    for one in health:
        if not one.speaks:
            click.echo(context.scrub(printable(f"driftline: nothing can be said of {one.line}.")), err=True)
    context.progress(f"Writing {output}")
    write_whole(output, page)
    click.echo(str(output))
    if show:
        webbrowser.open(output.resolve().as_uri())
    return FINE


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it. Raises DriftlineError."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise DriftlineError(f"{path} cannot be written: {error.strerror}.", "Choose another --output.") from error


@cli.command("check")
@click.option(
    "--severity",
    type=click.Choice(["warn", "critical"]),
    default="warn",
    show_default=True,
    help="The least severity that counts.",
)
@click.option(
    "--compare",
    "versions",
    nargs=2,
    metavar="CHALLENGER CHAMPION",
    help="Ask for two model versions instead of alerts: exit with 0 if the challenger is better.",
)
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="With --compare: only this metric decides.")
@click.option("--once", is_flag=True, help="With --compare: the plain interval, for whoever looks only once.")
@click.option(
    "--not-worse",
    "margin",
    type=click.FloatRange(min=0),
    metavar="SHARE",
    help="With --compare: enough if the challenger is not worse by more than this share of the champion's value.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="With --compare: only windows that end by this day.",
)
@click.option("--monitor", "monitors", multiple=True, metavar="NAME", help="Only this monitor; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@project_command
def check_command(
    context: Context,
    severity: str,
    versions: tuple[str, str] | None,
    metrics: Sequence[str],
    once: bool,
    margin: float | None,
    until: datetime | None,
    monitors: Sequence[str],
    as_json: bool,
) -> int:
    """Exit with 1 if there are open incidents, with 0 if there are none, with 2 if that could not be found out.

    What was answered as expected or as a false alarm does not count; what is acknowledged or snoozed does.

    2 also where silence would mean nothing: no monitor is listed, the results are older than what was read, or nothing
    could be judged. A monitor whose runs fail is an incident.

    With --compare: exit with 0 if the challenger is better than the champion, with 1 if it is worse or not yet known.
    """
    if versions is None:
        if metrics or once or margin is not None or until is not None:
            raise click.UsageError("--metric, --once, --not-worse and --until go with --compare.")
        from driftline.check import check

        with context.open() as warehouse:
            context.progress("Reading alerts")
            result = check(warehouse, severity, monitors)
        lines = result.lines(has_colours(sys.stdout))
        click.echo(to_json(result.to_dict(), indent=2) if as_json else "\n".join(lines), color=True)
        if result.is_blind:
            names = ", ".join(one.monitor for one in result.unknown)
            click.echo(printable(f"driftline: this is no all-clear: nothing can be said of {names}."), err=True)
            return FAILED
        return FOUND if result.incidents else FINE

    from driftline.compare import compare

    with context.open() as warehouse:
        context.progress("Comparing versions")
        comparison = compare(
            warehouse, *versions, monitors, metrics, once=once, margin=margin, until=until.date() if until else None
        )
    click.echo(to_json(comparison.to_dict(), indent=2) if as_json else "\n".join(comparison.lines()))
    return FINE if comparison.passed else FOUND


@cli.command("alert")
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Channels, routes and actions. [default: driftline.yml in the dbt project; without one, the console alone]",
)
@click.option(
    "--channel", "channels", multiple=True, metavar="NAME", help="Only this channel, and no action; may be repeated."
)
@click.option("--dry-run", is_flag=True, help="Print what would be told and started; send and record nothing.")
@click.option(
    "--wait", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
    help="How long to wait for a DuckDB file that another process has.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line and notification.")
@project_command
def alert_command(
    context: Context, config_file: Path | None, channels: Sequence[str], dry_run: bool, wait: float, as_json: bool
) -> int:
    """Tell of incidents that have opened, become critical or ended, each once; start what they are to start.

    What was sent is recorded in driftline_notifications beside driftline_alerts. Exits with 1 if something could not be
    delivered, which the next run sends, or if something that was started failed.
    """
    from driftline.alerting.config import find_config, load_config
    from driftline.alerting.run import Run, select_channels

    def say(text: str) -> None:
        click.echo(context.scrub(printable(f"driftline: {text}")), err=True)

    path = find_config(config_file, context.options.project_dir)
    config = select_channels(load_config(path, context.scrub), channels)
    folder = Path(context.options.project_dir or os.environ.get("DBT_PROJECT_DIR") or ".")
    with context.open() as warehouse:
        run = Run(
            warehouse, config, folder, context.scrub, sys.stdout, as_json, context.progress, say, patience=wait
        )  # fmt: skip
        if dry_run:
            found = run.preview()
            for line in found:
                click.echo(line)
            # Only what the preview has filled in: what no route takes, and that there is nothing.
            for line in run.summary.lines() if run.summary.unrouted or not found else ():
                say(line)
            return FINE
        summary = run.deliver()
    for line in summary.lines():
        say(line)
    return FINE if summary.all_well else FOUND


@cli.group("incidents", invoke_without_command=True)
@click.option("--all", "every", is_flag=True, help="Also those that are over.")
@click.option("--monitor", "monitors", multiple=True, metavar="NAME", help="Only this monitor; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@project_command
def incidents_command(context: Context, every: bool, monitors: Sequence[str], as_json: bool) -> int:
    """List open incidents, or answer one.

    ID is the beginning of an incident's id, as the list has it. What was answered is recorded in driftline_answers, and
    obeyed by alerts, reminders, actions and check.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return FINE
    from driftline.incident_commands import listing

    with context.open() as warehouse:
        context.progress("Reading incidents")
        found = listing(warehouse, every, monitors)
    if as_json:
        click.echo(to_json(found.to_dict(), indent=2))
    else:
        click.echo("\n".join(found.lines(has_colours(sys.stdout))), color=True)
    return FINE


def _answering(command: Command) -> Command:
    """What all answers have in common."""
    for option in (
        click.option(
            "--wait", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
            help="How long to wait for a DuckDB file that another process has.",
        ),
        click.option("--by", metavar="NAME", help="Who answers. [default: $DRIFTLINE_USER, else who is logged in]"),
        click.argument("incident", metavar="ID"),
    ):  # fmt: skip
        command = option(command)
    return command


_note = click.option("--note", metavar="TEXT", help="Why, for all who read it later.")


def _answer(context: Context, incident: str, kind: str, by: str | None, wait: float, **more: Any) -> int:
    from driftline.incident_commands import answer

    def say(text: str) -> None:
        click.echo(context.scrub(printable(f"driftline: {text}")), err=True)

    note = more.pop("note", None)
    if note is not None:
        note = context.scrub(note)
    with context.open() as warehouse:
        for line in answer(warehouse, incident, kind, by, note=note, patience=wait, say=say, **more):
            click.echo(line)
    return FINE


@incidents_command.command("ack")
@_note
@_answering
@project_command
def ack_command(context: Context, incident: str, by: str | None, note: str | None, wait: float) -> int:
    """Somebody is at it: no more reminders. That it becomes critical, and its end, are told."""
    return _answer(context, incident, "ack", by, wait, note=note)


@incidents_command.command("snooze")
@click.option("--until", metavar="WHEN", required=True, help="A day (to its end), a day and time (UTC), or 6h, 3d.")
@_note
@_answering
@project_command
def snooze_command(context: Context, incident: str, by: str | None, note: str | None, until: str, wait: float) -> int:
    """Not told and nothing started until then, unless it becomes critical; then told again if it is still open."""
    return _answer(context, incident, "snooze", by, wait, note=note, until=until)


@incidents_command.command("resolve")
@click.option("--expected", metavar="WHY", required=True, help="What explains it, such as a campaign.")
@_answering
@project_command
def resolve_command(context: Context, incident: str, by: str | None, expected: str, wait: float) -> int:
    """It was to be expected: not told any more, and what it reached is usual for its series from now on."""
    return _answer(context, incident, "expected", by, wait, note=expected)


@incidents_command.command("false-alarm")
@click.option("--note", metavar="TEXT", required=True, help="Why it is none.")
@_answering
@project_command
def false_alarm_command(context: Context, incident: str, by: str | None, note: str, wait: float) -> int:
    """It is nothing: not told any more, and what it reached is usual for its series from now on."""
    return _answer(context, incident, "false_alarm", by, wait, note=note)


def _revoke(context: Context, incident: str, by: str | None, note: str | None, wait: float) -> int:
    """Take back the last answer to it, with all that it did from the next build on; the one before counts again."""
    return _answer(context, incident, "revoke", by, wait, note=note)


for _name in ("revoke", "reopen"):
    incidents_command.command(_name)(_note(_answering(project_command(_revoke))))


@cli.command("metrics")
@click.option("--select", "-s", multiple=True, metavar="MONITOR", help="Only this monitor; may be repeated.")
@click.option("--family", multiple=True, metavar="NAME", help="Only this family of measures; may be repeated.")
@click.option(
    "--detail",
    type=click.Choice(["judged", "total", "all"]),
    default="judged",
    show_default=True,
    help="Which values: what is held against a threshold, all of the totals, or versions and segments too.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["prometheus", "otlp"]),
    default="prometheus",
    show_default=True,
    help="Print them as Prometheus reads them, or send them to a collector: OTEL_EXPORTER_OTLP_ENDPOINT.",
)
@project_command
def metrics_command(context: Context, select: Sequence[str], family: Sequence[str], detail: str, form: str) -> int:
    """Print the values of the latest complete windows, the open alerts and incidents, or send them to a collector."""
    from driftline.metrics import exposition, read_metrics

    with context.open() as warehouse:
        context.progress("Reading metrics")
        found = read_metrics(warehouse, detail, select, family)
    if form == "otlp":
        from driftline.otlp import send

        count, place = send(found, context.scrub, __version__)
        click.echo(context.scrub(f"driftline: {count} values sent to {place}"), err=True)
        return FINE
    click.echo(exposition(found), nl=False)
    return FINE


@cli.command("validate")
@click.option("--select", "-s", multiple=True, metavar="MONITOR", help="Only this monitor; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@project_command
def validate_command(context: Context, select: Sequence[str], as_json: bool) -> int:
    """Hold the declarations of all monitors against the warehouse, before a run.

    Exits with 1 if something is wrong with one of them.
    """
    from driftline.validate import ValidateResult, finding_of_parse_error, validate

    try:
        with context.open(create=True) as warehouse:
            result = validate(warehouse, select, context.progress)
    except ProjectError as error:
        finding = finding_of_parse_error(error)
        if finding is None:
            raise
        result = ValidateResult((), (finding,))
        click.echo("driftline: dbt stops at the first such error, so there may be more after this one.", err=True)
    click.echo(context.scrub(to_json(result.to_dict(), indent=2) if as_json else "\n".join(result.lines())))
    return FOUND if result.errors else FINE


@cli.command("init")
@click.argument("relation", metavar="RELATION")
@click.option("--name", metavar="MONITOR", help="The monitor's name. [default: the relation's name and _monitor]")
@click.option("--timestamp", metavar="COLUMN", help="The column with the time of the row. [default: the likeliest]")
@click.option("--timezone", "zone", metavar="ZONE", default="UTC", show_default=True, help="Whose days are meant.")
@click.option("--print", "--dry-run", "only_print", is_flag=True, help="Print the files; write none.")
@project_command
def init_command(
    context: Context, relation: str, name: str | None, timestamp: str | None, zone: str, only_print: bool
) -> int:
    """Look at a relation and write a monitor for it, with the reason for every choice.

    RELATION is a model, seed or snapshot, source.table, or a table of the warehouse (schema.table). Writes
    models/monitors/MONITOR.sql and _MONITOR.yml, and lists the monitor in dbt_project.yml. Never overwrites a file.

    Exits with 1 if something is wrong with what was written.
    """
    from driftline.init import propose, write
    from driftline.validate import validate

    # A source may be files, which need nothing of a database that is not there yet.
    with context.open(create=True) as warehouse:
        files = propose(warehouse, relation, name, timestamp, zone, context.progress)
    if only_print:
        click.echo(context.scrub("\n".join(map(printable, files.lines()))))
        return FINE
    write(files)
    for line in files.written():
        click.echo(line)
    if not files.is_listed:
        return FOUND
    with context.open() as warehouse:
        result = validate(warehouse, [files.monitor], context.progress)
    for finding in result.findings:
        click.echo(context.scrub(finding.line()), err=True)
    for line in files.next_steps():
        click.echo(line)
    return FOUND if result.errors else FINE


@cli.command("preview")
@click.argument("monitor", metavar="MONITOR")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@project_command
def preview_command(context: Context, monitor: str, as_json: bool) -> int:
    """Tell what a monitor would have told of the history there is, before anything is sent.

    Builds it, and the results of it alone, in schemas of its own beside those of the target, and drops them again.
    """
    from driftline.preview import preview

    found = preview(context.options, context.scrub, monitor, context.progress)
    lines = found.lines(has_colours(sys.stdout))
    click.echo(to_json(found.to_dict(), indent=2) if as_json else "\n".join(lines), color=True)
    return FINE


@cli.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@project_command
def doctor_command(context: Context, as_json: bool) -> int:
    """Look for what is wrong with the installation, and say what to do about each thing.

    Versions, variables, monitors, the profile, permissions, thresholds, results. Changes nothing. Exits with 1 if
    something was found.
    """
    from driftline.doctor import diagnose, diagnosis_of

    try:
        with context.open() as warehouse:
            diagnosis = diagnose(warehouse, context.progress)
    except ProjectError as error:
        told = diagnosis_of(error)
        if told is None:
            raise
        diagnosis = told
    text = to_json(diagnosis.to_dict(), indent=2) if as_json else "\n".join(diagnosis.lines(has_colours(sys.stdout)))
    click.echo(context.scrub(text), color=True)
    return FOUND if diagnosis.found else FINE


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a terminal that cannot show a character gets its code instead
            reconfigure(errors="backslashreplace")
    try:
        code = cli.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("driftline: interrupted.", err=True)
        return INTERRUPTED
    except KeyboardInterrupt:
        click.echo("driftline: interrupted.", err=True)
        return INTERRUPTED
    except click.exceptions.ClickException as error:
        error.show()
        return FAILED
    return code if isinstance(code, int) else FINE


def main() -> None:
    sys.exit(run())
