"""The texts of every language (macros/judge/words): the same keys and placeholders, and all that are asked for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support import catalogue

PACKAGE = catalogue.package()
LANGUAGES: list[str] = PACKAGE._languages()
CATALOGUES: dict[str, dict[str, Any]] = {language: PACKAGE._words_of(language) for language in LANGUAGES}
OTHERS = LANGUAGES[1:]
FORMS = [{"one", "other"}, {"open", "over"}]


def texts(entry: Any) -> list[str]:
    return list(entry.values()) if isinstance(entry, dict) else [entry]


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_every_language_has_a_catalogue() -> None:
    assert LANGUAGES[0] == "en"
    assert all(CATALOGUES[language] != CATALOGUES["en"] for language in OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_the_keys_are_the_same(language: str) -> None:
    assert list(CATALOGUES[language]) == list(CATALOGUES["en"])


@pytest.mark.parametrize("language", OTHERS)
def test_the_placeholders_are_the_same(language: str) -> None:
    free = set(PACKAGE._free_forms())
    for key, entry in CATALOGUES["en"].items():
        asked = set().union(*map(placeholders, texts(entry)))
        found = set().union(*map(placeholders, texts(CATALOGUES[language][key])))
        # What a count is told by may be one word in one language.
        assert key in free or found - {"count"} == asked - {"count"}, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_a_text(language: str) -> None:
    for key, entry in CATALOGUES[language].items():
        assert not isinstance(entry, dict) or set(entry) in FORMS, key
        for text in texts(entry):
            assert isinstance(text, str) and (
                text == text.strip() or key.startswith(("when", "where", "change", "list"))
            ), key
            # Every brace belongs to a placeholder, and nothing of it is Jinja's.
            assert not re.search(r"[{}]", re.sub(r"{\w+}", "", text)), key
            # More may follow it.
            assert not text.endswith((".", "。")), key


def test_forms_of_one_text_ask_for_the_same() -> None:
    for language, entries in CATALOGUES.items():
        for key, entry in entries.items():
            asked = [placeholders(text) - {"count"} for text in texts(entry)]
            # Of one there is a first, of several a last, too; and what is over has an end.
            assert all(found == asked[0] for found in asked) or key in ("trend", "trend.alone", "runs.worked"), (
                language,
                key,
            )


def test_all_that_is_asked_for_is_there() -> None:
    """Keys as they stand in macros and models; those that are put together, by how they begin."""
    asked = set()
    for folder in ("macros", "models"):
        for path in (catalogue.REPOSITORY / folder).rglob("*.sql"):
            asked |= set(re.findall(r"_phrase\(\s*texts, '([\w.]+)'", path.read_text(encoding="utf-8")))
    asked |= set(PACKAGE._statement_kinds())
    begins = {key for key in asked if key.endswith(".")}
    assert asked - begins - CATALOGUES["en"].keys() == set()
    assert all(any(key.startswith(begin) for key in CATALOGUES["en"]) for begin in begins)


def test_metrics_have_words() -> None:
    known = {entry["name"] for entry in catalogue.metrics()} | set(PACKAGE._fairness_rates())
    told = {key.removeprefix("metric.") for key in CATALOGUES["en"] if key.startswith("metric.")}
    assert told <= known
