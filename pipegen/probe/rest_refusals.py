"""What to say of an API that cannot be read: each case its own sentence, and what to do."""

from __future__ import annotations

import requests

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten

AUTH_HINT = (
    "name the variable that holds its token in the spec: `auth_env`, and set it; "
    "`auth_header` where it is not `Authorization: Bearer`"
)
_NO_HOST = ("failed to resolve", "name or service not known", "nodename nor servname", "no address associated",
            "temporary failure in name resolution", "getaddrinfo failed", "name resolution")  # fmt: skip
_CLOSED = ("connection refused", "actively refused")
_BROKE = (
    "remote end closed",
    "connection reset",
    "connection aborted",
    "incompleteread",
    "connection broken",
    "broken pipe",
)


def no_answer(where: str, error: Exception) -> SourceError:
    """There was no answer; the text of an error may hold a query, so none of it is shown."""
    low = str(error).lower()
    if isinstance(error, requests.exceptions.SSLError) or "certificate" in low:
        return _tls(where, low)
    if isinstance(error, requests.exceptions.ProxyError):
        return SourceError(
            f"the proxy on the way to {where} lets nothing through", hint="see `HTTPS_PROXY` and `NO_PROXY`"
        )
    if any(word in low for word in _NO_HOST):
        return SourceError(
            f"the host of {where} is not known", hint="is it spelt right, and is the name known on this machine?"
        )
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in low:
        return SourceError(
            f"{where} does not answer in time", hint="is the host right, and does a firewall let this machine through?"
        )
    if any(word in low for word in _CLOSED):
        return SourceError(f"nothing answers at {where}", hint="see that it runs, and that host and port are right")
    if isinstance(error, requests.exceptions.ContentDecodingError):
        hint = "a proxy on the way may have broken it; `curl --compressed` shows what comes"
        return SourceError(f"the answer of {where} is not compressed as it says", hint=hint)
    if any(word in low for word in _BROKE):
        return SourceError(
            f"{where} closed the connection without an answer", hint="try again; an `https` API does so to `http`"
        )
    return SourceError(f"{where} cannot be asked: {type(error).__name__}", hint="`curl` with the same URL may say more")


def _tls(where: str, low: str) -> SourceError:
    if "wrong version number" in low or "record layer" in low or "http request" in low:
        return SourceError(
            f"{where} speaks no TLS", hint="try `http://` in place of `https://`, on a network that is trusted"
        )
    why = "is for another host" if "hostname mismatch" in low or "doesn't match" in low else "is trusted by nobody here"
    why = "has expired" if "expired" in low else why
    hint = "where your own authority signed it, `REQUESTS_CA_BUNDLE` names the file of its certificates"
    return SourceError(f"the certificate of {where} {why}", hint=hint)


def status(where: str, code: int, *, has_auth: bool, wanted: str | None = None) -> SourceError:
    """An answer that is none: ``wanted`` is what the API says that it takes for a login."""
    asks = f"; it says that it takes {wanted}" if wanted else ""
    if code == 401 and not has_auth:
        return SourceError(f"{where} wants a login (401)", hint=f"{AUTH_HINT}{asks}")
    if code == 401:
        return SourceError(
            f"{where} refuses the token", hint=f"is it the right one, and still valid? {AUTH_HINT}{asks}"
        )
    if code == 403:
        with_it = "the token may not read" if has_auth else "nobody without a token may read"
        hint = "ask its owner for the right to read" if has_auth else f"{AUTH_HINT}{asks}"
        return SourceError(f"{with_it} {where}", hint=hint)
    if code in (404, 410):
        return SourceError(
            f"there is nothing at {where}", hint="is the path right, its version too? a table is a path below the URL"
        )
    if code in (503, 504, 502):
        return SourceError(f"{where} is busy or down: it answers {code}, again and again", hint="try again later")
    if code >= 500:
        return SourceError(
            f"{where} fails: it answers {code}", hint="its own log says why; leave that table out, or try again later"
        )
    return SourceError(f"{where} answers {code}", hint="`curl` with the same URL may say more")


def too_many(where: str, retry_after: str | None) -> SourceError:
    asks = (
        f"it asks to wait {shorten(retry_after, 40)}{' s' if retry_after.isdigit() else ''}"
        if retry_after
        else "it does not say until when"
    )
    return SourceError(
        f"{where} has had too many requests: {asks}",
        hint="try again then; `rate_limit` in the spec says what it allows",
    )


def too_large(where: str, most: int) -> SourceError:
    hint = "is there an endpoint that gives rows a page at a time? a file of this size is a source of its own"
    return SourceError(f"the answer of {where} is larger than {most >> 20} MB", hint=hint)


def no_time(where: str) -> SourceError:
    return SourceError(
        f"the time for looking was up before {where} had answered", hint="name fewer tables with --table"
    )


def elsewhere(where: str, to: str) -> SourceError:
    return SourceError(
        f"{where} leads to another host, {to}", hint="a token is not sent there; give that URL if it is the right one"
    )


def nowhere(where: str) -> SourceError:
    return SourceError(f"{where} leads to what is no URL", hint="`curl -I` shows it; its owner must mend it")


def in_circles(where: str) -> SourceError:
    return SourceError(
        f"{where} leads from one place to another and never to an answer", hint="`curl -IL` shows the way"
    )


def web_page(where: str) -> SourceError:
    hint = (
        "is this the API, or its website, or a login page? an API's URL is often `https://api.…` or ends in `/api/v1`"
    )
    return SourceError(f"{where} answers with a web page, not with JSON", hint=hint)


def no_json(where: str, kind: str) -> SourceError:
    named = f", but `{shorten(kind.partition(';')[0], 40)}`" if kind and "json" not in kind else ""
    hint = "only APIs that answer in JSON can be read; is there a parameter that asks for it, like `?format=json`?"
    return SourceError(f"the answer of {where} is no JSON{named}", hint=hint)


def broken_json(where: str) -> SourceError:
    hint = "is it cut off? `curl` with the same URL shows what comes"
    return SourceError(f"the answer of {where} says that it is JSON, and cannot be read as JSON", hint=hint)


def no_rows(where: str) -> SourceError:
    hint = "a table is where an API lists many of a thing: name its path with --table, or give the URL of its OpenAPI document"
    return SourceError(f"the answer of {where} holds no list of rows", hint=hint)


def no_tables(where: str) -> SourceError:
    hint = "name the paths to load with --table, for example `--table orders`; or give the URL of its OpenAPI document"
    return SourceError(f"{where} has no document of itself and lists nothing, so its tables are not known", hint=hint)


def no_openapi(where: str, why: str) -> SourceError:
    hint = "an OpenAPI 3 or Swagger 2 document in JSON or YAML is expected; or give the API's own URL"
    return SourceError(f"{where} is no OpenAPI document: {why}", hint=hint)


def endless(where: str) -> SourceError:
    hint = "a load would never end: see how its pages are asked for, or leave that table out"
    return SourceError(f"{where} has no last page: the next one is the same, and points to itself", hint=hint)


def next_elsewhere(where: str, to: str) -> SourceError:
    hint = "a token is not sent there; give the URL of that host if it is the right one"
    return SourceError(f"the next page of {where} is said to lie at another host, {to}", hint=hint)
