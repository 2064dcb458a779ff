"""JSON lines as texts in the probe's DuckDB, a column a key."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import duckdb

from pipegen.core.errors import SourceError
from pipegen.probe.csv_dialect import refuse_undecodable
from pipegen.probe.filesets import FileSet
from pipegen.probe.landed import (
    SAMPLE_ROWS,
    Landed,
    LandedColumn,
    count_lines,
    empty,
    escaped,
    limit,
    number,
    too_large,
)
from pipegen.probe.value_types import NUMBERS, STRINGS

_MAX_KEYS = 2_000


def land_jsonl(con: duckdb.DuckDBPyConnection, files: FileSet, relation: str) -> Landed:
    for file in files.files:
        refuse_undecodable(file)
    lines = f"{relation}_lines"
    con.execute(
        f"create temp table {lines} as select json from read_json(?, format = 'newline_delimited', records = 'false', "
        f"columns = {{'json': 'JSON'}}, ignore_errors = true, hive_partitioning = false){limit(files)}",
        [escaped(files.files)],
    )
    everything = number(con, f"select count(*) from {lines}")
    if not everything:
        raise empty(files)
    con.execute(f"delete from {lines} where json is null or json_type(json) != 'OBJECT'")
    rows = number(con, f"select count(*) from {lines}")
    keys = [
        key
        for (key,) in con.execute(
            f"with every as (select json_keys(json) ks, rowid r from {lines}), each_ as (select unnest(ks) k, "
            f"generate_subscripts(ks, 1) p, r from every) select k from each_ group by k order by min((r, p)) "
            f"limit {_MAX_KEYS}"
        ).fetchall()
    ]
    if not keys:
        hint = "JSON lines is expected: one object a line, no brackets around them"
        raise SourceError(f"no line of `{files.files[0]}` is a JSON object with a key in it", hint=hint)
    texts = ", ".join(f"json ->> '{_pointer(key)}' as k{i}" for i, key in enumerate(keys))
    con.execute(f"create temp table {relation} as select {texts} from {lines}")
    kinds = ", ".join(f"list(distinct json_type(json, '{_pointer(key)}'))" for key in keys)
    found = con.execute(f"select {kinds} from {lines}").fetchone() or ()
    columns = [_column(key, f"k{i}", its) for i, (key, its) in enumerate(zip(keys, found, strict=True))]
    con.execute(f"drop table {lines}")
    total = count_lines(files) if everything == SAMPLE_ROWS and too_large(files) else rows
    return Landed(files, relation, columns, rows, total, everything - rows)


def _pointer(key: str) -> str:
    """A key as a JSON pointer in a SQL string."""
    return "/" + key.replace("~", "~0").replace("/", "~1").replace("'", "''")


def _column(key: str, id_: str, json_types: list[str | None]) -> LandedColumn:
    """The types that a key's texts may have, by what JSON says they are."""
    kinds = set(json_types) - {None, "NULL"}
    if kinds & {"OBJECT", "ARRAY"}:
        return LandedColumn(key, id_, type="json")
    if kinds == {"VARCHAR"}:
        return LandedColumn(key, id_, STRINGS)
    if kinds == {"BOOLEAN"}:
        return LandedColumn(key, id_, ("boolean",))
    return LandedColumn(key, id_, () if kinds & {"VARCHAR", "BOOLEAN"} else NUMBERS)
