"""Parquet files in the probe's DuckDB, with their own types."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import re

import duckdb

from pipegen.core.names import shorten
from pipegen.core.sql_types import canonical_sql
from pipegen.probe.file_parts import Parts
from pipegen.probe.landed import Landed, LandedColumn, escaped, number


def land_parquet(con: duckdb.DuckDBPyConnection, parts: Parts, relation: str) -> Landed:
    """Read Parquet files, or the first rows of each that is not read whole; how many rows there are is in their footers."""
    paths = [escaped(parts.paths)]
    read = "read_parquet(?, union_by_name = true, hive_partitioning = false)"
    described = con.execute(f"describe select * from {read}", paths).fetchall()
    required = {
        name
        for (name,) in con.execute(
            "select name from parquet_schema(?) group by name having bool_and(repetition_type = 'REQUIRED')", paths
        ).fetchall()
    }
    columns, select = [], []
    for i, (name, type_, *_) in enumerate(described):
        canonical, expression, declared = _parquet_type(type_, '"' + name.replace('"', '""') + '"')
        columns.append(LandedColumn(name, f"k{i}", (), canonical, declared, name in required))
        select.append(f"{expression} as k{i}")
    if parts.is_whole:
        con.execute(f"create temp table {relation} as select {', '.join(select)} from {read}", paths)
    else:
        _land_starts(con, parts, ", ".join(select), relation)
    total = number(con, f"select sum(num_rows) from parquet_file_metadata({_list(parts)})")
    return Landed(parts.files, relation, columns, number(con, f"select count(*) from {relation}"), total)


def _land_starts(con: duckdb.DuckDBPyConnection, parts: Parts, select: str, relation: str) -> None:
    """The first rows of each file; one engine reads them in order, and none that is not there."""
    starts = [
        f"(select * from read_parquet({_text(path)}, hive_partitioning = false){'' if rows is None else f' limit {rows}'})"
        for path, rows in zip(escaped(parts.paths), (part.rows for part in parts.of), strict=True)
    ]
    threads = number(con, "select current_setting('threads')")
    con.execute("set threads = 1")
    try:
        con.execute(f"create temp table {relation} as select {select} from ({' union all by name '.join(starts)})")
    finally:
        con.execute(f"set threads = {threads}")


def _list(parts: Parts) -> str:
    return f"[{', '.join(_text(path) for path in escaped(parts.paths))}]"


def _text(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


def _parquet_type(type_: str, column: str) -> tuple[str, str, str | None]:
    """A DuckDB type as canonical type, the column's expression, and the type's own text where it says more."""
    if re.search(r"\[|^(STRUCT|MAP|UNION|LIST)", type_):
        return "json", f"to_json({column})", shorten(type_)
    sql = canonical_sql(type_)
    names = {"VARCHAR": "text"}
    canonical = names.get(sql, sql.lower().replace(" ", ""))
    if canonical == "text" and type_ != "VARCHAR":
        return "text", f"cast({column} as varchar)", shorten(type_)
    return (
        canonical,
        column,
        type_.lower() if type_.startswith("TIMESTAMP_") or type_ in ("FLOAT", "UHUGEINT") else None,
    )
