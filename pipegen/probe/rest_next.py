"""What an answer tells of the page behind it: a URL, a cursor, that there is one, and which page this is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipegen.core.names import identifier
from pipegen.core.spec import address
from pipegen.probe.rest_records import Rows, around, find_total

_NEXT_URL = re.compile(
    r"(next|next_?(page_?)?(url|link|href|uri)|odata_next_?link|next_?page)(_href)?|links?_next(_href)?"
)
_CURSOR = re.compile(
    r"next_?(cursor|token|page_?(token|key|cursor|id)?|offset|key|marker|start|skip|id)?|(end_)?cursor|continuation(_token)?"
    r"|after|scroll_id|bookmark|page_?token"
)
_MORE = frozenset(
    {"has_more", "hasmore", "more", "has_next", "has_next_page", "more_items_in_collection", "next_exists"}
)
_PAGE = frozenset({"page", "current_page", "number", "page_number", "page_index"})


@dataclass(frozen=True)
class Seen:
    """An answer that lists rows."""

    body: Any
    headers: Mapping[str, str]
    found: Rows

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.found.rows

    @property
    def total(self) -> int | None:
        return find_total(self.body, self.headers, self.found)

    def told(self) -> Iterator[tuple[list[str], Any]]:
        """The single values beside the rows."""
        return around(self.body, self.found.path)


def next_url(seen: Seen) -> tuple[str, str] | None:
    """Where the next page's URL stands, a dotted path or ``header``, and the URL."""
    linked = re.search(r'<([^>]+)>\s*;[^,]*\brel="?next"?', seen.headers.get("Link", ""))
    if linked:
        return "header", linked[1]
    for path, value in seen.told():
        if isinstance(value, str) and _is_url(value) and _NEXT_URL.fullmatch(_id(path)):
            return address.text(path), value
    return None


def cursor(seen: Seen) -> tuple[list[str], str] | None:
    """Where the next page's cursor stands, and the cursor."""
    for path, value in seen.told():
        is_token = isinstance(value, str | int) and not isinstance(value, bool) and value not in ("", 0)
        if is_token and not _is_url(str(value)) and _CURSOR.fullmatch(identifier(path[-1])):
            return path, str(value)
    return None


def empty_url(seen: Seen) -> list[str] | None:
    """Where a next page's URL would stand, on the last page; ``next_page`` may be that of a number."""
    places = (p for p, v in seen.told() if v in (None, "") and _NEXT_URL.fullmatch(_id(p)) and _id(p) != "next_page")
    return next(places, None)


def empty_cursor(seen: Seen) -> list[str] | None:
    """Where a next page's cursor would stand, on the last page."""
    return next((p for p, v in seen.told() if v in (None, "") and _CURSOR.fullmatch(identifier(p[-1]))), None)


def says_more(seen: Seen) -> bool:
    """Whether an answer says that there is another page."""
    return any(value is True and identifier(path[-1]) in _MORE for path, value in seen.told())


def own_page(seen: Seen) -> tuple[str, int] | None:
    """What an answer calls the number of its page, and the number."""
    for path, value in seen.told():
        if identifier(path[-1]) in _PAGE and isinstance(value, int) and not isinstance(value, bool):
            return path[-1], value
    return None


def _id(path: Sequence[str]) -> str:
    """The end of a path by which a place is known: ``next``, or ``next_href`` for a link's own value."""
    last = [identifier(part) for part in path]
    return "_".join(last[-2:]) if last[-1] in ("href", "url") and len(last) > 1 else last[-1]


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://", "/", "?"))
