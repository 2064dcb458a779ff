"""Requests to an API: one host, few of them, patient where it asks for patience, and within the time for looking.

No message here holds a user, a password, or a query of a URL, since any of them may be a secret; nor a header that was sent.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import requests

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten
from pipegen.core.spec.remote_url import RemoteUrl
from pipegen.probe import rest_refusals as refusals
from pipegen.probe.look import Look
from pipegen.probe.rest_in_time import InTime

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
MOST_BYTES = 16 << 20
_WAITS = 2  # times that one request is sent again
_LONGEST_WAIT = 30.0
_REDIRECTS = 5
_CHUNK = 1 << 16
_AGAIN = (429, 502, 503, 504)
_PORTS = {"http": 80, "https": 443}

Params = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back: ``kind`` is its content type, ``url`` where it came from, for the probe alone."""

    status: int
    kind: str
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def is_page(self) -> bool:
        """Whether it is made for a browser."""
        return "html" in self.kind or self.body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


class Client:
    """An API, below its URL; each request has the URL's own parameters and the headers of the look."""

    def __init__(self, url: RemoteUrl, look: Look, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = url
        self.base = f"{url.scheme}://{url.hosts}{'/' + url.path.rstrip('/') if url.path.rstrip('/') else ''}"
        self.has_auth = bool(look.auth or url.login)
        self._own = parse_qsl(url.query, keep_blank_values=True)
        self._look = look
        self._sleep = sleep
        self._session = requests.Session()
        self._requests = InTime()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, self._requests)
        self._session.headers.update({"User-Agent": "pipegen", "Accept": "application/json, */*;q=0.5", **look.auth})
        user, _, password = url.login.partition(":")
        # Without a login of its own a request would take one from the netrc file in place of the header that was said.
        self._session.auth = (unquote(user), unquote(password)) if url.login else _as_it_is

    def close(self) -> None:
        self._session.close()

    def address(self, path: str) -> str:
        """The URL of a path below the API's, or a whole URL as it is."""
        return path if "://" in path else f"{self.base}/{path}" if path else self.base

    def shown(self, path: str = "") -> str:
        """Where something lies, as a message may say it."""
        parts = urlsplit(self.address(path))
        host = parts.netloc.rpartition("@")[2]
        return f"`{shorten(f'{parts.scheme}://{host}{parts.path}', 120)}`"

    def same_host(self, url: str, *, upgraded: bool = False) -> bool:
        """Whether a URL leads to the API's own host and port; ``upgraded``: or to its host by https in place of http."""
        own, other = _origin(self.base), _origin(url)
        if own is None or other is None or own[1] != other[1]:
            return False
        return own == other or (upgraded and (own[0], other[0]) == ("http", "https"))

    def get(self, path: str, params: Params = ()) -> Answer:
        """The answer to a request, whatever its status.

        Raises:
            SourceError: there is none: no host, no way in, no time, too much of it, or it stays busy.
        """
        url = self.address(path)
        said = list(params)
        there = {name for name, _ in [*parse_qsl(urlsplit(url).query, keep_blank_values=True), *said]}
        said += [(name, value) for name, value in self._own if name not in there]
        for wait in range(_WAITS + 1):
            answer = self._followed(url, said, path)
            if answer.status not in _AGAIN or wait == _WAITS or not self._wait(answer, wait):
                break
        if answer.status == 429:
            raise refusals.too_many(self.shown(path), answer.headers.get("Retry-After"))
        return answer

    def _wait(self, answer: Answer, times: int) -> bool:
        """Wait as long as an answer asks; False where that is too long."""
        seconds = _asked_to_wait(answer.headers.get("Retry-After"), 0.5 * 2**times)
        if seconds > min(_LONGEST_WAIT, self._look.left()):
            return False
        self._sleep(seconds)
        return True

    def _followed(self, url: str, params: list[tuple[str, str]], path: str) -> Answer:
        for _ in range(_REDIRECTS):
            answer = self._once(url, params, path)
            to = answer.headers.get("Location")
            if answer.status not in (301, 302, 303, 307, 308) or not to:
                return answer
            there = led_to(answer.url, to)
            if there is None:
                raise refusals.nowhere(self.shown(path))
            url, params = there, []
            if not self.same_host(url, upgraded=True):
                raise refusals.elsewhere(self.shown(path), self.shown(url))
        raise refusals.in_circles(self.shown(path))

    def _once(self, url: str, params: list[tuple[str, str]], path: str) -> Answer:
        left = self._look.left()
        if left <= 0:
            raise refusals.no_time(self.shown(path))
        timeout = (min(CONNECT_SECONDS, left), min(ANSWER_SECONDS, left))
        try:
            with (
                self._requests.cut_after(left),
                self._session.get(url, params=params, timeout=timeout, stream=True, allow_redirects=False) as got,
            ):
                return Answer(
                    got.status_code, got.headers.get("Content-Type", "").lower(), got.headers, self._body(got), got.url
                )
        except SourceError:
            raise
        except (requests.RequestException, OSError, ValueError) as error:
            if self._look.is_over:
                raise refusals.no_time(self.shown(path)) from None
            raise refusals.no_answer(self.shown(path), error) from None

    def _body(self, got: requests.Response) -> bytes:
        """The body, no longer than ``MOST_BYTES`` once it is unpacked, and no later than the time for looking."""
        body = bytearray()
        for chunk in got.iter_content(_CHUNK):
            body += chunk
            if len(body) > MOST_BYTES:
                raise refusals.too_large(self.shown(got.url), MOST_BYTES)
        if self._look.is_over:  # what was cut may look whole
            raise refusals.no_time(self.shown(got.url))
        return bytes(body)


def led_to(at: str, to: str) -> str | None:
    """Where a URL, whole or in part, leads from the address that it was found at; None where nobody can tell."""
    try:
        url = urljoin(at, to)
        _ = urlsplit(url).port
    except ValueError:
        return None
    return url if url.isprintable() and "\\" not in url else None  # a backslash is read in two ways


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port of a URL."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _asked_to_wait(said: str | None, otherwise: float) -> float:
    """Seconds that ``Retry-After`` asks for: a number, or a date."""
    if said is None:
        return otherwise
    if re.fullmatch(r"[0-9]{1,9}", said.strip()):
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, OSError):
        return otherwise
