"""Test data on its way into an engine, with NULL and NaN kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa


def to_arrow(data: Any) -> pa.Table:
    """An Arrow table from an Arrow table, a DataFrame, or a mapping of column names to lists.

    NULL is ``None``, ``pd.NA`` or ``NaT``; a float NaN stays NaN. So in a DataFrame a float64 column has NaN and no
    NULL; for both in one column use dtype object, a mapping of lists, or Arrow.
    """
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pd.DataFrame):
        return pa.table({str(name): _column(data[name]) for name in data.columns})
    if isinstance(data, Mapping):
        return pa.table({name: _column(values) for name, values in data.items()})
    raise TypeError(f"cannot load a {type(data).__name__}")


def _column(values: Any) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if isinstance(values, pd.Series) and values.dtype != object:
        if values.dtype.kind == "f" and not pd.api.types.is_extension_array_dtype(values.dtype):
            return pa.array(values.to_numpy(), from_pandas=False)
        return pa.array(values, from_pandas=True)
    plain = [_value(value) for value in values]
    if any(isinstance(value, float) for value in plain):
        plain = [float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in plain]
    return pa.array(plain, from_pandas=False)


def _value(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()
    return value


def plain(value: Any) -> Any:
    """A driver's value as int, float, str, bool, datetime or None, so that engines can be compared."""
    if not isinstance(value, Decimal):
        return value
    if value.is_finite() and value == value.to_integral_value():
        return int(value)
    return float(value)
