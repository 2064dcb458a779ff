"""What blueprints exist for: a choice beyond that is an error that names the nearest design that works."""

from __future__ import annotations

from dataclasses import dataclass

from pipegen.core import units
from pipegen.core.design.choose import Chosen
from pipegen.core.design.inputs import SourceInputs
from pipegen.core.design.model import Option
from pipegen.core.design.rules import mode as modes

KINDS = ("files", "sample", "sqlite", "postgres")
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
    found: dict[str, Unbuilt] = {}
    if chosen.inputs.destination not in DESTINATIONS:
        _note(
            found,
            "destination.kind",
            chosen.inputs.destination,
            f"destination `{chosen.inputs.destination}` has no blueprint yet",
        )
    for s in chosen.inputs.sources:
        foreign = _foreign(s)
        if foreign:
            _note(found, f"{s.name}.kind", s.kind, foreign)
        how = chosen.sources[s.name]
        if how.mode not in modes.BATCHES:
            f = units.duration_text(s.freshness)
            _note(
                found,
                f"{s.name}.mode",
                how.mode,
                f"freshness {f} of source `{s.name}` needs `{how.mode}`, which has no blueprint yet",
            )
        if s.parsing == "code":
            _note(
                found,
                f"{s.name}.parsing",
                "code",
                f"rows of source `{s.name}` are parsed by a program, for which there is no blueprint yet",
            )
        for t in s.tables:
            if t.retention is not None:
                _note(
                    found,
                    f"{t.address}.retention",
                    units.duration_text(t.retention),
                    f"rows of `{t.address}` are to be dropped after a while, for which there is no blueprint yet",
                )
    streamed = {s.name for s in chosen.inputs.sources if f"{s.name}.mode" in found or f"{s.name}.kind" in found}
    for id, choice in chosen.choice.items():
        source, question = id.split(".", 1)[0], id.rpartition(".")[2]
        if question in BUILT and choice not in BUILT[question] and id not in found:
            follows = source in streamed or (id == "destination.engine" and (streamed or "destination.kind" in found))
            if question == "partitioning" and "destination.kind" in found:
                follows = True
            table = id.rpartition(".")[0]
            if question == "write" and f"{table}.extract" in found:
                follows = True
            if question in ("extract", "write") and chosen.choice[f"{table}.history"] == "every-change":
                follows = True
            if not follows:
                _note(found, id, choice, f"`{id}` is `{choice}`, which has no blueprint yet")
    return tuple(found.values())


def _note(found: dict[str, Unbuilt], id: str, choice: str, message: str) -> None:
    found[id] = Unbuilt(id, choice, message)


def _foreign(s: SourceInputs) -> str:
    """Why a source's kind is not built, if it is not."""
    if s.remote:
        return f"source `{s.name}` reads files by URL, for which there is no blueprint yet"
    return "" if s.kind in KINDS else f"source `{s.name}` is of kind `{s.kind}`, which has no blueprint yet"
