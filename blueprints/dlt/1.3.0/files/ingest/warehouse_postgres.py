"""PostgreSQL as the warehouse. Its address is in WAREHOUSE_HOST, _PORT, _DATABASE, _USER and _PASSWORD."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from ingest import settings
from ingest.declaration import Column, LoadError, Table
from ingest.sql import ident
from ingest.warehouse import Answer, Common, attempts, busy, no_rows

_TYPES = {"DOUBLE": "double precision", "BLOB": "bytea", "JSON": "jsonb"}
BATCH_ROWS = 50_000
_PLACE = re.compile(r"""\"(?:[^"]|"")*\"|'(?:[^']|'')*'|[?%]""")


class Postgres(Common):
    """A session in the warehouse's database."""

    kind = "postgres"

    def __init__(self, read_only: bool = False) -> None:
        missing = [n for n in ("HOST", "DATABASE", "USER") if not os.environ.get(f"WAREHOUSE_{n}")]
        if missing:
            raise LoadError(
                f"the warehouse: set {', '.join(f'WAREHOUSE_{name}' for name in missing)}"
            )
        try:
            self.connection = psycopg2.connect(
                host=os.environ["WAREHOUSE_HOST"],
                port=os.environ.get("WAREHOUSE_PORT") or 5432,
                dbname=os.environ["WAREHOUSE_DATABASE"],
                user=os.environ["WAREHOUSE_USER"],
                password=os.environ.get("WAREHOUSE_PASSWORD") or None,
                # A reader that holds a table must not hold up the load, and all other readers behind it, for ever.
                options=f"-c TimeZone=UTC -c lock_timeout={settings.wait_seconds()}s "
                f"-c default_transaction_read_only={'on' if read_only else 'off'}",
                application_name="ingest",
                connect_timeout=max(2, settings.wait_seconds()),
            )
        except psycopg2.OperationalError as error:
            raise LoadError(f"cannot open the warehouse: {str(error).strip()}") from error
        self.connection.autocommit = True
        self._staged = 0

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with _faults(), self.connection.cursor() as cursor:
            if parameters:
                cursor.execute(_with_places(sql), list(parameters))
            else:
                cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def answer(self, query: str, most: int) -> Answer:
        # The rows stay on the server until they are fetched.
        with self.transaction(), _faults(), self.connection.cursor("answer") as cursor:
            cursor.execute(query)
            rows = cursor.fetchmany(most) if most else cursor.fetchall()
            return [column.name for column in cursor.description], rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.connection.autocommit = False
        try:
            yield
            with _faults():
                self.connection.commit()
        except BaseException:
            if not self.connection.closed:
                self.connection.rollback()
            raise
        finally:
            if not self.connection.closed:
                self.connection.autocommit = True

    def stage(self, table: Table, columns: Sequence[Column], files: Sequence[Path]) -> str:
        if not files:
            return no_rows(columns, self.sql_type)
        self._staged += 1
        name = f"staged_{self._staged}"
        typed = ", ".join(f"{ident(c.id)} {self.sql_type(c.type)}" for c in columns)
        self.execute(f"CREATE TEMP TABLE {name} ({typed}) ON COMMIT DROP")
        names = ", ".join(ident(c.id) for c in columns)
        with _faults(), self.connection.cursor() as cursor:
            for file in files:
                cursor.copy_expert(
                    f"COPY {name} ({names}) FROM STDIN (FORMAT csv)", _Csv(file, columns)
                )
        self.execute(f"ANALYZE {name}")
        return name

    def sql_type(self, declared: str) -> str:
        return _TYPES.get(declared, declared)

    def lock(self, name: str) -> None:
        for is_last in attempts():
            query = "SELECT pg_try_advisory_lock(hashtextextended(?, 0))"
            ((is_held,),) = self.execute(query, [name])
            if is_held:
                return
            if is_last:
                raise busy(name)

    def close(self) -> None:
        self.connection.close()


@contextmanager
def _faults() -> Iterator[None]:
    """What the server says, as a LoadError without the values that it prints: they are rows."""
    try:
        yield
    except psycopg2.Error as error:
        said = error.diag.message_primary or (str(error).splitlines() or [""])[0]
        said = re.sub(r""": ["'].*""", "", said, flags=re.DOTALL)
        raise LoadError(f"the warehouse: {said} (SQLSTATE {error.pgcode})") from None


def _with_places(sql: str) -> str:
    """The statement with psycopg2's places for values; a `?` within quotes is no place."""
    return _PLACE.sub(lambda m: "%s" if m[0] == "?" else m[0].replace("%", "%%"), sql)


class _Csv:
    """A Parquet file as CSV, a batch at a time: an empty field is null, an empty text is quoted."""

    def __init__(self, file: Path, columns: Sequence[Column]):
        names = [column.id for column in columns]
        self._batches = pq.ParquetFile(file).iter_batches(BATCH_ROWS, columns=names)
        self._names = names
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            batch = next(self._batches, None)
            if batch is None:
                return b""
            self._rest = self._text(pa.Table.from_batches([batch]).select(self._names))
        part, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return part

    def _text(self, rows: pa.Table) -> bytes:
        for place, kind in enumerate(rows.schema.types):
            if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
                held = rows.column(place).to_pylist()
                texts = [None if value is None else "\\x" + value.hex() for value in held]
                rows = rows.set_column(place, rows.field(place).name, pa.array(texts, pa.string()))
            elif pa.types.is_time(kind) or pa.types.is_decimal(kind):
                rows = rows.set_column(
                    place, rows.field(place).name, pc.cast(rows.column(place), pa.string())
                )
        sink = pa.BufferOutputStream()
        arrow_csv.write_csv(rows, sink, arrow_csv.WriteOptions(include_header=False))
        return sink.getvalue().to_pybytes()
