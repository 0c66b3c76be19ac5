"""Keeps secrets out of everything that is printed."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import yaml

MASK = "***"

_SECRET_NAME = re.compile(
    r"pass(?![a-z])|passw|passphrase|passcode|pwd|token|secret|api_?key|private_?key|access_?key|credential"
    r"|keyfile_json|connection_?string|dsn",
    re.IGNORECASE,
)
_NOT_SECRET_NAME = re.compile(r"^(?:OLD)?PWD$|(?i:(?:FILE|PATH|DIR|_URI|_METHOD|_TYPE)$)")
_NOT_SECRET_VALUE = {"", "true", "false", "yes", "no", "on", "off", "none", "null", "0", "1"}
_ENV_VAR_CALL = re.compile(r"env_var\(\s*['\"]([^'\"]+)['\"]")
_URL_PASSWORD = re.compile(r"(\w://[^\s:/@]*:)[^\s@/]+(?=@)")
_ASSIGNED_SECRET = re.compile(
    r"(\b[\w.-]*(?:password|passwd|pwd|token|secret)[\w.-]*\s*=\s*)('[^']*'|\"[^\"]*\"|[^\s'\"&;,]+)", re.IGNORECASE
)


def is_secret_name(name: str) -> bool:
    """Whether a setting or environment variable of this name holds a secret."""
    return bool(_SECRET_NAME.search(name)) and not _NOT_SECRET_NAME.search(name)


class Scrubber:
    """Replaces every secret it has been told of, and everything that looks like one, by ``***``."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._secrets: set[str] = set()
        for name, value in (os.environ if environment is None else environment).items():
            if is_secret_name(name):
                self.add(value)

    def add(self, value: object) -> None:
        """Remember one secret; anything but a text or a number is ignored."""
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            return
        text = str(value).strip()
        if text.lower() in _NOT_SECRET_VALUE:
            return
        # As errors and receivers repeat it: in a URL, in a Python or JSON text, in what logs in to a mail server.
        forms = {text, quote(text, safe=""), quote_plus(text), repr(text)[1:-1], json.dumps(text)[1:-1]}
        if len(text) >= 8:
            forms |= {
                base64.b64encode(text.encode("utf-8", "replace")).decode(),
                text.encode("unicode_escape").decode(),
            }
        self._secrets |= forms
        self._secrets |= {line for line in text.splitlines() if len(line) >= 16}

    def add_settings(self, settings: object, secret: bool = False) -> None:
        """Remember what stands under a secret's name anywhere in nested settings (a profile's target)."""
        if isinstance(settings, Mapping):
            for name, value in settings.items():
                self.add_settings(value, secret or is_secret_name(str(name)))
        elif isinstance(settings, (list, tuple)):
            for value in settings:
                self.add_settings(value, secret)
        elif hasattr(settings, "__dataclass_fields__"):
            self.add_settings(vars(settings), secret)
        elif secret and isinstance(settings, str) and "{{" in settings:
            for name in _ENV_VAR_CALL.findall(settings):
                self.add(os.environ.get(name))
        elif secret:
            self.add(settings)
        elif isinstance(settings, str):
            for found in _URL_PASSWORD.finditer(settings):
                self.add(found.group(0)[len(found.group(1)) :])

    def add_profiles_file(self, path: Path) -> None:
        """Remember the secrets written into a profiles.yml. dbt itself complains of an unreadable file."""
        try:
            profiles: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            return
        self.add_settings(profiles)

    def __call__(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            if len(secret) >= 4:
                text = text.replace(secret, MASK)
            else:
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
        text = _URL_PASSWORD.sub(rf"\g<1>{MASK}", text)
        return _ASSIGNED_SECRET.sub(rf"\g<1>{MASK}", text)
