"""The words of the messages, one YAML file per language."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources

import yaml

from driftline.text import printable


class Catalogue:
    """Texts by key, with data filled in. What is filled in stays one line without control characters."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        return self._texts[key].format_map({name: printable(value) for name, value in values.items()})

    def count(self, key: str, number: int, **values: object) -> str:
        """A text with a number in it: ``key.one`` or ``key.other``."""
        return self(f"{key}.{'one' if number == 1 else 'other'}", count=number, **values)

    def has(self, key: str) -> bool:
        return key in self._texts


@functools.cache
def languages() -> tuple[str, ...]:
    folder = resources.files("driftline.alerting").joinpath("catalogues")
    return tuple(sorted(file.name[:-4] for file in folder.iterdir() if file.name.endswith(".yml")))


@functools.cache
def catalogue(language: str) -> Catalogue:
    file = resources.files("driftline.alerting").joinpath(f"catalogues/{language}.yml")
    return Catalogue(language, yaml.safe_load(file.read_text(encoding="utf-8")))
