"""A schema registry of the tests' own: a real HTTP server that speaks the one request that the probe makes of a registry.

Confluent's own registry is not on Maven Central, so this stands for it: ``GET /subjects/NAME/versions/latest``, as Confluent's
documentation of it has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.rest_server import Api, serving

KIND = "application/vnd.schemaregistry.v1+json"


@contextmanager
def registry(schemas: Mapping[str, tuple[str, Any]], **more: Any) -> Iterator[Api]:
    """A registry of subjects: each the name of its format, and its schema."""
    bodies = {}
    for number, (subject, (format_, schema)) in enumerate(schemas.items(), 1):
        text = schema if isinstance(schema, str) else json.dumps(schema)
        answer = {"subject": subject, "version": 3, "id": number, "schema": text}
        answer |= {"schemaType": format_} if format_ != "AVRO" else {}
        bodies[f"subjects/{subject}/versions/latest"] = (KIND, json.dumps(answer).encode())
    with serving({}, base="", bodies=bodies, **more) as api:
        yield api
