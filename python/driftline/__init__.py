"""driftline: the command line beside the dbt package of the same name."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

UNKNOWN = "0+unknown"

try:
    __version__ = version("driftline")
except PackageNotFoundError:  # run from a checkout
    __version__ = UNKNOWN
