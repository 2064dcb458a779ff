"""The seed cases: pipegen decides as a senior engineer would sign; what was weighed is in docs/seed-cases.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipegen.core.design.explain import Explained, explain
from pipegen.core.spec import address, load
from pipegen.store import yaml_file
from tests.core.design import seed_cases

PAGE = Path(__file__).parents[3] / "docs" / "seed-cases.md"
READ_WHOLE = {"extract": "full", "write": "replace", "history": "none", "partitioning": "none"}
BY_KEYS = {
    "extract": "watermark-keys",
    "write": "merge",
    "history": "none",
    "overlap": "2h",
    "lookback": "1",
    "partitioning": "none",
}
EVENTS = {"extract": "append", "write": "microbatch", "history": "none"}


def of(at: str, **choices: str) -> dict[str, str]:
    """Decisions of one source or table: its questions with their choices."""
    return {f"{at}.{question}": choice for question, choice in choices.items()}


SIGNED: dict[str, dict[str, str]] = {
    "erp_nightly": {
        **of("erp", mode="batch", schedule="0 0 * * *", direction="pull", parallelism="4", retries="3, first after 5m"),
        **of("erp.gl_entries", **READ_WHOLE), **of("erp.sales_orders", **READ_WHOLE), **of("erp.materials", **READ_WHOLE),
        **of("erp.customers", **{**READ_WHOLE, "history": "scd2"}),
        **of("pipeline", transform="elt", alerts="freshness-deadline+rows-lost", executor="LocalExecutor"),
        **of("destination", engine="postgres"),
    },
    "shop_hourly": {
        **of("shop_db", mode="batch", schedule="*/30 * * * *", direction="pull", parallelism="4"),
        **of("shop_db.orders", **BY_KEYS), **of("shop_db.order_items", **BY_KEYS),
        **of("shop_db.customers", **READ_WHOLE), **of("shop_db.products", **READ_WHOLE),
        **of("pipeline", transform="etl", alerts="freshness-burn+rows-lost", executor="LocalExecutor"),
        **of("destination", engine="postgres"),
    },
    "clicks_5m": {
        **of("web", mode="frequent-batch", schedule="*/2 * * * *", direction="push", topic_partitions="1", log_retention="4d"),
        **of("web.clicks", **EVENTS, lookback="1", partitioning="day"),
        **of("pipeline", transform="elt", alerts="freshness-burn+rows-lost"), **of("destination", engine="bigquery"),
    },
    "bank_ledger": {
        **of("core_banking", mode="batch", schedule="*/30 * * * *", direction="pull", log_retention="3d"),
        **of("core_banking.entries", **EVENTS, overlap="2h", lookback="1", partitioning="range"),
        **of("core_banking.accounts", extract="cdc", write="append-log", history="every-change", partitioning="none"),
        **of("core_banking.customers", extract="full", write="merge", history="scd2", partitioning="none"),
        **of("core_banking.currencies", extract="full", write="merge", history="scd2", partitioning="none"),
        **of("pipeline", transform="etl", alerts="freshness-burn+rows-lost+slot"), **of("destination", engine="postgres"),
    },
    "iot_alerts": {
        **of("sensors", mode="flink", schedule="continuous", direction="push", topic_partitions="3", log_retention="3d12h", retries="0"),
        **of("sensors.readings", **EVENTS, lookback="1", partitioning="month"),
        **of("pipeline", transform="elt", alerts="freshness-burn+rows-lost+dead-letters"), **of("destination", engine="clickhouse"),
    },
    "saas_api": {
        **of("crm", mode="batch", schedule="*/30 * * * *", direction="pull", parallelism="1"),
        **of("crm.contacts", extract="watermark", write="merge", history="none", overlap="1h", lookback="1", partitioning="none"),
        **of("crm.activities", **EVENTS, overlap="1h", lookback="1", partitioning="none"), **of("crm.deals", **READ_WHOLE),
        **of("pipeline", transform="elt", alerts="freshness-burn+rows-lost"), **of("destination", engine="duckdb"),
    },
    "partner_csv": {
        **of("partner", mode="batch", schedule="0 6 * * *", direction="pull"),
        **of("partner.settlements", extract="append", write="replace-by-unit", history="none", partitioning="none"),
        **of("pipeline", transform="elt", alerts="freshness-deadline+rows-lost"), **of("destination", engine="duckdb"),
    },
    "payment_webhooks": {
        **of("provider", mode="frequent-batch", schedule="*/6 * * * *", direction="push"),
        **of("provider.charges", **EVENTS, lookback="3", partitioning="none"),
        **of("provider.disputes", **EVENTS, lookback="3", partitioning="none"),
        **of("pipeline", transform="elt", alerts="freshness-burn+rows-lost"), **of("destination", engine="postgres"),
    },
    "health_records": {
        **of("records", mode="batch", schedule="0 */12 * * *", direction="pull"),
        **of("records.patients", **READ_WHOLE), **of("records.encounters", **READ_WHOLE),
        **of("pipeline", transform="etl", alerts="freshness-deadline+rows-lost"), **of("destination", engine="postgres"),
    },
    "logs_3tb": {
        **of("platform", mode="batch", schedule="*/30 * * * *", direction="pull"),
        **of("platform.logs", extract="append", write="replace-by-unit", history="none", partitioning="cluster"),
        **of("pipeline", transform="elt", alerts="freshness-burn+rows-lost"), **of("destination", engine="snowflake"),
    },
    "reference_table": {
        **of("master_data", mode="batch", schedule="0 0 * * *", direction="pull", parallelism="1"),
        **of("master_data.countries", **READ_WHOLE),
        **of("pipeline", transform="elt", alerts="freshness-deadline+rows-lost"), **of("destination", engine="duckdb"),
    },
}  # fmt: skip
FILES = "{kind: files, path: FOLDER}"
# What no blueprint builds yet, each with what the nearest asks instead, where that is worth signing.
UNBUILT: dict[str, dict[str, str]] = {
    "clicks_5m": {
        "destination.kind": "destination.kind=duckdb", "web.kind": f"sources.web={FILES}",
        "web.clicks.retention": "sources.web.tables.clicks.retention=null",
    },
    "bank_ledger": {
        "core_banking.entries.partitioning":
            "overrides.core_banking.entries.partitioning=none sources.core_banking.tables.accounts.history=scd2",
        "core_banking.accounts.history":
            "sources.core_banking.tables.accounts.history=scd2 overrides.core_banking.entries.partitioning=none",
    },
    "iot_alerts": {"destination.kind": "destination.kind=postgres", "sensors.kind": "", "sensors.mode": "sources.sensors.freshness=5m"},
    "partner_csv": {"partner.kind": f"sources.partner={FILES}"},
    "payment_webhooks": {"provider.kind": f"sources.provider={FILES}"},
    "logs_3tb": {"destination.kind": "nothing", "platform.kind": "nothing", "platform.logs.retention": "sources.platform.retention=null"},
}  # fmt: skip


def explained(name: str, *sets: str) -> Explained:
    values = seed_cases.values(name)
    for assignment in sets:
        key, text = assignment.split("=", 1)
        address.put(values, address.parse(key), yaml_file.value(text))
    return explain(load.load(values), seed_cases.measured(name), ids=())


def choices(made: Explained) -> dict[str, str]:
    return {decision.id: decision.choice for decision in made.decisions}


def test_every_seed_case_is_signed_and_written_about() -> None:
    assert sorted(SIGNED) == seed_cases.NAMES
    assert sorted(re.findall(r"^## (\w+):", PAGE.read_text(), re.MULTILINE)) == seed_cases.NAMES


@pytest.mark.parametrize("name", seed_cases.NAMES)
def test_a_seed_case_is_decided_as_it_was_signed(name: str) -> None:
    made = choices(explained(name))
    assert {id: made.get(id) for id in SIGNED[name]} == SIGNED[name]


@pytest.mark.parametrize("name", seed_cases.NAMES)
def test_a_seed_case_misses_no_demand_and_asks_nothing(name: str) -> None:
    made = explained(name)
    assert made.unmet == ()
    assert made.open_questions == ()


@pytest.mark.parametrize("name", seed_cases.NAMES)
def test_a_seed_case_names_what_is_not_built_and_what_is_near(name: str) -> None:
    said = UNBUILT.get(name, {})
    near = {u.id: told(u.nearest[0].sets) if u.nearest else "nothing" for u in explained(name).unbuilt}
    assert near.keys() == said.keys()
    assert {id: sets for id, sets in near.items() if said[id]} == {id: sets for id, sets in said.items() if sets}


def told(sets: tuple[tuple[str, str], ...]) -> str:
    return " ".join(f"{key}={value}" for key, value in sets)


@pytest.mark.parametrize("name", seed_cases.NAMES)
def test_the_page_says_what_was_signed(name: str) -> None:
    (section,) = re.findall(rf"^## {name}:.*?(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    signed = section.partition("**Signed:**")[2].partition("**Weighed.**")[0]
    telling = ("mode", "schedule", "extract", "write")
    for id, choice in SIGNED[name].items():
        if id.rpartition(".")[2] in telling or choice in (
            "etl",
            "push",
            "scd2",
            "every-change",
            "day",
            "month",
            "range",
            "cluster",
        ):
            assert f"`{choice}`" in signed, f"{id} is {choice}"
    assert "**Changes it:**" in section


FLIPPED: list[tuple[str, str, str, str]] = [
    ("shop_hourly", "sources.shop_db.tables.orders.deletes=ignore", "shop_db.orders.extract", "watermark"),
    ("clicks_5m", "defaults.freshness=4m", "web.mode", "micro-batch"),
    ("clicks_5m", "sources.web.tables.clicks.volume=217M rows/day", "web.topic_partitions", "2"),
    ("bank_ledger", "sources.core_banking.tables.customers.size=67M rows", "core_banking.customers.extract", "watermark-keys"),
    ("iot_alerts", "defaults.freshness=5s", "sensors.mode", "spark-streaming"),
    ("iot_alerts", "defaults.freshness=1m", "sensors.mode", "micro-batch"),
    ("partner_csv", "sources.partner.delivered=07:30", "partner.schedule", "30 7 * * *"),
    ("partner_csv", "defaults.deletes=hard", "partner.settlements.extract", "full"),
    ("payment_webhooks", "sources.provider.tables.charges.volume=275k rows/day", "provider.charges.partitioning", "range"),
    ("payment_webhooks", "defaults.freshness=1m", "provider.mode", "micro-batch"),
    ("erp_nightly", "defaults.freshness=1d", "erp.schedule", "0 */12 * * *"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "asked", "id", "choice"), FLIPPED)
def test_what_changes_it_changes_it(name: str, asked: str, id: str, choice: str) -> None:
    assert choices(explained(name))[id] != choice
    assert choices(explained(name, asked))[id] == choice


MISSED: list[tuple[str, str, str]] = [
    ("erp_nightly", "sources.erp.tables.gl_entries.size=870M rows", "erp.freshness"),
    ("saas_api", "defaults.freshness=15m", "crm.freshness"),
    ("iot_alerts", "on_call=working-hours", "on_call"),
    ("health_records", "sources.records.tables.patients.columns={full_name: drop}", "records.patients.raw_personal_data"),
    ("logs_3tb", "defaults.freshness=1m", "platform.freshness"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "asked", "id"), MISSED)
def test_what_misses_a_demand_is_said_with_by_how_much(name: str, asked: str, id: str) -> None:
    missed = {u.id: u for u in explained(name, asked).unmet}
    assert id in missed
    assert missed[id].asked and missed[id].got and missed[id].missed_by and missed[id].because


def test_without_every_change_the_ledger_needs_no_log() -> None:
    made = explained("bank_ledger", "sources.core_banking.tables.accounts.history=scd2")
    assert "cdc" not in choices(made).values()
    assert "core_banking.log_retention" not in choices(made)
    assert [u.id for u in made.unbuilt] == ["core_banking.entries.partitioning"]
