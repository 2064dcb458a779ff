"""The proof: a real pipeline is broken, one fault at a time, and the right alert arrives, with its runbook, and no other.

Airflow, PostgreSQL, Prometheus, Alertmanager, statsd_exporter and Pushgateway are real and run with the repository's own files; a webhook
receives. Each test begins and ends with a pipeline that is whole and alerts that are quiet.
"""

from __future__ import annotations

import pytest

from tests.monitoring.live.proof import Alert, Proof

pytestmark = pytest.mark.monitoring

NYC = {"source": "nyc", "dag_id": "air_nyc"}
DROPS = {"source": "drops", "dag_id": "air_drops"}


def test_the_source_is_down(proof: Proof) -> None:
    with proof.broken(Alert("SourceDown", "ticket", NYC)) as fault:
        proof.nyc.stop()
        assert proof.run("nyc")["load_flights"] == "failed"
        fault.arrives()
        proof.nyc.start()
        proof.healthy("nyc")
        fault.resolves()


def test_rows_are_lost_in_the_load(proof: Proof) -> None:
    """Somebody's code between the source and the warehouse lets two airlines fall."""
    module = proof.repository.root / "ingest" / "nyc.py"
    whole = module.read_text(encoding="utf-8")
    losing = "load.resource(table).add_map(lambda rows: rows.slice(2 if table.id == 'airlines' else 0))"
    with proof.broken(Alert("RowsLost", "page", NYC | {"table": "airlines"})) as fault:
        module.write_text(whole.replace("load.resource(table)", losing), encoding="utf-8")
        assert module.read_text(encoding="utf-8") != whole
        assert proof.run("nyc")["reconcile"] == "failed"
        fault.arrives()
        module.write_text(whole, encoding="utf-8")
        proof.healthy("nyc")
        fault.resolves()


def test_the_source_gains_a_column(proof: Proof) -> None:
    """The load goes on without it, and it is told all the same."""
    with proof.broken(Alert("SchemaDrift", "ticket", NYC | {"table": "flights", "change": "new_column"})) as fault:
        proof.nyc.run("alter table flights add column gate text")
        proof.healthy("nyc")
        fault.arrives()
        proof.nyc.run("alter table flights drop column gate")
        proof.healthy("nyc")
        fault.resolves()


def test_the_source_loses_a_column(proof: Proof) -> None:
    """The contract freezes the table: the load fails."""
    with proof.broken(Alert("SchemaDrift", "ticket", NYC | {"table": "airlines", "change": "lost_column"})) as fault:
        proof.nyc.run("alter table airlines rename column name to title")
        assert proof.run("nyc")["load_airlines"] == "failed"
        fault.arrives()
        proof.nyc.run("alter table airlines rename column title to name")
        proof.healthy("nyc")
        fault.resolves()


def test_the_source_stands_still(proof: Proof) -> None:
    """Loads succeed and bring nothing: the newest flight is hours old."""
    with proof.broken(Alert("SourceStandsStill", "ticket", NYC | {"table": "flights"})) as fault:
        proof.nyc.run("update flights set updated_at = updated_at - interval '4 hours'")
        proof.healthy("nyc")
        fault.arrives()
        proof.nyc.run("update flights set updated_at = updated_at + interval '4 hours'")
        proof.healthy("nyc")
        fault.resolves()


def test_the_quarantine_fills(proof: Proof) -> None:
    """A station delivers what is no number."""
    with proof.broken(Alert("QuarantineFilling", "ticket", DROPS | {"table": "weather"})) as fault:
        bad = proof.nyc.drop("weather-31", [{**row, "temp": "warm"} for row in proof.nyc.weather("weather-30")])
        proof.healthy("drops")
        fault.arrives()
        bad.unlink()
        proof.healthy("drops")
        fault.resolves()


def test_the_disk_is_full(proof: Proof) -> None:
    refused = proof.repository.refused
    assert not refused, f"a disk that can be filled is mounted by root; here: {refused}"
    filler = proof.repository.data / "filler"
    with proof.broken(Alert("DiskFilling", "ticket")) as fault:
        proof.fill(filler)
        assert proof.run("drops")["load_weather"] == "failed"
        fault.arrives()
        filler.unlink()
        proof.healthy("drops")
        fault.resolves()


def test_a_check_fails(proof: Proof) -> None:
    """Flights of negative distance: dbt's test of the rule stops the transform."""
    with proof.broken(Alert("CheckFailed", "ticket", {"dag_id": "air_transform"})) as fault:
        proof.nyc.run("update flights set distance = -distance where flight = 15")
        assert "failed" in proof.published().values()
        fault.arrives()
        proof.nyc.run("update flights set distance = -distance where flight = 15")
        assert set(proof.published().values()) == {"success"}
        fault.resolves()
