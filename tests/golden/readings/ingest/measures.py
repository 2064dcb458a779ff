"""What a source has, by an aggregate of its own: rows, and the sum of each numeric column.

These are computed apart from the rows that are loaded: for files by DuckDB's readers, for SQLite by SQLite. So that
reconciliation compares two ways to the same number, not one way with itself. Sums of BIGINT and DECIMAL columns are
exact; of DOUBLE columns, and where `exact` is false, they are floating-point numbers.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import duckdb

from ingest import casts, csv_rows
from ingest.declaration import Column, LoadError, Table
from ingest.sql import ident, literal, pointer


@dataclass(frozen=True)
class Sum:
    """`value` is None when no row has a value."""

    value: Decimal | None
    exact: bool


@dataclass(frozen=True)
class Measure:
    """`plain` is false when quotes in a CSV file are so placed that it takes the strict reader."""

    rows: int = 0
    sums: dict[str, Sum] = field(default_factory=dict)
    plain: bool = True


def numeric_columns(table: Table) -> list[Column]:
    return [column for column in table.columns if casts.is_numeric(column.type)]


def add_up(value: str, column: Column) -> str:
    """SQL: the sum of values that have the column's type."""
    return f"fsum({value})" if column.type == "DOUBLE" else f"sum({value})"


def totals_query(found: list[tuple[Column, str, str]], relation: str, more: str = "") -> str:
    """SQL: the count of rows of `relation`, and the sum of each column's values that the column can hold.

    `found` has the columns with the expression of the value in the relation and the type it has there.
    """
    values = "".join(f", {value} AS v{place}" for place, (_, value, _) in enumerate(found))
    typed, sums = "", ""
    for place, (column, _, held) in enumerate(found):
        cast = casts.cast(f"v{place}", held, column.type, f"t{place}")
        typed += f", {cast.typed} AS t{place}"
        good = f"CASE WHEN coalesce({cast.exact}, false) THEN t{place} END"
        sums += f", {add_up(good, column)}"
    inner = f"SELECT 1 AS one{values} FROM {relation}"
    return f"SELECT count(*){sums}{more} FROM (SELECT *{typed} FROM ({inner}))"


def of_file(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> Measure:
    """What one file holds. LoadError when it cannot be read at all."""
    if path.stat().st_size == 0:
        return Measure()
    try:
        if table.format == "csv":
            return _of_csv(connection, table, path)
        if table.format == "jsonl":
            return _of_jsonl(connection, table, path)
        return _of_parquet(connection, table, path)
    except duckdb.Error as error:
        raise LoadError(f"{table.source}.{table.id}: cannot read {path}: {error}") from error


def _of_csv(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> Measure:
    names, any_records = csv_rows.header(table, path)
    if not any_records:
        return Measure()
    try:
        measure = _count_csv(connection, table, path, names, strict=True)
    except duckdb.InvalidInputException:  # line endings of two kinds in one file
        measure = replace(_count_csv(connection, table, path, names, strict=False), plain=False)
    return measure if csv_rows.is_utf8(path) else replace(measure, plain=False)


def _count_csv(
    connection: duckdb.DuckDBPyConnection, table: Table, path: Path, names: list[str], strict: bool
) -> Measure:
    columns = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(names)))
    nulls = ", ".join(literal(word) for word in table.options.get("nulls") or ["\0"])
    table.check_columns(path.name, names, lambda _: None)
    found = [(c, f"c{names.index(c.name)}", "VARCHAR") for c in numeric_columns(table)]
    # DuckDB makes a row of a blank line where there is one column; the line is no record.
    blank = "WHERE c0 IS NOT NULL" if len(names) == 1 else ""
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    relation = (
        f"read_csv({literal(str(path))}, auto_detect = false, "
        f"header = {csv_rows.has_header(table)}, delim = {literal(csv_rows.delimiter(table))}, "
        f"quote = '\"', escape = '\"', nullstr = [{nulls}], columns = {{{columns}}}, "
        f"max_line_size = {csv_rows.BLOCK_BYTES}, ignore_errors = true, store_rejects = true, "
        f"rejects_limit = 0, strict_mode = {strict}) {blank}"
    )
    (row,) = connection.execute(totals_query(found, relation)).fetchall()
    (bad,) = connection.execute(
        "SELECT count(DISTINCT line), count(*) FILTER (error_type NOT IN ('MISSING COLUMNS', 'TOO MANY COLUMNS')) "
        "FROM reject_errors"
    ).fetchall()
    return Measure(row[0] + bad[0], _read_sums(numeric_columns(table), row[1:]), plain=not bad[1])


def _of_jsonl(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> Measure:
    columns = numeric_columns(table)
    found = [(column, f"(json ->> {pointer(column.name)})", "VARCHAR") for column in columns]
    relation = (
        f"read_json_objects({literal(str(path))}, format = 'newline_delimited', "
        f"ignore_errors = true, maximum_object_size = {csv_rows.BLOCK_BYTES})"
    )
    # DuckDB takes a number in JSON for a DOUBLE, which keeps 15 digits: a column with longer ones is not exact.
    long = "".join(
        f", coalesce(max(length(regexp_replace(v{place}, '[^0-9]', '', 'g'))) > 15, false)"
        for place in range(len(columns))
    )
    (row,) = connection.execute(totals_query(found, relation, long)).fetchall()
    sums = _read_sums(columns, row[1 : len(columns) + 1])
    for column, is_long in zip(columns, row[len(columns) + 1 :], strict=True):
        if is_long and column.type != "BIGINT":
            sums[column.id] = Sum(sums[column.id].value, False)
    return Measure(row[0], sums)


def _of_parquet(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> Measure:
    relation = f"read_parquet({literal(str(path))})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    held = {name: sql_type for name, sql_type, *_ in described}
    columns = [column for column in numeric_columns(table) if column.name in held]
    found = [(column, ident(column.name), held[column.name]) for column in columns]
    (row,) = connection.execute(totals_query(found, relation)).fetchall()
    return Measure(row[0], _read_sums(columns, row[1:]))


def _read_sums(columns: list[Column], values: tuple[object, ...]) -> dict[str, Sum]:
    return {
        column.id: Sum(None if value is None else Decimal(str(value)), column.type != "DOUBLE")
        for column, value in zip(columns, values, strict=True)
    }
