"""What an API of :mod:`tests.rest_server` says of itself: an OpenAPI 3.0 or a Swagger 2 document, made from its tables."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML

Schema = dict[str, Any]
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def openapi(
    tables: Mapping[str, Any], style: str, parameters: Sequence[str], schemas: Mapping[str, Any], base: str
) -> Schema:
    """An OpenAPI 3.0 document; each table has a schema of its own, and a path for one row of it."""
    paths: Schema = {}
    for table in tables:
        content = {"application/json": {"schema": _answer(table, style, "#/components/schemas/")}}
        asked = [{"name": p, "in": "query", "schema": _parameter(p)} for p in parameters if p]
        paths[f"/{table}"] = {
            "get": {"parameters": asked, "responses": {"200": {"description": "", "content": content}}}
        }
        paths[f"/{table}/{{id}}"] = {"get": {"responses": {"200": {"description": "", "content": content}}}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "An API", "version": "1"},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": {name: schemas.get(name) or _of_rows(rows) for name, rows in tables.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def swagger(
    tables: Mapping[str, Any], style: str, parameters: Sequence[str], schemas: Mapping[str, Any], url: str
) -> Schema:
    """The same as a Swagger 2 document, with a token in a header."""
    paths: Schema = {}
    for table in tables:
        answer = {"200": {"description": "", "schema": _answer(table, style, "#/definitions/")}}
        asked = [{"name": p, "in": "query", **_parameter(p)} for p in parameters if p]
        paths[f"/{table}"] = {"get": {"parameters": asked, "responses": answer}, "post": {"responses": {}}}
    scheme, _, rest = url.partition("://")
    host, _, base = rest.partition("/")
    return {
        "swagger": "2.0", "info": {"title": "An API", "version": "1"}, "host": host, "basePath": f"/{base}",
        "schemes": [scheme], "paths": paths,
        "definitions": {name: schemas.get(name) or _of_rows(rows) for name, rows in tables.items()},
        "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}},
    }  # fmt: skip


def as_yaml(document: Schema) -> str:
    out = io.StringIO()
    YAML(typ="safe").dump(document, out)
    return out.getvalue()


def _parameter(name: str) -> Schema:
    if name in ("cursor",):
        return {"type": "string"}
    if "since" in name or "after" in name:
        return {"type": "string", "format": "date-time"}
    size = {"maximum": 100, "default": 50} if name in ("limit", "per_page", "size", "$top") else {}
    return {"type": "integer", **size}


def _answer(table: str, style: str, at: str) -> Schema:
    """The schema of an answer that lists a table."""
    rows: Schema = {"type": "array", "items": {"$ref": f"{at}{table.replace('/', '~1')}"}}
    number, text = {"type": "integer"}, {"type": "string"}
    if style in ("list", "link"):
        return rows
    shapes: dict[str, Schema] = {
        "page": {"data": rows, "total": number, "page": number},
        "same": {"data": rows, "total": number, "page": number},
        "offset": {"total_count": number, "items": rows},
        "hal": {
            "_embedded": {"type": "object", "properties": {table: rows}},
            "_links": {"type": "object", "properties": {"next": {"type": "object", "properties": {"href": text}}}},
        },
        "odata": {"value": rows, "@odata.nextLink": text, "@odata.count": number},
        "next": {"count": number, "next": {**text, "nullable": True}, "results": rows},
    }
    meta = {"type": "object", "properties": {"next_cursor": text, "total": number}}
    shape = shapes.get(style, {"data": rows, "has_more": {"type": "boolean"}, "meta": meta})
    return {"type": "object", "properties": shape}


def _of_rows(rows: Sequence[Mapping[str, Any]]) -> Schema:
    names = list(dict.fromkeys(name for row in rows for name in row))
    required = [name for name in names if all(row.get(name) is not None for row in rows)]
    properties = {name: _of_values([row[name] for row in rows if row.get(name) is not None]) for name in names}
    return {"type": "object", "required": required, "properties": properties}


def _of_values(values: Sequence[Any]) -> Schema:
    value = values[0] if values else ""
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int) and not any(isinstance(v, float) for v in values):
        return {"type": "integer", "format": "int64"}
    if isinstance(value, int | float):
        return {"type": "number"}
    if isinstance(value, dict | list):
        return {"type": "object"} if isinstance(value, dict) else {"type": "array", "items": {}}
    format_ = "date-time" if _TIME.fullmatch(str(value)) else "date" if _DAY.fullmatch(str(value)) else None
    return {"type": "string", **({"format": format_} if format_ else {})}
