"""Files of a source: which there are, their raw rows in batches, and their own sums."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from ingest.declaration import LoadError, Note, Source, SourceDown, Table
from ingest.ledger import File
from ingest.measures import Measure, Sum, numeric_columns, read_sums, totals_query
from ingest.parse import LINE, Batch, Reject, whole
from ingest.sql import ident, literal, pointer

JSONL_BATCH_ROWS = 50_000
PARQUET_BATCH_ROWS = 65_536
LONGEST_LINE = 4 << 20  # bytes of one record of JSON lines


def find(source: Source, table: Table) -> list[File]:
    """The files of a table, in the order of their names. SourceDown when the folder is not there."""
    root = source.path
    if not root.exists():
        raise SourceDown(
            f"{source.id}: there is no folder {root}; set {source.path_env} to where its files are"
        )
    if root.is_file():
        found = [root]
        root = root.parent
    else:
        found = [path for path in root.glob(table.name) if path.is_file()]
    visible = [path for path in found if not path.name.startswith(".")]
    return sorted((_file(root, path) for path in visible), key=lambda file: file.name)


def _file(root: Path, path: Path) -> File:
    status = path.stat()
    return File(path.relative_to(root).as_posix(), path, status.st_size, status.st_mtime_ns)


def read(table: Table, file: File, note: Note, plain: bool = True) -> Iterator[Batch]:
    """The raw rows of one file, in batches that bound the memory.

    `plain` is false for a CSV file whose quotes are so placed that only a strict reader tells good records from bad.
    """
    if file.bytes == 0:
        note(f"{file.name} is empty")
        return iter(())
    if table.format == "csv":
        from ingest.csv_rows import read_csv

        return read_csv(table, file.name, file.path, note, plain)
    if table.format == "jsonl":
        return _read_jsonl(table, file)
    return _read_parquet(table, file, note)


def _read_parquet(table: Table, file: File, note: Note) -> Iterator[Batch]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file.path) as parquet:
        table.check_columns(file.name, parquet.schema_arrow.names, note)
        there = [c for c in table.columns if c.name in parquet.schema_arrow.names]
        names = [column.name for column in there]
        line = 0
        for batch in parquet.iter_batches(PARQUET_BATCH_ROWS, columns=names):
            rows = pa.Table.from_batches([batch]).select(names)
            rows = whole(table, rows.rename_columns([column.id for column in there]))
            numbers = pa.arange(line + 1, line + 1 + rows.num_rows)
            line += rows.num_rows
            yield Batch(rows.append_column(LINE, numbers))


class _Number(str):
    """A number as the file writes it: as a float it would lose digits."""


def _read_jsonl(table: Table, file: File) -> Iterator[Batch]:
    decode = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_Number).decode
    with pa.input_stream(str(file.path), compression="detect") as stream:
        lines: list[int] = []
        records: list[tuple[dict[str, object], str]] = []
        rejects: list[Reject] = []
        for number, line in enumerate(io.BufferedReader(stream), 1):
            if not line.strip():
                continue
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                record = decode(text)
            except ValueError:  # of the encoding or of the JSON
                record = None
            if not isinstance(record, dict):
                raw = json.dumps(line.decode("utf-8", "backslashreplace").rstrip("\r\n"))
                rejects.append(Reject(number, "the line is not a JSON object", raw))
                continue
            lines.append(number)
            records.append((record, text))
            if len(lines) == JSONL_BATCH_ROWS:
                yield _jsonl_batch(table, lines, records, rejects)
                lines, records, rejects = [], [], []
        if lines or rejects:
            yield _jsonl_batch(table, lines, records, rejects)


def _jsonl_batch(
    table: Table,
    lines: list[int],
    records: list[tuple[dict[str, object], str]],
    rejects: list[Reject],
) -> Batch:
    columns = {}
    for column in table.columns:
        as_json = column.type == "JSON"
        values = [
            _jsonl_text(record.get(column.name), text, column.name, as_json)
            for record, text in records
        ]
        columns[column.id] = pa.array(values, pa.string())
    columns[LINE] = pa.array(lines, pa.int64())
    return Batch(pa.table(columns), rejects)


def _jsonl_text(value: object, line: str, name: str, as_json: bool) -> str | None:
    """A value of a JSON line as text; objects and lists, and every value of a JSON column, as JSON."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Number) or (isinstance(value, str) and not as_json):
        return value
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    # Rare enough to decode the line again: Decimals keep the digits that the numbers inside have.
    import simplejson

    nested = simplejson.loads(line, use_decimal=True)[name]
    return str(simplejson.dumps(nested, use_decimal=True, ensure_ascii=False))


def measure(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> Measure:
    """What one file holds. LoadError when it cannot be read at all."""
    if path.stat().st_size == 0:
        return Measure()
    try:
        if table.format == "csv":
            from ingest import csv_rows

            return csv_rows.measure(connection, table, path)
        if table.format == "jsonl":
            return _measure_jsonl(connection, table, path)
        return _measure_parquet(connection, table, path)
    except duckdb.Error as error:
        said = "" if table.personal else f": {error}"  # it may show the row
        raise LoadError(f"{table.source}.{table.id}: cannot read {path}{said}") from None


def _measure_jsonl(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> Measure:
    columns = numeric_columns(table)
    found = [(column, f"(json ->> {pointer(column.name)})", "VARCHAR") for column in columns]
    relation = (
        f"read_json_objects({literal(str(path))}, format = 'newline_delimited', "
        f"ignore_errors = true, maximum_object_size = {LONGEST_LINE})"
    )
    # DuckDB takes a number in JSON for a DOUBLE, which keeps 15 digits: a column with longer ones is not exact.
    long = "".join(
        f", coalesce(max(length(regexp_replace(v{place}, '[^0-9]', '', 'g'))) > 15, false)"
        for place in range(len(columns))
    )
    (row,) = connection.execute(totals_query(found, relation, long)).fetchall()
    sums = read_sums(columns, row[1 : len(columns) + 1])
    for column, is_long in zip(columns, row[len(columns) + 1 :], strict=True):
        if is_long and column.type != "BIGINT":
            sums[column.id] = Sum(sums[column.id].value, False)
    return Measure(row[0], sums)


def _measure_parquet(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> Measure:
    relation = f"read_parquet({literal(str(path))})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    held = {name: sql_type for name, sql_type, *_ in described}
    columns = [column for column in numeric_columns(table) if column.name in held]
    found = [(column, ident(column.name), held[column.name]) for column in columns]
    (row,) = connection.execute(totals_query(found, relation)).fetchall()
    return Measure(row[0], read_sums(columns, row[1:]))
