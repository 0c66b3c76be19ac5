"""What a declared type is to driftline."""

from __future__ import annotations

from enum import Enum

from sqlglot import exp
from sqlglot.errors import SqlglotError


class Kind(Enum):
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    TEXT = "text"
    NESTED = "nested"
    OTHER = "other"
    UNKNOWN = "unknown"


_TYPE = exp.DataType.Type
_NESTED = exp.DataType.NESTED_TYPES | exp.DataType.ARRAY_TYPES | exp.DataType.STRUCT_TYPES
_CLOCK = {_TYPE.TIME, _TYPE.TIMETZ}


def kind_of(data_type: str, dialect: str) -> Kind:
    """The kind of a type in the warehouse's words; UNKNOWN where sqlglot does not know the type."""
    try:
        kind = exp.DataType.build(data_type, dialect=dialect).this
    except (SqlglotError, ValueError):
        return Kind.UNKNOWN
    if kind in _NESTED:
        return Kind.NESTED
    if kind == _TYPE.BOOLEAN:
        return Kind.BOOLEAN
    if kind in exp.DataType.NUMERIC_TYPES:
        return Kind.NUMBER
    if kind in exp.DataType.TEMPORAL_TYPES and kind not in _CLOCK:
        return Kind.TIME
    if kind in exp.DataType.TEXT_TYPES:
        return Kind.TEXT
    if kind in (_TYPE.USERDEFINED, _TYPE.UNKNOWN):
        return Kind.UNKNOWN
    return Kind.OTHER
