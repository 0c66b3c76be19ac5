"""Equal values are one value, whatever their types print; what is no value or no weight leaves the others alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from state.states import declare, source
from support import Project

NOW = dt.datetime(2024, 1, 11)
SPAN = {"start": "2024-01-01", "end": "2024-01-06"}
DAYS, A_DAY = 10, 40
MORNING = dt.datetime(2024, 3, 1, 8, 30)

# column: (values as the log has them, as the reference has them, the one text of each; SQL types where they are not plain)
SPELLINGS: dict[str, tuple[list[Any], list[Any], list[str], dict[str, str]]] = {
    "scale": ([Decimal("1.5"), Decimal("2"), Decimal("-0.25")], [1.5, 2.0, -0.25], ["1.5", "2", "-0.25"], {}),
    "whole": ([-3.0, 0.0, 2.0**53], [-3, 0, 2**53], ["-3", "0", "9007199254740992"], {}),
    "range": (
        [1e-05, 2.5e20, 1234567.5],
        [Decimal("0.00001"), Decimal("2.5e20"), Decimal("1234567.5")],
        ["0.00001", "250000000000000000000", "1234567.5"],
        {"reference": "decimal(38, 8)"},
    ),
    "short": ([0.1, 0.7, 33.3], [0.1, 0.7, 33.3], ["0.1", "0.7", "33.3"], {"log": "real"}),
    "scales": (["1.5", "1.50", "7"], ["1.500", "1.5", "7.0"], ["1.5", "7"], {"log": "NUMERIC", "reference": "NUMERIC"}),
    "day": (
        [dt.datetime(2024, 3, 1), dt.datetime(2023, 12, 31)],
        [dt.date(2024, 3, 1), dt.date(2023, 12, 31)],
        ["2024-03-01", "2023-12-31"],
        {},
    ),
    "moment": (
        [MORNING, MORNING + dt.timedelta(microseconds=250_000)],
        [MORNING.replace(tzinfo=dt.timezone.utc), MORNING.replace(microsecond=250_000, tzinfo=dt.timezone.utc)],
        ["2024-03-01 08:30:00", "2024-03-01 08:30:00.25"],
        {},
    ),
    "number_or_text": ([1, 20, 0], ["1.0", "+20", "00"], ["1", "20", "0"], {}),
    "text_or_number": (["1.50", "2", "-0.5"], [1.5, 2.0, -0.5], ["1.5", "2", "-0.5"], {}),
    "truth_or_text": ([True, False], ["True", "FALSE"], ["true", "false"], {}),
    "text": (["1.50", "01", "True"], ["1.50", "01", "True"], ["1.50", "01", "True"], {}),
    "truth": ([True, False], [True, False], ["true", "false"], {}),
}
POSTGRES_ONLY = {"spans": (["[1,5)", "[2,3)"], ["[1,4]", "[2,2]"], ["[1,5)", "[2,3)"], "int4range")}

# A label column in SQL, its type and declared type, and the values that name its positive class; half of it is positive.
ONES: list[Any] = [1, True, "1", "1.0", "True", "true", 1.0]
LABELS: dict[str, tuple[str, str, list[Any]]] = {
    "i % 2 = 1": ("boolean", "boolean", ONES),
    "i % 2": ("integer", "integer", ONES),
    "cast(i % 2 as double precision)": ("numeric", "double precision", ONES),
    "cast(i % 2 as decimal(6, 2))": ("numeric", "decimal(6, 2)", ONES),
    "case i % 2 when 1 then '1' else '0' end": ("text", "text", ONES),
    "case i % 2 when 1 then '1.0' else '0.0' end": ("text", "text", ONES),
    "case i % 2 when 1 then 'True' else 'False' end": ("text", "text", ONES),
    "case i % 2 when 1 then '1' else 'none' end": ("text", "text", ["1"]),
    "case i % 2 when 1 then 'yes' else 'no' end": ("text", "text", ["yes"]),
    "case i % 2 when 1 then 0.5 else 0.25 end": ("numeric", "decimal(3, 2)", [0.5, "0.50", "0.5"]),
}


def truths_model() -> str:
    """One row per label column and way to name its positive class: how many rows are positive, how many have a label."""
    parts = [
        f"select {number} as part, sum(y) as positives, count(y) as known from (select "
        "{{ driftline._indicator('truths', 'positive_label', "
        f"{{'sql': '(' ~ {sql!r} ~ ')', 'type': {kind!r}, 'data_type': {data_type!r}}}, {given!r}) }}}} as y "
        "from ({{ driftline._numbers(100) }}) as n (i)) as rows_read"
        for number, (sql, kind, data_type, given) in enumerate(TRUTHS)
    ]
    return "\nunion all\n".join(parts)


TRUTHS = [(sql, kind, data_type, given) for sql, (kind, data_type, ways) in LABELS.items() for given in ways]


def spelled_rows(side: int, days: bool, engine: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The table of the log (side 0) or of the reference, and the types of its columns."""
    count = DAYS * 12
    columns: dict[str, Any] = {}
    types: dict[str, str] = {}
    for name, (log, reference, _, declared) in SPELLINGS.items():
        values = (log, reference)[side]
        columns[name] = pa.array([values[i % len(values)] for i in range(count)])
        if wanted := declared.get("log" if side == 0 else "reference"):
            types[name] = wanted if engine == "postgres" or wanted != "NUMERIC" else "decimal(10, 3)"
    if engine == "postgres":
        for name, (log, reference, _, kind) in POSTGRES_ONLY.items():
            columns[name] = pa.array([(log, reference)[side][i % 2] for i in range(count)])
            types[name] = kind
    if days:
        columns["at"] = pa.array([dt.datetime(2024, 1, 1) + dt.timedelta(hours=2 * i) for i in range(count)])
    return columns, types


def weighed_rows(clean: bool) -> pa.Table:
    """Weights that are none here and there, and on the eighth day nowhere one; ``clean`` has the other rows alone."""
    rows = []
    for i in range(DAYS * A_DAY):
        day = i // A_DAY
        bad = i % 11 == 3 or day == 7
        weight = [None, float("nan"), float("inf"), -1.0, 1e200][i % 5] if bad else 0.5 + i % 3
        rows.append(
            {
                "at": dt.datetime(2024, 1, 1) + dt.timedelta(days=day, minutes=30 * (i % A_DAY)),
                "x": float(i % 7), "kind": "abc"[i % 3], "y": i * 31 % 2, "s": i * 7919 % 128 / 128,
                "bought": i * 31 % 2 == 0, "w": weight,
            }
        )  # fmt: skip
    if clean:
        rows = [row for i, row in enumerate(rows) if not (i % 11 == 3 or i // A_DAY == 7)]
    return pa.table({name: pa.array([row[name] for row in rows], from_pandas=False) for name in rows[0]})


def words() -> dict[str, list[Any]]:
    """Three of ten rows hold a word that no other day has, half of these twice that day; a word of one row each month."""
    at, word = [], []
    for i in range(DAYS * 400):
        day = i // 400
        at.append(dt.datetime(2024, 1, 1) + dt.timedelta(days=day, minutes=3 * (i % 400)))
        word.append(f"new {day} {i % 400 // 6 * 6 if i % 20 < 10 else i}" if i % 10 < 3 else f"old {i // 10 % 20}")
    return {"at": at, "word": word}


def odd_rows(engine: str) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Times that are no day and numbers beyond a double, among four ordinary days."""
    at = [str(dt.datetime(2024, 1, 1 + i // 20, i % 20)) for i in range(80)]
    amount = [str(i % 7) for i in range(80)]
    if engine == "postgres":
        amount[3], amount[4], amount[5], amount[6] = "1e400", "-1e400", "1e-400", "NaN"
    types = {"at": "timestamp", "amount": "numeric" if engine == "postgres" else "double"}
    return {"at": [*at, "-infinity", "infinity"], "amount": [*amount, "1", "1"]}, types


EDGES = {"x": [2, 4], "s": [0.25, 0.5]}
MONITORS = {
    "spelled": declare(
        "log_spelled", timestamp="at", reference={"relation": source("spelled_reference")}, categorical=list(SPELLINGS),
        numeric=[], segments=["scale", "text_or_number"], model_version="number_or_text",
    ),
    "shorter": declare(
        "log_spelled", timestamp="at", reference={"relation": source("spelled_reference")}, numeric=["short"], bins=3,
    ),
    "weighed": declare(
        "log_weighed", timestamp="at", reference=SPAN, numeric=["x"], categorical=["kind"], bins=EDGES, weight="w", label="y",
        prediction="s", task="binary", business_metrics={"total": {"sum": "x"}, "conversion": {"numerator": "bought", "denominator": "1"}},
    ),
    "weighed_clean": declare(
        "log_weighed_clean", timestamp="at", reference=SPAN, numeric=["x"], categorical=["kind"], bins=EDGES, weight="w", label="y",
        prediction="s", task="binary",
        business_metrics={"total": {"sum": "x"}, "conversion": {"numerator": "bought", "denominator": "1"}},
    ),
    "truths_counted": declare(
        "log_weighed", timestamp="at", reference=SPAN, weight="bought",
        business_metrics={"high": {"sum": "x > 3"}, "bought": {"numerator": "bought", "denominator": "x >= 0"}},
    ),
    "words": declare("log_words", timestamp="at", reference=SPAN, categorical=["word"]),
    "words_of_a_month": declare(
        "log_words", timestamp="at", period="month", reference={"start": "2024-01-01", "end": "2024-02-01"}, categorical=["word"],
    ),
    "words_bare": declare("log_words", timestamp="at", reference={"relation": source("words_reference")}, categorical=["word"]),
    "odd": declare(
        "log_odd", timestamp="at", reference={"start": "2024-01-01", "end": "2024-01-03"}, numeric=["amount"],
        business_metrics={"total": {"sum": "amount * 2"}},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def project(make_module_project: Any, engine: Any) -> Project:
    spelled = MONITORS["spelled"]
    if engine.name == "postgres":
        spelled = spelled.replace("'truth']", "'truth', 'spans']")
    project: Project = make_module_project(
        models={
            **{f"monitors/{name}": text for name, text in {**MONITORS, "spelled": spelled}.items()},
            "truths": truths_model(),
        },
        tables={
            "log_weighed": weighed_rows(clean=False),
            "log_weighed_clean": weighed_rows(clean=True),
            "log_words": words(),
            "words_reference": {"word": words()["word"][:2000]},
        },
        vars={
            "driftline_now": str(NOW),
            "driftline_monitors": list(MONITORS),
            "driftline_windows": {"day": [1], "month": [1]},
        },
    )
    project.load("log_spelled", *spelled_rows(0, True, engine.name))
    project.load("spelled_reference", *spelled_rows(1, False, engine.name))
    project.load("log_odd", *odd_rows(engine.name))
    project.build("--select", "monitors", "truths", "driftline_bins", "+driftline_alerts")
    return project


def test_equal_values_have_one_text(project: Project) -> None:
    expected = {name: set(texts) for name, (_, _, texts, _) in SPELLINGS.items()}
    if project.workspace.engine == "postgres":
        expected |= {name: set(texts) for name, (_, _, texts, _) in POSTGRES_ONLY.items()}
    learnt: dict[str, set[str]] = {}
    for name, text in project.sql("select column_name, bin_label from driftline_bins where monitor = 'spelled'"):
        learnt.setdefault(name, set()).add(text)
    assert learnt == expected
    # And the log's rows are in their bins: each text has its share of them.
    unseen = project.sql(
        f"select column_name, sum(row_count) from {project.relation('spelled')}"
        " where record = 'count' and bin_kind = 'unseen' group by 1"
    )
    assert unseen == []
    for name, column in (
        ("scale", "segment_value"),
        ("text_or_number", "segment_value"),
        ("number_or_text", "model_version"),
    ):
        where = f"segment = '{name}'" if column == "segment_value" else "segment = 'all'"
        found = project.sql(
            f"select distinct source, {column} from {project.relation('spelled')} where {where} and record = 'count'"
        )
        texts = SPELLINGS[name][2]
        assert sorted(found) == sorted((side, text) for side in ("relation", "reference") for text in texts), name


def test_a_number_of_32_bits_is_held_against_one_of_64_as_32_bits_would(project: Project) -> None:
    rows = project.sql(
        f"select source, bin, sum(row_count) from {project.relation('shorter')}"
        " where record = 'count' and segment = 'all' and bin_kind = 'range' group by 1, 2 order by 1, 2"
    )
    assert [row[1:] for row in rows if row[0] == "relation"] == [row[1:] for row in rows if row[0] == "reference"]
    assert len(rows) >= 4


def test_a_positive_class_is_named_in_any_spelling(project: Project) -> None:
    found = {part: (positives, known) for part, positives, known in project.sql("select * from truths")}
    wrong = {TRUTHS[part]: counted for part, counted in found.items() if counted != (50, 100)}
    assert len(found) == len(TRUTHS)
    assert not wrong


def sums_of(project: Project, monitor: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """All weighted sums of the state but those of the day without weights and of bins that are learnt on all rows."""
    rows = project.sql(
        "select period_start, column_name, column_role, bin, bin_kind, weight_sum, weight_sq_sum, value_sum, prediction_sum,"
        f" labelled_weight_sum, label_sum, labelled_prediction_sum, loss_sum from {project.relation(monitor)}"
        " where record = 'count' and period_start <> timestamp '2024-01-08' and (column_role <> 'performance' or column_name = '*')"
    )
    return {row[:5]: row[5:] for row in rows}


def test_a_weight_that_is_none_leaves_out_its_row_alone(project: Project) -> None:
    got, expected = sums_of(project, "weighed"), sums_of(project, "weighed_clean")
    assert got.keys() == expected.keys()
    for key, sums in expected.items():
        for have, wanted in zip(got[key], sums, strict=True):
            assert have == wanted or have == pytest.approx(wanted, rel=1e-12, abs=1e-12), key
    weights = project.sql(
        f"select sum(row_count), sum(weight_sum) from {project.relation('weighed')}"
        " where record = 'count' and column_role = 'row' and period_start = timestamp '2024-01-08'"
    )
    assert weights == [(A_DAY, 0)]


def test_no_number_is_spoilt_by_a_weight(project: Project) -> None:
    assert project.sql("select monitor, message from driftline_alerts where monitor like 'weighed%'") == []
    for relation in ("drift", "quality", "business", "performance"):
        frame = project.frame(f"select * from driftline_{relation}")
        numbers = frame.select_dtypes("number")
        assert len(numbers)
        assert not (numbers.abs() > 1e300).any(axis=None)
        nan = project.sql(
            f"select count(*) from driftline_{relation} where "
            + " or ".join(
                f"cast({name} as double precision) = cast('NaN' as double precision)"
                for name in project.column_names(f"driftline_{relation}")
                if name in numbers.columns
            )
        )
        assert nan == [(0,)]


def test_truth_values_count_as_one_and_nothing(project: Project) -> None:
    rows = [row for row in weighed_rows(clean=False).to_pylist() if row["at"] < NOW and row["bought"]]
    found = project.sql(
        "select metric, sum(numerator), sum(denominator) from driftline_business"
        " where monitor = 'truths_counted' group by 1 order by 1"
    )
    assert found == [("bought", len(rows), len(rows)), ("high", sum(row["x"] > 3 for row in rows), None)]


def test_a_value_of_one_period_is_unseen_in_the_reference_too(project: Project) -> None:
    labels = [row[0] for row in project.sql("select bin_label from driftline_bins where monitor = 'words'")]
    assert sorted(labels) == sorted(f"old {i}" for i in range(20))
    rates = project.sql("select unseen_rate from driftline_quality where monitor = 'words' order by window_start")
    assert rates == [(0.3,)] * DAYS
    assert project.sql("select monitor from driftline_alerts where monitor = 'words'") == []


@pytest.mark.parametrize(("monitor", "last_day"), [("words_of_a_month", DAYS), ("words_bare", 5)])
def test_where_there_is_one_period_a_value_of_one_row_is_unseen(project: Project, monitor: str, last_day: int) -> None:
    rows = [word for at, word in zip(*words().values(), strict=True) if at.day <= last_day]
    twice = {word for word in rows if rows.count(word) > 1} if last_day < 6 else _more_than_once(rows)
    labels = [row[0] for row in project.sql(f"select bin_label from driftline_bins where monitor = '{monitor}'")]
    assert sorted(labels) == sorted(twice)
    assert any(label.startswith("new") for label in labels)


def _more_than_once(rows: list[str]) -> set[str]:
    seen: set[str] = set()
    return {word for word in rows if word in seen or seen.add(word)}  # type: ignore[func-returns-value]


def test_what_no_double_or_calendar_can_hold_stops_nothing(project: Project) -> None:
    days = project.sql(
        "select count(distinct window_start), sum(row_count) from driftline_quality where monitor = 'odd'"
    )
    assert days == [(10, 80)]
    bins = dict(
        project.sql(
            f"select bin_kind, sum(row_count) from {project.relation('odd')} where record = 'count' and column_name = 'amount'"
            " and bin_kind in ('nan', 'positive_infinity', 'negative_infinity') group by 1"
        )
    )
    odd = {"nan": 1, "positive_infinity": 1, "negative_infinity": 1}
    assert bins == (odd if project.workspace.engine == "postgres" else {})


def test_keys_that_postgres_cannot_compare(project: Project) -> None:
    if project.workspace.engine != "postgres":
        return
    project.load(
        "log", {"at": [NOW], "key": ["0e37df36-f698-11e6-8dd4-cb9ced3df976"], "s": [0.5]}, types={"key": "uuid"}
    )
    project.load("outcomes", {"key": ["0e37df36-f698-11e6-8dd4-cb9ced3df976"], "y": [1]})
    label = {"relation": source("outcomes"), "key": "key", "label": "y"}
    project.model("keys", declare("log", timestamp="at", reference=SPAN, label=label, prediction="s", task="binary"))
    run = project.run(["run", "--select", "keys"])
    project.remove_model("keys")
    assert "argument 'label.key': given \"key\" of type uuid" in run.text
