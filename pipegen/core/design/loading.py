"""The rules of loading a table: how it is read, how it is written, and whether earlier versions of its rows are kept."""

from __future__ import annotations

from dataclasses import dataclass

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.model import Alternative, Decision

TEMPORAL = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
HISTORIES = ("none", "scd2", "daily")
INCREMENTAL = ("watermark", "watermark-keys")


@dataclass(frozen=True)
class Loading:
    """What the rules decide by.

    ``mark`` is the kind of the watermark: ``temporal``, ``numeric``, or nothing where there is none that grows. ``drops``: the
    table is a set of files that differ by a date or number. ``estimated``: the rows come from the declared volume.
    """

    address: str
    files: bool
    rows: int | None
    freshness: int
    deletes: str
    has_key: bool
    mark: str = ""
    drops: bool = False
    estimated: bool = False

    @property
    def extracts(self) -> tuple[str, ...]:
        return ("full", "append") if self.files else ("full", "append", *INCREMENTAL)

    @property
    def size(self) -> str:
        if self.rows is None:
            return "rows not measured"
        about = "about " if self.estimated else ""
        seconds = max(1, round(self.rows / c.LOAD_ROWS_PER_SECOND.value))
        return f"{about}{self.rows:,} rows, read in about {seconds} s"

    @property
    def reads_whole(self) -> bool:
        """Whether the table is tiny, or all of it is read in a third of the freshness."""
        rows = self.rows or 0
        limit = self.freshness * c.FULL_READ_SHARE.value
        return rows < c.TINY_ROWS.value or rows / c.LOAD_ROWS_PER_SECOND.value <= limit


def mark_kind(type_: str | None) -> str:
    """The kind of a watermark by its column's type; a text grows in no order that engines agree on."""
    if type_ is None:
        return ""
    if type_ in TEMPORAL:
        return "temporal"
    return "numeric" if type_.startswith(("BIGINT", "DECIMAL", "DOUBLE")) else ""


def extract(of: Loading) -> Decision:
    """How a table is read, in the order of the decision model."""
    return _extract_files(of) if of.files else _extract_database(of)


def _extract_files(of: Loading) -> Decision:
    """Full refresh, or append where the source delivers files that are never changed.

    Appending keeps what was delivered, so it stands only where deletes are to be ignored.
    """
    if of.drops and of.deletes == "ignore":
        return Decision(
            f"{of.address}.extract", "append", ("the source adds files and deletes are ignored", of.size),
            "extract.append", "decision model: immutable events append by offset or cursor",
            (Alternative("full", "reads every delivered file again at each run"),), "deletes: hard",
        )  # fmt: skip
    missed = () if of.reads_whole else (_missed(of, "nothing better is there for files"),)
    return Decision(
        f"{of.address}.extract", "full", (of.size, f"deletes: {of.deletes}", *missed), "extract.full",
        c.FULL_READ_SHARE.source,
        (Alternative("append", "would keep rows that changed or were deleted at the source"),), _flips_when_full(of),
    )  # fmt: skip


def _extract_database(of: Loading) -> Decision:
    if of.reads_whole:
        against = Alternative("watermark-keys", "a mark to keep and keys to compare, for a read that is short")
        return Decision(
            f"{of.address}.extract", "full", (of.size, f"deletes: {of.deletes}"), "extract.full",
            c.FULL_READ_SHARE.source, (against,), _flips_when_full(of),
        )  # fmt: skip
    long = _missed(of, "")
    if of.has_key and of.mark and of.deletes != "ignore":
        return Decision(
            f"{of.address}.extract", "watermark-keys", (of.size, long, "a key and a watermark", f"deletes: {of.deletes}"),
            "extract.watermark_keys", "decision model: deletes matter and the keys can be compared",
            (Alternative("watermark", "rows deleted at the source would stay"), Alternative("full", long)),
            "deletes: ignore, or the read takes a third of the freshness or less",
        )  # fmt: skip
    if of.deletes == "ignore" and ((of.has_key and of.mark) or of.mark == "temporal"):
        known = "a key and a watermark" if of.has_key else "a watermark that is a time, and no key"
        return Decision(
            f"{of.address}.extract", "watermark", (of.size, long, known, "deletes are ignored"), "extract.watermark",
            "decision model: reliable watermark and deletes ignored",
            (Alternative("watermark-keys", "every key is read, for deletes that nobody asked for"), Alternative("full", long)),
            "deletes: hard or soft, or the read takes a third of the freshness or less",
        )  # fmt: skip
    none = "no watermark that is a time or a number"
    lacks = "no key" if of.mark else none if of.has_key else f"no key and {none}"
    return Decision(
        f"{of.address}.extract", "full", (of.size, f"deletes: {of.deletes}", _missed(of, f"there is {lacks}")),
        "extract.full", c.FULL_READ_SHARE.source,
        (Alternative("watermark", f"there is {lacks}"),), "a `key` and a `watermark` are named",
    )  # fmt: skip


def _missed(of: Loading, because: str) -> str:
    missed = f"the read takes more than a third of freshness {units.duration_text(of.freshness)}"
    return f"{missed}: {because}" if because else missed


def _flips_when_full(of: Loading) -> str:
    most = max(int(of.freshness * c.FULL_READ_SHARE.value * c.LOAD_ROWS_PER_SECOND.value), int(c.TINY_ROWS.value))
    return f"above {most:,} rows the read takes a third of the freshness"


def extract_problem(of: Loading, choice: str) -> tuple[str, str] | None:
    """Why a table cannot be read as a person wants it, and what works; None where it can."""
    if choice == "full" or of.files:
        return None
    if not of.mark:
        return (
            f"`{choice}` needs a watermark that is a time or a number",
            "name one: `watermark: COLUMN`, or choose `full`",
        )
    if choice == "watermark-keys" and not of.has_key:
        return "`watermark-keys` compares keys, and there is none", "name one: `key: [COLUMN]`, or choose `watermark`"
    if not of.has_key and of.mark != "temporal":
        said = f"`{choice}` needs a key, or a watermark that is a time: whole days are overwritten then"
        return said, "name one: `key: [COLUMN]`, or choose `full`"
    return None


def deletes_done(of: Loading, extract_choice: str) -> str:
    """The effect of deletes that a table's load has: rows read from a mark on do not show what is gone."""
    return "ignore" if extract_choice == "watermark" or (extract_choice == "append" and not of.files) else of.deletes


def writes(of: Loading, extract_choice: str) -> tuple[str, ...]:
    """The ways to write that give the same rows however often a window is run; the first is the default."""
    if of.files:
        return ("replace",) if extract_choice == "full" else ("replace-by-unit",)
    if extract_choice == "full":
        return ("merge",) if of.deletes == "soft" else ("replace",)
    days = ("microbatch", "partition-overwrite") if of.mark == "temporal" else ()
    if extract_choice == "append":
        return (*days, "merge") if of.has_key else days
    return ("merge",) if of.has_key else tuple(reversed(days))


_WRITES: dict[str, tuple[str, str, str, str, str]] = {
    "replace": (
        "every run reads the whole table", "functional data engineering: overwrite the partition", "merge",
        "deleted rows would stay", "extract is not full, or deletes: soft",
    ),
    "merge": (
        "rows change and have a key", "dbt's documentation; functional data engineering", "replace",
        "rows that this run did not read would be lost", "there is no key",
    ),
    "replace-by-unit": (
        "a delivered file or window is replaced whole", "functional data engineering: overwrite the partition",
        "bare append", "a task that is run again would write its rows twice", "extract is full",
    ),
    "partition-overwrite": (
        "no key, and a watermark that is a time: its whole days are read and replaced",
        "decision model: no key: overwrite the partition instead", "merge", "there is no key to merge by",
        "a key is named",
    ),
    "microbatch": (
        "rows have a time and never change", "decision model: event time, immutable: microbatch", "merge",
        "every row of the table would be compared", "rows change: extract is not append",
    ),
}  # fmt: skip


def write(of: Loading, extract_choice: str, choice: str | None = None) -> Decision:
    """How rows reach the destination, so that a second run of the same window changes nothing."""
    chosen = choice or writes(of, extract_choice)[0]
    because, source, other, against, flips = _WRITES[chosen]
    if chosen == "merge" and extract_choice == "full":
        because, flips = "rows that are no longer read are kept and marked: deletes: soft", "deletes: hard or ignore"
    return Decision(
        f"{of.address}.write", chosen, (f"extract: {extract_choice}", because), f"write.{chosen.replace('-', '_')}",
        source, (Alternative(other, against),), flips,
    )  # fmt: skip


def history(address: str, choice: str) -> Decision:
    """Whether earlier versions of a row are kept; what people ask for."""
    against = {
        "none": Alternative("scd2", "earlier versions are kept that nobody asked for"),
        "scd2": Alternative("daily", "every row is copied every day, changed or not"),
        "daily": Alternative("scd2", "one row a version: the state of a day must be looked up"),
    }[choice]
    return Decision(
        f"{address}.history", choice, (f"history: {choice}",), f"history.{choice}",
        "decision model, write: SCD2 snapshot, or dated snapshots where rows x days is affordable", (against,),
        "`history` says otherwise",
    )  # fmt: skip


def overlap(mark: str, lateness: int) -> int:
    """What is read again before the mark: seconds of a time, units of a number; rows are committed late."""
    return max(int(c.OVERLAP.value), lateness) if mark == "temporal" else int(c.OVERLAP_UNITS.value)
