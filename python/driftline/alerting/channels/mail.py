"""Mail: plain text, and HTML with the course of the worst value as a picture."""

from __future__ import annotations

import base64
import hmac
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from functools import cache
from typing import Annotated, Any, Literal

import jinja2
from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator

from driftline.alerting.channels import Channel, ChannelSettings, Context, Receipt, Surroundings
from driftline.alerting.mailboxes import address_of, mailboxes
from driftline.alerting.messages import Words
from driftline.alerting.notification import Message
from driftline.alerting.settings import Secret, Several, Text, problem, whole, wrong
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


class MailSettings(ChannelSettings):
    type: Literal["mail"]
    host: Text = Field(description="Of the SMTP server.")
    port: Annotated[Any, BeforeValidator(whole), WithJsonSchema({"type": ["integer", "string"]})] = Field(
        None, description="Default: that of security."
    )
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="starttls, tls or none.")
    user: Text | None = Field(None, description="Where the server asks for one.")
    password: Secret | None = Field(None, description="env:NAME.")
    sender: Text = Field(alias="from", description="a@example.com or Name <a@example.com>.")
    to: Several[Text] = Field(description="Addresses, in a list or with commas.")
    cc: Several[Text] = Field([], description="Addresses, in a list or with commas.")
    chart: bool = Field(True, description="The course of the worst value as a picture. Default true.")

    @field_validator("port")
    @classmethod
    def _is_port(cls, port: Any) -> int:
        if not isinstance(port, (int, str)):
            raise wrong("is neither a whole number nor a text")
        try:
            number = int(port)
        except ValueError:
            raise problem("not a number") from None
        if not 1 <= number <= 65535:
            raise problem("not a port: 1 to 65535")
        return number

    @field_validator("to", "cc")
    @classmethod
    def _are_addresses(cls, given: list[str]) -> list[str]:
        return mailboxes(given)

    @field_validator("sender")
    @classmethod
    def _is_address(cls, given: str) -> str:
        found = mailboxes(given)
        if len(found) > 1:
            raise problem("more than one address")
        return found[0]


class MailChannel(Channel):
    Settings = MailSettings

    def __init__(self, name: str, settings: MailSettings, surroundings: Surroundings) -> None:
        super().__init__(name, settings, surroundings)
        self.picture = settings.chart
        self._host = settings.host
        self._security = settings.security
        self._port: int = settings.port or _PORTS[settings.security]
        self._user = settings.user
        self._password = "" if settings.password is None else settings.password.get_secret_value()
        self._from = settings.sender
        self._to = settings.to
        self._cc = settings.cc
        self._recipients = list(dict.fromkeys(address_of(mailbox) for mailbox in [*self._to, *self._cc]))
        self._timeout = settings.timeout

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
                refused = server.send_message(mail, address_of(self._from), self._recipients)
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
            wide = not all(address.isascii() for address in [address_of(self._from), *self._recipients])
            wanted = "addresses outside ASCII (SMTPUTF8)" if wide else "what 'security' and 'user' ask for"
            raise DeliveryError(f"{self._host} does not support {wanted}", broken=True) from None
        except ssl.SSLError:
            raise DeliveryError(
                f"{self._host}: its certificate is not trusted, or it speaks no TLS", broken=True
            ) from None
        except (smtplib.SMTPException, TimeoutError, OSError) as error:
            raise DeliveryError(
                f"{self._host}: no connection, or it was cut ({type(error).__name__})", temporary=True
            ) from None
        missed = ", ".join(f"{to} ({code})" for to, (code, _) in sorted(refused.items()))
        return Receipt(detail=f"refused: {missed}" if missed else "")

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
                _log_in(server, self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _log_in(server: smtplib.SMTP, user: str, password: str) -> None:
    """As smtplib does it, which knows ASCII alone; what is outside it goes as UTF-8 (RFC 4616)."""
    if user.isascii() and password.isascii():
        server.login(user, password)
        return
    server.ehlo_or_helo_if_needed()
    offered = server.esmtp_features.get("auth", "").upper().split()

    def packed(text: str) -> str:
        return base64.b64encode(text.encode()).decode("ascii")

    if "PLAIN" in offered:
        code, said = server.docmd("AUTH", f"PLAIN {packed(chr(0) + user + chr(0) + password)}")
    elif "LOGIN" in offered:
        code, said = server.docmd("AUTH", f"LOGIN {packed(user)}")
        if code == 334:
            code, said = server.docmd(packed(password))
    elif "CRAM-MD5" in offered:
        code, said = server.docmd("AUTH", "CRAM-MD5")
        if code == 334:
            digest = hmac.new(password.encode(), base64.b64decode(said), "md5").hexdigest()
            code, said = server.docmd(packed(f"{user} {digest}"))
    else:
        raise smtplib.SMTPNotSupportedError("no way to log in that is known here")
    if code not in (235, 503):
        raise smtplib.SMTPAuthenticationError(code, said)
