"""How an API gives the rows of a table a page at a time: dlt's paginators, for what the declaration says of the endpoint.

A page is read once, with all the digits that its numbers have. By offset the next page begins behind the rows that came,
not behind those that were asked for: an API may give fewer.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
import simplejson
from dlt.sources.helpers.rest_client.paginators import BasePaginator

from ingest.declaration import LoadError
from ingest.rest_requests import Address

# What APIs call the number of all rows, in an answer or in an object of it that speaks of the page.
_TOTALS = ("total", "total_count", "totalCount", "total_results", "totalResults", "totalElements", "total_items", "@odata.count")  # fmt: skip
_FAULTS = ("error", "errors", "fault", "exception")
_MORE = ("has_more", "hasMore", "has_next", "has_next_page", "hasNextPage")
_ABOUT = ("meta", "page", "pagination", "paging", "_meta", "page_info", "pageInfo")


_PART = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')


def parts(path: str) -> list[str]:
    """The names of a dotted path; one with a dot in it stands in double quotes."""
    return [quoted.replace('""', '"') or plain for quoted, plain in _PART.findall(path)]


def found(document: Any, path: str | None) -> Any:
    """What stands at a dotted path; None where there is nothing."""
    for name in parts(path or ""):
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


class Pages(BasePaginator):
    """The pages of one endpoint; after each request, `rows` are those of its answer and `total` how many it says there are.

    LoadError when a page comes again: an API that gives no end would be read for ever.
    """

    def __init__(self, endpoint: Mapping[str, Any], at: Address):
        super().__init__()
        said = endpoint.get("pagination") or {}
        self._kind = said.get("kind") or "none"
        self._param = said.get("param")
        self._next = said.get("next")
        self._records = endpoint.get("records")
        self._at = at
        self._place = int(said.get("first") or 0)
        self._reference: Any = None
        self._seen: set[object] = set()
        self._came = 0
        self.rows: list[Any] = []
        self.total: int | None = None

    def init_request(self, request: requests.Request) -> None:
        if self._kind in ("page", "offset"):
            request.params = {**(request.params or {}), self._param: self._place}

    def update_state(self, response: requests.Response, data: Any = None) -> None:
        document = _document(response)
        rows = found(document, self._records)
        if rows is None:
            _refuse_renamed(document, self._records)
            rows = []
        if not isinstance(rows, list):
            where = f"at {self._records}" if self._records else "in the answer"
            raise LoadError(f"there is no list of rows {where}, but {type(rows).__name__}")
        self.rows = rows
        self._came += len(rows)
        self._reference = self._follows(response, document)
        self._has_next_page = self._reference is not None
        self.total = _total(response, document, len(rows))
        if self._has_next_page:
            self._refuse_again(rows)

    def _refuse_again(self, rows: list[Any]) -> None:
        """The next page may not lie where one was before. Rows may come again that are the same, empty pages too, but not
        more of them than the API says there are.
        """
        digest = hashlib.sha256(simplejson.dumps(rows, use_decimal=True).encode()).digest()
        endless = bool(rows) and (self.total is None or self._came > self.total)
        if self._reference in self._seen or (endless and digest in self._seen):
            raise LoadError(
                f"a page of {len(rows)} rows came a second time, and there is said to be another one behind it: "
                "the API does not go on from page to page as the declaration says"
            )
        self._seen |= {self._reference, digest}

    def _follows(self, response: requests.Response, document: Any) -> Any:
        """What the next page is asked for with; None where there is none."""
        if self._kind in ("page", "offset"):
            return (
                self._place + (1 if self._kind == "page" else len(self.rows)) if self.rows else None
            )
        if any(place.get(name) is False for place in _around(document) for name in _MORE):
            return None
        if self._kind == "cursor":
            cursor = found(document, self._next)
            return None if cursor in (None, "", False) else cursor
        if self._kind == "link":
            link = response.links.get("next", {}).get("url") if self._next == "header" else found(document, self._next)  # fmt: skip
            return urljoin(response.url, str(link)) if link else None
        return None

    def update_request(self, request: requests.Request) -> None:
        if self._reference is None:
            return
        if self._kind in ("page", "offset"):
            self._place = self._reference
        if self._kind == "link":
            if not self._at.holds(self._reference):
                raise LoadError("the link to the next page leads to another server")
            request.url = self._reference
            there = dict(parse_qsl(urlsplit(self._reference).query, keep_blank_values=True))
            request.params = {n: v for n, v in self._at.parameters.items() if n not in there}
        else:
            request.params = {**(request.params or {}), self._param: self._reference}

    @property
    def by_place(self) -> bool:
        """Whether a row that is deleted moves those behind it, one of them from the next page onto one that was read."""
        return self._kind in ("page", "offset")

    @property
    def ends_in_refusal(self) -> bool:
        """Whether an API may say that there is no such page instead of giving an empty one."""
        return self.by_place and self._place > 0 and bool(self._seen)


def _total(response: requests.Response, document: Any, rows: int) -> int | None:
    """How many rows the API says there are in all."""
    said: Any = response.headers.get("X-Total-Count", "")
    if said.isdecimal():
        return int(said)
    for place in _around(document):
        for name in _TOTALS:
            if isinstance(place.get(name), int) and not isinstance(place.get(name), bool):
                return int(place[name])
    count = document.get("count") if isinstance(document, Mapping) else None
    # With some it is the number of rows of this page.
    if isinstance(count, int) and not isinstance(count, bool) and count > rows:
        return count
    return None


def _document(response: requests.Response) -> Any:
    """The answer, each number with all its digits. ValueError where it is no JSON."""
    if response.status_code == 204:  # there is nothing to say
        return None
    return simplejson.loads(response.content.decode("utf-8-sig"), use_decimal=True)


def _refuse_renamed(document: Any, records: str | None) -> None:
    """LoadError where the rows stand at another name now, or a fault in their place.

    An API that leaves out its list because it is empty has none of these.
    """
    fault = next((name for name in _FAULTS if isinstance(document, Mapping) and document.get(name)), None)  # fmt: skip
    if fault:
        raise LoadError(f"there is no list of rows at {records}, but {fault!r} is said")
    for name in parts(records or ""):
        if not isinstance(document, Mapping):
            return
        if name not in document:
            others = [n for n, held in document.items() if isinstance(held, list) and held and isinstance(held[0], Mapping)]  # fmt: skip
            if others:
                raise LoadError(f"there is no list of rows at {records}, but one at {others[0]}")
            return
        document = document[name]


def _around(document: Any) -> list[Mapping[str, Any]]:
    """An answer, and the objects in it that speak of the page."""
    if not isinstance(document, Mapping):
        return []
    return [document, *(document[n] for n in _ABOUT if isinstance(document.get(n), Mapping))]
