"""Requests to an API: where it is and with which token, how often, and what is said when it refuses.

What fails for a while is asked again by dlt's client: a status of 429 or 5xx, after what `Retry-After` says, and no answer.
No message holds the token, nor the parameters of the API's URL, nor anything of a row.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit, urlunsplit

import requests
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client import RESTClient
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth

from ingest import settings
from ingest.declaration import LoadError, Source, SourceDown

ATTEMPTS = 5
LONGEST_PAUSE = 300  # seconds between two attempts, whatever `Retry-After` says
CONNECT_SECONDS, ANSWER_SECONDS = 10, 120


@dataclass(frozen=True)
class Address:
    """Where an API is: `url` without what is secret of it, `parameters` and `login` what is."""

    url: str
    parameters: dict[str, str] = field(repr=False)
    login: AuthBase | None = field(repr=False)

    def holds(self, url: str) -> bool:
        """Whether another URL is of the same server, so that it may have the token."""
        return _server(self.url) == _server(url)


def _server(url: str) -> tuple[str, str | None, int | None]:
    at = urlsplit(url)
    try:
        return at.scheme, at.hostname, at.port or {"http": 80, "https": 443}.get(at.scheme)
    except ValueError:  # a port that is none
        return "", None, None


def address(source: Source) -> Address:
    """The address in the source's variable. LoadError, with no part of it, where it is none."""
    try:
        at = urlsplit(source.url())
        host, port = at.hostname, at.port
    except ValueError:
        host = port = None
    if host is None or at.scheme not in ("http", "https"):
        raise LoadError(
            f"{source.id}: {source.url_env} holds no address of an API: https://HOST/PATH"
        )
    shown = f"[{host}]" if ":" in host else host
    login = HTTPBasicAuth(unquote(at.username), unquote(at.password or "")) if at.username else None
    where = urlunsplit(
        (at.scheme, f"{shown}:{port}" if port else shown, at.path.rstrip("/"), "", "")
    )
    return Address(where, dict(parse_qsl(at.query, keep_blank_values=True)), login)


class _NoLogin(AuthBase):
    """Where nothing is said, requests would take what ~/.netrc says of the host, in the place of the token."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Paced(HTTPAdapter):
    """Sends no request sooner than so many seconds after the last one, whichever process of this machine sent that."""

    def __init__(self, source: Source):
        super().__init__()
        self._seconds = source.request_seconds
        self._file = settings.work_path().parent / f"{settings.environment()}-{source.id}.pace"

    def send(self, *given: Any, **more: Any) -> requests.Response:
        if self._seconds:
            self._wait()
        return super().send(*given, **more)

    def _wait(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            last = float(file.read() or 0)
            now = time.time()
            turn = min(
                max(now, last + self._seconds), now + self._seconds
            )  # a clock may be set back
            file.truncate(0)
            file.write(repr(turn))
            file.flush()
        time.sleep(max(0.0, turn - now))


class _Client(RESTClient):
    """Reads no answer by itself: pages are read with all digits, by what pages them."""

    def extract_response(self, response: requests.Response, data_selector: Any) -> list[Any]:
        return []


def _passes(response: requests.Response | None, error: BaseException | None) -> bool:
    """Whether it may go better next time; a certificate will be no better."""
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing) and not _distrusted(error)


def _distrusted(error: BaseException) -> bool:
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE" in str(error)


def client(source: Source, at: Address) -> RESTClient:
    """dlt's client of the API, with the source's token."""
    made = Client(
        raise_for_status=False,
        request_timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
        request_max_attempts=ATTEMPTS,
        request_max_retry_delay=LONGEST_PAUSE,
        exceptions=(),
        retry_condition=_passes,
    )
    session = made.session
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Paced(source))
    headers = {"Accept": "application/json"}
    token = source.token()
    if not (token.isascii() and token.isprintable()):
        raise LoadError(f"{source.id}: {source.auth_env} holds a line break, or what no token has")
    if token:
        named = source.auth_header or "Authorization"
        headers[named] = token if source.auth_header else f"Bearer {token}"
    return _Client(at.url, headers=headers, auth=at.login or _NoLogin(), session=session)


@contextmanager
def faults_of(source: Source, path: str) -> Iterator[None]:
    """What went wrong with a request, as a LoadError that keeps every secret."""
    place = f"{source.id}: GET {path}"
    try:
        yield
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        kind = SourceDown if status in (401, 429) or status >= 500 else LoadError
        raise kind(f"{place}: {_told(source, status)}") from None
    except requests.Timeout:
        raise SourceDown(
            f"{place}: no answer in {ANSWER_SECONDS} seconds, {ATTEMPTS} times"
        ) from None
    except requests.ConnectionError as error:
        if _distrusted(error):
            raise SourceDown(f"{place}: its certificate is not to be trusted") from None
        raise SourceDown(
            f"{place}: the server is not to be reached, {ATTEMPTS} times; look at {source.url_env}"
        ) from None
    except requests.exceptions.ChunkedEncodingError as error:  # it broke off
        raise SourceDown(f"{place}: {type(error).__name__}, {ATTEMPTS} times") from None
    except requests.RequestException as error:
        raise LoadError(f"{place}: {type(error).__name__}") from None


def _told(source: Source, status: int) -> str:
    if status in (401, 403):
        lacks = (
            f"look at {source.auth_env}"
            if source.auth_env
            else "it asks for a token: say `auth_env` of the source in pipegen.yml"
        )
        return f"the API refuses access (status {status}); {lacks}"
    if status in (404, 410):
        return f"the API has no such place (status {status}); look at {source.url_env}"
    if status == 429:
        return (
            f"the API still says that there are too many requests, {ATTEMPTS} times (status 429); "
            "say its `rate_limit` in pipegen.yml"
        )
    if status >= 500:
        return f"the API fails (status {status}), {ATTEMPTS} times"
    return f"the API does not take the request (status {status}); look at {source.url_env}"


def judge(at: Address) -> Any:
    """A hook for each answer: refusals are raised, and no token follows a redirect to another server."""

    def hook(response: requests.Response, *given: Any, **more: Any) -> None:
        target = response.headers.get("Location", "")
        if response.is_redirect and not at.holds(urljoin(response.url, target)):
            host = urlsplit(urljoin(response.url, target)).hostname
            raise LoadError(
                f"the API redirects to another server, {host}: name that one, if it is right"
            )
        if response.status_code >= 400:
            raise requests.HTTPError(response=response)

    return hook
