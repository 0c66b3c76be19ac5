"""`python -m driftline`."""

from __future__ import annotations

from driftline.cli import main

if __name__ == "__main__":
    main()
