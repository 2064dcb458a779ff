"""What the query parameters of an API are called that ask for a page, for a number of rows, for what changed since a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipegen.core.names import identifier

_CURSOR = re.compile(
    r"(next_|page_|starting_)?(cursor|token|after|key)|continuation(_token)?|scroll_id|bookmark|page_(cursor|after)"
)
_PAGE = re.compile(r"page|p|page_?(number|no|num|index)|current_page")
_OFFSET = re.compile(r"offset|skip|start|start_?(index|at|row)|from|page_offset|first_result")
_SIZE = re.compile(
    r"(page_)?(limit|size)|per_?page|page_?size|top|take|max_?results|results_per_page|rows|count|items_per_page|page_?limit"
)
_SINCE = re.compile(
    r"(since|changed_since|last_(updated?|modified)|(updated?|modified|changed)(_?(at|on|date|time))?)_?"
    r"(since|after|from|gte?|min|start|begin|greater_than)?(_?(date|time|datetime))?|min_(updated?|modified)(_?(at|date|time))?"
    r"|if_modified_since|since(_?(date|time|datetime|timestamp))?"
)
_BARE = frozenset(
    {
        "updated",
        "modified",
        "changed",
        "updated_at",
        "modified_at",
        "last_updated",
        "last_modified",
        "update",
        "changed_at",
    }
)


@dataclass(frozen=True)
class Parameter:
    """A query parameter as a document tells of it."""

    name: str
    type: str = ""
    format: str = ""
    default: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    required: bool = False


def is_cursor(name: str) -> bool:
    return _CURSOR.fullmatch(identifier(name)) is not None


def is_page(name: str) -> bool:
    return _PAGE.fullmatch(identifier(name)) is not None


def is_offset(name: str) -> bool:
    return _OFFSET.fullmatch(identifier(name)) is not None


def is_size(name: str) -> bool:
    return _SIZE.fullmatch(identifier(name)) is not None


def is_since(name: str) -> bool:
    """Whether a parameter asks for what changed since a time; a bare ``updated_at`` may ask for one time alone."""
    known = identifier(name)
    return _SINCE.fullmatch(known) is not None and known not in _BARE


def first(parameters: Iterable[Parameter], fits: Callable[[str], bool]) -> Parameter | None:
    """The first parameter whose name a function of this module takes."""
    return next((p for p in parameters if fits(p.name)), None)


def cursor_parameters(path_end: str) -> list[str]:
    """What APIs call the parameter that takes a cursor, by what they call the cursor; the likeliest first."""
    name = path_end
    bare = re.sub(r"^(next)[_-]?", "", name)
    bare = bare[:1].lower() + bare[1:] if bare != name else name
    tried = [bare, "cursor", name, "after", "page_token", "pageToken", "starting_after"]
    return list(dict.fromkeys(one for one in tried if one))
