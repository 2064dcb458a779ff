"""Parquet files in the probe's DuckDB, with their own types."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import re

import duckdb

from pipegen.core.names import shorten
from pipegen.core.sql_types import canonical_sql
from pipegen.probe.filesets import FileSet
from pipegen.probe.landed import SAMPLE_ROWS, Landed, LandedColumn, escaped


def land_parquet(con: duckdb.DuckDBPyConnection, files: FileSet, relation: str) -> Landed:
    read = "read_parquet(?, union_by_name = true, hive_partitioning = false)"
    paths = [escaped(files.files)]
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
    total_row = con.execute(f"select count(*) from {read}", paths).fetchone()
    total = int(total_row[0]) if total_row else 0
    limit = f" limit {SAMPLE_ROWS}" if total > SAMPLE_ROWS else ""
    con.execute(f"create temp table {relation} as select {', '.join(select)} from {read}{limit}", paths)
    return Landed(files, relation, columns, min(total, SAMPLE_ROWS), total)


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
