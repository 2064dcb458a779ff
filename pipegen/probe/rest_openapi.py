"""An API's document of itself, OpenAPI 3 or Swagger 2: what it lists, what its rows hold, how they are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import yaml

from pipegen.core.names import shorten
from pipegen.core.spec import address
from pipegen.probe.rest_parameters import Parameter
from pipegen.probe.rest_records import Rows, find_rows
from pipegen.probe.rest_schema import DeclaredColumn, columns, example, kind, resolve, row_at

# Where APIs put it, below their own URL; the first two at the root of the host as well.
PLACES = ("openapi.json", "swagger.json", "openapi.yaml", "v3/api-docs", "swagger/v1/swagger.json", "api-docs")
AT_ROOT = PLACES[:2]


class NoDocumentError(Exception):
    """What was read is no document of an API: why."""


@dataclass(frozen=True)
class Listing:
    """A path that lists rows: ``path`` as the document has it, without its first slash; ``body`` the shape of an answer.

    ``own_key`` is the parameter of the path of one row, ``id`` of ``orders/{id}``.
    """

    path: str
    found: Rows
    body: Any
    columns: tuple[DeclaredColumn, ...]
    parameters: tuple[Parameter, ...]
    own_key: str | None = None

    @property
    def short(self) -> str:
        """The last part of the path."""
        return self.path.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True)
class Document:
    """What a document tells of its API; ``server`` is the path that all paths lie below, ``hosts`` where it is said to run."""

    version: str | None
    server: str
    hosts: tuple[str, ...]
    listings: tuple[Listing, ...]
    wanted: str | None


class _Yaml(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without what its version 1.2 has no more: ``yes`` is a text, and so is a day."""


_Yaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in its if not tag.endswith((":timestamp", ":bool"))]
    for first, its in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Yaml.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|false|True|False|TRUE|FALSE)$"), list("tTfF")
)


def parse(body: bytes) -> dict[str, Any]:
    """A document's text, JSON or YAML, as an object that says it is one.

    Raises:
        NoDocumentError: it is none, and why.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoDocumentError("it is no text in UTF-8") from None
    try:
        found = json.loads(text) if text.lstrip()[:1] in ("{", "[") else yaml.load(text, Loader=_Yaml)  # noqa: S506
    except (ValueError, yaml.YAMLError, RecursionError):
        raise NoDocumentError("it can be read neither as JSON nor as YAML") from None
    if not isinstance(found, dict):
        raise NoDocumentError("it is no object")
    version = str(found.get("openapi") or found.get("swagger") or "")
    if not version:
        raise NoDocumentError("neither `openapi` nor `swagger` is a key of it")
    if not version.startswith(("3.", "2.")):
        raise NoDocumentError(f"its version is `{shorten(version, 20)}`")
    if not isinstance(found.get("paths"), dict):
        raise NoDocumentError("it has no `paths`")
    return found


def read(document: Mapping[str, Any]) -> Document:
    """What a parsed document tells."""
    info = document.get("info")
    version = info.get("version") if isinstance(info, Mapping) else None
    server, hosts = _servers(document)
    return Document(
        version=str(version) if version is not None else None,
        server=server,
        hosts=hosts,
        listings=tuple(_listings(document)),
        wanted=_wanted(document),
    )


def _servers(document: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    if "swagger" in document:
        host, base = str(document.get("host") or ""), str(document.get("basePath") or "")
        return base.strip("/"), (host,) if host and _split(f"//{host}") else ()
    servers = document.get("servers")
    urls = [str(s.get("url") or "") for s in servers if isinstance(s, Mapping)] if isinstance(servers, list) else []
    parts = [part for part in map(_split, urls) if part is not None]
    first = parts[0].path.strip("/") if parts else ""
    hosts = tuple(dict.fromkeys(part.netloc for part in parts if part.netloc))
    return "" if "{" in first else first, hosts


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _listings(document: Mapping[str, Any]) -> Iterator[Listing]:
    paths: Mapping[str, Any] = document["paths"]
    for raw, item in sorted((str(p), i) for p, i in paths.items() if isinstance(i, Mapping)):
        operation = item.get("get")
        if "{" in raw or not isinstance(operation, Mapping) or operation.get("deprecated") is True:
            continue
        parameters = list(_parameters([item.get("parameters"), operation.get("parameters")], document))
        schema = _answer(operation, document)
        if schema is None or any(p.required for p in parameters):
            continue
        body = example(schema, document)
        path = raw.strip("/")
        found = find_rows(body, path)
        if found is None or not found.rows:
            continue
        row = row_at(schema, address.parse(found.path) if found.path else [], document)
        its = tuple(columns(row, document))
        if its:
            yield Listing(raw.removeprefix("/"), found, body, its, tuple(parameters), _own_key(path, paths))


def _answer(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """The schema of what a request gives that went well; None where there is none in JSON."""
    responses = operation.get("responses")
    if not isinstance(responses, Mapping):
        return None
    codes = {str(code): said for code, said in responses.items()}
    code = next((c for c in ("200", "2XX", "2xx", "206", "default") if c in codes), None)
    response = resolve(codes.get(code or ""), document)
    if "schema" in response:
        return response["schema"]
    content = response.get("content")
    kinds = {str(type_): media for type_, media in content.items()} if isinstance(content, Mapping) else {}
    for type_, media in sorted(kinds.items()):
        if ("json" in type_ or type_ == "*/*") and isinstance(media, Mapping):
            return media.get("schema")
    return None


def _parameters(lists: Sequence[Any], document: Mapping[str, Any]) -> Iterator[Parameter]:
    """The query parameters; a required one of a page or a number is none that keeps from asking."""
    for said in (one for some in lists if isinstance(some, list) for one in some):
        found = resolve(said, document)
        if found.get("in") != "query" or not found.get("name"):
            continue
        schema = resolve(found.get("schema"), document) if "schema" in found else found
        yield Parameter(
            name=str(found["name"]),
            type=kind(schema),
            format=str(schema.get("format") or ""),
            default=_number(schema.get("default")),
            minimum=_number(schema.get("minimum")),
            maximum=_number(schema.get("maximum")),
            required=found.get("required") is True and "default" not in schema,
        )


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else None


def _own_key(path: str, paths: Mapping[str, Any]) -> str | None:
    """What tells one row from the others in a path: ``orderId`` of ``/orders/{orderId}``."""
    for other in paths:
        match = re.fullmatch(rf"{re.escape(path)}/\{{([^{{}}/]+)\}}", str(other).strip("/"))
        if match:
            return match[1]
    return None


def _wanted(document: Mapping[str, Any]) -> str | None:
    """How the API wants to know who asks, as its document says it."""
    components = document.get("components")
    schemes = (
        components.get("securitySchemes") if isinstance(components, Mapping) else document.get("securityDefinitions")
    )
    found = []
    for scheme in schemes.values() if isinstance(schemes, Mapping) else ():
        if not isinstance(scheme, Mapping):
            continue
        type_, how = str(scheme.get("type")), str(scheme.get("scheme") or "").lower()
        if type_ == "http":
            found.append(
                "a user and a password in its URL" if how == "basic" else f"a token as `Authorization: {how.title()}`"
            )
        elif type_ == "basic":
            found.append("a user and a password in its URL")
        elif type_ == "apiKey" and scheme.get("in") in ("header", "query"):
            where = "header" if scheme["in"] == "header" else "parameter"
            found.append(f"a key in the {where} `{shorten(str(scheme.get('name')), 40)}`")
        elif type_ in ("oauth2", "openIdConnect"):
            found.append("a token of OAuth 2 as `Authorization: Bearer`")
    return " or ".join(dict.fromkeys(found)) or None
