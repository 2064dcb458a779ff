"""raw -> staging -> marts: what dbt made of the landed rows. Which models there are to compare: quality/checks.json."""

import json
from dataclasses import replace
from typing import Any

from ingest import declaration, ledger, settings
from ingest.declaration import LoadError, Table
from ingest.sql import ident
from ingest.warehouse import Warehouse
from quality import dbt_results
from quality.compare import WHOLE_TABLE, Hop, Totals, Windows, compare
from quality.landing import is_marked, never, raw_relation
from quality.totals import Relations, day_of, numeric, of_relation, relations


def read_checks() -> dict[str, Any]:
    text = (settings.ROOT / "quality" / "checks.json").read_text(encoding="utf-8")
    checks: dict[str, Any] = json.loads(text)
    return checks


def transformed(db: Warehouse) -> list[Hop]:
    """raw -> staging of every table, then staging -> mart."""
    checks = read_checks()
    there = relations(db)
    sources = {check["source"]: declaration.read(check["source"]) for check in checks["staging"]}
    tables = {}
    hops = []
    for check in checks["staging"]:
        table = tables[check["model"]] = sources[check["source"]].table(check["table"])
        if (table.raw_schema, table.id) not in there:
            raise never(table)
        _needed(there, "staging", check["model"])
        hops += staged(db, table, check, there)
    for check in checks["marts"]:
        if check["staging"]:
            _needed(there, "marts", check["mart"])
            table = tables[check["staging"]]
            found = published(db, table, check, there)
            hops += found if not _landed_since(db, table, check["mart"], found) else []
    return hops


def _landed_since(db: Warehouse, table: Table, mart: str, hops: list[Hop]) -> bool:
    """Whether a mart differs because rows were landed after its build had begun: then its next build has them."""
    begun = dbt_results.built_since().get(mart) if any(hop.differences for hop in hops) else None
    if begun is None:
        return False
    query = f"SELECT max(loaded_at) FROM ops.loads WHERE {ledger.OF_TABLE}"
    ((loaded_at,),) = db.execute(query, [table.source, table.id])
    if loaded_at is None or loaded_at <= begun:
        return False
    print(
        f"staging -> mart: {table.source}.{mart}: not compared: rows were landed at {loaded_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"after its build of {begun:%Y-%m-%d %H:%M:%S} had begun"
    )
    return True


def _needed(there: Relations, schema: str, model: str) -> None:
    if (schema, model) not in there:
        raise LoadError(f"there is no {schema}.{model}; run dbt build")


def staged(db: Warehouse, table: Table, check: dict[str, Any], there: Relations) -> list[Hop]:
    """raw -> staging: the same rows, or the newest of each key."""
    columns = numeric(table)
    raw, model = raw_relation(table), f"staging.{ident(check['model'])}"
    if check["dedupe"]:
        return [_deduplicated(db, table, raw, model)]
    day = day_of(db, table, table.watermark) if table.incremental else None
    marked, kept = is_marked(table, there), there["staging", check["model"]]
    expected = of_relation(db, raw, columns, window=day, marked=marked)
    actual = of_relation(db, model, columns, window=day, marked=kept)
    return compare("raw -> staging", table.source, table.id, _comparable(expected, kept), actual)


def _comparable(windows: Windows, kept: bool) -> Windows:
    """Deleted rows count only where the next hop keeps them."""
    if kept:
        return windows
    return {
        window: replace(one, deleted=0)
        for window, one in windows.items()
        if one.rows or window == WHOLE_TABLE
    }


def _deduplicated(db: Warehouse, table: Table, raw: str, model: str) -> Hop:
    """A staging model that keeps the newest row of each key, and only that."""
    columns = numeric(table)
    newest = newest_of_each_key(table, raw)
    keys = ", ".join(ident(column) for column in table.key)
    ((distinct,),) = db.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {raw}) AS keys_of_table"
    )
    expected = of_relation(db, newest, columns)[WHOLE_TABLE]
    actual = of_relation(db, model, columns)[WHOLE_TABLE]
    hop = Hop("raw -> staging", table.source, table.id, WHOLE_TABLE, expected, actual)
    if expected.rows == distinct:
        return hop.compare()
    # Some keys have several rows with the same watermark: staging may keep any one of them, so sums tell nothing.
    hop.expected = Totals(distinct)
    hop.compare()
    compared = ", ".join(dict.fromkeys([*map(ident, table.key), *(ident(c.id) for c in columns)]))
    strange = _only_in(db, compared, model, newest)
    if strange:
        hop.differs("rows that are not the newest of their key", 0, strange)
    return hop


def newest_of_each_key(table: Table, raw: str) -> str:
    """A subquery: the landed rows that no other row of the same key is newer than."""
    if not table.watermark:
        return raw
    keys = ", ".join(ident(column) for column in table.key)
    wanted = ", ".join(ident(column.id) for column in table.columns)
    newest = f"rank() OVER (PARTITION BY {keys} ORDER BY {ident(table.watermark)} DESC NULLS LAST)"
    ranked = f"(SELECT {wanted}, {newest} AS _place FROM {raw}) AS ranked"
    return f"(SELECT {wanted} FROM {ranked} WHERE _place = 1) AS newest"


def published(db: Warehouse, table: Table, check: dict[str, Any], there: Relations) -> list[Hop]:
    """staging -> mart, where the mart has one row for each row of staging."""
    staging, mart = f"staging.{ident(check['staging'])}", f"marts.{ident(check['mart'])}"
    columns = numeric(table, only=check["same"])
    day = day_of(db, table, check["window"])
    marked, kept = there["staging", check["staging"]], there["marts", check["mart"]]
    expected = of_relation(db, staging, columns, window=day, marked=marked)
    actual = of_relation(db, mart, columns, window=day, marked=kept)
    hops = compare(
        "staging -> mart", table.source, check["mart"], _comparable(expected, kept), actual
    )
    own = {column.id for column in table.columns}
    keys = ", ".join(ident(column) for column in check["key"] if column in own)
    if not keys or any(hop.differences for hop in hops):
        return hops
    left = f"{staging} WHERE _deleted_at IS NULL" if marked and not kept else staging
    for verb, one, other in (("lacks", left, mart), ("adds", mart, left)):
        count = _only_in(db, keys, one, other)
        if count:
            whole = Hop(
                "staging -> mart", table.source, check["mart"], WHOLE_TABLE, Totals(), Totals()
            )
            whole.differs(f"keys that the mart {verb}", 0, count)
            hops.append(whole)
    return hops


def _only_in(db: Warehouse, columns: str, left: str, right: str) -> int:
    """How many different values `left` has in these columns that `right` has not."""
    query = f"SELECT {columns} FROM {left} EXCEPT SELECT {columns} FROM {right}"
    ((count,),) = db.execute(f"SELECT count(*) FROM ({query}) AS only_here")
    return int(count)
