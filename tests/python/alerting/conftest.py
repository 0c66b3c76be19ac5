"""Receivers that live for one test, and driftline.yml."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import driftline
import pytest
import yaml
from support.receivers import HttpReceiver, MailReceiver


@pytest.fixture
def http() -> Iterator[Callable[..., HttpReceiver]]:
    made: list[HttpReceiver] = []

    def make(*arguments: Any) -> HttpReceiver:
        made.append(HttpReceiver(*arguments))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


@pytest.fixture
def smtp() -> Iterator[Callable[..., MailReceiver]]:
    made: list[MailReceiver] = []

    def make(*arguments: Any, **named: Any) -> MailReceiver:
        made.append(MailReceiver(*arguments, **named))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


QUICK = {"attempts": 3, "back_off": "0.05s", "timeout": "2s", "give_up_after": "5s", "lease": "3s"}


def configure(shop: Any, delivery: dict[str, Any] | None = None, **parts: Any) -> None:
    """Write the shop's driftline.yml."""
    text = yaml.safe_dump({"delivery": {**QUICK, **(delivery or {})}, **parts}, allow_unicode=True)
    (shop.folder / "driftline.yml").write_text(text, encoding="utf-8")


def many(shop: Any, count: int, monitor: str = "shop") -> None:
    """Open alerts, each of a column of its own."""
    relation = shop.workspace.relation("driftline_alerts")
    shop.alert("seed", monitor=monitor)
    columns = [
        name
        for name in shop.workspace.columns(f"select * from {relation}")[0]
        if name not in ("alert_id", "column_name")
    ]
    shop.workspace.execute(
        f"insert into {relation} (alert_id, column_name, {', '.join(columns)}) "
        f"select 'n' || cast(n as varchar(20)), 'c' || cast(n as varchar(20)), {', '.join(columns)} "
        f"from {relation}, generate_series(1, {count - 1}) as s(n) where alert_id = 'seed'"
    )


def start_python(shop: Any, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """A Python of its own in the shop's folder, which can be killed."""
    root = str(Path(driftline.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=shop.folder,
        env={**os.environ, "PYTHONPATH": root},
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


def start(shop: Any, *arguments: str) -> subprocess.Popen[str]:
    """The command line in a process of its own."""
    return start_python(shop, "-m", "driftline", *arguments, "--project-dir", ".", "--profiles-dir", ".")


@pytest.fixture
def tools() -> Any:
    """The functions above, for the tests beside this file."""

    class Tools:
        pass

    found = Tools()
    for function in (configure, many, start, start_python):
        setattr(found, function.__name__, function)
    return found
