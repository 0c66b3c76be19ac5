"""What can go wrong, each with what to do about it."""

from __future__ import annotations


class DriftlineError(Exception):
    """The command could not run (exit code 2). ``hint`` says what to do; both are shown to the user."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ProjectError(DriftlineError):
    """The dbt project or its profile cannot be read."""


class WarehouseError(DriftlineError):
    """The warehouse refused a statement. ``detail`` is what it said, without where and what to do."""

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message, hint)
        self.detail = detail or message


class UnreachableError(WarehouseError):
    """No connection to the warehouse."""


class MissingRelationError(DriftlineError):
    """A result table is not in the project, or has not been built."""


class DeliveryError(DriftlineError):
    """A channel did not take a message. Nothing was recorded for it, so the next run sends it again."""
