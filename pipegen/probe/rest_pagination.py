"""How an API gives its rows a page at a time: told by its answers and its document, and proved by asking for a second page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from pipegen.core.measured import Pagination
from pipegen.core.spec import address
from pipegen.probe import rest_parameters as names
from pipegen.probe.rest_next import Seen, cursor, empty_cursor, empty_url, next_url, own_page, says_more
from pipegen.probe.rest_parameters import Parameter
from pipegen.probe.rest_records import value_at

MOST_ASKED = 1_000  # rows of a page
_TRIES = 3  # requests for one table, besides its first

Ask = Callable[[Mapping[str, str] | str], Seen | None]
"""Asks for a page by parameters, or by its whole URL; None where the API takes no such request, or time is up."""


@dataclass
class Paged:
    """What was found: ``rows`` are those of the pages that were seen, and all there are where ``whole``.

    ``proved`` is whether a second page was there to prove the pagination by, or the first came again in its place; ``endless`` that
    the next page is the same, and has a next one.
    """

    pagination: Pagination
    rows: list[dict[str, Any]]
    whole: bool = False
    proved: bool = False
    endless: bool = False
    total: int | None = None
    notes: list[str] = field(default_factory=list)


class Pager:
    """The search for the pagination of one table."""

    def __init__(self, first: Seen, parameters: Sequence[Parameter], ask: Ask) -> None:
        self.seen = first
        self._parameters = parameters
        self._ask = ask
        self._tries = _TRIES
        self._sized: dict[str, str] = {}

    def find(self) -> Paged:
        """The pagination; asks no more than ``_TRIES`` times."""
        size, most = self._size()
        if size and self._may_be_more():
            self._ask_for_most(size, most)
        asked = int(self._sized.get(size or "", 0)) or None
        found = self._by_link() or self._by_cursor() or self._empty() or self._by_number()
        found.total = self.seen.total
        known = {"size_param": size, "size": asked or (most and min(most, MOST_ASKED))} if size else {}
        if found.pagination.kind in ("page", "offset") and not known.get("size") and not found.whole:
            known["size"] = len(self.seen.rows) or None
        if found.pagination.kind != "none":
            found.pagination = found.pagination.model_copy(update=known)
        if found.pagination.kind == "none" and not found.whole:
            found.notes.append(self._first_page_alone(found))
        return found

    def _first_page_alone(self, found: Paged) -> str:
        of = f" of {found.total}" if found.total is not None else ""
        return f"it gave {len(found.rows)} rows{of} and did not show how to ask for more: what follows them would not be loaded"

    def _try(self, params: Mapping[str, str] | str) -> Seen | None:
        if not self._tries:
            return None
        self._tries -= 1
        return self._ask(params if isinstance(params, str) else {**self._sized, **params})

    # -- how many at once ------------------------------------------------------------------------------------------------

    def _size(self) -> tuple[str | None, int | None]:
        """The parameter that asks for a number of rows, and the most that it takes, where that is known."""
        declared = names.first(self._parameters, names.is_size)
        if declared is not None:
            return declared.name, declared.maximum or declared.default
        url = next_url(self.seen)
        for name, value in parse_qsl(url[1].partition("?")[2].partition("#")[0]) if url else ():
            if names.is_size(name) and value == str(len(self.seen.rows)):
                return name, None
        for path, value in self.seen.told():
            if names.is_size(path[-1]) and path[-1] != "count" and value == len(self.seen.rows):
                return path[-1], None
        return None, None

    def _may_be_more(self) -> bool:
        here, total = len(self.seen.rows), self.seen.total
        told = next_url(self.seen) is not None or cursor(self.seen) is not None or says_more(self.seen)
        return told or (total is not None and total > here) or (total is None and here >= 10)

    def _ask_for_most(self, size: str, most: int | None) -> None:
        """Ask for as many rows as one answer gives, and keep that answer in place of the first."""
        wanted = min(most or MOST_ASKED, MOST_ASKED)
        here = len(self.seen.rows)
        if wanted <= here:
            self._sized = {size: str(here)}
            return
        got = self._try({size: str(wanted)})
        if got is None or len(got.rows) < here:
            self._sized = {size: str(here)}
            return
        gave = len(got.rows)
        all_there = got.total is not None and gave >= got.total
        self._sized = {size: str(wanted if all_there or gave == wanted or most else gave)} if gave > here else {}
        self.seen = got if gave > here else self.seen

    # -- where the next page is ------------------------------------------------------------------------------------------

    def _by_link(self) -> Paged | None:
        there = next_url(self.seen)
        if there is None:
            return None
        at, url = there
        found = Paged(Pagination(kind="link", next=at), list(self.seen.rows), proved=True)
        second = self._try(url)
        if second is not None:
            again = next_url(second)
            found.endless = again is not None and bool(second.rows) and self._comes_again(second, again[1], url)
            found.rows += second.rows if not _same(second, self.seen) else []
            found.whole = again is None
        return found

    def _comes_again(self, second: Seen, further: str, url: str) -> bool:
        """Whether the second page is the first, or points to itself."""
        if _same(second, self.seen):
            return True
        third = self._try(further) if further == url else None
        return third is not None and _same(third, second)

    def _by_cursor(self) -> Paged | None:
        there = cursor(self.seen)
        if there is None:
            return None
        path, token = there
        at = address.text(path)
        declared = [p.name for p in self._parameters if names.is_cursor(p.name)]
        for param in declared or names.cursor_parameters(path[-1]):
            second = self._try({param: token})
            if second is not None and not _same(second, self.seen):
                further = value_at(second.body, at)
                found = Paged(
                    Pagination(kind="cursor", param=param, next=at), [*self.seen.rows, *second.rows], proved=True
                )
                found.whole = not further
                return found
            if second is not None and declared and str(value_at(second.body, at)) == token:
                return Paged(Pagination(), list(self.seen.rows), endless=True)
        if declared:
            return Paged(Pagination(kind="cursor", param=declared[0], next=at), list(self.seen.rows))
        return None

    def _empty(self) -> Paged | None:
        """A place for the next page that has none, on the only page there is."""
        whole = not says_more(self.seen) and len(self.seen.rows) >= (self.seen.total or 0)
        of_url, of_cursor = empty_url(self.seen), empty_cursor(self.seen)
        if of_url is not None:
            return Paged(Pagination(kind="link", next=address.text(of_url)), list(self.seen.rows), whole=whole)
        if of_cursor is None:
            return None
        declared = [p.name for p in self._parameters if names.is_cursor(p.name)]
        param = (declared or names.cursor_parameters(of_cursor[-1]))[0]
        made = Pagination(kind="cursor", param=param, next=address.text(of_cursor))
        return Paged(made, list(self.seen.rows), whole=whole)

    # -- numbers ---------------------------------------------------------------------------------------------------------

    def _numbers(self) -> list[tuple[str, str]]:
        """The parameters, by a document or by what an answer tells of itself, that take the number of a page or of a row."""
        found = [("page", p.name) for p in self._parameters if names.is_page(p.name)]
        found += [("offset", p.name) for p in self._parameters if names.is_offset(p.name)]
        echoed = own_page(self.seen)
        if echoed is not None and not found:
            found.append(("page", "page" if echoed[0] == "number" else echoed[0].removeprefix("current_")))
        offsets = (path[-1] for path, value in self.seen.told() if value == 0 and names.is_offset(path[-1]))
        offset = next(offsets, None)
        if offset is not None and not found:
            found.append(("offset", offset))
        return found

    def _by_number(self) -> Paged:
        told, rows = self._numbers(), list(self.seen.rows)
        complete = self.seen.total is not None and len(rows) >= self.seen.total
        repeated = False
        for kind, param in () if complete else told or [("page", "page"), ("offset", "offset")]:
            second = self._try({param: "2" if kind == "page" else str(len(rows))})
            if second is not None and not (_same(second, self.seen) and rows):
                pagination = _numbered(kind, param, self._first(kind, param, second))
                return Paged(pagination, rows + _new(second.rows, rows), whole=not second.rows, proved=True)
            repeated |= second is not None
        if repeated:
            more = says_more(self.seen) or (self.seen.total or 0) > len(rows)
            return Paged(Pagination(), rows, whole=not more, proved=True)
        if not told:
            return Paged(Pagination(), rows, whole=complete)
        kind, param = told[0]
        return Paged(_numbered(kind, param, self._declared_first(kind, param)), rows, whole=complete or not rows)

    def _declared_first(self, kind: str, param: str) -> int | None:
        """The number of the first page or row, as a document or the first answer says it."""
        for p in self._parameters:
            said = p.default if p.default is not None else p.minimum
            if p.name == param and said in (0, 1):
                return said
        echoed = own_page(self.seen) if kind == "page" else None
        if echoed is not None and echoed[1] in (0, 1):
            return echoed[1]
        return 0 if kind == "offset" else None

    def _first(self, kind: str, param: str, second: Seen) -> int:
        if kind == "offset":  # a row that comes twice was counted from 1
            return 1 if second.rows and second.rows[0] == self.seen.rows[-1] else 0
        said = self._declared_first(kind, param)
        if said is not None:
            return said
        one = self._try({param: "1"})
        return 0 if one is not None and not _same(one, self.seen) else 1


def _numbered(kind: str, param: str, first: int | None) -> Pagination:
    begins = first if first is not None else 0 if kind == "offset" else 1
    return Pagination(kind="page" if kind == "page" else "offset", param=param, first=begins)


def _new(rows: Sequence[dict[str, Any]], before: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row not in before]


def _same(one: Seen, other: Seen) -> bool:
    return one.rows == other.rows
