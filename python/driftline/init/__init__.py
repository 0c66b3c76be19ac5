"""`driftline init`: looks at a relation and writes a monitor for it, with the reasons."""

from __future__ import annotations

from driftline.init.run import Files, propose, write

__all__ = ["Files", "propose", "write"]
