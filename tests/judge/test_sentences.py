"""What people are told of an alert, word for word, in every language: made-up alerts and their sentences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from support import NOBODY, Chain

TIMES = ("first_window_start", "last_window_start", "last_window_end", "no_data_since")
NUMBERS = ("value", "expected", "noise", "peak_value")
WEEK: dict[str, Any] = {
    "monitor": "shop", "model_version": "all", "segment": "all", "segment_value": "all", "window_periods": 1,
    "family": "business", "metric": "conversion", "column_name": "all", "baseline": "trailing", "status": "open",
    "first_window_start": "2011-10-03", "last_window_start": "2011-11-28", "last_window_end": "2011-12-05",
    "no_data_since": None, "value": None, "expected": None, "mean_value": None, "mean_expected": None,
    "noise": None, "peak_value": None,
}  # fmt: skip
ONE_WEEK = {"last_window_start": "2011-10-03", "last_window_end": "2011-10-10", "status": "resolved"}
OVER = {"status": "resolved"}
DAY = {
    "monitor": "daily",
    "first_window_start": "2024-03-08",
    "last_window_start": "2024-03-10",
    "last_window_end": "2024-03-11",
}
ONE_DAY = {**DAY, "first_window_start": "2024-03-10", **OVER}
DRIFT = {"family": "drift", "metric": "psi", "column_name": "item_price", "baseline": "reference", "value": 0.3}
QUALITY = {"family": "quality", "baseline": "reference", "column_name": "item_price"}
PERFORMANCE = {"family": "performance", "baseline": "reference", "metric": "accuracy"}
ODD = "a'b\"c; drop table x -- <b>&</b> {x} {{ y }} %s \\ 😀"

# What an alert is of, and its sentences in English and Japanese.
COMPARISON = {"family": "comparison", "baseline": "none", "model_version": "B"}
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a rate falls": (
        {"value": 0.19, "expected": 0.21},
        "Conversion fell from 21.0 % to 19.0 % (down 10 %), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、conversionが21.0%から19.0%に下がっています（10%減）",
    ),
    "a rate rises, and that is over": (
        {"value": 0.25, "expected": 0.2, **OVER},
        "Conversion rose from 20.0 % to 25.0 % (up 25 %), from 2011-10-03 to 2011-12-04 (9 weeks)",
        "2011年10月3日から2011年12月4日まで（9週間）、conversionが20.0%から25.0%に上がっていました（25%増）",
    ),
    "a rate that changes little": (
        {"value": 0.2104, "expected": 0.21},
        "Conversion rose from 21.00 % to 21.04 % (up 0.2 %), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、conversionが21.00%から21.04%に上がっています（0.2%増）",
    ),
    "a tiny rate that doubles": (
        {"value": 0.000024, "expected": 0.000012},
        "Conversion rose from 0.0012 % to 0.0024 % (up 100 %), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、conversionが0.0012%から0.0024%に上がっています（100%増）",
    ),
    "a rate that falls to nothing": (
        {"value": 0.0, "expected": 0.21},
        "Conversion fell from 21.0 % to 0.0 % (down 100 %), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、conversionが21.0%から0.0%に下がっています（100%減）",
    ),
    "a rate out of nothing": (
        {"value": 0.0021, "expected": 0.0},
        "Conversion rose from 0.0 % to 0.21 %, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、conversionが0.0%から0.21%に上がっています",
    ),
    "nothing is expected": (
        {"value": 0.19},
        "Conversion is 19.0 %, beyond what is usual, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、conversionが通常の範囲を超えて19.0%になっています",
    ),
    "a sum of money": (
        {"metric": "revenue", "value": 1e9, "expected": 1234567.0, **ONE_WEEK},
        "Takings rose from £1,234,567 to £1,000,000,000 a week (810 times as much), in the week from 2011-10-03",
        "2011年10月3日からの1週間、1週間あたりのTakingsが£1,234,567から£1,000,000,000に上がっていました（810倍）",
    ),
    "money a row": (
        {"metric": "revenue_per_visit", "value": 22.5, "expected": 10.0},
        "Revenue per visit rose from 10 EUR to 22.50 EUR (up 125 %), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、revenue per visitが10 EURから22.50 EURに上がっています（125%増）",
    ),
    "a loss of money": (
        {"metric": "revenue", "value": -12.345, "expected": 10.0},
        "Takings fell from £10 to -£12.35 a week, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、1週間あたりのTakingsが£10から-£12.35に下がっています",
    ),
    "a sum that triples": (
        {"metric": "visits", "value": 3300.0, "expected": 1000.0},
        "Visits rose from 1,000 to 3,300 a week (3.3 times as much), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、1週間あたりのvisitsが1,000から3,300に上がっています（3.3倍）",
    ),
    "a share by declaration": (
        {"metric": "uplift", "value": -0.02, "expected": 0.05},
        "Uplift fell from 5.0 % to -2.0 %, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、upliftが5.0%から-2.0%に下がっています",
    ),
    "in a segment": (
        {"segment": "market", "segment_value": "UK", "value": 0.19, "expected": 0.21},
        "Conversion fell from 21.0 % to 19.0 % (down 10 %) where country of sale is UK, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、country of sale「UK」で、conversionが21.0%から19.0%に下がっています（10%減）",
    ),
    "of a version": (
        {"model_version": "v2", "value": 0.19, "expected": 0.21},
        "Conversion fell from 21.0 % to 19.0 % (down 10 %) for version v2, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、バージョン「v2」で、conversionが21.0%から19.0%に下がっています（10%減）",
    ),
    "of a version in a segment": (
        {"model_version": "v2", "segment": "own_tier", "segment_value": "new(1-2)", "value": 0.19, "expected": 0.21},
        "Conversion fell from 21.0 % to 19.0 % (down 10 %) where own tier is new(1-2), for version v2, since 2011-10-03"
        " (9 weeks)",
        "2011年10月3日から9週間、own tier「new(1-2)」・バージョン「v2」で、conversionが21.0%から19.0%に下がっています"
        "（10%減）",
    ),
    "in a segment with an odd name": (
        {"segment": ODD, "segment_value": ODD, "value": 0.19, "expected": 0.21},
        f"Conversion fell from 21.0 % to 19.0 % (down 10 %) where {ODD} is {ODD}, since 2011-10-03 (9 weeks)",
        f"2011年10月3日から9週間、{ODD}「{ODD}」で、conversionが21.0%から19.0%に下がっています（10%減）",
    ),
    "what is over is told by the mean of its windows": (
        {"status": "resolved", "value": 0.15, "expected": 0.2, "mean_value": 0.19, "mean_expected": 0.21},
        "Conversion fell from 21.0 % to 19.0 % (down 10 %), from 2011-10-03 to 2011-12-04 (9 weeks)",
        "2011年10月3日から2011年12月4日まで（9週間）、conversionが21.0%から19.0%に下がっていました（10%減）",
    ),
    "a split that is not as declared": (
        {**COMPARISON, "metric": "sample_ratio", "value": 0.552, "expected": 0.5},
        "Version B gets 55.2 % of the rows, 50.0 % are meant, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、全体の55.2%がバージョン「B」に割り当てられています（本来は50.0%）",
    ),
    "a version that is worse": (
        {**COMPARISON, "metric": "conversion", "value": -0.102},
        "Conversion is 10.2 % worse with version B than with the one it is held against, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、バージョン「B」のconversionは、比較対象のバージョンより10.2%悪くなっています",
    ),
    "no new data": (
        {"value": 0.19, "expected": 0.21, "no_data_since": "2011-12-05"},
        "Conversion fell from 21.0 % to 19.0 % (down 10 %), since 2011-10-03 (9 weeks); no new data since 2011-12-05",
        "2011年10月3日から9週間、conversionが21.0%から19.0%に下がっています（10%減）。2011年12月5日以降、新しいデータは届いて"
        "いません",
    ),
    "accuracy": (
        {**PERFORMANCE, "value": 0.916, "expected": 0.944},
        "Accuracy fell from 94.4 % to 91.6 %, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、正解率が94.4%から91.6%に下がっています",
    ),
    "precision of a class": (
        {**PERFORMANCE, "metric": "precision", "column_name": "toys", "value": 0.4, "expected": 0.5},
        "Precision (how many of the chosen are right), class toys fell from 50.0 % to 40.0 %, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、クラス「toys」の適合率が50.0%から40.0%に下がっています",
    ),
    "the area under the curve": (
        {**PERFORMANCE, "metric": "roc_auc", "value": 0.6482, "expected": 0.7949},
        "How well the model ranks (AUC) fell from 0.795 to 0.648, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、モデルの順位づけの精度（AUC）が0.795から0.648に下がっています",
    ),
    "a mean error": (
        {**PERFORMANCE, "metric": "mae", "value": 4.2, "expected": 3.1},
        "Mean absolute error rose from 3.1 to 4.2 (up 35 %), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、平均絶対誤差が3.1から4.2に上がっています（35%増）",
    ),
    "an estimate": (
        {**PERFORMANCE, "family": "estimate", "value": 0.916, "expected": 0.944},
        "Accuracy is estimated to have fallen from 94.4 % to 91.6 % (labels have not come yet), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、正解率が94.4%から91.6%に下がっていると推定されます（正解データはまだ届いていません）",
    ),
    "a column's mean moves": (
        DRIFT,
        "Item price is higher on average: 12.3 instead of 10.1, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、item priceの平均が10.1から12.3に上がっています",
    ),
    "a column's mean in a unit": (
        {**DRIFT, "column_name": "latency", **OVER},
        "eLatency of pages was higher on average: 0.00123 ms instead of 0.00101 ms,"
        " from 2011-10-03 to 2011-12-04 (9 weeks)",
        "2011年10月3日から2011年12月4日まで（9週間）、eLatency of pagesの平均が0.00101 msから0.00123 msに上がっていました",
    ),
    "a column's mean stays": (
        {**DRIFT, "column_name": "age"},
        "Age of the customer is distributed differently from the reference, on average about the same (40.1), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、age of the customerの分布が基準期間と異なっています（平均はほぼ同じで40.1）",
    ),
    "a column without a mean": (
        {**DRIFT, "column_name": "country"},
        "Country is distributed differently from the reference, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、countryの分布が基準期間と異なっています",
    ),
    "against the windows before": (
        {**DRIFT, "column_name": "country", "baseline": "trailing"},
        "Country is distributed differently from the windows before, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、countryの分布がこれまでの期間と異なっています",
    ),
    "missing values": (
        {**QUALITY, "metric": "null_rate", "value": 0.16, "expected": 0.02},
        "Item price is missing in 16 % of the rows, usually in 2 %, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、item priceの16%が欠損しています（通常は2%）",
    ),
    "missing values for a day": (
        {**QUALITY, "metric": "null_rate", "value": 1.0, "expected": 0.0, **ONE_DAY},
        "Item price was missing in 100 % of the rows, usually in none, on 2024-03-10",
        "2024年3月10日に、item priceの100%が欠損していました（通常はありません）",
    ),
    "not a number": (
        {**QUALITY, "metric": "nan_rate", "value": 0.078, "expected": 0.0142},
        "Item price is not a number (NaN) in 7.8 % of the rows, usually in 1.4 %, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、item priceの7.8%が数値ではありません（NaN）（通常は1.4%）",
    ),
    "infinite": (
        {**QUALITY, "metric": "infinite_rate", "value": 0.05},
        "Item price is infinite in 5 % of the rows, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、item priceの5%が無限大になっています",
    ),
    "unseen values": (
        {**QUALITY, "metric": "unseen_rate", "column_name": "market", "value": 0.05, "expected": 0.0},
        "In 5 % of the rows country of sale has a value that the reference does not have, usually in none,"
        " since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、country of saleの5%が基準期間にない値です（通常はありません）",
    ),
    "out of range": (
        {**QUALITY, "metric": "out_of_range_rate", "value": 0.0656, "expected": 0.001},
        "In 6.6 % of the rows item price is outside the range of the reference, usually in 0.1 %,"
        " since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、item priceの6.6%が基準期間の値の範囲を外れています（通常は0.1%）",
    ),
    "a measure that a project judges": (
        {**QUALITY, "metric": "maximum", "baseline": "none", "column_name": "latency", "value": 9e5},
        "The greatest value of eLatency of pages is 900,000 ms, beyond what is usual, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、eLatency of pagesの最大値が通常の範囲を超えて900,000 msになっています",
    ),
    "few rows": (
        {**DAY, "family": "volume", "metric": "row_count", "value": 120.0, "expected": 1000.7},
        "Only 120 rows a day came, usually 1,001 (down 88 %), since 2024-03-08 (3 days)",
        "2024年3月8日から3日間、データが1日あたり120行しか届いていません（通常は1,001行）（88%減）",
    ),
    "many rows": (
        {**DAY, "family": "volume", "metric": "row_count", "value": 5200.0, "expected": 1000.0},
        "5,200 rows a day came, usually 1,000 (5.2 times as much), since 2024-03-08 (3 days)",
        "2024年3月8日から3日間、データが1日あたり5,200行届いています（通常は1,000行）（5.2倍）",
    ),
    "no rows": (
        {**DAY, "family": "freshness", "metric": "missing_periods", "baseline": "none", "value": 2.9},
        "No rows have come for 3 days, since 2024-03-08",
        "2024年3月8日から3日間、データが届いていません",
    ),
    "no rows for an hour": (
        {
            "monitor": "hourly", "family": "freshness", "metric": "missing_periods", "baseline": "none", "value": 1.0, **OVER,
            "first_window_start": "2024-03-08 13:00", "last_window_start": "2024-03-08 13:00", "last_window_end": "2024-03-08 14:00",
        },
        "No rows came for 1 hour, from 2024-03-08 13:00 to 2024-03-08 14:00",
        "2024年3月8日13:00から2024年3月8日14:00まで（1時間）、データが届いていませんでした",
    ),
    "many hours": (
        {
            "monitor": "hourly", "value": 0.19, "expected": 0.21,
            "first_window_start": "2024-03-08 13:00", "last_window_start": "2024-03-10 13:00", "last_window_end": "2024-03-10 14:00",
        },
        "Conversion fell from 0.21 to 0.19 (down 10 %), since 2024-03-08 13:00 (2 days)",
        "2024年3月8日13:00から2日間、conversionが0.21から0.19に下がっています（10%減）",
    ),
    "a month": (
        {
            "monitor": "monthly", "value": 90.0, "expected": 100.0, **OVER,
            "first_window_start": "2024-02-01", "last_window_start": "2024-02-01", "last_window_end": "2024-03-01",
        },
        "Conversion fell from 100 to 90 (down 10 %), in 2024-02",
        "2024年2月に、conversionが100から90に下がっていました（10%減）",
    ),
    "months": (
        {
            "monitor": "monthly", "value": 90.0, "expected": 100.0, **OVER,
            "first_window_start": "2023-12-01", "last_window_start": "2024-02-01", "last_window_end": "2024-03-01",
        },
        "Conversion fell from 100 to 90 (down 10 %), from 2023-12 to 2024-02 (3 months)",
        "2023年12月から2024年2月まで（3か月）、conversionが100から90に下がっていました（10%減）",
    ),
    "a lasting change": (
        {"family": "trend", "metric": "business_conversion", "value": 0.19, "expected": 0.21},
        "Conversion has been at another level since about 2011-09-05: 19.0 % instead of 21.0 % (down 10 %)",
        "2011年9月5日頃からconversionの水準が変わったままです：21.0%から19.0%へ（10%減）",
    ),
    "a lasting change that is over": (
        {"family": "trend", "metric": "business_revenue", "value": 1900.0, "expected": 2100.0, **OVER},
        "Takings was at another level from about 2011-10-03 to 2011-12-04: £1,900 instead of £2,100 (down 10 %)",
        "2011年10月3日頃から2011年12月4日まで、Takingsの水準が変わっていました：£2,100から£1,900へ（10%減）",
    ),
    "a lasting change of the model": (
        {"family": "trend", "metric": "performance_roc_auc", "value": 0.65, "expected": 0.7},
        "How well the model ranks (AUC) has been at another level since about 2011-10-03: 0.65 instead of 0.7",
        "2011年10月3日頃からモデルの順位づけの精度（AUC）の水準が変わったままです：0.7から0.65へ",
    ),
    "a lasting change of a column": (
        {"family": "trend", "metric": "quality_null_rate", "column_name": "item_price", "value": 0.1, "expected": 0.05},
        "The share of missing values of item price has been at another level since about 2011-10-03: 10 % instead of 5 %",
        "2011年10月3日頃からitem priceの欠損率の水準が変わったままです：5%から10%へ",
    ),
    "fairness": (
        {
            "family": "fairness", "metric": "demographic_parity_difference", "baseline": "reference", "segment": "own_tier",
            "value": 0.2119, "expected": 0.09025,
        },
        "The share that is chosen differs by 21.2 percentage points between the groups of own tier,"
        " in the reference by 9.0 percentage points, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、選ばれる割合にown tierのグループ間で21.2ポイントの差があります（基準期間は9.0ポイント）",
    ),
    "fairness as a ratio": (
        {
            "family": "fairness", "metric": "equal_opportunity_ratio", "baseline": "reference", "segment": "own_tier",
            "value": 0.7, "expected": 0.9, **OVER,
        },
        "The share of the positives that is found of the lowest group of own tier was 70.0 % of that of the highest,"
        " in the reference 90.0 %, from 2011-10-03 to 2011-12-04 (9 weeks)",
        "2011年10月3日から2011年12月4日まで（9週間）、正例が見つけられる割合は、own tierの最も低いグループが最も高いグループの"
        "70.0%でした（基準期間は90.0%）",
    ),
    "another relation": (
        {
            "family": "concept", "metric": "label_mean_standardized", "baseline": "reference", "column_name": "score",
            "value": 0.2617, "expected": 0.21,
        },
        "Score no longer means what it did: at the same values the share of sales rose from 21.0 % to 26.2 %,"
        " since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、scoreの意味が変わっています：同じ値でも、salesの割合が21.0%から26.2%に上がっています",
    ),
    "another relation, of a number": (
        {
            "family": "concept", "metric": "label_mean_standardized", "baseline": "reference", "column_name": "score",
            "value": 19.5, "expected": 21.0, **OVER,
        },
        "Score did not mean what it had: at the same values the average of sales fell from 21 to 19.5,"
        " from 2011-10-03 to 2011-12-04 (9 weeks)",
        "2011年10月3日から2011年12月4日まで（9週間）、scoreの意味が変わっていました：同じ値でも、salesの平均が21から19.5に下がっていました",
    ),
    "another relation, of a label without a name": (
        {
            "monitor": "daily", "family": "concept", "metric": "label_mean_standardized", "baseline": "reference",
            "column_name": "score", "value": 0.2, "expected": 0.25,
        },
        "Score no longer means what it did: at the same values the outcome fell from 25.0 % to 20.0 %,"
        " since 2011-10-03 (63 days)",
        "2011年10月3日から63日間、scoreの意味が変わっています：同じ値でも、結果の水準が25.0%から20.0%に下がっています",
    ),
    "just beyond chance": (
        {"value": 0.19, "expected": 0.21, "noise": 0.015, "peak_value": 0.19},
        "Conversion fell from 21.0 % to 19.0 % (down 10 %), since 2011-10-03 (9 weeks), just beyond chance",
        "2011年10月3日から9週間、conversionが21.0%から19.0%に下がっています（10%減）（偶然の範囲をわずかに超えています）",
    ),
    "clearly beyond chance": (
        {**QUALITY, "metric": "null_rate", "value": 0.16, "expected": 0.02, "noise": 0.05, "peak_value": 0.16},
        "Item price is missing in 16 % of the rows, usually in 2 %, since 2011-10-03 (9 weeks), clearly beyond chance",
        "2011年10月3日から9週間、item priceの16%が欠損しています（通常は2%）（偶然の範囲を明らかに超えています）",
    ),
    # By the worst window, in a distance that nothing is expected of; what is over was so.
    "far beyond chance": (
        {**DRIFT, "column_name": "country", "value": 0.2, "noise": 0.09, "peak_value": 0.3, **OVER},
        "Country was distributed differently from the reference, from 2011-10-03 to 2011-12-04 (9 weeks),"
        " far beyond chance",
        "2011年10月3日から2011年12月4日まで（9週間）、countryの分布が基準期間と異なっていました（偶然の範囲を大きく超えていました）",
    ),
    "rows that fail to come are no matter of chance": (
        {
            **DAY, "family": "freshness", "metric": "missing_periods", "baseline": "none", "value": 2.9, "noise": 1.0,
            "peak_value": 2.9,
        },
        "No rows have come for 3 days, since 2024-03-08",
        "2024年3月8日から3日間、データが届いていません",
    ),
    "a greater loss": (
        {
            "family": "concept", "metric": "loss_mean_standardized", "baseline": "reference", "column_name": "score",
            "value": 0.26, "expected": 0.21,
        },
        "Score no longer means what it did: at the same values the model errs more, by 0.26 instead of 0.21,"
        " since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、scoreの意味が変わっています：同じ値でも、モデルの誤差が0.21から0.26に増えています",
    ),
    "another shift": (
        {"family": "concept", "metric": "label_shift", "baseline": "reference", "column_name": "score", "value": 0.1},
        "Score no longer means what it did: at the same values the outcome is another,"
        " since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、scoreの意味が変わっています：同じ値でも、結果の水準が以前と異なっています",
    ),
    "next to nothing of a column": (
        {**DRIFT, "column_name": "tiny"},
        "Tiny is higher on average: 1.2e-12 instead of 1e-12, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、tinyの平均が1e-12から1.2e-12に上がっています",
    ),
    "beyond all numbers": (
        {"metric": "visits", "value": 1.7e308, "expected": -1.7e308},
        "Visits rose from -1.7e+308 to 1.7e+308 a week, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、1週間あたりのvisitsが-1.7e+308から1.7e+308に上がっています",
    ),
    "money beyond counting": (
        {"metric": "revenue", "value": 2.5e14, "expected": 1e12},
        "Takings rose from £1,000,000,000,000 to £250,000,000,000,000 a week (250 times as much), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、1週間あたりのTakingsが£1,000,000,000,000から£250,000,000,000,000に上がっています（250倍）",
    ),
    "windows of several periods": (
        {"window_periods": 4, "metric": "visits", "value": 0.0, "expected": 400.0},
        "Visits fell from 400 to 0 in 4 weeks (down 100 %), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、4週間あたりのvisitsが400から0に下がっています（100%減）",
    ),
    "a rate from small to large": (
        {"value": 0.214, "expected": 0.0004},
        "Conversion rose from 0.040 % to 21.4 % (535 times as much), since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、conversionが0.040%から21.4%に上がっています（535倍）",
    ),
    "missing values that are fewer": (
        {**QUALITY, "metric": "null_rate", "value": 0.0, "expected": 0.2},
        "Item price is missing in 0 % of the rows, usually in 20 %, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、item priceの0%が欠損しています（通常は20%）",
    ),
    "a family that is not known": (
        {"family": "moon", "metric": "phase_of_moon", "column_name": "item_price", "value": 0.5, "expected": 0.25},
        "Phase of moon of item price is 0.5 instead of 0.25, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、item priceのphase of moonが0.5になっています（通常は0.25）",
    ),
    "a family that is not known, of nothing": (
        {"family": "moon", "metric": "phase_of_moon"},
        "Phase of moon is ?, beyond what is usual, since 2011-10-03 (9 weeks)",
        "2011年10月3日から9週間、phase of moonが通常の範囲を超えて?になっています",
    ),
}  # fmt: skip

LABELS = [
    ("shop", "sold", "sales", None), ("shop", "revenue", "Takings", "£"), ("shop", "revenue_per_visit", None, "EUR"), ("shop", "market", "country of sale", None),
    ("shop", "latency", "eLatency of pages", "ms"), ("shop", "age", "age of the customer", None), ("shop", "uplift", None, "%"),
]  # fmt: skip
# Business metrics: the denominator, and the values there have been.
BUSINESS = [
    ("shop", "conversion", 10.0, 0.0), ("shop", "conversion", 10.0, 0.25), ("shop", "uplift", 10.0, -0.02),
    ("shop", "revenue_per_visit", 10.0, 22.5), ("shop", "revenue", None, 0.5), ("shop", "visits", None, 3300.0),
]  # fmt: skip
# Columns: the means of window and reference, the spread.
COLUMNS = [
    ("item_price", 12.3, 10.1, 4.0), ("latency", 0.00123, 0.00101, 0.0001), ("age", 40.1, 39.8, 12.0), ("country", None, None, None),
    ("tiny", 1.2e-12, 1e-12, 1e-13),
]  # fmt: skip


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows with the types that the package's tables have."""
    columns: dict[str, pa.Array] = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        if name in TIMES or name in ("window_start", "change_start"):
            found = [None if value is None else dt.datetime.fromisoformat(value) for value in values]
            columns[name] = pa.array(found, pa.timestamp("us"))
        elif name in ("window_periods", "bin", "bin_group"):
            columns[name] = pa.array(values, pa.int32())
        else:
            numeric = name in NUMBERS or name in (
                "denominator",
                "mean",
                "baseline_mean",
                "stddev",
                "mean_value",
                "mean_expected",
                "bin_lower",
                "bin_upper",
            )
            columns[name] = pa.array(values, pa.float64() if numeric else pa.string())
    return pa.table(columns)


@pytest.fixture(scope="module")
def told(make_module_project: Callable[..., Any]) -> dict[tuple[str, str], str]:
    """The sentence of each case in each language."""
    project = make_module_project(models=NOBODY, vars={"driftline_monitors": ["nobody"]})
    project.build("--select", "+driftline_alerts", "+driftline_int_cause_words")
    chain: Chain = project.chain(select="driftline_int_statements driftline_int_sentences driftline_int_cause_words")
    workspace = chain.workspace
    views = f"select table_name from information_schema.views where table_schema = '{workspace.schema}'"
    if ("driftline_int_monitors",) in workspace.sql(views):
        workspace.execute(f"drop view {workspace.relation('driftline_int_monitors')} cascade")
    periods = {"shop": "week", "daily": "day", "hourly": "hour", "monthly": "month"}
    chain.load("driftline_int_monitors", {"monitor": list(periods), "period": list(periods.values())})
    chain.load(
        "driftline_int_labels",
        table([dict(zip(("monitor", "name", "label", "unit"), row, strict=True)) for row in LABELS]),
    )
    chain.load(
        "driftline_business",
        table([dict(zip(("monitor", "metric", "denominator", "value"), row, strict=True)) for row in BUSINESS]),
    )
    slices = {name: WEEK[name] for name in ("monitor", "model_version", "segment", "segment_value", "window_periods")}
    window = {**slices, "window_start": WEEK["last_window_start"]}
    drift = [
        {**window, "column_name": name, "baseline": "reference", "mean": mean, "baseline_mean": baseline}
        for name, mean, baseline, _ in COLUMNS
    ]
    chain.load("driftline_drift", table(drift))
    chain.load(
        "driftline_quality",
        table([{**window, "column_name": name, "stddev": spread} for name, _, _, spread in COLUMNS]),
    )
    change = {"family": "business", "metric": "conversion", "column_name": "all", "change_start": "2011-09-05"}
    chain.load("driftline_changes", table([{**slices, "window_start": WEEK["first_window_start"], **change}]))
    chain.load(
        "driftline_int_episodes", table([{**WEEK, **case, "alert_id": name} for name, (case, _, _) in CASES.items()])
    )
    chain.load("driftline_int_operation", table(operations()))
    chain.load("driftline_causes", made_causes())
    chain.load("driftline_int_bins", table(bins()))
    chain.run()
    sentences = chain.sql("select alert_id, language, sentence from driftline_int_sentences")
    causes = chain.sql("select alert_id || ', cause', language, cause from driftline_int_cause_words")
    found = {(alert, language): text for alert, language, text in sentences + causes}
    assert len(found) == len(sentences) + len(causes)
    return found


# Of which alert; its causes; the first one in words.
CAUSES: dict[str, tuple[list[dict[str, Any]], str | None, str | None]] = {
    "accuracy": (
        [
            {"cause_kind": "column", "cause_name": "item_price", "shares_effect": 0.003, "rates_effect": 0.027},
            {"cause_kind": "column", "cause_name": "age", "shares_effect": 0.001, "rates_effect": 0.029},
            {"cause_kind": "segment", "cause_name": "market", "cause_value": "UK", "share": 0.9, "row_share": 0.2},
        ],
        "about 90 % of the change is a changed relation: the same inputs lead to another outcome",
        "変化の約90%は、同じ入力に対する結果そのものが変わったことによるものです",
    ),
    "a mean error": (
        [{"cause_kind": "column", "cause_name": "market", "shares_effect": 0.04, "rates_effect": -0.01}],
        "the shift of country of sale explains about 100 % of the change",
        "変化の約100%はcountry of saleの分布の変化で説明できます",
    ),
    "the area under the curve": (
        [
            {"cause_kind": "column", "cause_name": "item_price", "shares_effect": None, "rates_effect": None},
            {"cause_kind": "version", "cause_name": "model_version", "cause_value": "v2", "row_share": 0.88, "expected_row_share": 0.0},
            {"cause_kind": "version", "cause_name": "model_version", "cause_value": "v1", "row_share": 0.0, "expected_row_share": 0.9},
        ],
        "at the same time version v2 came, which has 88 % of the rows",
        "同じ時期にバージョン「v2」が加わり、全体の88%を占めています",
    ),
    # That a version came says nothing of the money.
    "a rate falls": (
        [
            {"cause_kind": "version", "cause_name": "model_version", "cause_value": "v2", "row_share": 0.88, "expected_row_share": 0.0},
            {"cause_kind": "segment", "cause_name": "market", "cause_value": "UK", "share": 0.93, "row_share": 0.9},
            {"cause_kind": "segment", "cause_name": "own_tier", "cause_value": ODD, "share": 0.45, "row_share": 0.2},
        ],
        f"45 % of the change comes from own tier {ODD}, which has 20 % of the rows",
        f"変化の45%はown tier「{ODD}」によるものです（行数では全体の20%）",
    ),
    # Most of the change is where most of the rows are.
    "a sum of money": (
        [{"cause_kind": "segment", "cause_name": "market", "cause_value": "UK", "share": 0.93, "row_share": 0.9}], None, None,
    ),
    "a column's mean moves": (
        [
            {"cause_kind": "bin", "cause_value": "NULL", "contribution": 0.9, "row_share": 0.009, "expected_row_share": 0.0},
            {"cause_kind": "bin", "cause_value": "over 10.95", "contribution": 0.2, "row_share": 0.0434, "expected_row_share": 0.093},
        ],
        "of item price, values over 10.95 moved most: 4.3 % of the rows instead of 9.3 %",
        "item priceでは10.95を超える値が最も大きく変わり、全体の9.3%から4.3%になりました",
    ),
    "a column without a mean": (
        [{"cause_kind": "bin", "cause_value": "over 10.95", "contribution": 0.2, "row_share": 0.2, "expected_row_share": 0.5}],
        "of country, over 10.95 moved most: 20 % of the rows instead of 50 %",
        "countryでは「over 10.95」が最も大きく変わり、全体の50%から20%になりました",
    ),
    "another relation": (
        [
            {
                "cause_kind": "bin", "cause_value": "over 0.554", "value": 0.63, "expected": 0.5, "rates_effect": 0.9,
                "row_share": 0.006, "expected_row_share": 0.05,
            },
            {
                "cause_kind": "bin", "cause_value": "over 0.4 to 0.554", "value": 0.4, "expected": 0.3, "rates_effect": 0.1,
                "row_share": 0.06, "expected_row_share": 0.05,
            },
        ],
        "most of all at values over 0.4 up to 0.554 of score: 40 % instead of 30 %",
        "最も大きく変わったのはscoreの0.4を超え0.554以下の値で、30%から40%になりました",
    ),
}  # fmt: skip


def made_causes() -> pa.Table:
    numbers = (
        "contribution",
        "share",
        "shares_effect",
        "rates_effect",
        "value",
        "expected",
        "row_share",
        "expected_row_share",
    )
    texts = ("alert_id", "monitor", "column_name", "cause_kind", "cause_name", "cause_value", "effect_unit")
    rows = []
    for alert, (causes, _, _) in CAUSES.items():
        column = {**WEEK, **CASES[alert][0]}["column_name"]
        for cause in causes:
            rows.append(
                {
                    "monitor": "shop",
                    "column_name": column,
                    "alert_id": alert,
                    "cause_name": column,
                    "effect_unit": "loss",
                    **cause,
                }
            )
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in texts}
    columns |= {name: pa.array([row.get(name) for row in rows], pa.float64()) for name in numbers}
    return pa.table({**columns, "is_peak_window": pa.array([True] * len(rows))})


def bins() -> list[dict[str, Any]]:
    def found(
        column: str, number: int, kind: str, lower: float | None, upper: float | None, label: str | None = None
    ) -> dict[str, Any]:
        return {
            "monitor": "shop", "column_name": column, "column_role": "feature", "bin": number, "bin_group": number,
            "bin_kind": kind, "bin_label": label, "bin_lower": lower, "bin_upper": upper,
        }  # fmt: skip

    return [
        found("item_price", -3, "null", None, None), found("item_price", 7, "range", 10.95, None),
        found("country", 0, "category", None, None, "over 10.95"),
        found("score", 0, "range", 0.554, None), found("score", 1, "range", 0.4, 0.554),
        {**found("sold", 0, "range", 0.0, 1.0), "column_role": "label"},
    ]  # fmt: skip


def operations() -> list[dict[str, Any]]:
    first = {"monitor": "shop", "first_failed": "2024-03-10 10:00:07.1", "last_failed": "2024-03-12 10:00:07.1"}
    return [
        {**first, "alert_id": "failed", "status": "open", "failed_runs": "3", "last_success": "2024-03-09 10:00:00.5"},
        {**first, "alert_id": "failed once", "status": "open", "failed_runs": "1", "last_success": None},
        {**first, "alert_id": "works", "status": "resolved", "failed_runs": "3", "last_success": None},
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_sentence(told: dict[tuple[str, str], str], name: str) -> None:
    assert told[name, "en"] == CASES[name][1]
    assert told[name, "ja"] == CASES[name][2]


def test_what_befalls_a_monitor(told: dict[tuple[str, str], str]) -> None:
    assert [told[alert, language] for alert in ("failed", "failed once", "works") for language in ("en", "ja")] == [
        "Monitor shop: its last 3 runs failed or were skipped (the first 2024-03-10 10:00 UTC); its rows were last read"
        " 2024-03-09 10:00 UTC",
        "モニター「shop」の直近3回の実行が失敗またはスキップされました（最初は2024-03-10 10:00 UTC）。データの最後の読み込みは"
        "2024-03-09 10:00 UTCです",
        "Monitor shop: its last run failed or was skipped (2024-03-10 10:00 UTC); its rows have never been read",
        "モニター「shop」の直近の実行が失敗またはスキップされました（2024-03-10 10:00 UTC）。データはまだ一度も読み込まれていません",
        "Monitor shop: it works again; 3 runs had failed or were skipped (2024-03-10 10:00 to 2024-03-12 10:00 UTC)",
        "モニター「shop」の実行は復旧しました。3回の実行が失敗またはスキップされていました（2024-03-10 10:00～2024-03-12 10:00 UTC）",
    ]


@pytest.mark.parametrize("name", CAUSES)
def test_the_first_cause(told: dict[tuple[str, str], str], name: str) -> None:
    assert told.get((f"{name}, cause", "en")) == CAUSES[name][1]
    assert told.get((f"{name}, cause", "ja")) == CAUSES[name][2]
