"""Posting over HTTP: with an end to every wait, and errors that never quote a URL, which is often a secret."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError, ProxyError

from driftline.errors import DeliveryError
from driftline.text import printable

# The receiver is overloaded or not there for the moment.
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
# The address or its secret is wrong: the next message will not get through either.
_BROKEN = {401, 403, 404, 405, 407, 410}
_BODY_BYTES = 2000
_HEADERS = {"User-Agent": "driftline", "Content-Type": "application/json; charset=utf-8"}


class Poster:
    """One connection to one address."""

    def __init__(self, url: str, timeout: float) -> None:
        quiet_logs()
        self._url = url
        self._timeout = timeout
        self._session = requests.Session()
        # Not the machine's netrc, which requests would put in place of the channel's own headers.
        self._session.auth = _as_it_is
        self.where = urlsplit(url).hostname or "the receiver"

    def post(self, body: bytes, headers: Mapping[str, str]) -> str:
        """Returns the beginning of the answer. Raises DeliveryError."""
        deadline = time.monotonic() + self._timeout
        try:
            with self._session.post(
                self._url,
                data=body,
                # As bytes: a text outside Latin-1 would fail with an error that shows a character of it.
                headers={name: value.encode() for name, value in {**_HEADERS, **headers}.items()},
                timeout=(self._timeout, self._timeout),
                # A redirect would take the message, and its signature, to somewhere else.
                allow_redirects=False,
                stream=True,
            ) as response:
                text = self._text(response, deadline)
                status = response.status_code
                retry_after = response.headers.get("Retry-After")
        except requests.exceptions.SSLError:
            raise DeliveryError(f"{self.where}: its certificate is not trusted", broken=True) from None
        except requests.exceptions.ConnectTimeout:
            raise self._away(f"no connection within {self._timeout:g} s") from None
        except requests.exceptions.Timeout:
            raise self._away(f"no answer within {self._timeout:g} s", perhaps_taken=True) from None
        except requests.exceptions.ConnectionError as error:
            if _never_connected(error):
                raise self._away("no connection") from None
            raise self._away("the connection was cut", perhaps_taken=True) from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.InvalidHeader):
            raise DeliveryError("its URL or a header is not valid", broken=True) from None
        except requests.exceptions.RequestException as error:
            raise self._away(f"the request failed ({type(error).__name__})", perhaps_taken=True) from None
        if 200 <= status < 300:
            return text
        said = f": {text[:200]}" if text else ""
        raise DeliveryError(
            f"{self.where} answered {status}{said}",
            temporary=status in _TEMPORARY,
            retry_after=seconds_until(retry_after) if status in _TEMPORARY else None,
            broken=status in _BROKEN or 300 <= status < 400,
            # An overloaded receiver says so before it does anything.
            perhaps_taken=status >= 500 and status != 503,
        )

    def _text(self, response: requests.Response, deadline: float) -> str:
        """The beginning of the body. What was answered counts, whether or not the rest of it comes."""
        body = b""
        try:
            for part in response.iter_content(1024):
                body += part
                if len(body) >= _BODY_BYTES or time.monotonic() > deadline:
                    break
        except requests.exceptions.RequestException:
            pass
        return printable(body[:_BODY_BYTES].decode("utf-8", "replace")).strip()

    def _away(self, what: str, perhaps_taken: bool = False) -> DeliveryError:
        return DeliveryError(f"{self.where}: {what}", temporary=True, perhaps_taken=perhaps_taken)

    def close(self) -> None:
        self._session.close()


def quiet_logs() -> None:
    """The libraries' own logs have the path of every request, which is where Slack and others have the secret."""
    for name in ("urllib3", "urllib3.connectionpool", "requests"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(cause, (NewConnectionError, ProxyError))


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def seconds_until(retry_after: str | None) -> float | None:
    """A Retry-After header: seconds, or a date."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return max(0.0, (at - datetime.now(timezone.utc)).total_seconds())
