"""What is started when an alert matches: a command, or a webhook of a pipeline.

An action is sent like a message, but what may have begun is never begun again: at most once per episode.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from driftline.alerting.channels import Channel, Context, Receipt
from driftline.alerting.channels.webhook import SignedPoster, payload
from driftline.alerting.config import ActionConfig
from driftline.alerting.notification import Message
from driftline.alerting.planning import ACTION_PREFIX
from driftline.errors import DeliveryError
from driftline.scrub import Scrubber
from driftline.text import printable, to_json

_READ_BYTES = 64_000
_TAIL = 2000


class _Action(Channel):
    """Sent like a message, with settings of its own."""

    group = "alert"

    def __init__(self, config: ActionConfig) -> None:
        self.name = ACTION_PREFIX + config.name
        self.config = config

    def _payload(self, message: Message, context: Context) -> dict[str, Any]:
        return {**payload(message, context.facts, context.report_url), "action": self.config.name}


class DryRunAction(_Action):
    """Records what would have been started."""

    def send(self, message: Message, context: Context) -> Receipt:
        return Receipt("dry_run", "dry run: not started")


class CommandAction(_Action):
    """A program with its arguments, not a shell's line, so that no text of the data is ever a command."""

    def __init__(self, config: ActionConfig, folder: Path, scrub: Scrubber) -> None:
        super().__init__(config)
        self._folder = folder
        self._scrub = scrub
        self._running: subprocess.Popen[bytes] | None = None

    def send(self, message: Message, context: Context) -> Receipt:
        command = self.config.command or []
        body = to_json(self._payload(message, context)).encode()
        environment = {
            **os.environ,
            "DRIFTLINE_ACTION": self.config.name,
            "DRIFTLINE_IDEMPOTENCY_KEY": message.key,
        }
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=environment,
                # A group of its own, so that what it starts ends with it.
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it holds a character that is not allowed"
            raise DeliveryError(f"{command[0]} cannot be started: {reason}", broken=True) from None
        self._running = process
        assert process.stdin is not None and process.stdout is not None
        tail = bytearray()
        reader = threading.Thread(target=_keep_the_end, args=(process.stdout, tail), daemon=True)
        reader.start()
        threading.Thread(target=_feed, args=(process.stdin, body), daemon=True).start()
        try:
            code: int | None = process.wait(self.config.timeout)
        except subprocess.TimeoutExpired:
            code = None
            _end(process)
        self._running = None
        # Something it left running may hold its output open; what is there by now will do.
        reader.join(2.0)
        text = self._tail(bytes(tail))
        if code is None:
            return Receipt("error", f"ended after {self.config.timeout:g} s. {text}".strip())
        return Receipt("succeeded" if code == 0 else "error", text, code)

    def _tail(self, output: bytes) -> str:
        # Scrubbed before it is cut: a secret must not get through by losing its first half.
        text = self._scrub(output.decode("utf-8", "replace"))
        text = "\n".join(printable(line) for line in text.splitlines()).strip()
        return text if len(text) <= _TAIL else "…" + text[-_TAIL:]

    def close(self) -> None:
        process = self._running
        if process is not None:
            _end(process)


class WebhookAction(_Action):
    def __init__(self, config: ActionConfig) -> None:
        super().__init__(config)
        assert config.webhook is not None
        self._body = config.webhook.body
        self._poster = SignedPoster(config.webhook, config.timeout)

    def send(self, message: Message, context: Context) -> Receipt:
        whole = self._payload(message, context)
        body = to_json(whole if self._body is None else _fill(self._body, whole)).encode()
        try:
            answer = self._poster.post(message.key, body)
        except DeliveryError as error:
            if error.perhaps_taken:
                return Receipt("error", f"{error.message}; it may have been started, so it is not tried again")
            raise
        return Receipt("succeeded", answer[:_TAIL])

    def close(self) -> None:
        self._poster.close()


def make_action(config: ActionConfig, folder: Path, scrub: Scrubber) -> DryRunAction | CommandAction | WebhookAction:
    if config.dry_run:
        return DryRunAction(config)
    return CommandAction(config, folder, scrub) if config.command else WebhookAction(config)


def _fill(template: Any, whole: Mapping[str, Any]) -> Any:
    """A body of one's own, for receivers that want a form: ``$message`` is all of it, ``$monitor`` one of its keys."""
    if isinstance(template, Mapping):
        return {key: _fill(value, whole) for key, value in template.items()}
    if isinstance(template, list):
        return [_fill(value, whole) for value in template]
    if template == "$message":
        return whole
    if isinstance(template, str) and template.startswith("$") and template[1:] in whole:
        return whole[template[1:]]
    return template


def _feed(stream: IO[bytes], body: bytes) -> None:
    # A command need not read what it is given.
    with contextlib.suppress(OSError, ValueError):
        stream.write(body)
    with contextlib.suppress(OSError, ValueError):
        stream.close()


def _keep_the_end(stream: IO[bytes], tail: bytearray) -> None:
    with contextlib.suppress(OSError, ValueError):
        while part := os.read(stream.fileno(), 65536):
            tail += part
            del tail[:-_READ_BYTES]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started: kindly first."""
    for sign, patience in ((signal.SIGTERM, 5.0), (getattr(signal, "SIGKILL", signal.SIGTERM), 5.0)):
        try:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, sign)
            else:
                process.terminate()
            process.wait(patience)
            return
        except subprocess.TimeoutExpired:
            continue
        except OSError:
            return
