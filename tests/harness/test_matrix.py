"""What `make matrix` says in the end of what it could not try."""

from __future__ import annotations

import pytest
from matrix import verdict

NEWEST = "dbt 1.12 Python 3.13"


@pytest.mark.parametrize(
    ("passed", "failed", "left_out", "available", "code"),
    [
        (3, [], [], False, 0),
        (2, [], [NEWEST], False, 2),
        (2, [], [NEWEST], True, 0),
        (0, [], [NEWEST], True, 2),
        (2, [NEWEST], [], True, 1),
        (1, [NEWEST], ["dbt 1.10 Python 3.10"], True, 1),
    ],
)
def test_what_was_not_tried_is_not_passed(
    passed: int, failed: list[str], left_out: list[str], available: bool, code: int
) -> None:
    found, told = verdict(passed, failed, left_out, available)
    assert found == code
    assert told.startswith(f"{passed} passed, {len(failed)} failed, {len(left_out)} left out")
    assert ("NOT TRIED" in told) == bool(left_out) and ("FAILED" in told) == bool(failed)
    assert all(cell in told for cell in (*failed, *left_out))
