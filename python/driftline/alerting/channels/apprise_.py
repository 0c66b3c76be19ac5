"""Everything Apprise knows: Teams, Discord, Telegram, ntfy and a hundred more, each behind a URL."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator

from driftline.alerting.channels import Channel, ChannelSettings, Context, Receipt, Surroundings
from driftline.alerting.channels.http import quiet_logs
from driftline.alerting.notification import Message
from driftline.alerting.settings import Secret, problem
from driftline.errors import DeliveryError, DriftlineError, reason_of
from driftline.text import printable

_ALERTS = 10
_TYPES = {"critical": "failure", "warn": "warning", "resolved": "success"}
_CONFIGURED = re.compile(r"[?&](?:cto|rto)=", re.IGNORECASE)


_said: ContextVar[list[str] | None] = ContextVar("driftline_apprise_said", default=None)


class _Capture(logging.Handler):
    """What Apprise says of one call: it tells in its log alone why something was not delivered.

    Its calls run in threads of its own, which have the context of the caller, and only that tells two channels apart
    that send at the same time.
    """

    def emit(self, record: logging.LogRecord) -> None:
        lines = _said.get()
        if lines is not None:
            lines.append(record.getMessage())


_CAPTURE = _Capture(logging.WARNING)


@contextmanager
def _listening() -> Iterator[list[str]]:
    lines: list[str] = []
    token = _said.set(lines)
    try:
        yield lines
    finally:
        _said.reset(token)


class AppriseSettings(ChannelSettings):
    type: Literal["apprise"]
    url: Secret = Field(description="Of the service, as Apprise writes it: env:NAME.")

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*://\S+", url.get_secret_value(), re.IGNORECASE):
            raise problem("not a URL, such as msteams://… or https://…")
        return url


class AppriseChannel(Channel):
    Settings = AppriseSettings

    def __init__(self, name: str, settings: AppriseSettings, surroundings: Surroundings) -> None:
        try:
            import apprise
        except ImportError as error:
            raise DriftlineError(
                f"The channel '{name}' needs Apprise, which is not installed.",
                "pip install './driftline[alerts]', of the clone it was installed from",
            ) from error
        super().__init__(name, settings, surroundings)
        self._scrub = surroundings.scrub
        quiet_logs()
        # Its log quotes URLs, and they are secrets: nothing of it goes anywhere but through the scrubber.
        logger = logging.getLogger("apprise")
        logger.propagate = False
        logger.setLevel(logging.WARNING)
        if _CAPTURE not in logger.handlers:
            logger.addHandler(_CAPTURE)
        asset = apprise.AppriseAsset(app_id="driftline", app_desc="driftline", app_url="", async_mode=False)
        url = settings.url.get_secret_value()
        if not _CONFIGURED.search(url):
            seconds = f"{max(1.0, settings.timeout):g}"
            url += f"{'&' if '?' in url else '?'}cto={seconds}&rto={seconds}"
        self._service: Any = apprise.Apprise(asset=asset)
        with _listening():
            understood = self._service.add(url)
        if not understood:
            raise DriftlineError(
                f"channels.{name}.url: Apprise does not understand this URL.",
                "Nothing was sent. The forms it takes: https://github.com/caronc/apprise/wiki",
            )

    def send(self, message: Message, context: Context) -> Receipt:
        words = context.compose(message, _ALERTS)
        title, _, body = words.plain().partition("\n")
        with _listening() as lines:
            try:
                delivered = self._service.notify(
                    title=_harmless(title),
                    body=_harmless(body.strip()) or _harmless(title),
                    notify_type=_TYPES[words.severity],
                    body_format="text",
                    interpret_escapes=False,
                )
            except Exception as error:
                raise DeliveryError(f"Apprise failed: {reason_of(error)}", temporary=True) from None
        if not delivered:
            said = self._scrub(printable(" ".join(dict.fromkeys(lines))))[:300]
            # Apprise does not say whether trying again helps.
            raise DeliveryError(f"Apprise could not deliver it: {said or 'no reason given'}", temporary=True)
        return Receipt()


def _harmless(text: str) -> str:
    """Without mentions: some services call a person, or everybody, wherever a text has an @ and a name."""
    return re.sub(r"@(?=\w)|<(?=[!@#&])", "\\g<0>\u200b", text)
