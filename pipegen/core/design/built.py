"""What blueprints exist for: a choice beyond that is an error that names the nearest design that works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipegen.core import units
from pipegen.core.design.choose import Chosen
from pipegen.core.design.decision import Option
from pipegen.core.design.inputs import SourceInputs
from pipegen.core.design.rules import mode as modes

KINDS = ("files", "sample", "sqlite", "postgres", "mysql", "rest")
DESTINATIONS = ("duckdb", "postgres")
BUILT: dict[str, tuple[str, ...]] = {
    "mode": modes.BATCHES,
    "direction": ("pull",),
    "extract": ("full", "append", "watermark", "watermark-keys"),
    "write": ("replace", "merge", "microbatch", "partition-overwrite", "replace-by-unit"),
    "history": ("none", "scd2", "daily"),
    "partitioning": ("none",),
    "engine": DESTINATIONS,
    "executor": ("LocalExecutor",),
}
# What pages of a change log or a topic comes with the blueprints that have one.
ALERTS = {"tickets", "freshness-burn", "freshness-deadline", "rows-lost"}

# What repositories are on questions that their version of pipegen did not ask yet.
BEFORE_ASKED = {"direction": "pull", "partitioning": "none", "executor": "LocalExecutor"}


@dataclass(frozen=True)
class Unbuilt:
    """A choice that no blueprint builds yet; ``nearest`` are designs near it that are built, and what they cost."""

    id: str
    choice: str
    message: str
    nearest: tuple[Option, ...] = ()


def unbuilt(chosen: Chosen) -> tuple[Unbuilt, ...]:
    """Every choice that is not built; what only follows from another that is not built is left out."""
    answers = [u for s in chosen.inputs.sources for u in _of_source(s, chosen)]
    destination = chosen.inputs.destination
    if destination not in DESTINATIONS:
        message = f"destination `{destination}` has no blueprint yet"
        answers.insert(0, Unbuilt("destination.kind", destination, message))
    ids = {u.id for u in answers}
    more = [
        Unbuilt(id, choice, f"`{id}` is `{choice}`, which has no blueprint yet")
        for id, choice in chosen.choice.items()
        if id not in ids and not _built(id, choice, chosen) and not _follows(id, ids, chosen)
    ]
    return (*answers, *more)


def _built(id: str, choice: str, chosen: Chosen) -> bool:
    question = id.rpartition(".")[2]
    if question == "alerts":
        return id not in chosen.overridden or set(choice.split("+")) <= ALERTS
    return question not in BUILT or choice in BUILT[question]


def _follows(id: str, ids: set[str], chosen: Chosen) -> bool:
    """Whether a choice only follows from another that is not built."""
    source, question, table = id.split(".", 1)[0], id.rpartition(".")[2], id.rpartition(".")[0]
    streamed = {one.split(".", 1)[0] for one in ids if one.endswith((".mode", ".kind")) and one != "destination.kind"}
    if question == "engine":
        return bool(streamed) or "destination.kind" in ids
    if question == "partitioning" and "destination.kind" in ids:
        return True
    if question in ("extract", "write") and chosen.choice[f"{table}.history"] == "every-change":
        return True
    return source in streamed or (question == "write" and chosen.choice[f"{table}.extract"] not in BUILT["extract"])


def _of_source(s: SourceInputs, chosen: Chosen) -> Iterator[Unbuilt]:
    """What people say of a source that no blueprint does yet."""
    foreign, how = _foreign(s), chosen.sources[s.name]
    if foreign:
        yield Unbuilt(f"{s.name}.kind", s.kind, foreign)
    if how.mode not in modes.BATCHES:
        f = units.duration_text(s.freshness)
        message = f"freshness {f} of source `{s.name}` needs `{how.mode}`, which has no blueprint yet"
        yield Unbuilt(f"{s.name}.mode", how.mode, message)
    if s.parsing == "code":
        message = f"rows of source `{s.name}` are parsed by a program, for which there is no blueprint yet"
        yield Unbuilt(f"{s.name}.parsing", "code", message)
    for t in s.tables:
        if t.retention is not None:
            message = f"rows of `{t.address}` are to be dropped after a while, for which there is no blueprint yet"
            yield Unbuilt(f"{t.address}.retention", units.duration_text(t.retention), message)


def _foreign(s: SourceInputs) -> str:
    """Why a source's kind is not built, if it is not."""
    if s.remote:
        return f"source `{s.name}` reads files by URL, for which there is no blueprint yet"
    return "" if s.kind in KINDS else f"source `{s.name}` is of kind `{s.kind}`, which has no blueprint yet"
