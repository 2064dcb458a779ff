"""Which tables an API has: by its document, by the links that it lists, by what people named, or its URL is one itself."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from pipegen.core.errors import SourceError
from pipegen.probe import rest_openapi as openapi
from pipegen.probe import rest_refusals as refusals
from pipegen.probe.json_rows import parsed
from pipegen.probe.look import Look
from pipegen.probe.rest_client import Answer, Client, led_to
from pipegen.probe.rest_openapi import Document, Listing, NoDocumentError
from pipegen.probe.rest_records import find_rows

_DOCUMENT_NAME = re.compile(r"(^|/)(openapi|swagger|api-docs)[^/]*$|\.ya?ml$", re.IGNORECASE)
_LINK_NAMES = ("url", "href", "link")


@dataclass(frozen=True)
class Candidate:
    """What may be a table: ``path`` behind the API's URL, and how it is known; ``listing`` where a document tells of it."""

    name: str
    path: str
    how: str
    listing: Listing | None = None


@dataclass(frozen=True)
class Found:
    """The tables of an API, and what its document says of the whole."""

    candidates: tuple[Candidate, ...]
    version: str | None = None
    wanted: str | None = None


def read_json(answer: Answer, where: str) -> Any:
    """The body of an answer.

    Raises:
        SourceError: it is no JSON.
    """
    if answer.is_page:
        raise refusals.web_page(where)
    try:
        return parsed(answer.body)
    except (ValueError, RecursionError):
        told = "json" in answer.kind
        raise refusals.broken_json(where) if told else refusals.no_json(where, answer.kind) from None


def discover(client: Client, look: Look) -> Found:
    """The tables of an API.

    Raises:
        SourceError: it does not answer, lets nobody in, or no table of it is known.
    """
    look.progress("asking the API what it is")
    base = client.get("")
    found = _own_document(client, base)
    if found is not None:
        return found
    body = _json_or_none(base)
    links = list(_links(client, body, base.url)) if body is not None else []
    own = _last(client.url.path)
    is_table = body is not None and not links and own != "" and find_rows(body, own) is not None
    if is_table and (look.tables is None or own in look.tables):
        return Found((Candidate(own, "", "its answers"),))
    found = _document_nearby(client, base, look)
    if found is not None:
        return found if look.tables is None else replace(found, candidates=_with_named(found.candidates, look.tables))
    asked = look.tables if look.tables is not None else look.named
    if asked:
        by_name = {c.name: c for c in links}
        return Found(tuple(by_name.get(name) or Candidate(name, name.strip("/"), "its answers") for name in asked))
    if links:
        return Found(_apart(links))
    raise _nothing(client, base)


def _nothing(client: Client, base: Answer) -> SourceError:
    """Why no table is known."""
    where = client.shown()
    if base.status in (404, 405, 410):
        return refusals.no_tables(where)
    if base.status >= 400:
        return refusals.status(where, base.status, has_auth=client.has_auth)
    try:
        read_json(base, where)
    except SourceError as error:
        return error
    return refusals.no_rows(where)


def _json_or_none(answer: Answer) -> Any:
    if answer.status >= 300 or answer.is_page:
        return None
    try:
        return parsed(answer.body)
    except (ValueError, RecursionError):
        return None


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


# -- documents -----------------------------------------------------------------------------------------------------------


def _own_document(client: Client, base: Answer) -> Found | None:
    """What the document at the URL itself tells; None where none lies there.

    Raises:
        SourceError: it is called a document and is none, or tells of an API on another host.
    """
    is_named = _DOCUMENT_NAME.search(client.url.path) is not None
    if base.status >= 300:
        if is_named:
            raise refusals.status(client.shown(), base.status, has_auth=client.has_auth)
        return None
    try:
        document = openapi.read(openapi.parse(base.body))
    except NoDocumentError as error:
        if is_named:
            raise (
                refusals.web_page(client.shown()) if base.is_page else refusals.no_openapi(client.shown(), str(error))
            ) from None
        return None
    hosts = [urlsplit(f"//{host}").hostname for host in document.hosts]
    if hosts and urlsplit(client.base).hostname not in hosts:
        place = f"{client.url.scheme}://{document.hosts[0]}/{document.server}".rstrip("/")
        message = f"the API that {client.shown()} describes is at `{place}`, on another host"
        raise SourceError(
            message, hint="give that URL; its tables are those of its own document, or named with --table"
        )
    directory = client.url.path.rpartition("/")[0]
    return _of_document(client, document, _last(client.url.path), document.server or directory, within=False)


def _document_nearby(client: Client, base: Answer, look: Look) -> Found | None:
    """What the document that lies below the URL, at its host's root, or where an answer links to it, tells."""
    root = f"{urlsplit(client.base).scheme}://{client.url.hosts}"
    linked = re.search(r'<([^>]+)>\s*;[^,]*\brel="?service-desc"?', base.headers.get("Link", ""))
    places = [there] if linked and (there := led_to(base.url, linked[1])) else []
    places += [client.address(place) for place in openapi.PLACES]
    places += [f"{root}/{place}" for place in openapi.AT_ROOT] if client.url.path.strip("/") else []
    for place in dict.fromkeys(p for p in places if client.same_host(p)):
        if look.is_over:
            break
        try:
            answer = client.get(place)
            parsed = openapi.parse(answer.body) if answer.status == 200 and not answer.is_page else None
        except (NoDocumentError, SourceError):
            continue
        if parsed is not None:
            document = openapi.read(parsed)
            return _of_document(client, document, _last(urlsplit(place).path), _server(client, document), within=True)
    return None


def _server(client: Client, document: Document) -> str:
    """The path that a document's paths lie below: as it says, unless that has nothing to do with the URL that was given."""
    own, said = client.url.path.strip("/"), document.server
    related = f"{own}/".startswith(f"{said}/") or f"{said}/".startswith(f"{own}/") or not own
    return said if said and related else own


def _of_document(client: Client, document: Document, name: str, server: str, *, within: bool) -> Found:
    made = [
        Candidate(
            listing.short, _behind(client, f"/{server.strip('/')}/{listing.path}"), f"{name}, and its answers", listing
        )
        for listing in document.listings
    ]
    inside = [c for c in made if not c.path.startswith("../")]
    chosen = inside if within and inside else made
    if not chosen:
        hint = "name the paths to load with --table; a list is a GET with no parameter in its path that answers with objects"
        raise SourceError(f"the document of {client.shown()} (`{name}`) tells of no path that lists rows", hint=hint)
    return Found(_apart(chosen), document.version, document.wanted)


def _apart(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Tables by the last part of their path; where two share it, by the whole path."""
    shared = Counter(c.name for c in candidates)
    named = [c if shared[c.name] == 1 else replace(c, name=c.path.strip("/") or c.name) for c in candidates]
    return tuple({c.name: c for c in sorted(named, key=lambda c: c.name)}.values())


def _with_named(candidates: Sequence[Candidate], asked: Sequence[str]) -> tuple[Candidate, ...]:
    """Tables that a document tells of may be named by their path as well."""
    by_path = {c.path.strip("/"): c for c in candidates}
    aliases = [replace(by_path[name.strip("/")], name=name) for name in asked if name.strip("/") in by_path]
    return tuple({c.name: c for c in (*candidates, *aliases)}.values())


def _behind(client: Client, path: str) -> str:
    """A path of the host as one behind the API's URL; ``../`` leads out of it."""
    clean = posixpath.normpath(path)
    own = "/" + client.url.path.strip("/")
    relative = posixpath.relpath(clean, own)
    return ("" if relative == "." else relative) + ("/" if path.endswith("/") and relative != "." else "")


# -- links ---------------------------------------------------------------------------------------------------------------


def _links(client: Client, body: Any, at: str) -> Iterator[Candidate]:
    """The tables that an answer lists the links of: an object of URLs, or a list of names with URLs."""
    for name, url in _named_urls(body):
        whole = led_to(f"{at.partition('?')[0].rstrip('/')}/", url)
        if "{" not in url and whole is not None and client.same_host(whole):
            path = urlsplit(whole).path
            yield Candidate(name, _behind(client, path), "its answers")


def _named_urls(body: Any) -> Iterator[tuple[str, str]]:
    rows = body.get("value") if isinstance(body, Mapping) and isinstance(body.get("value"), list) else body
    if isinstance(rows, list):
        pairs = [(row.get("name"), _link(row)) for row in rows if isinstance(row, Mapping) and len(row) <= 5]
        if len(pairs) == len(rows):
            yield from ((str(name), url) for name, url in pairs if name and url)
        return
    if not isinstance(body, Mapping):
        return
    for group in (body.get("_links"), body.get("links"), body):
        if isinstance(group, Mapping):
            for name, value in group.items():
                url = _link(value) if isinstance(value, Mapping) else value
                if (
                    isinstance(url, str)
                    and url.startswith(("http://", "https://", "/"))
                    and name not in ("self", "next", "first", "profile")
                ):
                    yield str(name), url


def _link(value: Mapping[str, Any]) -> str | None:
    return next((value[name] for name in _LINK_NAMES if isinstance(value.get(name), str)), None)
