"""Progress of long work, on standard error."""

from __future__ import annotations

import sys
import time


class Progress:
    """Shown where a person looks on (a terminal), or asked for with --verbose."""

    def __init__(self, verbose: bool = False) -> None:
        self._shown = verbose or sys.stderr.isatty()
        self._start = time.monotonic()

    def __call__(self, text: str) -> None:
        if self._shown:
            print(f"{time.monotonic() - self._start:6.1f} s  {text}", file=sys.stderr, flush=True)
