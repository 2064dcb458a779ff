"""What the name of a column says about it: a key, the time of a change, of an event or of an arrival, a mark of deletion."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipegen.core.names import identifier

_WATERMARKS = (
    re.compile(r"(updated|modified|changed)(_(at|on|ts|time|date|datetime|timestamp|utc))?"),
    re.compile(r"(?:.*_)?last_(updated?|modified|modification|changed?|edit(ed)?|sync(ed)?|write|touched)(_.*)?"),
    re.compile(r"(?:.*_)?(update|modification|modify|change)_?(d_?)?(at|on|ts|time|date|datetime|timestamp)"),
    re.compile(r"(?:.*_)?(updated|modified|changed)_(at|on|ts|time|date|datetime|timestamp|utc)"),
    re.compile(r"_?(row|record|sys|load|sync)?_?(ts|timestamp|mtime)"),
)
_AT = r"(_?(at|on|ts|time|date|datetime|timestamp|utc))"
_TIME_FIRST = re.compile(r"(date|datetime|time|timestamp|ts|dt)_(?P<what>.+)")
# When a row came to be in the source, or in what collected it
_CREATED = (
    re.compile(rf"(.*_)?(created|inserted|added){_AT}?"),
    re.compile(rf"(joined|registered|signed_?up){_AT}"),
    re.compile(rf"(.*_)?(creation|create|insert(ion)?){_AT}"),
)
_ARRIVED = (
    re.compile(rf"(.*_)?(received|arrived|loaded|ingested|imported|recorded|collected){_AT}"),
    re.compile(rf"(.*_)?(arrival|receipt|ingest(ion)?|load|import){_AT}"),
    *_CREATED,
)
# When what a row tells of happened
_HAPPENED = (
    re.compile(
        rf"(.*_)?(event|occurrence|transaction|measurement|observation|reading|order|purchase|click|visit|trip){_AT}"
    ),
    re.compile(
        rf"(.*_)?(occurred|happened|observed|measured|ordered|placed|purchased|booked|sold|clicked|viewed|visited|sent|emitted"
        rf"|started|taken){_AT}"
    ),
    re.compile(r"event_?(ts|timestamp)|(event|business|effective|source)_?(time|date)"),
)
_DELETED_AT = re.compile(rf"_?(soft_?)?(deleted|removed|deletion|removal){_AT}")
_DELETED = re.compile(r"_?(is_|was_)?(soft_?)?(deleted|removed)(_flag)?|(deleted|deletion|delete)_(flag|mark|ind)")
_KEYS = re.compile(r"id|uuid|guid|key|code|.*_(id|uuid|guid|key|code|no|nr|number|num)|sku|isbn|ean")


def watermark_rank(column: str) -> int | None:
    """How well a name fits a time of last change, 0 being best; None where it does not."""
    return _rank(column, _WATERMARKS)


def created_rank(column: str) -> int | None:
    """How well a name fits the time at which a row was first written, 0 being best; None where it does not."""
    return _rank(column, _CREATED)


def arrival_rank(column: str) -> int | None:
    """How well a name fits the time at which a row came, 0 being best; None where it does not."""
    return _rank(column, _ARRIVED)


def event_rank(column: str) -> int | None:
    """How well a name fits the time at which what a row tells of happened, 0 being best; None where it does not."""
    return _rank(column, _HAPPENED)


def _rank(column: str, patterns: Sequence[re.Pattern[str]]) -> int | None:
    name = _time_last(column)
    return next((rank for rank, pattern in enumerate(patterns) if pattern.fullmatch(name)), None)


def marks_deleted(column: str, type_: str) -> bool:
    """Whether a column says of a row that it is deleted, by its name and canonical type: a time, or a flag."""
    if type_ in ("date", "timestamp", "timestamptz"):
        return _DELETED_AT.fullmatch(_time_last(column)) is not None
    return type_ in ("boolean", "bigint", "text") and _DELETED.fullmatch(identifier(column)) is not None


def _time_last(column: str) -> str:
    """The id of a name, with the word for a time behind: ``date_created`` and ``createdAt`` are ``created_at``."""
    name = identifier(column)
    first = _TIME_FIRST.fullmatch(name)
    return f"{first['what']}_at" if first else name


def singular(table: str) -> str:
    """A table's id as the name of one row: ``categories`` is ``category``, ``order_items`` is ``order_item``."""
    name = identifier(table, prefix="t")
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def own_key_names(table: str) -> frozenset[str]:
    """Ids that a table's own single key has by custom: ``id``, ``order_id``, ``orders_id``, ``order_key``."""
    stems = {singular(table), identifier(table, prefix="t")}
    suffixes = ("id", "key", "code", "no", "number", "uuid")
    return frozenset({"id", "uuid", "guid"} | {f"{stem}_{suffix}" for stem in stems for suffix in suffixes} | stems)


def is_key_like(column: str) -> bool:
    """Whether a name is that of an identifier."""
    return _KEYS.fullmatch(identifier(column)) is not None
