"""Interviews by script: what they ask, and what comes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipegen.app.answers import Given
from pipegen.app.interview import Interviewed, Review, interview
from pipegen.core.measured import Measured
from pipegen.core.prompting import Stopped
from pipegen.store.drafts import Drafts
from tests.prompting import ENTER, LEAVE, Script, ScriptedPrompter, enter

FIRST = ("name", "source", "table.shop", "mart", "freshness", "personal_data", "destination")
"""What is asked of who tries the sample."""
TO_WRITE = [*enter(FIRST), ("review", "write")]
SOURCES = ("exports=./exports/*.csv", "shop=./shop.db")


@dataclass
class Done:
    """An interview that came to its end, or was left."""

    prompter: ScriptedPrompter
    reviews: list[Review] = field(default_factory=list)
    result: Interviewed | None = None
    resume: str = ""

    @property
    def made(self) -> Interviewed:
        assert self.result is not None
        return self.result

    @property
    def equivalent(self) -> str:
        assert self.made.generated is not None
        return self.made.generated.plan.equivalent or ""

    def flags(self) -> dict[str, Any]:
        return {
            name: answer if isinstance(answer, str) else list(answer) for name, answer in self.made.given.flags.items()
        }


def hold(script: Script, folder: Path, *, resume: bool = False, **given: Any) -> Done:
    """Hold an interview; it must ask what the script answers, and nothing else."""
    done = Done(ScriptedPrompter(*script))
    asked = Given(**{"cwd": Path(), **given})
    drafts = Drafts(folder / "drafts")
    try:
        done.result = interview(asked, done.prompter, drafts=drafts, resume=resume, show=done.reviews.append)
    except Stopped as stopped:
        done.resume = str(stopped)
    done.prompter.finished()
    return done


def left_at(name: str, before: Script) -> Script:
    """A script that is left at a question."""
    names = [one for one, _ in before]
    return [*before[: names.index(name)], (name, LEAVE)]


def table(rows: int | None, *, personal: bool = False, per_day: int | None = None, **more: Any) -> dict[str, Any]:
    """What could be measured of a table with a key and a watermark."""
    columns: dict[str, Any] = {"id": {"type": "bigint"}, "updated_at": {"type": "timestamp"}}
    if personal:
        columns["email"] = {"type": "text", "personal": {"guess": "email", "how": "name"}}
    found: dict[str, Any] = {
        "key": {"columns": ["id"], "how": "primary key"},
        "watermark": {"column": "updated_at", "indexed": True},
        "columns": columns,
    }
    if rows is not None:
        found |= {"rows": {"value": rows}, "bytes": rows * 200}
    if per_day is not None:
        found["rows_per_day"] = {"value": per_day, "how": "updated_at"}
    return {**found, **more}


def measured_as(monkeypatch: pytest.MonkeyPatch, tables: dict[str, Any], **more: Any) -> None:
    """Let every source of kind SQLite be measured so: what no small file could show."""
    from pipegen.probe import registry

    found = Measured.model_validate({"server": {"kind": "sqlite"}, "tables": tables, **more})

    def probe(kind: str, path: str, look: Any) -> Measured:
        named = [name for name in (look.tables or look.named) if name in found.tables]
        kept = {name: found.tables[name] for name in named} or found.tables
        return found.model_copy(update={"tables": kept})

    monkeypatch.setattr(registry, "probe", probe)


__all__ = ["ENTER", "FIRST", "TO_WRITE", "Done", "hold", "left_at", "measured_as", "table"]
