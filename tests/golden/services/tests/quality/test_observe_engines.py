"""The gauges and the history are the same on every engine that this repository's warehouse can be."""

from datetime import UTC, datetime, timedelta

import pytest

from ingest import declaration, ledger
from ingest.declaration import SchemaDrift, SourceDown
from quality import history, landing, mart_metrics, reconcile, source_metrics, storage
from quality.gauges import Gauges

CHECKS = {
    "staging": [
        {"source": "made_up", "table": "orders", "model": "stg_orders", "dedupe": True},
        {"source": "made_up", "table": "others", "model": "stg_others", "dedupe": False},
    ],
    "marts": [{"mart": "fct_orders", "staging": "stg_orders"}],
}


@pytest.fixture
def observed(made_up):
    """Make a function that observes the source, or the transform: value by metric and labels."""

    def run(transform=False):
        gauges = Gauges()
        with ledger.open_warehouse() as db:
            storage.size(db, gauges)
            if transform:
                mart_metrics.observe(db, gauges, CHECKS)
            else:
                history.keep_loads(db, "made_up")
                history.keep_reconciliation(db, source_metrics.HOPS, "made_up")
                source_metrics.observe(db, gauges, declaration.read("made_up"))
        found = {}
        for line in gauges.text().splitlines():
            if not line.startswith("#"):
                series, value = line.rsplit(" ", 1)
                found[series.removeprefix("pipeline_").replace('environment="demo",', "")] = float(
                    value
                )
        return found

    return run


OF_ORDERS = '{source="made_up",table="orders"}'


def test_a_sources_gauges(made_up, observed):
    made_up.load()
    with ledger.open_warehouse() as db:
        reconcile.keep(db, landing.landed(db, "made_up"), "test")
        if db.kind == "postgres":
            db.execute("ANALYZE raw_made_up.orders")
    found = observed()
    assert found["rows_landed" + OF_ORDERS] == 6
    assert found["table_rows" + OF_ORDERS] == 6
    assert found["quarantine_rows" + OF_ORDERS] == 0
    assert found['source_up{source="made_up"}'] == 1
    assert found[f'reconciliation_differences{{hop="{landing.HOP}",{OF_ORDERS[1:]}'] == 0
    assert not [series for series in found if "failed" in series or "drift" in series]
    assert [value for series, value in found.items() if series.startswith("warehouse_bytes")][0] > 0
    again = "SELECT kind, count(*) FROM ops.checks GROUP BY 1 ORDER BY 1"
    assert made_up.warehouse(again) == [("load", 1), ("reconciliation", 1)]
    observed()
    assert made_up.warehouse(again) == [("load", 1), ("reconciliation", 1)]


def test_failures_and_drift_are_told_until_repaired(made_up, observed):
    made_up.load()
    away = made_up.path.rename(made_up.place / "away")
    with pytest.raises(SourceDown):
        made_up.load()
    found = observed()
    assert found['source_up{source="made_up"}'] == 0
    assert found['load_failed{reason="source_down",source="made_up",table="orders"}'] == 1
    away.rename(made_up.path)
    made_up.source("ALTER TABLE orders ADD COLUMN extra")
    made_up.declare(schema_contract={"new_column": "freeze"})
    with pytest.raises(SchemaDrift):
        made_up.load()
    found = observed()
    assert found['source_up{source="made_up"}'] == 1
    assert found['load_failed{reason="schema_drift",source="made_up",table="orders"}'] == 1
    drift = 'schema_drift{change="new_column",source="made_up",table="orders"}'
    assert found[drift] == 1
    made_up.declare()
    made_up.load()
    found = observed()
    assert found[drift] == 1, "noted"
    assert not [series for series in found if series.startswith("load_failed")]
    made_up.source("ALTER TABLE orders DROP COLUMN extra")
    made_up.load()
    assert drift not in observed()
    statuses = "SELECT status, count(*) FROM ops.checks WHERE kind = 'load' GROUP BY 1 ORDER BY 1"
    assert made_up.warehouse(statuses) == [("fail", 2), ("pass", 3)]


def test_rows_of_a_day_and_the_newest_row(made_up, observed, monkeypatch):
    """Two loads of a table whose first was more than a day ago, of which each reads the last hour again."""
    monkeypatch.setattr("ingest.settings.has_twin", lambda: False)
    monkeypatch.setenv("MADE_UP_PATH", str(made_up.path))
    now = datetime.now(UTC).replace(microsecond=0)
    made_up.add(100, f"{now - timedelta(hours=24):%Y-%m-%d %H:%M:%S}")
    made_up.load()
    made_up.warehouse("UPDATE ops.loads SET loaded_at = loaded_at - INTERVAL '25 hours'")
    for hours in (12, 1):
        made_up.add(200 + hours, f"{now - timedelta(hours=hours):%Y-%m-%d %H:%M:%S}")
        made_up.load()
    found = observed()
    newest = found["newest_row_timestamp_seconds" + OF_ORDERS]
    assert newest == (now - timedelta(hours=1)).timestamp()
    # Each read one new row and the newest of before: 4 rows, in 23 h of news and 2 h read again, of 25 h.
    expected = 4 * 23 / 25 * 24 / 25
    assert found["rows_per_day" + OF_ORDERS] == pytest.approx(expected, rel=0.01)


def test_what_is_published_and_how_large_it_is(made_up, observed):
    made_up.load()
    ((loaded,),) = made_up.warehouse("SELECT loaded_at FROM ops.loads")
    made_up.warehouse(
        "INSERT INTO ops.loads (source, \"table\", kind, loaded_at) VALUES ('made_up', 'others', 'full', ?)",
        loaded,
    )
    made_up.warehouse("CREATE SCHEMA marts")
    made_up.warehouse("CREATE TABLE marts.fct_orders AS SELECT * FROM raw_made_up.orders")
    with ledger.open_warehouse() as db:
        if db.kind == "postgres":
            db.execute("ANALYZE marts.fct_orders")

    def built(name, seconds, status="pass"):
        made_up.warehouse(
            "INSERT INTO ops.checks VALUES ('r', ?, 'build', ?, '', ?, ?, NULL, 1)",
            loaded + timedelta(seconds=seconds), name, name, status,
        )  # fmt: skip

    built("fct_orders", 20)
    built("stg_others", 20)
    found = observed(transform=True)
    published = "published_timestamp_seconds" + OF_ORDERS
    others = published.replace("orders", "others")
    assert found['mart_rows{mart="fct_orders"}'] == 6
    assert others in found and published not in found, "its staging is a table that is not built"
    built("stg_orders", -1)
    built("stg_orders", 10, "error")
    assert published not in observed(transform=True), "staging was built before it was landed"
    built("stg_orders", 5)
    built("stg_orders", 99)
    assert observed(transform=True)[published] == pytest.approx(loaded.timestamp(), abs=1e-3)


def test_dbt_tests(made_up, observed):
    moment = datetime.now(UTC)
    row = "INSERT INTO ops.checks VALUES ('r', ?, 'dbt', 'sums', '', 'm', ?, ?, 0.5)"
    for hour, status, failures in ((0, "pass", 0), (1, "fail", 3)):
        made_up.warehouse(row, moment + timedelta(hours=hour), status, failures)
    found = observed(transform=True)
    assert found['check_failed{check="sums",model="m",severity="error"}'] == 3
    assert found['checks{status="fail"}'] == 1 and found['checks{status="pass"}'] == 0
    made_up.warehouse(row, moment + timedelta(hours=2), "pass", 0)
    assert not [one for one in observed(transform=True) if one.startswith("check_failed")]
