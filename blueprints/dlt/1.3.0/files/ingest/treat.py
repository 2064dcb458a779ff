"""Personal data, before it lands: masked, or replaced by a token. Nothing later ever sees the value itself.

A token is an HMAC-SHA256 of the value's text under the key in PIPELINE_TOKEN_KEY, cut to 128 bits: the same value has the
same token in every table, and nobody without the key can make it or test a guess. The key is rotated by changing the
variable: a load that finds rows with tokens of another key, or treated otherwise than declared, reads its table again
from the start.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from ingest import settings
from ingest.declaration import Column, LoadError, Table
from ingest.parse import Batch, Reject

KEY = "PIPELINE_TOKEN_KEY"
LEAST_KEY = 16  # characters
MASK = "***"
_DEMO_KEY = "the key of the sample data"
_WITHHELD = "null"


class Treatment:
    """What happens to the personal data of one table."""

    def __init__(self, table: Table):
        self._table = table
        self._by_name = {column.name: column for column in table.columns if column.treatment}
        self._nulls = frozenset(table.options.get("nulls") or ())
        self._key = b""
        if any(column.treatment == "tokenise" for column in table.columns):
            self._key = _key(table)

    @property
    def key_id(self) -> str | None:
        """Tells two keys apart, and two ways to treat the columns, and neither key; None where nothing is treated."""
        if not self._by_name:
            return None
        how = sorted((column.id, column.treatment) for column in self._by_name.values())
        return hashlib.sha256(b"id of " + json.dumps(how).encode() + self._key).hexdigest()[:16]

    def batch(self, batch: Batch) -> Batch:
        """The batch with its values treated, those of rows that could not be read too."""
        if not self._table.personal:
            return batch
        rows = batch.rows
        for column in self._by_name.values():
            if column.id in rows.column_names:
                place = rows.column_names.index(column.id)
                rows = rows.set_column(place, column.id, self._column(column, rows.column(place)))
        return Batch(rows, [self._reject(reject) for reject in batch.rejects])

    def _column(self, column: Column, values: pa.ChunkedArray) -> pa.Array:
        encoded = values.combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        treated = pa.array(
            [self.value(column, value) for value in encoded.dictionary.to_pylist()], pa.string()
        )
        return treated.take(encoded.indices)

    def value(self, column: Column, value: object) -> str | None:
        if value is None or (isinstance(value, str) and value in self._nulls):
            return None if value is None else str(value)
        if column.treatment == "mask":
            return MASK
        text = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
        return f"tok_{hmac.digest(self._key, text, 'sha256').hex()[:32]}"

    def _reject(self, reject: Reject) -> Reject:
        """Of a row that is no row, nothing can be told apart, so nothing of it is kept."""
        members = json.loads(reject.raw)
        if not isinstance(members, Mapping):
            return replace(reject, raw=_WITHHELD)
        kept = {
            name: self.value(self._by_name[name], value) if name in self._by_name else value
            for name, value in members.items()
            if name not in self._table.dropped
        }
        return replace(reject, raw=json.dumps(kept, ensure_ascii=False))


def _key(table: Table) -> bytes:
    text = os.environ.get(KEY) or (_DEMO_KEY if settings.has_twin() else "")
    if len(text) < LEAST_KEY:
        raise LoadError(
            f"{table.source}.{table.id}: set {KEY} to a secret of at least {LEAST_KEY} characters: "
            "the table has columns that are tokenised"
        )
    return text.encode()
