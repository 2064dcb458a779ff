"""What an answer changed of the design: one line, with the reason, as soon as it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipegen.app.interview.picture import Picture
from pipegen.core.design.decision import Decision
from pipegen.core.design.unknown import STRUCTURE

TOLD = (*STRUCTURE, "schedule", "history", "engine", "transform", "executor")
"""Questions of the decision model whose answers people are told of while they are asked."""
_MOST = 3
_NAMES = 3
_LOADED = {
    "full": "read whole", "append": "read by what is new", "watermark": "read by what changed",
    "watermark-keys": "read by what changed, keys compared", "cdc": "read from the change log",
}  # fmt: skip
Change = tuple[str, str, str]  # question, before, after


def told(before: Picture | None, after: Picture) -> list[str]:
    """A line for each way in which the design differs; of the first design what it is."""
    if before is None:
        return [f"so far: {_in_short(after)}"]
    groups = _changes(_decisions(before), after.decided.decisions)
    lines = [_line(change, decisions) for change, decisions in groups.items()]
    if len(lines) > _MOST:
        more = len(lines) - _MOST
        return [*lines[:_MOST], f"and {more} more, which the review has"]
    return lines


def _decisions(picture: Picture) -> Mapping[str, Decision]:
    return {d.id: d for d in picture.decided.decisions}


def _changes(before: Mapping[str, Decision], after: Sequence[Decision]) -> dict[Change, list[Decision]]:
    """The decisions of both designs that differ, those together that differ alike."""
    groups: dict[Change, list[Decision]] = {}
    for decision in after:
        question, old = decision.id.rpartition(".")[2], before.get(decision.id)
        if question in TOLD and old is not None and old.choice != decision.choice:
            groups.setdefault((question, old.choice, decision.choice), []).append(decision)
    return groups


def _line(change: Change, decisions: Sequence[Decision]) -> str:
    question, old, new = change
    about = [d.id.rpartition(".")[0] for d in decisions]
    more = f" and {len(about) - _NAMES} more" if len(about) > _NAMES else ""
    because = decisions[0].because[0] if decisions[0].because else ""
    of = "" if about == ["pipeline"] else f" of {', '.join(about[:_NAMES])}{more}"
    return f"{question}{of}: {old} -> {new}{f'; {because}' if because else ''}"


def _in_short(picture: Picture) -> str:
    return "; ".join(_of_sources(picture))


def _of_sources(picture: Picture) -> Iterator[str]:
    choice = {d.id: d.choice for d in picture.decided.decisions}
    for name, source in picture.spec.sources.items():
        loads: dict[str, int] = {}
        for table in source.tables:
            load = choice.get(f"{name}.{table}.extract", "")
            loads[load] = loads.get(load, 0) + 1
        how = ", ".join(
            f"{count:,} table{'' if count == 1 else 's'} {_LOADED.get(load, load)}"
            for load, count in sorted(loads.items(), key=lambda one: (-one[1], one[0]))
        )
        yield f"{name} in {choice.get(f'{name}.mode', '')}, {how}"
    yield f"transformed in {choice.get('destination.engine', '')}"
