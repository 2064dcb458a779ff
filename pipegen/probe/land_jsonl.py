"""JSON lines as texts in the probe's DuckDB, a column a key."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import re
from codecs import BOM_UTF8
from pathlib import Path

import duckdb

from pipegen.core.errors import SourceError
from pipegen.probe.csv_dialect import opened, refuse_undecodable
from pipegen.probe.file_parts import Parts
from pipegen.probe.filesets import FileSet
from pipegen.probe.landed import Landed, LandedColumn, empty, escaped, number
from pipegen.probe.value_types import NUMBERS, STRINGS

_MAX_KEYS = 2_000
_START_BYTES = 1 << 12
_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\{")


def land_jsonl(con: duckdb.DuckDBPyConnection, parts: Parts, relation: str) -> Landed:
    """Read JSON lines; what is no object is counted.

    Raises:
        SourceError: nothing in them, not UTF-8, or no line that is an object with a key.
    """
    files = parts.files
    for file in files.files:
        refuse_undecodable(file)
        _refuse_array(file)
    lines = f"{relation}_lines"
    con.execute(
        f"create temp table {lines} as select json from read_json(?, format = 'newline_delimited', records = 'false', "
        f"columns = {{'json': 'JSON'}}, ignore_errors = true, hive_partitioning = false)",
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
    # all keys of a row at once: a call a key takes as much memory again
    pointers = "[" + ", ".join(f"'{_pointer(key)}'" for key in keys) + "]"
    lists = f"{relation}_lists"
    con.execute(
        f"create temp table {lists} as select json ->> {pointers} as v, json_type(json, {pointers}) as t from {lines}"
    )
    con.execute(f"drop table {lines}")
    texts = ", ".join(f"v[{i}] as k{i - 1}" for i in range(1, len(keys) + 1))
    con.execute(f"create temp table {relation} as select {texts} from {lists}")
    kinds: dict[int, list[str | None]] = dict(
        con.execute(
            f"select i, list(distinct k) from (select unnest(t) k, generate_subscripts(t, 1) i from {lists}) group by i"
        ).fetchall()
    )
    columns = [_column(key, f"k{i}", kinds.get(i + 1, [])) for i, key in enumerate(keys)]
    con.execute(f"drop table {lists}")
    malformed = everything - rows
    return Landed(files, relation, columns, rows, rows, malformed, notes=_notes(files) if malformed else [])


def _refuse_array(file: Path) -> None:
    """Raise where a file is one JSON array of objects, and not a line an object."""
    with opened(file) as stream:
        start = stream.read(_START_BYTES)
    if _ARRAY.match(start):
        hint = f"write one object a line: jq -c '.[]' '{file.name}' > lines.jsonl"
        raise SourceError(f"`{file}` is one JSON array, and not a JSON object a line", hint=hint)


def _notes(files: FileSet) -> list[str]:
    """What is odd of files whose lines do not all parse."""
    for file in files.files:
        with opened(file) as stream:
            if stream.read(len(BOM_UTF8)) == BOM_UTF8:
                return [f"`{file.name}` begins with a byte order mark, so that its first line does not parse"]
    return []


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
