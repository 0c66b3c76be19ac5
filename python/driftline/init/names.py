"""What columns are usually called. A name is split into words first: servedAt, served_at and SERVED-AT are one."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def slug(name: str) -> str:
    """A name that needs no quotes anywhere: a letter, then letters, digits and underscores."""
    text = "_".join(re.findall(r"[a-z0-9]+", "_".join(words_of(name))))
    return text if text[:1].isalpha() else f"t_{text}".rstrip("_")


# The time a row was served at: the earlier, the likelier. Of the others a row may have many.
_TIMES = (
    {"served", "scored", "predicted", "prediction", "inference"},
    {"request", "requested", "event", "occurred", "happened", "logged"},
    {"timestamp", "ts"},
    {"created", "ordered", "order", "transaction", "game"},
    {"time", "datetime", "at"},
    {"date", "day", "dt"},
)
_OTHER_TIMES = {
    *("updated", "modified", "changed", "loaded", "load", "ingested", "ingestion", "synced", "extracted", "inserted"),
    *(
        "dbt",
        "airbyte",
        "fivetran",
        "valid",
        "birth",
        "born",
        "dob",
        "expires",
        "expiry",
        "expiration",
        "due",
        "deleted",
    ),
    *("closed", "resolved", "paid", "delivered", "shipped", "returned", "cancelled", "ended", "end"),
}
_KNOWN = {"label", "labelled", "labeled", "outcome", "known", "observed", "feedback", "result", "settled"}


def time_rank(name: str) -> int:
    """How likely a column of a time is that of the row: 0 is the likeliest, 9 the least likely."""
    words = set(words_of(name))
    if words & (_OTHER_TIMES | _KNOWN):
        return 9
    return next((rank for rank, wanted in enumerate(_TIMES) if words & wanted), 7)


def is_known_at(name: str) -> bool:
    """Whether a column of a time says when a label became known."""
    return bool(set(words_of(name)) & _KNOWN)


_SCORES = {"score", "probability", "proba", "prob"}
_OF_MODELS = {"model", "ml", "raw", "final", "risk", "fraud", "churn", "propensity", "calibrated"}


def prediction_rank(name: str, is_probability: bool = False) -> int | None:
    """How likely a column is the model's answer: 0 is the likeliest; None: not by its name.

    is_probability  its values lie between 0 and 1: a credit score of 700 is a feature, a home score is a result
    """
    words = words_of(name)
    if words[-2:] in (("y", "hat"), ("y", "pred")) or words == ("p",):
        return 0
    if set(words) & {"prediction", "predicted", "pred", "preds", "yhat"}:
        return 0
    if set(words) & _SCORES and (len(words) == 1 or is_probability or set(words) & _OF_MODELS):
        return 1
    return 2 if set(words) & {"forecast", "forecasted"} else None


_LABELS = (
    {"label", "target", "truth", "actual", "actuals", "outcome"},
    {
        *("bought", "purchased", "clicked", "converted", "churned", "defaulted", "cancelled", "canceled", "returned"),
        *("fraud", "fraudulent", "chargeback", "responded", "subscribed", "survived", "repaid", "opened", "accepted"),
    },
)


def label_rank(name: str) -> int | None:
    """How likely a column is what really happened: 0 says so itself, 1 is an event; None: not by its name."""
    words = words_of(name)
    if words in (("y",), ("y", "true")):
        return 0
    return next((rank for rank, wanted in enumerate(_LABELS) if set(words) & wanted), None)


# Of a label of two texts, the one that counts as positive.
POSITIVE = (
    "1",
    "true",
    "yes",
    "y",
    "positive",
    "pos",
    "fraud",
    "bad",
    "churned",
    "default",
    "bought",
    "clicked",
    "won",
)


def is_version(name: str) -> bool:
    words = words_of(name)
    return (words[-1:] == ("version",) and words[0] not in ("app", "os", "browser", "schema")) or words in (
        *(("model",), ("model", "id"), ("model", "name"), ("model", "v"), ("variant",), ("model", "variant"), ("arm",)),
    )  # fmt: skip


_SEGMENTS = (
    {"segment", "cohort"},
    {"market", "country", "region", "territory"},
    {"channel", "platform", "device"},
    {"tier", "plan", "product", "store", "shop", "brand", "site", "tenant"},
)


def segment_rank(name: str) -> int | None:
    """How likely people ask for the rows of each value of a column; None: not by its name."""
    words = set(words_of(name))
    return next((rank for rank, wanted in enumerate(_SEGMENTS) if words & wanted), None)


def is_identifier(name: str) -> bool:
    """Whether a name says that its values stand for things."""
    words = words_of(name)
    return bool(words) and words[-1] in ("id", "ids", "uuid", "guid", "key", "hash", "token", "email", "url", "ip")


def is_code(name: str) -> bool:
    """Whether a number of this name is no quantity."""
    words = set(words_of(name))
    return is_identifier(name) or bool(
        words & {"code", "type", "category", "class", "zip", "zipcode", "postcode", "postal", "flag", "status", "phone"}
    )


def is_money_earned(name: str) -> bool:
    """Whether the sum of a column is a number of the business."""
    return bool(set(words_of(name)) & {"revenue", "sales", "turnover", "gmv", "profit", "payout"})
