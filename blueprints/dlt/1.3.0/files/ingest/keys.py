"""Comparison of keys: which rows raw has that the source has no more, and which the source has that raw never got."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest import parse
from ingest.deletes import DELETED_AT, relation
from ingest.extract import TableReader
from ingest.sources import Reader
from ingest.sql import ident, literal
from ingest.warehouse import Warehouse


class Comparison:
    """The keys of one table at the source against those in raw; both sides as they land, so tokens against tokens."""

    def __init__(
        self, database: Reader, parser: duckdb.DuckDBPyConnection, reader: TableReader, file: Path
    ):
        self._database = database
        self._connection = parser
        self._reader = reader
        self._table = reader.outcome.table
        self._file = file
        columns = [self._table.column(key) for key in self._table.key]
        self._parser = parse.RowParser(
            parser, replace(self._table, columns=tuple(columns), watermark=None), False
        )

    def keys(self) -> list[Path]:
        """Every key of the source, typed, in a Parquet file."""
        with pq.ParquetWriter(self._file, self._parser.empty().schema) as writer:
            for batch in self._database.keys(self._table):
                typed, good = self._parser.judge(self._reader.treatment.batch(batch).rows)
                writer.write_table(typed.filter(good))
        distinct = f"SELECT count(*) FROM (SELECT DISTINCT * FROM read_parquet({literal(str(self._file))}))"
        ((self._reader.outcome.keys,),) = self._connection.execute(distinct).fetchall()
        return [self._file]

    def missing(self, db: Warehouse, rows: Sequence[Path]) -> pa.Table:
        """Keys of the source that neither raw nor what was just extracted has."""
        columns = [self._table.column(key) for key in self._table.key]
        keys = db.stage(self._table, columns, [self._file])
        read = db.stage(self._table, columns, rows)
        names = ", ".join(ident(column.id) for column in columns)
        alive = f" WHERE {DELETED_AT} IS NULL" if self._table.soft_deletes else ""
        found = db.execute(
            f"SELECT {names} FROM {keys} EXCEPT (SELECT {names} FROM {relation(self._table)}{alive} "
            f"UNION ALL SELECT {names} FROM {read})"
        )
        schema = self._parser.empty().schema
        return pa.table(
            {
                name: pa.array([row[place] for row in found], schema.field(name).type)
                for place, name in enumerate(schema.names)
            }
        )

    def fetch(self, missing: pa.Table, file: Path) -> list[Path]:
        """The rows of the missing keys, in a Parquet file; no file where there are none."""
        wanted = self._originals(missing)
        writer: pq.ParquetWriter | None = None
        for batch in self._reader.missing(self._database, wanted):
            writer = writer or pq.ParquetWriter(file, batch.schema)
            writer.write_table(batch)
        if writer is None:
            return []
        writer.close()
        return [file]

    def _originals(self, missing: pa.Table) -> list[tuple[object, ...]]:
        """The missing keys as the source itself has them."""
        if not missing.num_rows:
            return []
        names = self._table.key
        self._connection.register("missing_keys", missing)
        found: list[tuple[object, ...]] = []
        for batch in self._database.keys(self._table):
            treated = self._reader.treatment.batch(batch).rows
            typed, good = self._parser.judge(treated)
            for place, name in enumerate(names):
                typed = typed.append_column(f"original_{place}", batch.rows.column(name))
                typed = typed.append_column(f"treated_{place}", treated.column(name))
            self._connection.register("all_keys", typed.filter(pc.equal(good, True)))
            originals = ", ".join(f"original_{place}" for place in range(len(names)))
            texts = ", ".join(f"treated_{place}::VARCHAR" for place in range(len(names)))
            using = ", ".join(map(ident, names))
            found += self._connection.execute(
                f"SELECT {originals} FROM all_keys SEMI JOIN missing_keys USING ({using}) "
                # Those that were read and could not be landed are no use to read again.
                f"WHERE to_json([{texts}])::VARCHAR NOT IN (SELECT unnest(?::VARCHAR[]))",
                [sorted(self._reader.rejected_keys)],
            ).fetchall()
        return found
