"""Addresses of mail: one text may hold several, as in a mail's own header."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+")
_NAMED = re.compile(r"(?P<name>[^<>]*)<\s*(?P<address>[^<>]*?)\s*>")


def mailboxes(value: str | list[str]) -> list[str]:
    """Every mailbox of a text or a list of texts, each once, ready for a header. Raises ValueError, without a value."""
    texts = [value] if isinstance(value, str) else list(value)
    found = [_mailbox(part, number) for number, part in enumerate((p for t in texts for p in _split(t)), 1)]
    if not found:
        raise ValueError("no address")
    return list(dict.fromkeys(found))


def address_of(mailbox: str) -> str:
    """The bare address."""
    return mailbox[mailbox.rindex("<") + 1 : -1] if mailbox.endswith(">") else mailbox


def _split(text: str) -> Iterator[str]:
    """At commas, semicolons and line breaks that are not within quotes or angle brackets."""
    part, quoted, pointed, escaped = "", False, False, False
    for character in text:
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "<>":
            pointed = character == "<"
        elif not quoted and not pointed and character in ",;\n\r":
            if part.strip():
                yield part.strip()
            part = ""
            continue
        part += character
    if part.strip():
        yield part.strip()


def _mailbox(text: str, number: int) -> str:
    named = _NAMED.fullmatch(text)
    address = named["address"] if named else text
    name = named["name"].strip() if named else ""
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    elif '"' in name:
        address = ""
    if not _ADDRESS.fullmatch(address) or not (address + name).isprintable():
        raise ValueError(f"address {number} is not of the form a@example.com or Name <a@example.com>")
    if not name:
        return address
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'
