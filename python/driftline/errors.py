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


class UnknownMonitorError(ProjectError):
    """The variable driftline_monitors names a model that there is not."""

    def __init__(self, monitor: str, listed: list[str]) -> None:
        super().__init__(
            f"The variable driftline_monitors lists '{monitor}', and the project has no enabled model of that name"
            + (f": [{', '.join(listed)}]." if listed else "."),
            "Correct the name in dbt_project.yml, or write the model.",
        )
        self.monitor = monitor
        self.listed = listed


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
    """A channel did not take a message; a later run sends it again.

    temporary      trying again soon may help
    retry_after    seconds the receiver asked for
    broken         nothing else will get through this channel now either
    perhaps_taken  it may have been taken all the same
    """

    def __init__(
        self,
        message: str,
        *,
        temporary: bool = False,
        retry_after: float | None = None,
        broken: bool = False,
        perhaps_taken: bool = False,
    ) -> None:
        super().__init__(message)
        self.perhaps_taken = perhaps_taken
        self.temporary = temporary
        self.retry_after = retry_after
        self.broken = broken


def reason_of(error: BaseException) -> str:
    """What an unexpected error says. What could not be encoded is not quoted: it may be a character of a secret."""
    if isinstance(error, UnicodeError):
        coding = getattr(error, "encoding", "")
        return f"a text that {coding or 'this protocol'} cannot carry ({type(error).__name__})"
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


class LockedError(UnreachableError):
    """Another process has the warehouse's file; it is worth waiting."""
