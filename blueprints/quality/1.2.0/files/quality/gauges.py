"""The gauges of a DAG: their names, what they mean, and how they get to Prometheus's Pushgateway."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import (
    basic_auth_handler,
    default_handler,
    push_to_gateway,
    pushadd_to_gateway,
)

from ingest import settings

SECONDS = 10  # that the Pushgateway has to answer
MEANING = {
    "observed_timestamp_seconds": "When the DAG's run was observed.",
    "source_up": "0 where the newest attempt failed because the source could not be reached.",
    "load_failed": "1 where the newest attempt to load the table failed, and why.",
    "schema_drift": "1 where the newest load saw that the table changed at the source.",
    "load_seconds": "How long the newest load read.",
    "rows_read": "Rows that the newest load read.",
    "rows_landed": "Rows that the newest load landed.",
    "rows_quarantined": "Rows that the newest load set aside.",
    "rows_superseded": "Rows that the newest load dropped for a newer one of the same key.",
    "rows_deleted": "Rows that the newest load found deleted at the source.",
    "loaded_timestamp_seconds": "The newest load that looked for what is new.",
    "newest_row_timestamp_seconds": "The newest watermark.",
    "table_rows": "Rows of the landed table; of PostgreSQL about so many.",
    "rows_per_day": "Rows that the source had new in a day, by the loads of the last 24 hours.",
    "quarantine_rows": "Rows that are set aside now.",
    "reconciliation_differences": "Windows that differ in the newest comparison.",
    "reconciliation_rows_difference": "Rows too many or too few in those windows.",
    "backfill_failed": "1 where the newest backfill failed.",
    "disk_free_bytes": "Free room on the disk.",
    "disk_size_bytes": "Size of the disk.",
    "warehouse_bytes": "Size of the warehouse.",
    "published_timestamp_seconds": "Up to here readers see all that was loaded.",
    "mart_rows": "Rows of the mart; of PostgreSQL about so many.",
    "checks": "How many dbt tests have this status, the newest of each.",
    "check_failed": "Rows that fail the dbt test; 1 where it could not run.",
}


class Gauges:
    """Values by metric and labels. The environment is a label of each."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._gauges: dict[str, Gauge] = {}

    def set(self, name: str, value: float, **labels: str) -> None:
        labels["environment"] = settings.environment()
        if name not in self._gauges:
            self._gauges[name] = Gauge(
                f"pipeline_{name}", MEANING[name], list(labels), registry=self._registry
            )
        self._gauges[name].labels(**labels).set(value)

    def text(self) -> str:
        """In Prometheus's own notation."""
        return str(generate_latest(self._registry).decode())

    def push(self, url: str, group: dict[str, str], *, whole: bool) -> None:
        """Take the place of all that the Pushgateway has of the group; where not `whole`, of the metrics that are here.

        OSError or ValueError, which may hold the URL and what is secret in it, where it cannot be.
        """
        gateway, handler = _address(url)
        send = push_to_gateway if whole else pushadd_to_gateway
        send(
            gateway,
            job="pipeline",
            registry=self._registry,
            grouping_key=group,
            timeout=SECONDS,
            handler=handler,
        )


def _address(url: str) -> tuple[str, Callable[..., Any]]:
    """The URL without user and password, and what sends those."""
    at = urlsplit(url if "://" in url else f"http://{url}")
    if at.username is None:
        return urlunsplit(at), default_handler
    user, password = unquote(at.username), unquote(at.password or "")

    def handler(*given: Any, **more: Any) -> Callable[[], None]:
        send: Callable[[], None] = basic_auth_handler(
            *given, **more, username=user, password=password
        )
        return send

    return urlunsplit(at._replace(netloc=at.netloc.rpartition("@")[2])), handler
