"""What a schema registry says of the messages of a topic: its format, and columns with their types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten
from pipegen.core.spec.remote_url import RemoteUrl
from pipegen.probe import kafka_refusals as refusals
from pipegen.probe import rest_schema
from pipegen.probe.look import Look
from pipegen.probe.rest_client import Client
from pipegen.probe.rest_schema import DeclaredColumn

_SECONDS = 10.0
_AVRO = {
    "int": "bigint", "long": "bigint", "float": "double", "double": "double", "boolean": "boolean", "string": "text",
    "bytes": "blob", "fixed": "blob", "enum": "text", "record": "json", "array": "json", "map": "json", "null": "text",
}  # fmt: skip
_LOGICAL = {
    "timestamp-millis": "timestamptz", "timestamp-micros": "timestamptz", "timestamp-nanos": "timestamptz",
    "local-timestamp-millis": "timestamp", "local-timestamp-micros": "timestamp", "date": "date", "time-millis": "time",
    "time-micros": "time", "uuid": "uuid",
}  # fmt: skip
_FORMATS: dict[str, Literal["avro", "json", "protobuf"]] = {"AVRO": "avro", "JSON": "json", "PROTOBUF": "protobuf"}


@dataclass(frozen=True)
class Subject:
    """The newest schema of a topic's values; no column where it is one of Protobuf, or of no record."""

    name: str
    version: int
    format: Literal["avro", "json", "protobuf"]
    columns: tuple[DeclaredColumn, ...]

    @property
    def how(self) -> str:
        return f"schema registry: {self.name}, version {self.version}"


class Registry:
    """A schema registry; a user and a password may stand in its URL.

    Raises:
        SourceError: it is no URL.
    """

    def __init__(self, url: str, look: Look) -> None:
        try:
            parts = urlsplit(url)
        except ValueError:
            raise SourceError(
                "the URL of the schema registry is none", hint="it is like `http://localhost:8081`"
            ) from None
        login, _, host = parts.netloc.rpartition("@")  # in a parameter a password stands unescaped
        self._url = RemoteUrl(parts.scheme, "", host, parts.path.strip("/"), login)
        self._look = look
        self.shown = f"`{shorten(self._url.shown())}`"

    def value_schema(self, topic: str) -> Subject | None:
        """The schema of a topic's values; None where the registry has none.

        Raises:
            SourceError: the registry does not answer, or not as one does.
        """
        name = f"{topic}-value"
        if self._look.is_over:
            raise refusals.no_time(self.shown)
        client = Client(self._url, Look(self._look.root, seconds=min(_SECONDS, self._look.left())))
        try:
            answer = client.get(f"subjects/{quote(name, safe='')}/versions/latest")
        except SourceError:
            raise refusals.no_registry(self.shown, "does not answer") from None
        finally:
            client.close()
        if answer.status == 404:
            return None
        if answer.status in (401, 403):
            raise refusals.no_registry(self.shown, "refuses the user or the password")
        if answer.status != 200:
            raise refusals.no_registry(self.shown, f"answers {answer.status}")
        try:
            return _subject(name, json.loads(answer.body))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise refusals.no_registry(self.shown, "does not answer as a registry does") from None


def _subject(name: str, said: Mapping[str, Any]) -> Subject:
    format_ = _FORMATS[said.get("schemaType") or "AVRO"]
    columns: tuple[DeclaredColumn, ...] = ()
    if format_ == "avro":
        columns = avro_columns(json.loads(said["schema"]))
    elif format_ == "json":
        schema = json.loads(said["schema"])
        columns = tuple(rest_schema.columns(rest_schema.resolve(schema, schema), schema))
    return Subject(name, int(said["version"]), format_, columns)


def avro_columns(schema: Any) -> tuple[DeclaredColumn, ...]:
    """The columns of an Avro record."""
    if not isinstance(schema, Mapping) or schema.get("type") != "record":
        return ()
    return tuple(_column(field) for field in schema["fields"])


def _column(field: Mapping[str, Any]) -> DeclaredColumn:
    said = field["type"]
    options = said if isinstance(said, list) else [said]
    some = [one for one in options if one != "null"]
    type_, declared, values = _type(some[0]) if len(some) == 1 else ("json" if some else "text", None, None)
    return DeclaredColumn(str(field["name"]), type_, len(some) == len(options), declared, values)


def _type(said: Any) -> tuple[str, str | None, tuple[str, ...] | None]:
    """Canonical type, the schema's own word for it where that says more, and the values of an enum."""
    if not isinstance(said, Mapping):
        return _AVRO.get(str(said), "json"), None, None  # a name stands for a record that was told before
    base, logical = said.get("type"), str(said.get("logicalType") or "")
    if isinstance(base, Mapping):
        return _type(base)
    if logical == "decimal":
        return f"decimal({int(said['precision'])},{int(said.get('scale') or 0)})", f"{base} ({logical})", None
    values = tuple(str(one) for one in said["symbols"]) if base == "enum" else None
    if logical in _LOGICAL:
        return _LOGICAL[logical], f"{base} ({logical})", None
    return _AVRO.get(str(base), "json"), str(base) if base in ("record", "array", "map", "enum") else None, values
