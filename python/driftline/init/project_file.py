"""The variable driftline_monitors in dbt_project.yml: a name added by inserting text, so that all else stays as it is.

What is inserted is checked by reading the whole file again: it must say what it said before, and the name. Where the
text is not understood so far (a variable that is no list, a name under an anchor), nothing is written, and the lines to
add are told.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from driftline.project import LIST_VARIABLE, PACKAGE


def with_monitor(text: str, name: str) -> str | None:
    """The file's text with the monitor listed; None where that cannot be done safely."""
    try:
        before = yaml.safe_load(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    if not isinstance(before, dict) or not isinstance(node, yaml.MappingNode) or text.startswith("\ufeff"):
        return None
    after = _inserted(text, node, name)
    if after is None:
        return None
    try:
        there = yaml.safe_load(after)
    except yaml.YAMLError:
        return None
    return after if there == _expected(before, name) else None


def lines_to_add(name: str) -> str:
    """What a person adds, where it is not done."""
    return f"vars:\n  {LIST_VARIABLE}: [..., {name}]"


def lists(path: Path, name: str) -> bool:
    """Whether the file lists the monitor already."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False
    variables = content.get("vars") if isinstance(content, dict) else None
    places = [variables, (variables or {}).get(PACKAGE)] if isinstance(variables, dict) else []
    return any(isinstance(place, dict) and name in (place.get(LIST_VARIABLE) or []) for place in places)


def _expected(before: dict[str, Any], name: str) -> Any:
    after = _copy(before)
    variables = after.get("vars")
    if variables is None:
        variables = after["vars"] = {}
    package = variables.get(PACKAGE)
    place = package if isinstance(package, dict) and LIST_VARIABLE in package else variables
    listed = place.get(LIST_VARIABLE)
    if isinstance(listed, list):
        listed.append(name)
    elif listed is None:
        place[LIST_VARIABLE] = [name]
    return after


def _copy(value: Any) -> Any:
    """A copy in which what stood under an anchor is several: text that is inserted there changes all of them."""
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list) else value


def _inserted(text: str, root: yaml.MappingNode, name: str) -> str | None:
    newline = "\r\n" if "\r\n" in text else "\n"
    variables = _value(root, "vars")
    if variables is None:
        gap = "" if not text or text.endswith("\n") else newline
        return f"{text}{gap}{newline}vars:{newline}  {LIST_VARIABLE}: [{name}]{newline}"
    if _is_nothing(variables):
        place = _after_key(text, root, "vars")
        return None if place is None else f"{text[:place]}{newline}  {LIST_VARIABLE}: [{name}]{text[place:]}"
    if not isinstance(variables, yaml.MappingNode):
        return None
    package = _value(variables, PACKAGE)
    if isinstance(package, yaml.MappingNode) and _value(package, LIST_VARIABLE) is not None:
        return _in_list(text, package, name, newline)
    if _value(variables, LIST_VARIABLE) is not None:
        return _in_list(text, variables, name, newline)
    start = variables.start_mark.index
    if variables.flow_style:
        more = ", " if variables.value else ""
        return f"{text[: start + 1]}{LIST_VARIABLE}: [{name}]{more}{text[start + 1 :]}"
    return f"{text[:start]}{LIST_VARIABLE}: [{name}]{newline}{' ' * variables.start_mark.column}{text[start:]}"


def _in_list(text: str, above: yaml.MappingNode, name: str, newline: str) -> str | None:
    listed = _value(above, LIST_VARIABLE)
    if listed is not None and _is_nothing(listed):
        place = _after_key(text, above, LIST_VARIABLE)
        return None if place is None else f"{text[:place]} [{name}]{text[place:]}"
    if not isinstance(listed, yaml.SequenceNode):
        return None
    if not listed.value:
        place = listed.start_mark.index + 1
        return f"{text[:place]}{name}{text[place:]}"
    last = listed.value[-1]
    if listed.flow_style:
        place = last.end_mark.index
        # On lines of their own each goes on going on one.
        own_line = newline + " " * last.start_mark.column if last.start_mark.line != listed.start_mark.line else " "
        return f"{text[:place]},{own_line}{name}{text[place:]}"
    ending = text.find("\n", last.end_mark.index)
    line = f"{' ' * listed.start_mark.column}- {name}"
    if ending < 0:
        return f"{text}{newline}{line}{newline}"
    return f"{text[: ending + 1]}{line}{newline}{text[ending + 1 :]}"


def _value(mapping: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _after_key(text: str, mapping: yaml.MappingNode, key: str) -> int | None:
    """The place after the colon of a key."""
    name = next(name for name, _ in mapping.value if name.value == key)
    found = re.match(r"\s*:", text[name.end_mark.index :])
    return name.end_mark.index + found.end() if found else None


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null" and node.value == ""
