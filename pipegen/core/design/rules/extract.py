"""Extract: full, append, high-water mark, high-water mark with key comparison, or change data capture, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import DATABASES, SourceInputs, TableInputs
from pipegen.core.design.rules import mode as modes
from pipegen.core.design.told import Told, Trouble, about, unknown

EXTRACTS = ("full", "append", "watermark", "watermark-keys", "cdc")
MARKS = ("watermark", "watermark-keys")


def read_rate(s: SourceInputs, t: TableInputs, mode: str = "batch") -> float:
    """Rows a second that one reader gets; no rate limit holds for what an API sends by itself, to what is faster than polling."""
    if t.form == "events" or (t.form == "api" and mode not in modes.BATCHES):
        return c.EVENT_ROWS_PER_SECOND.value
    if t.form == "api":
        allowed = s.request_rate * s.page_size * c.RATE_LIMIT_SHARE.value if s.request_rate else float("inf")
        return min(c.REST_ROWS_PER_SECOND.value, allowed)
    if s.bulk:
        return c.COPY_BYTES_PER_SECOND.value / t.row_bytes
    return c.LOAD_ROWS_PER_SECOND.value


def read_seconds(s: SourceInputs, t: TableInputs) -> float:
    """Seconds in which the whole table is read."""
    return (t.rows or 0) / read_rate(s, t)


def key_seconds(t: TableInputs) -> float:
    """Seconds in which all keys are read and compared."""
    return (t.rows or 0) / c.KEY_ROWS_PER_SECOND.value


def _fits(seconds: float, s: SourceInputs, share: float) -> bool:
    """Whether a read takes no more than a share of the freshness, and of what the source bears in that time.

    It is the source's freshness that counts: every run reads all of its tables.
    """
    limit = s.freshness * share
    return seconds <= (limit if s.window is None else min(limit, borne(s, share)))


def borne(s: SourceInputs, share: float) -> float:
    """Seconds of reading that a source bears in a share of its freshness, of its window a day."""
    return (s.window or 0) * min(1.0, s.freshness * share / 86_400)


def smaller(s: SourceInputs) -> dict[str, float]:
    """Seconds in which the tables smaller than each one are read: a run reads them all, the small ones whole before the large."""
    found, total = {}, 0.0
    for t in sorted(s.tables, key=lambda one: (read_seconds(s, one), one.name)):
        found[t.name] = total
        total += read_seconds(s, t)
    return found


def reads_whole(s: SourceInputs, t: TableInputs, before: float = 0.0) -> bool:
    """Whether the table is tiny, or it and the smaller ones, which take ``before`` seconds, are read whole in a third of the
    freshness and within the source's window.
    """
    tiny = (t.rows or 0) < c.TINY_ROWS.value and t.form != "api"
    return tiny or _fits(before + read_seconds(s, t), s, c.FULL_READ_SHARE.value)


def keys_compared(s: SourceInputs, t: TableInputs) -> bool:
    """Whether all keys are compared in a third of the freshness and within the source's window; an API gives none without its row."""
    return t.form != "api" and _fits(key_seconds(t), s, c.FULL_READ_SHARE.value)


def heavy(s: SourceInputs, extracts: Mapping[str, str]) -> float:
    """Seconds of a run in which tables are read whole that are not tiny."""
    whole = [t for t in s.tables if extracts[t.name] == "full" and t.form in ("rows", "api")]
    return sum(read_seconds(s, t) for t in whole if (t.rows or 0) >= c.TINY_ROWS.value)


def keys_together(s: SourceInputs) -> float:
    """Seconds in which the keys of all tables that are not tiny are compared, where deletes matter."""
    return s.compared_rows / c.KEY_ROWS_PER_SECOND.value


def between_runs(s: SourceInputs) -> int:
    """Seconds from one run to the next, at most: the freshness, or a day, the longest of the intervals."""
    longest = c.INTERVALS_MINUTES[-1] * 60
    return longest if s.delivered is not None else min(s.freshness, longest)


def changed_rows(s: SourceInputs, t: TableInputs) -> float:
    """Rows that are new or changed between two runs, at most."""
    return t.per_day * between_runs(s) / 86_400


def mostly_changes(s: SourceInputs, t: TableInputs, before: float = 0.0) -> bool:
    """Whether so many rows change between two runs that reading them by a mark saves nothing, and a whole read is bearable."""
    bearable = _fits(before + read_seconds(s, t), s, c.BEARABLE_READ_SHARE.value)
    return bearable and changed_rows(s, t) > (t.rows or 0) * c.CHANGED_SHARE_FOR_FULL.value


def marked(t: TableInputs) -> bool:
    """Whether rows can be read from a mark on: by key, or whole days of a time."""
    return bool(t.mark) and not t.mark_trouble and (t.key or t.mark == "temporal")


def choose(s: SourceInputs, t: TableInputs, mode: str, before: float = 0.0) -> str:
    if t.form == "events":
        return "append"
    if t.form == "files":
        return "append" if t.drops and (t.deletes == "ignore" or t.immutable) else "full"
    if mode not in modes.BATCHES:
        return "cdc" if s.kind in DATABASES else "append"
    return _polled(s, t, before)


def _polled(s: SourceInputs, t: TableInputs, before: float) -> str:
    changes = s.log is True and s.kind in DATABASES and t.key
    if t.history == "every-change" and not t.immutable and changes:
        return "cdc"
    whole = reads_whole(s, t, before)
    if t.immutable and marked(t) and not (whole and (t.rows or 0) < c.TINY_ROWS.value):
        return "append"  # what never changes is not read again, however much time there is
    if whole:
        return "full"
    if mostly_changes(s, t, before):
        return "full"
    if t.deletes == "ignore" and marked(t):
        return "watermark"
    if marked(t) and t.key and keys_compared(s, t) and not (changes and keys_together(s) > s.freshness):
        return "watermark-keys"
    return "cdc" if changes else "full"


def problem(s: SourceInputs, t: TableInputs, mode: str, choice: str) -> Trouble | None:
    """Why a table cannot be read as a person wants it, and what works; None where it can."""
    allowed = ("append",) if t.form == "events" else ("full", "append") if t.form == "files" else EXTRACTS
    if choice not in allowed:
        return unknown(f"{t.address}.extract", choice, allowed)
    if t.form in ("files", "events"):
        return None
    if choice == "cdc":
        return cdc_problem(s, t)
    if mode not in modes.BATCHES and s.kind in DATABASES:
        return f"`{mode}` reads the change log", "works: `cdc`"
    if choice == "full":
        return None
    if choice == "watermark-keys" and t.form == "api":
        return "`watermark-keys` compares keys, and an API gives none without its row", "works: `full`, or `watermark`"
    if not t.mark:
        return (
            f"`{choice}` needs a watermark that is a time or a number",
            "name one: `watermark: COLUMN`, or choose `full`",
        )
    if choice == "watermark-keys" and not t.key:
        return "`watermark-keys` compares keys, and there is none", "name one: `key: [COLUMN]`, or choose `watermark`"
    if not t.key and t.mark != "temporal":
        said = f"`{choice}` needs a key, or a watermark that is a time: whole days are overwritten then"
        return said, "name one: `key: [COLUMN]`, or choose `full`"
    return None


def cdc_problem(s: SourceInputs, t: TableInputs) -> Trouble | None:
    """Why the changes of a table cannot be captured."""
    if s.kind not in DATABASES:
        return f"`cdc` reads a change log, and a source of kind `{s.kind}` has none", "works: `full`, or `watermark`"
    if s.log is None:
        return (
            f"`cdc` reads the change log of `{s.name}`, and nobody has said that it can be read",
            "say `change_log: true`",
        )
    if not s.log:
        return (
            f"`cdc` reads the change log of `{s.name}`, which cannot be read: {s.log_lacks}",
            "works: `watermark-keys`",
        )
    if not t.key and not t.immutable:
        return f"`cdc` needs a key to merge by, and `{t.address}` has none", "name one: `key: [COLUMN]`"
    return None


def deletes_done(t: TableInputs, choice: str) -> str:
    """The effect of deletes that a table's load has: rows read from a mark on do not show what is gone."""
    return "ignore" if choice == "watermark" or (choice == "append" and t.form != "files") else t.deletes


def size(s: SourceInputs, t: TableInputs) -> str:
    if t.rows is None:
        return "rows not measured"
    rough = "about " if t.estimated else ""
    return f"{rough}{t.rows:,.0f} row{'' if t.rows == 1 else 's'}, read in about {about(max(1, round(read_seconds(s, t))))}"


_AGAINST = {
    "full": "every row is read again at each run",
    "append": "rows that changed or were deleted at the source would stay as they were",
    "watermark": "rows deleted at the source would stay",
    "watermark-keys": "a mark to keep and all keys to compare at each run",
    "cdc": "a replication slot and a connector are a cost that must be earned",
}


def _against(s: SourceInputs, t: TableInputs, mode: str, other: str, before: float) -> str:
    trouble = problem(s, t, mode, other)
    if trouble is not None:
        return trouble[0].replace(f"`{other}`", "it", 1).replace("`", "")
    if t.history == "every-change" and not t.immutable and other != "cdc":
        return "it does not see the states between two runs"
    if other == "watermark" and t.immutable:
        return "rows never change, so that there is nothing to merge"
    if other == "watermark" and t.deletes == "ignore":
        return "a mark to keep, for a read that is short"
    if other == "full" and not reads_whole(s, t, before):
        return _missed(s, t, before)
    if other == "watermark-keys" and t.deletes == "ignore":
        return "every key is read, for deletes that nobody asked for"
    if other == "watermark-keys" and not keys_compared(s, t):
        keys, takes = f"{t.rows or 0:,.0f}", about(key_seconds(t))
        return f"its {keys} keys take {takes} to compare, more than {c.FULL_READ_SHARE.share} of the freshness"
    return _AGAINST[other]


def _missed(s: SourceInputs, t: TableInputs, before: float) -> str:
    """What a whole read does not fit, by itself or after the smaller tables."""
    if before == inf and reads_whole(s, t, smaller(s)[t.name]):
        return f"read whole, no run would fit freshness {units.duration_text(s.freshness)}"
    alone = not reads_whole(s, t)
    before = smaller(s)[t.name] if before == inf else before
    seconds = read_seconds(s, t) + (0.0 if alone else before)
    what = "the read takes" if alone else f"with the smaller tables of {s.name} the read takes {about(seconds)},"
    if s.window is not None and seconds > borne(s, c.FULL_READ_SHARE.value):
        return f"{what} longer than a window of {units.duration_text(s.window)} a day leaves to a run"
    return f"{what} more than {c.FULL_READ_SHARE.share} of freshness {units.duration_text(s.freshness)}"


def tell(s: SourceInputs, t: TableInputs, mode: str, choice: str, before: float = 0.0) -> Told:
    """Why; ``before``: seconds in which the smaller tables are read."""
    because = [size(s, t)]
    others = [e for e in EXTRACTS if e != choice]
    rule, source = f"extract.{choice.replace('-', '_')}", c.FULL_READ_SHARE.source
    if choice == "append" and t.form == "events":
        because, source = (
            ["events are appended as they are sent" if s.kind == "webhook" else "events are appended by offset"],
            "decision model: immutable events append by offset or cursor",
        )
        others = []
    elif t.form == "files":
        others = ["append" if choice == "full" else "full"]
        said = "the source adds files and deletes are ignored" if choice == "append" else f"deletes: {t.deletes}"
        because = [said, *because] if choice == "append" else [*because, said]
        source = "decision model: immutable events append by offset or cursor" if choice == "append" else source
        if choice == "full" and not reads_whole(s, t):
            because.append(f"{_missed(s, t, before)}: nothing better is there for files")
    elif choice == "full":
        because.append(f"deletes: {t.deletes}")
        if not reads_whole(s, t, before):
            because.append(
                f"{changed_rows(s, t):,.0f} rows change between runs"
                if mostly_changes(s, t, before) and marked(t)
                else f"{_missed(s, t, before)}: there is {_lacks(s, t)}"
            )
            source = c.CHANGED_SHARE_FOR_FULL.source if mostly_changes(s, t, before) and marked(t) else source
    else:
        because += _because_incremental(s, t, mode, choice, before)
        source = _SOURCES[choice]
    order = [e for e in ("watermark-keys", "watermark", "full", "cdc", "append") if e in others]
    alternatives = tuple(Alternative(e, _against(s, t, mode, e, before)) for e in order[:3])
    return Told(tuple(because), alternatives, rule, source)


_SOURCES = {
    "append": "decision model: immutable events append by offset or cursor",
    "watermark": "decision model: reliable watermark and deletes ignored",
    "watermark-keys": "decision model: deletes matter and the keys can be compared",
    "cdc": "vendor guidance on CDC against incremental; a message bus is a cost that must be earned",
}


def _because_incremental(s: SourceInputs, t: TableInputs, mode: str, choice: str, before: float) -> list[str]:
    known = "a key and a watermark" if t.key else "a watermark that is a time, and no key"
    known += ", not indexed: each run scans the table for it" if t.indexed is False else ""
    if choice == "cdc":
        why = [f"{mode} is faster than polling"] if mode not in modes.BATCHES else []
        if t.history == "every-change":
            why.append("every intermediate state is wanted")
        if not why:
            why.append(_missed(s, t, before))
            why.append(
                f"its keys take {about(key_seconds(t))} to compare"
                if marked(t) and t.key
                else f"there is {_lacks(s, t)}"
            )
        return [*why, "its change log can be read"]
    if choice == "append" and mode not in modes.BATCHES:
        return [f"{mode} takes what is sent, as it comes"]
    if choice == "append":
        return [*([] if t.form == "api" else [_missed(s, t, before)]), "rows are only ever added"]
    deletes = "deletes are ignored" if t.deletes == "ignore" else f"deletes: {t.deletes}"
    return [_missed(s, t, before), known, deletes]


def _lacks(s: SourceInputs, t: TableInputs) -> str:
    none = f"no watermark to rely on: {t.mark_trouble}" if t.mark_trouble else "no watermark that is a time or a number"
    if marked(t) and t.key and t.form == "api":
        return "no key without its row"
    if marked(t) and t.key:
        return f"no time to compare {t.rows or 0:,.0f} keys, and no change log to read: {s.log_lacks or 'nobody has looked'}"
    return "no key" if t.mark and not t.mark_trouble else none if t.key else f"no key and {none}"
