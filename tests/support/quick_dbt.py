"""dbt made quicker for a process that invokes it hundreds of times, without a change to what it does.

A fresh project costs dbt seconds before its first model, and most of them go into work whose outcome is known from the
project before, because the package's macros are the same text each time. Kept between invocations are, and all follow from
text alone: the parsed Jinja of macros (dbt's own switch, made for dbt's own tests), the Python code that Jinja makes of a
template, what a YAML file says, and that a configuration fits its schema. And, as long as the variables it asks for say the
same, what a model of the package refers to.

What a build does for each node is done with less: the objects for all macros, a macro's module, the place where ephemeral
models go into a statement, messages that nobody reads. tests/harness/test_quick_dbt.py holds it against dbt's own.

And for the time of one invocation: the secrets in the environment are looked up once (dbt does it again at each macro
it does not find, and these are thousands), Python does not search for cycles of garbage (an invocation makes millions
of objects and keeps most of them), and messages of level debug are not written, but for those that a test listens to.
After it a list is put back to which dbt-adapters adds Postgres' flags every time, each of which costs a look at the
whole stack: after a hundred invocations that was a second each.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import pickle
import re
from collections.abc import Iterator
from typing import Any

_installed = False
# Messages of level debug that somebody waits for: the replay kills a run where a node starts.
HEARD = {"NodeStart"}
# So many different ones are kept of what a model says where it is parsed.
LEARNT = 20
# Names of the messages of this invocation.
_said: list[str] = []


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
    _keep_found_valid()
    _keep_learnt_of_models()
    _make_namespaces_quickly()
    _call_macros_quickly()
    _read_results_quickly()
    _inject_ephemeral_models_quickly()
    _leave_out_debug_messages()
    # What outlives an invocation is much, and is not looked through for garbage at every few hundred new objects.
    gc.set_threshold(200_000, 5, 10)
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


def _keep_found_valid() -> None:
    """What a node's configuration says is checked against a JSON schema of its class: once for each that is the same."""
    from dbt_common.dataclass_schema import dbtClassMixin

    validate = dbtClassMixin.validate.__func__  # type: ignore[attr-defined]
    found: set[tuple[type, bytes]] = set()

    def validated(cls: type, data: Any) -> None:
        try:
            key = (cls, pickle.dumps(data))
        except Exception:  # what cannot be pickled is checked each time
            validate(cls, data)
            return
        if key not in found:
            validate(cls, data)
            found.add(key)

    dbtClassMixin.validate = classmethod(validated)


def _keep_learnt_of_models() -> None:
    """While it parses dbt renders the package's models, to learn what they refer to and how they are configured.

    At that time all macros see of a project are its variables. What was learnt of a model holds where the variables that
    it asked for say the same again, dbt was called with the same switches and all macros are the same text.
    """
    from dbt.context.providers import ParseVar
    from dbt.flags import get_flags
    from dbt.parser.base import ConfiguredParser

    render = ConfiguredParser.render_with_context
    has_var, get_var = ParseVar.has_var, ParseVar.get_rendered_var
    asked: dict[str, str] = {}
    kept: dict[tuple[Any, ...], list[tuple[dict[str, str], bytes]]] = {}

    def says(variables: Any, name: str) -> str:
        return repr(variables[name]) if name in variables else ""

    def has_var_heard(self: Any, name: str) -> bool:
        asked[name] = says(self._merged, name)
        return has_var(self, name)

    def get_var_heard(self: Any, name: str) -> Any:
        asked[name] = says(self._merged, name)
        return get_var(self, name)

    @functools.wraps(render)
    def render_with_context(self: Any, node: Any, config: Any) -> Any:
        if self.project.project_name != "driftline" or config._config_call_dict or node.refs or node.sources:
            return render(self, node, config)
        project = self.root_project
        macros = hash(tuple(macro.macro_sql for macro in self.manifest.macros.values()))
        flags = get_flags()
        switches = tuple(getattr(flags, name, None) for name in ("WHICH", "FULL_REFRESH", "EMPTY", "INTROSPECT"))
        told = repr(sorted(node.config._extra.items(), key=str))  # what dbt_project.yml says, which _place asks for
        key = (node.unique_id, told, node.raw_code, project.project_name, project.credentials.type, macros, switches)
        variables = ParseVar({}, project, node)._merged
        for heard, learnt in kept.get(key, []):
            if all(says(variables, name) == value for name, value in heard.items()):
                node.refs, node.sources, node.depends_on, config._config_call_dict = pickle.loads(learnt)
                return None
        asked.clear()
        before = len(_said)
        context = render(self, node, config)
        if len(_said) == before and not any("{" in value for value in asked.values() if value[:1] in "'\""):
            learnt = pickle.dumps((node.refs, node.sources, node.depends_on, config._config_call_dict))
            found = kept.setdefault(key, [])
            found.append((dict(asked), learnt))
            del found[:-LEARNT]
        return context

    ConfiguredParser.render_with_context = render_with_context
    ParseVar.has_var, ParseVar.get_rendered_var = has_var_heard, get_var_heard


def _make_namespaces_quickly() -> None:
    """Each of the hundreds of Jinja contexts has an object for each of 1,100 macros: made and sorted in one sweep."""
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.configured import ConfiguredContext
    from dbt.context.macros import GLOBAL_PROJECT_NAME, MacroNamespace, MacroNamespaceBuilder
    from dbt.context.manifest import ManifestContext

    build, to_dict = MacroNamespaceBuilder.build_namespace, ManifestContext.to_dict
    new = MacroGenerator.__new__

    def generators(macros: Any, *values: Any) -> dict[str, Any]:
        made = {}
        for macro in macros:
            generator = made[macro.name] = new(MacroGenerator)
            generator.macro = macro
            generator.context, generator.node, generator.stack = values
        return made

    @functools.wraps(build)
    def build_namespace(self: Any, macros_by_package: Any, ctx: Any) -> Any:
        if self.locals or self.globals or self.packages or self.internal_packages:
            return build(self, macros_by_package, ctx)
        values = (ctx, self.node, self.thread_ctx)
        by_package = {name: generators(macros.values(), *values) for name, macros in macros_by_package.items()}
        for name, macros in macros_by_package.items():
            if len(by_package[name]) < len(macros):
                return build(self, macros_by_package, ctx)  # two of one name: dbt says so
        of_dbt: dict[str, Any] = {}
        for name in reversed(self.internal_package_names_order):
            of_dbt.update(by_package.get(name, {}))
        others = {name: made for name, made in by_package.items() if name not in self.internal_package_names}
        here = others.get(self.search_package, {})
        root = others.get(self.root_package, {}) if self.root_package != self.search_package else {}
        return MacroNamespace(root, here, of_dbt, others)

    @functools.wraps(to_dict)
    def merged(self: Any) -> Any:
        found = self.namespace
        if type(found) is not MacroNamespace:
            return to_dict(self)
        context = ConfiguredContext.to_dict(self)
        # What MacroNamespace finds first comes last.
        context.update(found.global_project_namespace)
        context[GLOBAL_PROJECT_NAME] = found.global_project_namespace
        for names in (found.packages, found.global_namespace, found.local_namespace):
            context.update(names)
        return context

    MacroNamespaceBuilder.build_namespace = build_namespace
    ManifestContext.to_dict = merged


def _call_macros_quickly() -> None:
    """A macro's module is made once for its context, which it refers to, and not once for each of 60,000 calls; what a
    name is dispatched to is found once; and a call is one frame instead of seven."""
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.providers import BaseDatabaseWrapper
    from dbt_common.clients.jinja import CallableMacroGenerator, CaughtMacroErrorWithNodeError, MacroReturn
    from dbt_common.exceptions import CompilationError
    from jinja2.exceptions import TemplateRuntimeError

    get_macro, whole, dispatch = CallableMacroGenerator.get_macro, MacroGenerator.__call__, BaseDatabaseWrapper.dispatch

    def kept_macro(self: Any) -> Any:
        kept = self.__dict__.get("_kept")
        if kept is None or kept[0] is not self.context:
            kept = self.__dict__["_kept"] = (self.context, get_macro(self))
        return kept[1]

    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        if self.context is None:
            return whole(self, *arguments, **named)
        stack, macro = self.stack, self.macro
        if stack is not None:
            if stack.depth == 0 and self.node:
                self.node.depends_on.add_macro(macro.unique_id)
            stack.push(macro.unique_id)
        try:
            called = kept_macro(self)
            try:
                return called(*arguments, **named)
            except MacroReturn as found:
                return found.value
            except (TypeError, TemplateRuntimeError) as error:
                raise CaughtMacroErrorWithNodeError(exc=error, node=macro) from error
            except CompilationError as error:
                error.stack.append(macro)
                raise
        finally:
            if stack is not None:
                stack.pop(macro.unique_id)

    @functools.wraps(dispatch)
    def dispatch_once(self: Any, macro_name: str, *arguments: Any, **named: Any) -> Any:
        kept = self.__dict__.setdefault("_kept", {})
        key = (macro_name, *arguments, *named.items())
        if key not in kept:
            kept[key] = dispatch(self, macro_name, *arguments, **named)
        return kept[key]

    CallableMacroGenerator.get_macro = kept_macro
    MacroGenerator.__call__ = functools.wraps(whole)(call)
    BaseDatabaseWrapper.dispatch = dispatch_once


def _read_results_quickly() -> None:
    """What reads the types of a result is the same for the same columns, and costs more to make than to use."""
    from dbt_common.clients import agate_helper

    build = agate_helper.build_type_tester

    @functools.lru_cache(maxsize=1000)
    def kept(*arguments: Any) -> Any:
        return build(*arguments)

    @functools.wraps(build)
    def build_type_tester(text_columns: Any, string_null_values: Any = ("null", "")) -> Any:
        return kept(tuple(sorted(text_columns)), tuple(string_null_values or ()))

    agate_helper.build_type_tester = build_type_tester


def _inject_ephemeral_models_quickly() -> None:
    """dbt parses a statement whole to find the WITH that it begins with."""
    from dbt import compilation

    inject = compilation.inject_ctes_into_sql
    beginning = re.compile(r"(?:\s|--[^\n]*\n)*with\s+(?!recursive\b)(?=\w)", re.IGNORECASE)
    # Of several statements dbt takes the first, which is left to it.
    text = re.compile(r"--[^\n]*|'[^']*'")

    @functools.wraps(inject)
    def inject_ctes_into_sql(sql: str, ctes: Any) -> str:
        found = beginning.match(sql) if ctes else None
        if not found or ";" in text.sub("", sql):
            return inject(sql, ctes)
        return f"{sql[: found.end()]}{', '.join(cte.sql for cte in ctes)}, {sql[found.end() :]}"

    compilation.inject_ctes_into_sql = inject_ctes_into_sql


def _leave_out_debug_messages() -> None:
    from dbt_common.events.base_types import BaseEvent, DebugLevel, EventLevel
    from dbt_common.events.event_manager import EventManager

    fire = EventManager.fire_event

    def fire_event(self: Any, e: Any, level: Any = None, *arguments: Any, **named: Any) -> None:
        if (level or e.level_tag()) != EventLevel.DEBUG or type(e).__name__ in HEARD:
            _said.append(type(e).__name__)
            fire(self, e, level, *arguments, **named)

    EventManager.fire_event = fire_event

    # What such a message says is put together when somebody reads it.
    make, read = BaseEvent.__init__, BaseEvent.__getattr__

    def said_later(self: Any, *arguments: Any, **named: Any) -> None:
        self.__dict__["_said"] = (arguments, named)

    def say(self: Any, key: str) -> Any:
        if "_said" in self.__dict__:
            arguments, named = self.__dict__.pop("_said")
            make(self, *arguments, **named)
            return getattr(self, key)
        return read(self, key)

    DebugLevel.__init__ = said_later
    DebugLevel.__getattr__ = say


@contextlib.contextmanager
def _one_invocation() -> Iterator[None]:
    from dbt.adapters.base import impl
    from dbt_common.exceptions import base

    flags = impl.DEFAULT_BASE_BEHAVIOR_FLAGS.copy()
    look_up, secrets = base.env_secrets, base.env_secrets()
    base.env_secrets = lambda: secrets
    _said.clear()
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        base.env_secrets = look_up
        impl.DEFAULT_BASE_BEHAVIOR_FLAGS[:] = flags
        if collecting:
            gc.enable()
