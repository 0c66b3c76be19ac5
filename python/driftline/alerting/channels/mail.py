"""Mail: plain text, and HTML with the course of the worst value as a picture."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from functools import cache
from typing import Any

import jinja2

from driftline.alerting.channels import Context, Receipt
from driftline.alerting.config import ChannelConfig
from driftline.alerting.messages import Words
from driftline.alerting.notification import Message
from driftline.errors import DeliveryError
from driftline.text import number, printable

_SUBJECT = 200
_ALERTS = 50
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_PICTURE = "course@driftline"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("driftline.alerting"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("mail.html.j2")


def render(words: Words, caption: str) -> str:
    """The message as HTML; with a caption, there is a picture."""
    return _template().render(words=words, caption=caption, picture=_PICTURE)


class MailChannel:
    largest: int | None = None
    facts = True

    def __init__(self, config: ChannelConfig) -> None:
        self.name = config.name
        self.group = config.group
        settings = config.settings
        self.picture: bool = settings.get("chart", True)
        self._host: str = settings["host"]
        self._security: str = settings.get("security", "starttls")
        self._port: int = settings.get("port", _PORTS[self._security])
        self._user: str | None = settings.get("user")
        self._password: str = settings.get("password", "")
        self._from: str = settings["from"]
        self._to = _addresses(settings["to"])
        self._cc = _addresses(settings.get("cc", []))
        self._timeout = config.timeout

    def build(self, message: Message, context: Context) -> EmailMessage:
        words = context.compose(message, _ALERTS)
        mail = EmailMessage()
        # printable() leaves no line break, so that a text of the data cannot begin another header.
        mail["Subject"] = printable(words.title)[:_SUBJECT]
        mail["From"] = self._from
        mail["To"] = ", ".join(self._to)
        if self._cc:
            mail["Cc"] = ", ".join(self._cc)
        mail["Date"] = formatdate()
        # The same for the same message, so that a mailbox that has it may drop it.
        mail["Message-ID"] = f"<{message.key[:40]}@driftline>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = words.language
        mail["X-Driftline-Idempotency-Key"] = message.key
        mail.set_content(words.plain())
        picture = context.pictures.get(message.key)
        mail.add_alternative(render(words, self._caption(message, context) if picture else ""), subtype="html")
        if picture:
            html: Any = mail.get_payload()[1]  # type: ignore[index]
            html.add_related(picture, "image", "png", cid=f"<{_PICTURE}>", filename="course.png", disposition="inline")
        return mail

    def _caption(self, message: Message, context: Context) -> str:
        worst = message.worst
        if worst is None or worst.alert is None:
            return ""
        alert = worst.alert
        line = "chart.threshold" if alert.expected is None else "chart.expected"
        level = alert.threshold if alert.expected is None else alert.expected
        return context.words(
            "chart",
            metric=alert.metric,
            column=alert.column_name or "all",
            line=f"{context.words(line)} ({number(level)})",
        )

    def send(self, message: Message, context: Context) -> Receipt:
        mail = self.build(message, context)
        try:
            with self._connect() as server:
                refused = server.send_message(mail, to_addrs=[parseaddr(to)[1] for to in [*self._to, *self._cc]])
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryError(
                f"{self._host} refused the user or the password ({error.smtp_code})", broken=True
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            raise DeliveryError(
                f"{self._host} refused every recipient ({', '.join(map(str, sorted(codes)))})",
                temporary=all(400 <= code < 500 for code in codes),
            ) from None
        except smtplib.SMTPResponseException as error:
            said = (
                error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
            )
            raise DeliveryError(
                f"{self._host} answered {error.smtp_code}: {printable(said)[:200]}",
                temporary=400 <= error.smtp_code < 500 or error.smtp_code == -1,
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise DeliveryError(
                f"{self._host} does not support what 'security' and 'user' ask for", broken=True
            ) from None
        except ssl.SSLError:
            raise DeliveryError(
                f"{self._host}: its certificate is not trusted, or it speaks no TLS", broken=True
            ) from None
        except (smtplib.SMTPException, TimeoutError, OSError) as error:
            raise DeliveryError(
                f"{self._host}: no connection, or it was cut ({type(error).__name__})", temporary=True
            ) from None
        return Receipt(detail=f"refused: {', '.join(sorted(refused))}" if refused else "")

    def _connect(self) -> smtplib.SMTP:
        if self._security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self._user is not None:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def close(self) -> None:
        pass


def _addresses(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
