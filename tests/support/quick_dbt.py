"""dbt made quicker for a process that invokes it hundreds of times, without a change to what it does.

A fresh project costs dbt seconds before its first model, and most of them go into work whose outcome is known from the
project before, because the package's macros are the same text each time. Three things are kept between invocations, and all
follow from that text alone: the parsed Jinja of macros (dbt's own switch, made for dbt's own tests), the Python code
that Jinja makes of a template, and what a YAML file says.

And for the time of one invocation: the secrets in the environment are looked up once (dbt does it again at each macro
it does not find, and these are thousands), Python does not search for cycles of garbage (an invocation makes millions
of objects and keeps most of them), and messages of level debug are not written, but for those that a test listens to.
After it a list is put back to which dbt-adapters adds Postgres' flags every time, each of which costs a look at the
whole stack: after a hundred invocations that was a second each.
"""

from __future__ import annotations

import contextlib
import gc
import pickle
from collections.abc import Iterator
from typing import Any

_installed = False
# Messages of level debug that somebody waits for: the replay kills a run where a node starts.
HEARD = {"NodeStart"}


def install() -> None:
    """From now on, for the whole process; a second call does nothing."""
    global _installed
    if _installed:
        return
    _installed = True
    from dbt.cli.main import dbtRunner
    from dbt_common.tests import enable_test_caching

    enable_test_caching()
    _keep_compiled_templates()
    _keep_loaded_yaml()
    _leave_out_debug_messages()
    invoke = dbtRunner.invoke

    def invoked(self: Any, *arguments: Any, **named: Any) -> Any:
        with _one_invocation():
            return invoke(self, *arguments, **named)

    dbtRunner.invoke = invoked


def _keep_compiled_templates() -> None:
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    make = MacroFuzzEnvironment.compile
    kept: dict[tuple[Any, ...], Any] = {}

    def compile(self: Any, source: Any, *arguments: Any, **named: Any) -> Any:
        if not isinstance(source, str):
            return make(self, source, *arguments, **named)
        # dbt makes a new environment for each template, of one of two classes and always with the same extensions.
        key = (type(self), *self.extensions, source, arguments, *sorted(named.items()))
        if key not in kept:
            kept[key] = make(self, source, *arguments, **named)
        return kept[key]

    MacroFuzzEnvironment.compile = compile


def _keep_loaded_yaml() -> None:
    from dbt.parser import schemas

    load = schemas.checked_load
    kept: dict[str, bytes] = {}

    def checked_load(contents: Any) -> Any:
        if not isinstance(contents, str):
            return load(contents)
        if contents not in kept:
            kept[contents] = pickle.dumps(load(contents))
        return pickle.loads(kept[contents])  # a copy each time: dbt changes what it has read

    schemas.checked_load = checked_load


def _leave_out_debug_messages() -> None:
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager

    fire = EventManager.fire_event

    def fire_event(self: Any, e: Any, level: Any = None, *arguments: Any, **named: Any) -> None:
        if (level or e.level_tag()) != EventLevel.DEBUG or type(e).__name__ in HEARD:
            fire(self, e, level, *arguments, **named)

    EventManager.fire_event = fire_event


@contextlib.contextmanager
def _one_invocation() -> Iterator[None]:
    from dbt.adapters.base import impl
    from dbt_common.exceptions import base

    flags = impl.DEFAULT_BASE_BEHAVIOR_FLAGS.copy()
    look_up, secrets = base.env_secrets, base.env_secrets()
    base.env_secrets = lambda: secrets
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        base.env_secrets = look_up
        impl.DEFAULT_BASE_BEHAVIOR_FLAGS[:] = flags
        if collecting:
            gc.enable()
