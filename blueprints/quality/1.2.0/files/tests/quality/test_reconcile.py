"""Reconciliation finds what is wrong and names it; nothing wrong is nothing found."""

import json

import pytest

from ingest import casts, declaration, ledger, measures
from ingest.sql import ident
from quality import landing, models, reconcile, summary, text_table

SOURCES = declaration.source_ids()


@pytest.fixture(params=SOURCES)
def source(request, load):
    load(request.param)
    return declaration.read(request.param)


def compare(function, *arguments):
    with ledger.open_warehouse() as db:
        hops = function(db, *arguments)
        reconcile.keep(db, hops, "test")
    return [difference for hop in hops for difference in hop.differences]


def raw(table):
    return f"{ident(table.raw_schema)}.{ident(table.id)}"


def test_a_lost_row_and_a_changed_value_are_found(source, query):
    assert compare(landing.landed, source.id) == []
    query("CREATE TABLE kept AS FROM ops.quarantine")
    if query("DELETE FROM ops.quarantine") != [(0,)]:
        assert compare(landing.landed, source.id), "quarantined rows count"
        query("INSERT INTO ops.quarantine FROM kept")
    table = source.tables[0]
    query(f"DELETE FROM {raw(table)} WHERE rowid = (SELECT min(rowid) FROM {raw(table)})")
    (first, *_) = compare(landing.landed, source.id)
    assert first.startswith(f"source -> raw: {source.id}.{table.id}")
    assert ": rows: expected " in first
    numeric = [
        (table, column)
        for table in source.tables[1:]
        for column in measures.numeric_columns(table)
        if column.id not in table.key
    ]
    if numeric:
        table, column = numeric[0]
        smallest = "0.01" if (casts.decimal(column.type) or (0, 0))[1] >= 2 else "1"
        name = ident(column.id)
        some = f"SELECT min(rowid) FROM {raw(table)} WHERE {name} IS NOT NULL"
        query(f"UPDATE {raw(table)} SET {name} = {name} + {smallest} WHERE rowid = ({some})")
        found = compare(landing.landed, source.id)
        where, what = f"source -> raw: {source.id}.{table.id}", f": sum of {column.id}: expected "
        assert [one for one in found if one.startswith(where) and what in one]
    kept = query("SELECT count(*) FROM ops.reconciliation WHERE NOT ok")
    assert kept[0][0] >= 1


@pytest.fixture
def built(load, query):
    """All sources loaded; staging and one-to-one marts made by plain SQL, as the dbt models would make them."""
    for source_id in SOURCES:
        load(source_id)
    checks = models.read_checks()
    query("CREATE SCHEMA staging; CREATE SCHEMA marts")
    for check in checks["staging"]:
        table = declaration.read(check["source"]).table(check["table"])
        newest = ""
        if check["dedupe"]:
            keys = ", ".join(map(ident, table.key))
            order = f"{ident(table.watermark)} DESC NULLS LAST, " if table.watermark else ""
            order += "_file, _line"
            newest = f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1"
        query(f"CREATE TABLE staging.{ident(check['model'])} AS FROM {raw(table)} {newest}")
    for check in [check for check in checks["marts"] if check["staging"]]:
        query(
            f"CREATE TABLE marts.{ident(check['mart'])} AS FROM staging.{ident(check['staging'])}"
        )
    return checks


def test_staging_marts_and_the_summary(built, query, place, capsys):
    assert compare(models.transformed) == []
    check_summary(built, place, capsys)
    model = built["staging"][0]["model"]
    query(f"INSERT INTO staging.{ident(model)} FROM staging.{ident(model)} LIMIT 1")
    differences = compare(models.transformed)
    assert differences[0].startswith("raw -> staging: ")
    for check in built["marts"]:
        if check["staging"] == model:
            assert any(check["mart"] in difference for difference in differences)


def check_summary(built, place, capsys):
    """It fits a terminal and is right."""
    (place / "data" / "demo-timings.json").write_text(json.dumps({"load": 1.25, "build": 2}))
    results = place / "transform" / "target" / "demo"
    results.mkdir(parents=True)
    found = [
        {"unique_id": f"test.x.{n}", "status": s} for n, s in enumerate(["pass", "pass", "fail"])
    ]
    (results / "run_results.json").write_text(json.dumps({"results": found}))
    assert summary.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    for check in built["staging"][: summary.MOST_LINES]:
        name = f"{check['source']}.{check['table']}"[: text_table.NAME_WIDTH - 1]
        assert name in text
    assert any(line.split() == ["dbt", "tests", "2", "passed", "1", "failed"] for line in lines)
    assert any(line.split() == ["total", "3.2"] for line in lines)
