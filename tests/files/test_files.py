"""examples/files: hourly folders as Fluentd, Kafka Connect and Firehose leave them, read run after run."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import DuckDBEngine, Engine, Project
from support.project import REPOSITORY

EXAMPLE = REPOSITORY / "examples" / "files"
SCHEMA = json.loads((REPOSITORY / "docs" / "prediction_log.schema.json").read_text(encoding="utf-8"))
START = datetime(2025, 9, 1)
PER_HOUR = 12
Record = dict[str, Any]


def folder(logs: Path, place: str, hour: int) -> Path:
    at = START + timedelta(hours=hour)
    found = logs / place / f"year={at:%Y}" / f"month={at:%m}" / f"day={at:%d}" / f"hour={at:%H}"
    found.mkdir(parents=True, exist_ok=True)
    return found


def records(hour: int, source: str) -> list[Record]:
    rng = np.random.default_rng([hour, len(source)])
    found = []
    for number in range(PER_HOUR):
        at = START + timedelta(hours=hour, minutes=5 * number)
        features: Record = {
            "item_price": round(float(rng.gamma(4, 3)), 2),
            "country": str(rng.choice(["at", "de", "fr"])),
        }
        if hour >= 27:
            features["discount"] = 0.1
        found.append({
            "event_id": f"{source}-{hour}-{number}", "event_time": f"{at:%Y-%m-%dT%H:%M:%S}Z",
            "received_at": f"{at + timedelta(seconds=3):%Y-%m-%dT%H:%M:%S}+00:00", "model": "ranker", "model_version": "v1",
            "features": features, "score": round(float(rng.beta(2, 3)), 4),
        })  # fmt: skip
    return found


def lines(given: list[Record]) -> str:
    return "".join(json.dumps(record) + "\n" for record in given)


def leave(logs: Path, hour: int) -> list[Record]:
    """What the three leave of an hour. Delivery is at least once: Kafka Connect's last record comes again in its next file."""
    fluentd, kafka, firehose = (records(hour, source) for source in ("fluentd", "kafka", "firehose"))
    with gzip.open(folder(logs, "fluentd/predictions", hour) / "predictions_0.log.gz", "wt", encoding="utf-8") as file:
        file.write(lines(fluentd))
    place = folder(logs, "kafka/topics/predictions", hour)
    half, first = PER_HOUR // 2, hour * PER_HOUR
    (place / f"predictions+0+{first:010d}.json").write_text(lines(kafka[:half]), encoding="utf-8")
    again = [{**kafka[half - 1], "received_at": "2025-09-30T00:00:00Z", "score": 1.0}, *kafka[half:]]
    (place / f"predictions+0+{first + half - 1:010d}.json").write_text(lines(again), encoding="utf-8")
    rows = [{**record, "features": json.dumps(record["features"])} for record in firehose]
    at = START + timedelta(hours=hour)
    name = f"predictions-1-{at:%Y-%m-%d-%H-%M-%S}-0b6d6b5e-0000-4000-8000-{hour:012d}.parquet"
    pq.write_table(pa.Table.from_pylist(rows), folder(logs, "firehose/predictions", hour) / name)
    return [*fluentd, *kafka, *firehose]


def spoil(logs: Path, hours: range) -> int:
    """Leaves nothing readable of older hours: whoever opens one of their files fails."""
    files = 0
    for hour in hours:
        for place in ("fluentd/predictions", "firehose/predictions"):
            for path in folder(logs, place, hour).iterdir():
                path.write_bytes(b"nobody reads this")
                files += 1
    return files


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def project(duckdb_engine: Engine, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The example with a warehouse of its own; two days and a bit of an hour are there."""
    path = tmp_path_factory.mktemp("example")
    assert isinstance(duckdb_engine, DuckDBEngine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREDICTION_LOGS", str(logs))
        patch.setenv("PREDICTION_WAREHOUSE", str(path / "warehouse.duckdb"))
        made = Project(path, duckdb_engine.workspace(path))
        for name in ("models", "tests", "dbt_project.yml", "profiles.yml"):
            given = EXAMPLE / name
            if given.is_dir():
                shutil.copytree(given, path / name, dirs_exist_ok=True)
            else:
                shutil.copy(given, path / name)
        for hour in range(26):
            leave(logs, hour)
        made.build("--select", "package:prediction_files", vars={"driftline_now": "2025-09-02 02:00:00"})
        yield made
        made.close()


def by_hour(project: Project) -> dict[datetime, int]:
    return dict(
        project.sql(
            "select period_start, sum(row_count) from predictions where record = 'count' and column_role = 'row' "
            "and segment = 'all' group by 1"
        )
    )


def test_the_records_are_the_contract() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for record in [*records(0, "kafka"), *records(30, "fluentd")]:
        validator.validate(record)
    outcome = {"event_id": "kafka-0-1", "label": 1, "known_at": "2025-09-03T00:00:00Z"}
    jsonschema.Draft202012Validator({"$ref": "#/$defs/outcome", "$defs": SCHEMA["$defs"]}).validate(outcome)


def test_every_prediction_is_counted_once(project: Project) -> None:
    found = by_hour(project)
    assert found == {START + timedelta(hours=hour): 3 * PER_HOUR for hour in range(26)}
    # Of copies the one that arrived first.
    assert project.sql("select count(*) from prediction_log where score = 1.0") == [(0,)]
    assert project.sql("select count(*) from prediction_events") == [(26 * (3 * PER_HOUR + 1),)]
    prices = [
        record["features"]["item_price"]
        for hour in range(26)
        for source in ("fluentd", "kafka", "firehose")
        for record in records(hour, source)
    ]
    ((total, n),) = project.sql(
        "select sum(value_sum), sum(row_count) from predictions where record = 'count' and bin = 20000 and column_name = 'item_price'"
    )
    assert n == len(prices) and total == pytest.approx(sum(prices), rel=1e-9)


def test_a_later_hour_costs_what_it_reads_again(project: Project, logs: Path) -> None:
    """The files of older hours cannot even be read any more."""
    leave(logs, 26)
    leave(logs, 27)
    late = {**records(26, "kafka")[3], "event_id": "late"}
    (folder(logs, "kafka/topics/predictions", 26) / "predictions+1+0000000000.json").write_text(
        lines([late]), encoding="utf-8"
    )
    before = dict(
        project.sql("select period_start, max(computed_at) from predictions where record = 'count' group by 1")
    )
    kept = logs.parent / "kept"
    shutil.copytree(logs, kept)
    assert spoil(logs, range(1, 23)) == 2 * 22
    clock = {"driftline_now": "2025-09-02 04:00:00"}
    run = project.run(["run", "--select", "predictions"], vars=clock)
    assert run.success, str(run)
    expected = {START + timedelta(hours=hour): 3 * PER_HOUR for hour in range(28)}
    assert by_hour(project) == expected | {START + timedelta(hours=26): 3 * PER_HOUR + 1}
    after = dict(
        project.sql("select period_start, max(computed_at) from predictions where record = 'count' group by 1")
    )
    read = sorted(period for period, when in after.items() if before.get(period) != when)
    assert read == [START + timedelta(hours=hour) for hour in range(23, 28)]
    # The next run looks at its hour and the two before, whatever there is besides: 4 files each.
    plan = project.sql(
        "explain analyze select count(*) from prediction_log where served_hour >= timestamp '2025-09-02 01:00:00'"
    )[0][1]
    scans = [tuple(map(int, pair)) for pair in re.findall(r"Scanning Files: (\d+)/(\d+)", plan)]
    assert sorted(scans) == [(3, 28), (3, 28), (7, 57)]
    shutil.rmtree(logs)
    shutil.copytree(kept, logs)
    # A feature that newer records have is NULL in older ones; nothing is looked at for it.
    (discounts,) = project.sql(
        "select count(discount), min(served_hour) filter (where discount is not null) from prediction_log"
    )
    assert discounts == (3 * PER_HOUR, START + timedelta(hours=27))


BROKEN: dict[str, Any] = {
    "no JSON": '{"event_id": "cut o',
    "no object": '"a text"',
    "event_id is no text": {"event_id": 7},
    "event_time is no time with an offset": {"event_time": "2025-09-02T03:10:00"},
    "received_at is no time with an offset": {"received_at": "yesterday"},
    "model is no text": {"model": None},
    "model_version is no text": {"model_version": ""},
    "features is no object": {"features": [1, 2]},
    "score is no number": {"score": "0.5"},
    "in the folder of another hour": {"event_time": "2025-09-02T04:10:00Z"},
}


def test_records_that_do_not_fit_are_said(project: Project, logs: Path) -> None:
    good = {**records(27, "kafka")[0], "event_id": "another"}
    texts = [given if isinstance(given, str) else json.dumps({**good, **given}) for given in BROKEN.values()]
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert validator.is_valid(good)
    for problem, text in list(zip(BROKEN, texts, strict=True))[1:]:
        # Which folder a record lies in is all that the schema cannot say.
        assert validator.is_valid(json.loads(text)) == (problem == "in the folder of another hour"), problem
    path = folder(logs, "kafka/topics/predictions", 27) / "predictions+2+0000000000.json"
    path.write_text("\n".join([*texts, json.dumps(good)]) + "\n", encoding="utf-8")
    before = by_hour(project)
    clock = {"driftline_now": "2025-09-02 04:00:00"}
    run = project.run(["build", "--select", "package:prediction_files"], vars=clock)
    assert run.success, str(run)
    assert run.statuses["records_fit_the_contract"] == "warn"
    hour = START + timedelta(hours=27)
    said = project.sql(
        "select problem, records from rejected_records where served_hour = timestamp '2025-09-02 03:00:00'"
    )
    assert sorted(said) == sorted((problem, 1) for problem in BROKEN)
    assert by_hour(project) == before | {hour: before[hour] + 1}
    path.unlink()


def test_the_page_names_what_is_there() -> None:
    page = (REPOSITORY / "docs" / "files.md").read_text(encoding="utf-8")
    for name in SCHEMA["properties"]:
        assert f"`{name}`" in page, name
    for problem in BROKEN:
        assert problem in page, problem
