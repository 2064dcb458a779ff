"""CSV files: their records as text, and their own sums. RFC 4180 quoting, any line ending; ragged records are rejected."""

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as arrow_csv

from ingest.declaration import LoadError, Note, Table
from ingest.measures import Measure, numeric_columns, read_sums, totals_query
from ingest.parse import LINE, Batch, Reject, whole
from ingest.sql import literal

# Bytes read at a time, about 45,000 rows of 20 columns; a single record must fit in. Blocks are handed on together,
# because each is parsed on a processor of its own.
BLOCK_BYTES = 4 << 20
BATCH_BLOCKS = 2
STRICT_BATCH_ROWS = 50_000


def header(table: Table, path: Path) -> tuple[list[str], bool]:
    """The columns by position, as the header says or as declared where there is none; and whether records follow."""
    if not has_header(table):
        return [column.name for column in table.columns], True
    with _text(path) as stream:
        names = next(csv.reader(stream, delimiter=delimiter(table)), [])
        return names, bool(stream.read(1))


def is_utf8(path: Path) -> bool:
    decode = codecs.getincrementaldecoder("utf-8")().decode
    with pa.input_stream(str(path), compression="detect") as stream:
        try:
            while block := stream.read(BLOCK_BYTES):
                decode(block)
            decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def delimiter(table: Table) -> str:
    return str(table.options.get("delimiter", ","))


def read_csv(
    table: Table, name: str, path: Path, note: Note, plain: bool = True
) -> Iterator[Batch]:
    """Batches of a file that has at least one byte. `plain` false reads by the strict, slower reader."""
    names, any_records = header(table, path)
    table.check_columns(name, names, note)
    if not any_records:
        return iter(())
    return _read_plain(table, name, path, names) if plain else _read_strict(table, path, names)


def _read_plain(table: Table, name: str, path: Path, names: list[str]) -> Iterator[Batch]:
    pending: list[Reject] = []
    rejected: set[int] = set()

    def reject(row: arrow_csv.InvalidRow) -> str:
        rejected.add(row.number)
        pending.append(_ragged(row.number, row.actual_columns, row.expected_columns, row.text))
        return "skip"

    line = 2 if has_header(table) else 1
    ids = [column.id for column in table.columns if column.name in names]
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            reader = _open(stream, table, names, reject)
            while blocks := list(islice(reader, BATCH_BLOCKS)):
                rows = whole(table, pa.Table.from_batches(blocks).rename_columns(ids))
                numbers, line = _numbers(line, rows.num_rows, rejected)
                yield Batch(rows.append_column(LINE, numbers), pending.copy())
                pending.clear()
    except pa.ArrowInvalid as error:
        said = "cannot be read" if table.personal else str(error)  # it may show the row
        raise LoadError(f"{table.source}.{table.id}: {name}: {said}") from None
    if pending:
        yield Batch(_no_rows(table), pending)


def _open(
    stream: pa.NativeFile, table: Table, names: list[str], reject: object
) -> arrow_csv.CSVStreamingReader:
    # Columns by position, so that a name that appears twice among the undeclared ones does no harm.
    places = [str(number) for number in range(len(names))]
    wanted = [str(names.index(column.name)) for column in table.columns if column.name in names]
    return arrow_csv.open_csv(
        stream,
        read_options=arrow_csv.ReadOptions(
            use_threads=False,  # else a rejected row has no number
            block_size=BLOCK_BYTES,
            column_names=places,
            skip_rows_after_names=1 if has_header(table) else 0,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=delimiter(table),
            newlines_in_values=True,
            ignore_empty_lines=True,
            invalid_row_handler=reject,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()),
            include_columns=wanted,
            strings_can_be_null=False,
        ),
    )


def _numbers(first: int, count: int, rejected: set[int]) -> tuple[pa.Array, int]:
    """The numbers of the next `count` good records from `first` on, and the number after them."""
    if not any(number >= first for number in rejected):
        return pa.arange(first, first + count), first + count
    numbers: list[int] = []
    while len(numbers) < count:
        if first not in rejected:
            numbers.append(first)
        first += 1
    return pa.array(numbers, pa.int64()), first


def _read_strict(table: Table, path: Path, names: list[str]) -> Iterator[Batch]:
    """Like `_read_plain`, by a reader that refuses text after a closing quote and a quote that never closes."""
    places = {
        column.id: names.index(column.name) for column in table.columns if column.name in names
    }
    lines: list[int] = []
    records: list[list[str]] = []
    rejects: list[Reject] = []
    with _text(path) as stream:
        for line, record, problem, text in _strict_records(stream, table):
            if problem:
                rejects.append(Reject(line, problem, json.dumps(text, ensure_ascii=False)))
                continue
            if len(record) != len(names):
                rejects.append(_ragged(line, len(record), len(names), text))
                continue
            lines.append(line)
            records.append(record)
            if len(lines) == STRICT_BATCH_ROWS:
                yield _strict_batch(table, places, lines, records, rejects)
                lines, records, rejects = [], [], []
    if lines or rejects:
        yield _strict_batch(table, places, lines, records, rejects)


def _strict_records(
    stream: io.TextIOBase, table: Table
) -> Iterator[tuple[int, list[str], str, str]]:
    """Number, fields, problem if there is one, and text of each record after the header."""
    taken: list[str] = []

    def remember(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(remember(stream), delimiter=delimiter(table), strict=True)
    number = 0
    while True:
        taken.clear()
        problem = ""
        record: list[str] = []
        try:
            record = next(reader)
            "".join(record).encode()
        except StopIteration:
            return
        except csv.Error:
            problem = "quotes that do not match"
        except UnicodeEncodeError:
            problem = "bytes that are not UTF-8"
        if not record and not problem:  # a blank line
            continue
        number += 1
        if number > 1 or not has_header(table):
            text = "".join(taken).rstrip("\r\n")
            yield (
                number,
                record,
                problem,
                text.encode(errors="surrogateescape").decode(errors="backslashreplace"),
            )


def _strict_batch(
    table: Table,
    places: dict[str, int],
    lines: list[int],
    records: list[list[str]],
    rejects: list[Reject],
) -> Batch:
    columns = {
        column: pa.array([record[place] for record in records], pa.string())
        for column, place in places.items()
    }
    rows = whole(table, pa.table(columns))
    return Batch(rows.append_column(LINE, pa.array(lines, pa.int64())), rejects)


def _ragged(number: int | None, fields: int, columns: int, text: str) -> Reject:
    reason = f"{fields} fields where there are {columns} columns"
    return Reject(number, reason, json.dumps(text, ensure_ascii=False))


def _no_rows(table: Table) -> pa.Table:
    fields = [pa.field(column.id, pa.string()) for column in table.columns]
    return pa.schema([*fields, pa.field(LINE, pa.int64())]).empty_table()


def has_header(table: Table) -> bool:
    return bool(table.options.get("header", True))


def _text(path: Path) -> io.TextIOWrapper:
    stream = pa.input_stream(str(path), compression="detect")
    return io.TextIOWrapper(
        io.BufferedReader(stream), encoding="utf-8-sig", errors="surrogateescape", newline=""
    )


def measure(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> Measure:
    """What one file holds, by DuckDB's own CSV reader."""
    names, any_records = header(table, path)
    if not any_records:
        return Measure()
    try:
        found = _count_csv(connection, table, path, names, strict=True)
    except duckdb.InvalidInputException:  # line endings of two kinds in one file
        found = replace(_count_csv(connection, table, path, names, strict=False), plain=False)
    return found if is_utf8(path) else replace(found, plain=False)


def _count_csv(
    connection: duckdb.DuckDBPyConnection, table: Table, path: Path, names: list[str], strict: bool
) -> Measure:
    columns = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(names)))
    nulls = ", ".join(literal(word) for word in table.options.get("nulls") or ["\0"])
    table.check_columns(path.name, names, lambda _: None)
    numeric = [column for column in numeric_columns(table) if column.name in names]
    found = [(c, f"c{names.index(c.name)}", "VARCHAR") for c in numeric]
    # DuckDB makes a row of a blank line where there is one column; the line is no record.
    blank = "WHERE c0 IS NOT NULL" if len(names) == 1 else ""
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    relation = (
        f"read_csv({literal(str(path))}, auto_detect = false, "
        f"header = {has_header(table)}, delim = {literal(delimiter(table))}, "
        f"quote = '\"', escape = '\"', nullstr = [{nulls}], columns = {{{columns}}}, "
        f"max_line_size = {BLOCK_BYTES}, ignore_errors = true, store_rejects = true, "
        f"rejects_limit = 0, strict_mode = {strict}) {blank}"
    )
    (row,) = connection.execute(totals_query(found, relation)).fetchall()
    (bad,) = connection.execute(
        "SELECT count(DISTINCT line), count(*) FILTER (error_type NOT IN ('MISSING COLUMNS', 'TOO MANY COLUMNS')) "
        "FROM reject_errors"
    ).fetchall()
    return Measure(row[0] + bad[0], read_sums(numeric, row[1:]), plain=not bad[1])
