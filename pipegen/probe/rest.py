"""Probe of a REST API: what its document says, and what a few requests to each of its tables show."""

from __future__ import annotations

from collections.abc import Sequence

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, Pagination, Server
from pipegen.core.spec import source_url
from pipegen.core.spec.remote_url import parse_server
from pipegen.probe.chosen_tables import choose, wanted
from pipegen.probe.look import Look
from pipegen.probe.rest_client import Client
from pipegen.probe.rest_discovery import Candidate, Found, discover
from pipegen.probe.rest_table import Asked, Table


def measure(path: str, look: Look) -> Measured:
    """Measure an API; ``path`` is its URL, or that of its document: see :class:`pipegen.probe.registry.Probe`."""
    client = Client(parse_server(path, source_url.EXAMPLES["rest"]), look)
    try:
        found = discover(client, look)
        chosen = _chosen(found, look, client)
        asked, left_out = _ask(client, chosen, look, found.wanted)
    finally:
        client.close()
    _lend(asked)
    return Measured(
        server=Server(kind="rest", version=found.version),
        tables={name: one.table for name, one in asked.items()},
        left_out=left_out,
    )


def _chosen(found: Found, look: Look, client: Client) -> list[Candidate]:
    by_name = {c.name: c for c in found.candidates}
    return [by_name[name] for name in choose(wanted(look, by_name), by_name, client.shown().strip("`"))]


def _ask(
    client: Client, chosen: Sequence[Candidate], look: Look, wanted: str | None
) -> tuple[dict[str, Asked], dict[str, str]]:
    """Every table; one that cannot be read is left out, unless somebody named it, or there is no other."""
    asked: dict[str, Asked] = {}
    refused: dict[str, SourceError] = {}
    for candidate in chosen:
        look.progress(f"asking for {candidate.name}")
        try:
            asked[candidate.name] = Table(client, candidate, look, wanted).measure()
        except SourceError as error:
            if look.tables is not None:
                raise
            refused[candidate.name] = error
    if refused and not asked:
        raise next(iter(refused.values()))
    return asked, {name: f"{e.message}; {e.hint}" if e.hint else e.message for name, e in refused.items()}


def _lend(asked: dict[str, Asked]) -> None:
    """A table of one page shows no second one: it is taken to page as the others of its API do, where they all do so alike."""
    ways = [_pagination(one) for one in asked.values() if one.proved]
    lent = [way for way in ways if way.kind != "none"]
    if not lent or any(way != lent[0] for way in lent):
        return
    for one in asked.values():
        endpoint = one.table.endpoint
        if endpoint is not None and not one.proved and one.table.rows is not None and endpoint.pagination != lent[0]:
            endpoint.pagination = lent[0].model_copy()
            endpoint.how += "; its pages as those of the other tables"


def _pagination(one: Asked) -> Pagination:
    return one.table.endpoint.pagination if one.table.endpoint is not None else Pagination()
