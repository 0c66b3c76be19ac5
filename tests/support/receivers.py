"""Receivers of messages that really listen: HTTP and SMTP, on a port of this machine, and as ill-behaved as asked."""

from __future__ import annotations

import email
import email.policy
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "ok"
    delay: float = 0.0
    cut: bool = False
    """Take the message and close the connection without an answer."""


class HttpReceiver:
    """Keeps every request, then answers as ``answer`` says."""

    def __init__(self, answer: Callable[[Request, int], Answer] = lambda request, number: Answer()) -> None:
        self.requests: list[Request] = []
        self.answer = answer
        self._ended = threading.Event()
        lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                if len(body) < length:
                    self.close_connection = True  # the sender died in the middle of it
                    return
                request = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                with lock:
                    receiver.requests.append(request)
                    number = len(receiver.requests)
                answer = receiver.answer(request, number)
                if answer.delay:
                    receiver._ended.wait(answer.delay)
                if answer.cut:
                    self.close_connection = True
                    return
                content = answer.body.encode()
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 100

            def handle_error(self, *arguments: Any) -> None:
                pass  # a client that was killed

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def bodies(self) -> list[Any]:
        return [request.json for request in self.requests]

    def close(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()


class MailReceiver:
    """Keeps every mail. ``refuse`` gives the answer to the n-th attempt, None to take it."""

    def __init__(self, refuse: Callable[[int], str | None] = lambda number: None, password: str | None = None) -> None:
        self.mails: list[Any] = []
        self.recipients: list[list[str]] = []
        self.attempts = 0
        receiver = self

        class Handler:
            async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
                receiver.attempts += 1
                answer = refuse(receiver.attempts)
                if answer is not None:
                    return answer
                receiver.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
                receiver.recipients.append(list(envelope.rcpt_tos))
                return "250 taken"

        def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            right = isinstance(data, LoginPassword) and data.password == (password or "").encode()
            return AuthResult(success=right, handled=False)

        self._controller = Controller(
            Handler(),
            hostname="127.0.0.1",
            port=closed_port(),
            authenticator=check if password else None,
            auth_require_tls=False,
            auth_required=bool(password),
        )
        self._controller.start()
        self.port: int = self._controller.port

    def close(self) -> None:
        self._controller.stop()


def closed_port() -> int:
    """A port on which nobody listens."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
