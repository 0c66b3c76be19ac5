"""driftline: the command line beside the dbt package of the same name."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("driftline")
except PackageNotFoundError:  # run from a checkout
    __version__ = "0+unknown"
