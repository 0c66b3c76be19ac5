"""Wrong declarations: each stops dbt with one message, before anything is built."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from bad_input.messages import SPAN, assert_message, bad, everything
from state.states import Jinja
from support import Project

LOG = {
    "at": [dt.datetime(2024, 1, 1 + number // 10, number % 10) for number in range(60)],
    "x": [float(number % 7) for number in range(60)],
    "kind": ["a", "b", None] * 20,
}
REF = Jinja("source('raw', 'log')")
EXPRESSION = "one scalar SQL expression"
OWN = {"relation": REF, "key": "kind", "label": "x", "known_at": "at"}
RANKING = {"request": "kind", "position": "x"}
RANKED = {"label": "x", "task": "regression", "numeric": None}
COLUMNS = "a list of columns"
ZONES = "'UTC' or the IANA name of a time zone"
DATE = Jinja("modules.datetime.date(2024, 1, 2)")
# Not as constants: Jinja compiles those to names that Python does not know.
NAN, INF = Jinja("(('nan' ~ model.name[:0]) | float)"), Jinja("(('inf' ~ model.name[:0]) | float)")

# name: (changes to a good declaration, argument, what was given, what is allowed)
CASES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "unknown argument": ({"colour": "red"}, "colour", '"red"', "relation, timestamp, period"),
    "a misspelt argument": ({"segment": ["x"]}, "segment", "x", "segments"),
    "relation as text": ({"relation": "log"}, "relation", '"log"', "ref('...')"),
    "relation as number": ({"relation": 3}, "relation", "3", "ref('...')"),
    "relation as list": ({"relation": ["log"]}, "relation", "log", "ref('...')"),
    "no timestamp": ({"timestamp": None}, "timestamp", "None", "name of a column"),
    "empty timestamp": ({"timestamp": " "}, "timestamp", '" "', "name of a column"),
    "timestamp as list": ({"timestamp": ["at"]}, "timestamp", "at", "name of a column"),
    "unknown period": ({"period": "minute"}, "period", '"minute"', "hour, day, week, month"),
    "period in capitals": ({"period": "DAY"}, "period", '"DAY"', "hour, day, week, month"),
    "period as number": ({"period": 1}, "period", "1", "hour, day, week, month"),
    "unknown task": ({"task": "ranking"}, "task", '"ranking"', "binary, multiclass, regression, none"),
    "empty timezone": ({"timezone": ""}, "timezone", '""', "Europe/London"),
    "timezone as number": ({"timezone": 1}, "timezone", "1", "Europe/London"),
    "timezone by its distance": ({"timezone": "UTC+9"}, "timezone", '"UTC+9"', "'Europe/London', 'Asia/Tokyo'"),
    "timezone as an offset": ({"timezone": "+09:00"}, "timezone", '"+09:00"', ZONES),
    "timezone of POSIX": ({"timezone": "JST-9"}, "timezone", '"JST-9"', ZONES),
    "timezone of two names": ({"timezone": "EST5EDT"}, "timezone", '"EST5EDT"', ZONES),
    "a short name that has no summer on Postgres": ({"timezone": "CET"}, "timezone", '"CET"', ZONES),
    "timezone in small letters": ({"timezone": "asia/tokyo"}, "timezone", '"asia/tokyo"', ZONES),
    "a city in small letters": ({"timezone": "Asia/tokyo"}, "timezone", "this warehouse has 'Asia/Tokyo'", ZONES),
    "timezone that is none": ({"timezone": "Europe/Londn"}, "timezone", "this warehouse does not know", ZONES),
    "timezone with SQL": ({"timezone": "Europe/x'; drop table log; --"}, "timezone", "drop table", ZONES),
    "timezone as nothing": ({"timezone": Jinja("none")}, "timezone", "None", ZONES),
    "something undefined": ({"owner": Jinja("no_such_thing")}, "owner", "something undefined", "a value"),
    "something undefined in a list": ({"numeric": Jinja("['x', no_such_thing]")}, "numeric", "something undefined", "a value"),
    "a text no warehouse stores": ({"owner": Jinja("'a\\x00b'")}, "owner", "u0000b", "without the character NUL"),
    "a date where a text is due": ({"owner": DATE}, "owner", '"2024-01-02"', "a text or none"),
    "a date as a column": ({"timestamp": DATE}, "timestamp", '"2024-01-02"', "the name of a column"),
    "a date as a class": ({"label": "kind", "task": "binary", "positive_label": DATE}, "positive_label", "2024-01-02", "one"),
    "a date as a threshold": ({"decision_threshold": DATE}, "decision_threshold", "2024-01-02", "a number"),
    "a date as an edge": ({"bins": {"x": Jinja(f"[1, {DATE}]")}}, "bins.x", "2024, 1, 2", "a list of numbers"),
    "classes of two types": (
        {"prediction": Jinja("{0: 'x', 'b': 'kind'}"), "task": "multiclass"}, "prediction", "0: 'x'", "all texts or all numbers",
    ),
    "a class of nothing": ({"prediction": {None: "x"}, "task": "multiclass"}, "prediction", "None", "all texts or all numbers"),
    "parts of two types": ({"reference": Jinja("{1: 2, 'start': 3}")}, "reference", "'start': 3", "half-open"),
    "a metric's parts of two types": (
        {"business_metrics": {"m": Jinja("{1: 'x', 'sum': 'x'}")}}, "business_metrics.m", "'sum': 'x'", "{'sum': expression}",
    ),
    "a metric with a number as its name": ({"business_metrics": {1: {"sum": "x"}}}, "business_metrics", '"1"', "a text as the name"),
    "metrics of nothing": ({"numeric": None, "business_metrics": Jinja("none")}, "business_metrics", "None", "{name: {'sum'"),
    "a mapping as relation": ({"relation": {"identifier": "log"}}, "relation", "identifier", "ref('...')"),
    "bins with a point": ({"bins": 2.0}, "bins", '"2.0"', "a whole number, 2 or more"),
    "lookback with a point": ({"lookback": 3.0}, "lookback", '"3.0"', "a whole number"),
    "looking back for ever": ({"lookback": 10**9}, "lookback", "1000000000", "from 0 to 50000"),
    "an edge that is no number": ({"bins": {"x": [1, NAN]}}, "bins.x", "nan", "a list of numbers"),
    "an edge without end": ({"bins": {"x": [1, INF]}}, "bins.x", "inf", "a list of numbers"),
    "an edge beyond all doubles": ({"bins": {"x": [1, 10**400]}}, "bins.x", "000", "a list of numbers"),
    "edges without end": ({"bins": {"x": list(range(1001))}}, "bins.x", "1001 edges", "at most 1000"),
    "a threshold that is no number": ({"decision_threshold": NAN}, "decision_threshold", "NaN", "a number"),
    "a threshold without end": ({"decision_threshold": INF}, "decision_threshold", "Infinity", "a number"),
    "a share that is no number": ({"min_labelled_share": NAN}, "min_labelled_share", "nan", "over 0, at most 1"),
    "an importance that is no number": ({"importances": {"x": NAN}}, "importances.x", "nan", "0 or more"),
    "an importance without end": ({"importances": {"x": INF}}, "importances.x", "inf", "0 or more"),
    "a class that is no number": ({"label": "kind", "task": "binary", "positive_label": NAN}, "positive_label", "nan", "one value"),
    "a metric of text": ({"business_metrics": {"m": {"sum": "kind"}}}, "business_metrics.m.sum", '"kind" of type', "numeric type"),
    "a ratio of a time": (
        {"business_metrics": {"m": {"numerator": "x", "denominator": '"at"'}}}, "business_metrics.m.denominator", "of type",
        "numeric type",
    ),
    "a weight of text": ({"weight": "'1'"}, "weight", "\"'1'\" of type", "of a numeric type or a boolean"),
    "a time and a half": (
        {"reference": {"start": "2024-01-01 00:00:00.5", "end": "2025-01-01"}}, "reference.start", "00.5", "HH:MM:SS",
    ),
    "a time with an offset": (
        {"reference": {"start": "2024-01-01 00:00+09:00", "end": "2025-01-01"}}, "reference.start", "+09:00", "HH:MM:SS",
    ),
    "no reference": ({"reference": None}, "reference", "None", "{'start': 'YYYY-MM-DD'"),
    "reference as text": ({"reference": "2024-01-01"}, "reference", "2024-01-01", "half-open"),
    "half a reference": ({"reference": {"start": "2024-01-01"}}, "reference", "2024-01-01", "half-open"),
    "reference with more": ({"reference": {**SPAN, "of": "x"}}, "reference", "of", "half-open"),
    "reference relation as text": ({"reference": {"relation": "training"}}, "reference", "training", "{'relation': ref"),
    "reference both ways": ({"reference": {"relation": REF, **SPAN}}, "reference", "start", "{'relation': ref"),
    "reference the wrong way round": (
        {"reference": {"start": "2024-01-04", "end": "2024-01-02"}}, "reference", "2024-01-04", "a start before the end",
    ),
    "reference of no length": (
        {"reference": {"start": "2024-01-04", "end": "2024-01-04"}}, "reference", "2024-01-04", "a start before the end",
    ),
    "excluded text": (
        {"reference": {**SPAN, "exclude": "2024-01-02"}}, "reference.exclude", "2024-01-02", "a list of spans within",
    ),
    "one excluded span": (
        {"reference": {**SPAN, "exclude": SPAN}}, "reference.exclude", "start", "a list of spans within",
    ),
    "excluded days": (
        {"reference": {**SPAN, "exclude": ["2024-01-02"]}}, "reference.exclude", "2024-01-02", "a list of spans within",
    ),
    "an excluded span with more": (
        {"reference": {**SPAN, "exclude": [{**SPAN, "why": "sale"}]}}, "reference.exclude", "sale", "a list of spans within",
    ),
    "an excluded day of no calendar": (
        {"reference": {**SPAN, "exclude": [{"start": "2024-01-02", "end": "2024-02-30"}]}}, "reference.exclude", "2024-02-30",
        "YYYY-MM-DD",
    ),
    "an excluded span the wrong way round": (
        {"reference": {**SPAN, "exclude": [{"start": "2024-01-03", "end": "2024-01-02"}]}}, "reference.exclude",
        "2024-01-03 00:00:00 to 2024-01-02", "a start before the end",
    ),
    "an excluded span outside the reference": (
        {"reference": {**SPAN, "exclude": [{"start": "2023-01-02", "end": "2023-01-03"}]}}, "reference.exclude",
        "2023-01-02 00:00:00 to 2023-01-03", "within the reference, 20",
    ),
    "a reference that excludes all of itself": (
        {"reference": {"start": "2024-01-01", "end": "2024-01-05", "exclude": [
            {"start": "2024-01-03", "end": "2024-02-01"}, {"start": "2024-01-01", "end": "2024-01-04"}]}},
        "reference.exclude", "2024-01-01 00:00:00 to 2024-01-05", "leave something of the reference",
    ),
    "a relation that excludes": ({"reference": {"relation": REF, "exclude": []}}, "reference", "exclude", "half-open"),
    "a date the other way round": (
        {"reference": {"start": "01/02/2024", "end": "2024-01-04"}}, "reference.start", "01/02/2024", "YYYY-MM-DD",
    ),
    "a date without a day": ({"reference": {"start": "2024-01", "end": "2024-01-04"}}, "reference.start", "2024-01", "YYYY"),
    "a date as number": ({"reference": {"start": 20240101, "end": "2024-01-04"}}, "reference.start", "20240101", "YYYY"),
    "the 30th of February": (
        {"reference": {"start": "2024-01-01", "end": "2024-02-30"}}, "reference.end", "2024-02-30", "YYYY-MM-DD",
    ),
    "the 29th of February": (
        {"reference": {"start": "2023-01-01", "end": "2023-02-29"}}, "reference.end", "2023-02-29", "YYYY-MM-DD",
    ),
    "a 13th month": ({"reference": {"start": "2024-13-01", "end": "2025-01-01"}}, "reference.start", "2024-13-01", "YYYY"),
    "a 25th hour": (
        {"reference": {"start": "2024-01-01 24:00:00", "end": "2025-01-01"}}, "reference.start", "24:00:00", "HH:MM:SS",
    ),
    "a date with SQL": (
        {"reference": {"start": "2024-01-01", "end": "'; drop table log"}}, "reference.end", "drop table log", "YYYY",
    ),
    "a time with a zone": (
        {"reference": {"start": "2024-01-01T00:00:00Z", "end": "2025-01-01"}}, "reference.start", "00Z", "HH:MM:SS",
    ),
    "numeric as text": ({"numeric": "x"}, "numeric", '"x"', COLUMNS),
    "numeric as mapping": ({"numeric": {"x": 1}}, "numeric", "x", COLUMNS),
    "a number in numeric": ({"numeric": ["x", 3]}, "numeric", "3", "name of a column"),
    "nothing in numeric": ({"numeric": [""]}, "numeric", '""', "name of a column"),
    "categorical as text": ({"categorical": "kind"}, "categorical", "kind", COLUMNS),
    "both kinds": ({"categorical": ["x"]}, "categorical", '"x"', "not in 'numeric'"),
    "segments as text": ({"segments": "kind"}, "segments", "kind", COLUMNS),
    "a segment called all": ({"segments": ["All"]}, "segments", '"All"', "names the total"),
    "prediction as number": ({"prediction": 1}, "prediction", "1", "name of a column"),
    "classes without the task": ({"prediction": {"a": "x"}, "task": "binary"}, "prediction", "a", "multiclass"),
    "no classes": ({"prediction": {}, "task": "multiclass"}, "prediction", "{}", "{class: column}"),
    "a class without a column": ({"prediction": {"a": ""}, "task": "multiclass"}, "prediction.a", '""', "name of a column"),
    "one column for two classes": (
        {"prediction": {"a": "x", "b": "x"}, "task": "multiclass"}, "prediction.b", '"x"', "a column of its own",
    ),
    "label as number": ({"label": 1}, "label", "1", "a column, {'relation': ref('...')"),
    "label as list": ({"label": ["kind"]}, "label", "kind", "a column, {'relation': ref('...')"),
    "an empty label": ({"label": " "}, "label", '" "', "name of a column"),
    "an unknown part of a label": ({"label": {**OWN, "seen_at": "at"}}, "label", '"seen_at"', "(known_at may be left out)"),
    "a label with nothing in it": ({"label": {}}, "label.label", "None", "name of a column"),
    "a label without its column": (
        {"label": {"relation": REF, "key": "kind", "known_at": "at"}}, "label.label", "None", "name of a column",
    ),
    "a label's column as number": ({"label": {**OWN, "label": 3}}, "label.label", '"3"', "name of a column"),
    "a label's relation as text": ({"label": {**OWN, "relation": "log"}}, "label.relation", '"log"', "ref('...')"),
    "a label's relation as nothing": ({"label": {**OWN, "relation": None}}, "label.relation", "None", "ref('...')"),
    "a label's relation without a key": (
        {"label": {"relation": REF, "label": "x"}}, "label", "a relation without a key", "'key': column",
    ),
    "a label's key as list": ({"label": {**OWN, "key": ["kind"]}}, "label.key", "kind", "name of a column"),
    "a label's key as nothing": ({"label": {**OWN, "key": None}}, "label.key", "None", "name of a column"),
    "a key without a relation": (
        {"label": {"label": "x", "key": "kind", "known_at": "at"}}, "label", "kind", "'known_at': column} (known_at may",
    ),
    "a label's time as number": ({"label": {**OWN, "known_at": 5}}, "label.known_at", '"5"', "name of a column"),
    "a label's time as nothing": (
        {"label": {"label": "x", "known_at": None}}, "label.known_at", "None", "name of a column",
    ),
    "a label in brackets alone": ({"label": {"label": "x"}}, "label", "x", "or {'label': column, 'known_at': column}"),
    "a negative delay": ({"label_delay": -1}, "label_delay", "-1", "a whole number, 0 or more"),
    "half a delay": ({"label_delay": 1.5}, "label_delay", "1.5", "a whole number, 0 or more"),
    "delay as text": ({"label_delay": "3 days"}, "label_delay", "3 days", "a whole number, 0 or more"),
    "delay as truth": ({"label_delay": True}, "label_delay", "True", "a whole number, 0 or more"),
    "delay as nothing": ({"label_delay": Jinja("none")}, "label_delay", "None", "a whole number, 0 or more"),
    "looking forward for labels": ({"label_lookback": -3}, "label_lookback", "-3", "0 or more"),
    "label_lookback as text": ({"label_lookback": "7"}, "label_lookback", '"7"', "a whole number"),
    "no labels at all": ({"min_labelled_share": 0}, "min_labelled_share", '"0"', "over 0, at most 1"),
    "a share in per cent": ({"min_labelled_share": 80}, "min_labelled_share", '"80"', "over 0, at most 1"),
    "share as text": ({"min_labelled_share": "0.8"}, "min_labelled_share", '"0.8"', "a number"),
    "share as truth": ({"min_labelled_share": True}, "min_labelled_share", "True", "a number"),
    "positive_label as list": (
        {"label": "kind", "task": "binary", "positive_label": ["a", "b"]}, "positive_label", "a", "one value of the label",
    ),
    "positive_label as mapping": (
        {"label": "kind", "task": "binary", "positive_label": {"a": 1}}, "positive_label", "a", "one value of the label",
    ),
    "positive_label of classes": (
        {"label": "kind", "task": "multiclass", "positive_label": "a"}, "positive_label", "task 'multiclass'", "'binary'",
    ),
    "positive_label without a task": (
        {"label": "kind", "positive_label": "it's; --"}, "positive_label", "it's; --", "task 'binary'",
    ),
    "ranking as text": ({**RANKED, "ranking": "kind"}, "ranking", "kind", "{'request': column, 'position': column"),
    "ranking as list": ({**RANKED, "ranking": ["kind", "x"]}, "ranking", "kind", "{'request': column"),
    "ranking without a label": ({"ranking": RANKING}, "ranking", "without a label", "with a label"),
    "ranking without a task": ({"label": "x", "ranking": RANKING}, "ranking", "task 'none'", "'binary' or 'regression'"),
    "ranking of classes": (
        {"label": "kind", "task": "multiclass", "ranking": RANKING}, "ranking", "task 'multiclass'", "'binary' or",
    ),
    "an unknown part of a ranking": ({**RANKED, "ranking": {**RANKING, "at": 5}}, "ranking", '"at"', "'k': places"),
    "a ranking without positions": (
        {**RANKED, "ranking": {"request": "kind"}}, "ranking.position", "None", "name of a column",
    ),
    "a ranking without requests": (
        {**RANKED, "ranking": {"position": "x"}}, "ranking.request", "None", "name of a column",
    ),
    "a request as number": ({**RANKED, "ranking": {**RANKING, "request": 7}}, "ranking.request", '"7"', "name of a column"),
    "no places": ({**RANKED, "ranking": {**RANKING, "k": 0}}, "ranking.k", '"0"', "1 or more"),
    "half a place": ({**RANKED, "ranking": {**RANKING, "k": 2.5}}, "ranking.k", "2.5", "a whole number"),
    "places as text": ({**RANKED, "ranking": {**RANKING, "k": "ten"}}, "ranking.k", "ten", "a whole number"),
    "places as nothing": ({**RANKED, "ranking": {**RANKING, "k": None}}, "ranking.k", "None", "a whole number"),
    "detail of somebody": ({"detail": "everybody"}, "detail", "everybody", "total, versions, segments, crosses, all"),
    "detail as mapping": ({"detail": {"segments": True}}, "detail", "segments", "total, versions, segments, crosses, all"),
    "no baselines": ({"baselines": []}, "baselines", "[]", "reference, previous, trailing, seasonal"),
    "another baseline": ({"baselines": ["yesterday"]}, "baselines", "yesterday", "reference, previous, trailing"),
    "another family": ({"families": ["drift", "volume"]}, "families", "volume", "all, drift, quality, performance"),
    "importances as list": ({"importances": ["x"]}, "importances", "x", "{column: a number, 0 or more}"),
    "importances as number": ({"importances": 1}, "importances", "1", "{column: a number, 0 or more}"),
    "importance of another column": ({"importances": {"kind": 1}}, "importances", '"kind"', "of 'numeric' and 'categorical'"),
    "importance of the prediction": (
        {"prediction": "x", "categorical": ["kind"], "importances": {"x": 1}}, "importances", '"x"', "of 'numeric' and",
    ),
    "importance with SQL": ({"importances": {"x'; drop table log; --": 1}}, "importances", "drop table log", "'numeric'"),
    "a negative importance": ({"importances": {"x": -0.5}}, "importances.x", "-0.5", "0 or more"),
    "importance as text": ({"importances": {"x": "much"}}, "importances.x", "much", "a number, 0 or more"),
    "importance as truth": ({"importances": {"x": True}}, "importances.x", "True", "a number, 0 or more"),
    "labels as list": ({"labels": ["x"]}, "labels", "x", "a dict of names and texts"),
    "label of another column": ({"labels": {"nope": "y"}}, "labels", '"nope"', "x"),
    "words as number": ({"labels": {"x": 5}}, "labels.x", "5", "a text of 1 to 100 characters"),
    "a label of blanks": ({"labels": {"x": " \n "}}, "labels.x", "n", "a text of 1 to 100 characters"),
    "a label without end": ({"labels": {"x": "y" * 101}}, "labels.x", "yyy", "a text of 1 to 100 characters"),
    "a label as mapping": ({"labels": {"x": {"en": "y"}}}, "labels.x", "en", "a text of 1 to 100 characters"),
    "units as text": ({"units": "ms"}, "units", '"ms"', "a dict of names and texts"),
    "unit of a segment": ({"segments": ["kind"], "units": {"kind": "ms"}}, "units", '"kind"', "x"),
    "a unit without end": ({"units": {"x": "y" * 21}}, "units.x", "yyy", "a text of 1 to 20 characters"),
    "a unit as nothing": ({"units": {"x": None}}, "units.x", "null", "a text of 1 to 20 characters"),
    "model version as list": ({"model_version": ["kind"]}, "model_version", "kind", "name of a column"),
    "threshold as text": ({"decision_threshold": "half"}, "decision_threshold", '"half"', "a number"),
    "threshold as truth": ({"decision_threshold": True}, "decision_threshold", "true", "a number"),
    "formerly another monitor": ({"formerly": "good"}, "formerly", '"good"', "the name this monitor had before"),
    "formerly as number": ({"formerly": 5}, "formerly", "5", "the name this monitor had before"),
    "owner as number": ({"owner": 5}, "owner", "5", "a text or none"),
    "one bin": ({"bins": 1}, "bins", "1", "a whole number, 2 or more"),
    "too many bins": ({"bins": 1001}, "bins", "1001", "2 to 1000"),
    "half a bin": ({"bins": 2.5}, "bins", "2.5", "a whole number"),
    "bins as text": ({"bins": "ten"}, "bins", "ten", "a whole number"),
    "bins as truth": ({"bins": True}, "bins", "True", "a whole number"),
    "edges that fall": ({"bins": {"x": [3, 2]}}, "bins.x", "[3, 2]", "each larger than the one before"),
    "edges that repeat": ({"bins": {"x": [1, 1]}}, "bins.x", "[1, 1]", "each larger than the one before"),
    "no edges": ({"bins": {"x": []}}, "bins.x", "[]", "a list of numbers"),
    "edges as text": ({"bins": {"x": "1,2"}}, "bins.x", "1,2", "a list of numbers"),
    "an edge as text": ({"bins": {"x": [1, "2"]}}, "bins.x", "2", "a list of numbers"),
    "edges of another column": ({"bins": {"y": [1]}}, "bins", '"y"', "numeric columns of this monitor"),
    "no categories": ({"top_categories": 0}, "top_categories", "0", "1 or more"),
    "too many categories": ({"top_categories": 10001}, "top_categories", "10001", "1 to 10000"),
    "half a category": ({"top_categories": 1.5}, "top_categories", "1.5", "a whole number"),
    "looking forward": ({"lookback": -1}, "lookback", "-1", "0 or more"),
    "lookback as text": ({"lookback": "3"}, "lookback", "3", "a whole number"),
    "nothing to watch": ({"numeric": []}, "numeric", "[]", "at least one of"),
    "metrics as list": ({"business_metrics": ["x"]}, "business_metrics", "x", "{name: {'sum': expression}}"),
    "a metric as text": ({"business_metrics": {"m": "x"}}, "business_metrics.m", "x", "{'sum': expression}"),
    "half a ratio": ({"business_metrics": {"m": {"numerator": "x"}}}, "business_metrics.m", "numerator", "'denominator'"),
    "too much of a metric": (
        {"business_metrics": {"m": {"sum": "x", "denominator": "1"}}}, "business_metrics.m", "sum", "'denominator'",
    ),
    "a metric as number": ({"business_metrics": {"m": {"sum": 1}}}, "business_metrics.m.sum", "1", "as text"),
    "an empty metric": ({"business_metrics": {"m": {"sum": " "}}}, "business_metrics.m.sum", '" "', "as text"),
    "weight as number": ({"weight": 2}, "weight", "2", "as text"),
}  # fmt: skip

# What is no expression: text and what the message says of it.
EXPRESSIONS = {
    "x; x": "';'",
    "x; drop table log": "'drop'",
    "x) as y from log; drop table log; --": "'drop'",
    "x -- and so on": "a comment",
    "x /* and so on */": "a comment",
    "x # and so on": "'#'",
    "(select max(x) from log)": "the aggregate 'max'",
    "(SELECT 1)": "'select'",
    "exists(Select 1)": "'select'",
    "(with a as (values (1)) table a)": "a subquery",
    "(table log)": "a subquery",
    "from log": "a subquery",
    "values (1)": "a subquery",
    "drop table log": "'drop'",
    "delete from log": "'delete'",
    "update log set x = 1": "'update'",
    "insert into log values (1)": "'into'",
    "x union all x": "'union'",
    "x)": "a closing bracket too many",
    ")x(": "a closing bracket too many",
    "(x": "a bracket that does not close",
    "coalesce(x, (0)": "a bracket that does not close",
    "x, x": "more than one expression",
    "sum(x)": "the aggregate 'sum'",
    "1 + Count (*)": "the aggregate 'count'",
    "x over (order by x)": "'over'",
    "'x": "a quote that does not end",
    '"x': "a quote that does not end",
    "$$x$$": "'$'",
    "'a\\' || x": "a backslash",
    "x @ y": "'@'",
}


PLACES = ("weight", "business_metrics.m.sum", "business_metrics.m.denominator")


def put(place: str, expression: str) -> dict[str, Any]:
    if place == "weight":
        return {"weight": expression}
    part = {"sum": expression} if place.endswith("sum") else {"numerator": "x", "denominator": expression}
    return {"business_metrics": {"m": part}}


def model_of(changes: dict[str, Any]) -> str:
    """A wrong argument stops dbt when it parses; so that one run shows all of them, they wait for the run here."""
    return "{% if execute %}" + bad(**changes) + "{% endif %}"


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Project:
    models = {f"bad/case_{number}": model_of(case[0]) for number, case in enumerate(CASES.values())}
    for number, expression in enumerate(EXPRESSIONS):
        models[f"bad/expression_{number}"] = model_of(put(PLACES[number % 3], expression))
    project: Project = make_module_project(
        models={"victim": bad(), "good": bad(), **models},
        tables={"log": LOG},
        vars={"driftline_now": "2024-01-07", "driftline_monitors": ["good"], "driftline_windows": {"day": [1]}},
    )
    project.build("--exclude", "path:models/bad")
    return project


@pytest.fixture(scope="module")
def failures(project: Project) -> dict[str, str]:
    before = everything(project)
    run = project.run(["run", "--select", "path:models/bad"])
    assert len(run.failures) == len(CASES) + len(EXPRESSIONS)
    assert everything(project) == before
    return run.failures


@pytest.mark.parametrize("name", CASES)
def test_wrong_arguments(failures: dict[str, str], name: str) -> None:
    _, argument, given, allowed = CASES[name]
    monitor = f"case_{list(CASES).index(name)}"
    assert_message(failures[monitor], monitor, argument, given, allowed)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_no_expression(failures: dict[str, str], expression: str) -> None:
    number = list(EXPRESSIONS).index(expression)
    assert_message(
        failures[f"expression_{number}"],
        f"expression_{number}",
        PLACES[number % 3],
        EXPRESSIONS[expression],
        EXPRESSION,
    )


@pytest.mark.parametrize("command", [["parse"], ["build"], ["build", "--full-refresh"]], ids=" ".join)
def test_a_wrong_declaration_stops_everything_before_it_begins(project: Project, command: list[str]) -> None:
    before = everything(project)
    project.model("victim", bad(weight="x; drop table log"))
    run = project.run(command)
    project.model("victim", bad())
    assert not run.success
    assert_message(run.text, "victim", "weight", '"x; drop table log"', EXPRESSION)
    assert everything(project) == before


@pytest.mark.parametrize("name", ['a"b', "it's", "a`b"])
def test_a_file_name_that_dbt_does_not_escape(project: Project, name: str) -> None:
    project.model(name, bad())
    run = project.run(["parse"])
    project.remove_model(name)
    assert not run.success
    found = [line for line in run.text.splitlines() if line.strip().startswith("driftline: monitor")]
    assert found[0].strip() == (
        f"driftline: monitor '{name}', argument 'name of the file': given {json.dumps(name)};"
        " allowed: a name without quotes and backticks (dbt does not escape them)"
    )


def test_a_file_name_with_a_space_is_refused_by_dbt(project: Project) -> None:
    project.model("with space", bad())
    run = project.run(["parse"])
    project.remove_model("with space")
    assert not run.success
    assert "cannot contain spaces" in run.text and "with space" in run.text
