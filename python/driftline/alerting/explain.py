"""What is wrong with a part of driftline.yml, in words: where it is, what is wanted, and never a secret."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from driftline.alerting.settings import names_secret

Path = tuple[str | int, ...]

_KINDS = {
    "string_type": "a text",
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
}


def explain(error: ValidationError, model: type[BaseModel], path: Path = ()) -> Iterator[str]:
    """All that is wrong, once each. ``path`` is where in the file the model stands."""
    found = error.errors(include_url=False)
    missing: dict[Path, list[str]] = {}
    for one in found:
        where, key = _path(one)[:-1], one["loc"][-1:]
        if one["type"] == "missing":
            missing.setdefault(where, []).append(str(key[0]))
        elif one["type"] == "extra_forbidden":
            allowed = sorted(name for part in _parts(model, where)[0] for name in keys(part))
            unknown = f"unknown key '{key[0]}'{meant(str(key[0]), allowed)}"
            yield f"{at((*path, *where))}{unknown}; allowed: {', '.join(allowed)}"
        else:
            where = _path(one)
            yield f"{at((*path, *where))}{_said(one, _parts(model, where)[1])}"
    for where, names in missing.items():
        yield f"{at((*path, *where))}{' and '.join(map(repr, names))} {'is' if len(names) == 1 else 'are'} missing"


def at(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path)) + ": " if path else ""


def meant(given: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(given, list(allowed), 1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def keys(model: type[BaseModel]) -> dict[str, Any]:
    """The keys of a mapping, as the file has them, each with its type."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _path(error: ErrorDetails) -> Path:
    inner = error["ctx"].get("path", ()) if error["type"] == "problem" else ()
    # Without the tags of Several.
    return (*(step for step in error["loc"] if not str(step).startswith("=")), *inner)


def _parts(model: type[BaseModel], path: Path) -> tuple[list[type[BaseModel]], bool]:
    """The models that stand at a place, and whether what stands there may be a secret."""
    models, secret = [model], False
    for step in path:
        types = [keys(one)[str(step)] for one in models if step in keys(one)]
        if types:
            inner = [name for one in types for name in _within(one)]
            models = [one for one in inner if issubclass(one, BaseModel)]
            secret = names_secret(str(step)) or any(issubclass(one, SecretStr) for one in inner)
    return models, secret


def _within(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for inner in get_args(annotation):
        yield from _within(inner)


def _said(error: ErrorDetails, secret: bool) -> str:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    shown = "this" if isinstance(given, (dict, list)) else "the value" if secret else repr(given)
    if kind == "problem":
        return error["msg"]
    if kind == "wrong":
        return f"{shown} {error['msg']}"
    if kind in _KINDS:
        return f"{shown} is not {_KINDS[kind]}"
    if kind == "literal_error":
        return f"{shown} is not one of {context['expected'].replace(chr(39), '').replace(' or ', ', ')}"
    if kind in ("too_short", "string_too_short") and context["min_length"] == 1:
        return "must not be empty"
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = ("at least", context["ge"]) if kind == "greater_than_equal" else ("at most", context["le"])
        return f"{shown} is not {' '.join(map(str, bound))}"
    if kind == "value_error":
        return str(context["error"])
    # What only a channel of another package has.
    return f"{shown} is not allowed here ({kind if secret else error['msg']})"
