"""One table of an API: a few of its rows are asked for, and measured with what a document says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from pipegen.core.errors import SourceError
from pipegen.core.measured import Count, Endpoint, Key, MeasuredTable, Since, Watermark
from pipegen.core.names import identifier, shorten
from pipegen.probe import json_rows
from pipegen.probe import rest_parameters as names
from pipegen.probe import rest_refusals as refusals
from pipegen.probe.facts import TEMPORAL, ColumnFacts
from pipegen.probe.look import TIME_IS_UP, Look
from pipegen.probe.named_columns import watermark_rank
from pipegen.probe.rest_client import Answer, Client, led_to
from pipegen.probe.rest_columns import merged
from pipegen.probe.rest_discovery import Candidate, read_json
from pipegen.probe.rest_next import Seen
from pipegen.probe.rest_pagination import Paged, Pager
from pipegen.probe.rest_parameters import Parameter
from pipegen.probe.rest_records import find_rows

_LIMITS = ("X-RateLimit-Limit", "RateLimit-Limit", "X-Rate-Limit-Limit", "RateLimit-Policy", "RateLimit")


@dataclass
class Asked:
    """A table as it was measured; ``proved`` is whether its pagination was seen at work."""

    table: MeasuredTable
    proved: bool


class Table:
    """The look at one table."""

    def __init__(self, client: Client, candidate: Candidate, look: Look, wanted: str | None) -> None:
        self._client, self._it, self._look, self._wanted = client, candidate, look, wanted
        self._where = client.shown(candidate.path)
        self._notes: list[str] = []

    def measure(self) -> Asked:
        """Measure it.

        Raises:
            SourceError: it cannot be read, or is no list of rows.
        """
        listing = self._it.listing
        if self._look.is_over:
            if listing is None:
                raise refusals.no_time(self._where)
            return self._by_document(TIME_IS_UP.replace("the catalogue", "its document"))
        answer = self._client.get(self._it.path)
        if answer.status in (401, 403) and listing is not None and not self._client.has_auth:
            wanted = f" {self._wanted}" if self._wanted else " to know who asks"
            return self._by_document(
                f"judged by its document alone: it wants{wanted}, and none was given; {refusals.AUTH_HINT}"
            )
        first = self._seen(answer)
        self._note_limit(answer)
        paged = Pager(first, self._parameters, lambda params: self._page(params, answer.url)).find()
        if paged.endless:
            raise refusals.endless(self._where)
        if not paged.rows and listing is None:
            hint = "come back when it has one, or give the URL of its OpenAPI document; or leave it out"
            raise SourceError(f"{self._where} lists no row, so its columns are not known", hint=hint)
        return self._measured(paged, first.found.path)

    @property
    def _parameters(self) -> Sequence[Parameter]:
        return self._it.listing.parameters if self._it.listing else ()

    def _seen(self, answer: Answer) -> Seen:
        if answer.status >= 300:
            raise refusals.status(self._where, answer.status, has_auth=self._client.has_auth, wanted=self._wanted)
        body = read_json(answer, self._where)
        found = find_rows(body, self._it.name)
        if found is None:
            raise refusals.no_rows(self._where)
        return Seen(body, answer.headers, found)

    def _page(self, params: Mapping[str, str] | str, base: str) -> Seen | None:
        """A further page; None where the API does not take the request, or there is no time for it."""
        if self._look.is_over:
            return None
        if isinstance(params, str):
            url = led_to(base, params)
            if url is None:
                raise refusals.nowhere(f"the next page of {self._where}")
            if not self._client.same_host(url):
                raise refusals.next_elsewhere(self._where, self._client.shown(url))
            answer = self._client.get(url)
        else:
            answer = self._client.get(self._it.path, list(params.items()))
        if answer.status >= 300:
            return None
        body = read_json(answer, self._where)
        found = find_rows(body, self._it.name)
        return Seen(body, answer.headers, found) if found is not None else None

    def _note_limit(self, answer: Answer) -> None:
        said = next((name for name in _LIMITS if name in answer.headers), None)
        if said is not None:
            value = shorten(answer.headers[said], 40)
            self._notes.append(
                f"the API says what it allows: `{said}: {value}`; the pipeline keeps to `rate_limit` of the spec"
            )

    # -- what was found --------------------------------------------------------------------------------------------------

    def _by_document(self, why: str) -> Asked:
        listing = self._it.listing
        assert listing is not None  # what no document tells of is asked for
        shape = Seen(listing.body, {}, listing.found)
        found = Pager(shape, listing.parameters, lambda _: None).find()
        self._notes.append(why)
        how = self._it.how.partition(",")[0]
        paged = Paged(found.pagination, [])
        return self._measured(paged, listing.found.path, how)

    def _measured(self, paged: Paged, records: str | None, how: str | None = None) -> Asked:
        rows, whole = paged.rows, paged.whole
        columns = json_rows.column_facts(rows, whole=whole)
        if self._it.listing is not None:
            columns, differing = merged(self._it.listing.columns, columns)
            self._notes += differing
        key = self._key(columns, rows, whole)
        watermark = json_rows.row_watermark(columns, rows, whole=whole) or _named_watermark(columns, bool(rows))
        count = self._count(paged)
        endpoint = Endpoint(
            path=self._it.path, records=records, pagination=paged.pagination,
            since=self._since(watermark, columns, rows), how=how or self._it.how,
        )  # fmt: skip
        table = MeasuredTable(
            endpoint=endpoint,
            rows=count,
            bytes=count.value * json_rows.row_bytes(rows) if count is not None and rows else None,
            key=key,
            near_key=json_rows.near_key(self._it.name, columns, rows) if key is None and rows else None,
            watermark=watermark,
            deletes=json_rows.row_deletes(columns),
            columns={c.name: c.measured(key.columns if key else ()) for c in columns},
            notes=[*self._notes, *paged.notes],
        )
        return Asked(table, paged.proved)

    def _count(self, paged: Paged) -> Count | None:
        """How many rows there are: as the API says, unless the rows themselves say otherwise."""
        came = len(paged.rows)
        if paged.total is None:
            return Count(value=came) if paged.whole else None
        if came <= paged.total and (came == paged.total or not paged.whole):
            return Count(value=paged.total)
        self._notes.append(f"it says that it has {paged.total:,} rows, and gave {came:,}")
        return Count(value=came, exact=paged.whole)

    def _key(self, columns: Sequence[ColumnFacts], rows: Sequence[Mapping[str, Any]], whole: bool) -> Key | None:
        """What a document's path of one row names, where no row speaks against it; else what the rows show."""
        listing = self._it.listing
        named = _named_key(listing.own_key, self._it.name, columns) if listing and listing.own_key else None
        values = [json_rows.comparable(row.get(named.name)) for row in rows] if named else []
        if named is not None and listing is not None and not (named.nulls and rows) and len(set(values)) == len(values):
            seen = f", and unique over {len(rows)} rows" if rows else ""
            return Key(columns=[named.name], how=f"the path of one row, `{{{listing.own_key}}}`{seen}")
        return json_rows.row_key(self._it.name, columns, rows, whole=whole) if rows else None

    def _since(
        self, watermark: Watermark | None, columns: Sequence[ColumnFacts], rows: Sequence[Mapping[str, Any]]
    ) -> Since | None:
        """The parameter that asks for what changed, tried out where there are rows to try it with."""
        declared = names.first(self._parameters, names.is_since)
        if declared is None or watermark is None:
            return None
        format_ = "epoch" if declared.type in ("integer", "number") else "date" if declared.format == "date" else "iso"
        since = Since(
            param=declared.name,
            column=watermark.column,
            format="epoch" if format_ == "epoch" else "date" if format_ == "date" else "iso",
        )
        moments = json_rows.as_moments(row[watermark.column] for row in rows if row.get(watermark.column))
        if not moments or min(moments) == max(moments) or self._look.is_over:
            return since
        newest = max(moments).astimezone(UTC)
        text = {"epoch": str(int(newest.timestamp())), "date": newest.strftime("%Y-%m-%d")}.get(
            format_
        ) or newest.strftime("%Y-%m-%dT%H:%M:%SZ")
        page = self._page({declared.name: text}, self._client.base)
        if page is None:
            self._notes.append(
                f"its parameter `{declared.name}` takes no time like `2024-01-31T00:00:00Z`, so it is not used"
            )
            return None
        came = json_rows.as_moments(row[watermark.column] for row in page.rows if row.get(watermark.column))
        day = newest.replace(hour=0, minute=0, second=0, microsecond=0)
        least = day if format_ == "date" else newest.replace(microsecond=0)
        if any(moment < least for moment in came):
            self._notes.append(
                f"its parameter `{declared.name}` does not leave out rows whose `{watermark.column}` is older, so it is not used"
            )
            return None
        return since


def _named_watermark(columns: Sequence[ColumnFacts], any_rows: bool) -> Watermark | None:
    """The watermark of a table of which no row was seen, by name and type alone."""
    ranked = [
        (rank, position, c.name)
        for position, c in enumerate(columns)
        if not any_rows and c.type in TEMPORAL - {"date"} and (rank := watermark_rank(c.name)) is not None
    ]
    return Watermark(column=min(ranked)[2]) if ranked else None


def _named_key(parameter: str, table: str, columns: Sequence[ColumnFacts]) -> ColumnFacts | None:
    """The column that the parameter of a row's path speaks of: of its own name, or ``id``."""
    wanted = identifier(parameter)
    for name in (wanted, "id", wanted.rpartition("_")[2]):
        for column in columns:
            if identifier(column.name) == name and column.type not in ("json", "double", "boolean"):
                return column
    return None
