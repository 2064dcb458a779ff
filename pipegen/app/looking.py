"""The one way a use case looks at sources: where they are, what an API is sent, and in how much time; each once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipegen.app import completion, connection
from pipegen.app.answers import Draft
from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.spec.source_url import SourceUrl
from pipegen.core.spec.sources import SourceSpec
from pipegen.probe import Look, registry
from pipegen.probe.look import SECONDS

Progress = Callable[[str], None]
Looked = dict[tuple[Any, ...], Measured]
"""What was measured, by what was looked at: equal looks find the same. The keys may hold passwords: for this process alone."""


def look_at(
    name: str,
    source: SourceSpec,
    urls: Mapping[str, SourceUrl],
    root: Path,
    *,
    tables: Sequence[str] | None = None,
    named: Sequence[str] = (),
    seconds: float = SECONDS,
    progress: Progress = lambda _: None,
) -> Measured:
    """Measure a source; ``urls`` as :func:`pipegen.app.connection.place` has them, the rest as :class:`Look` has it.

    Raises:
        UsageError: a server whose URL nobody gave.
        SourceError: it cannot be read, has no table at all, or has no such table.
    """
    place = connection.place(name, source, urls)
    progress(f"looking at {name}")
    look = Look(root, tables, named, seconds=seconds, auth=connection.auth(source), progress=progress)
    found = registry.probe(source.kind, place, look)
    if not found.tables and not found.left_out:
        raise SourceError(f"source `{name}` has no table", hint="name another path, or fill it first")
    return found


def look_at_each(
    spec: PipelineSpec, made: Draft, progress: Progress, looked: Looked | None = None
) -> dict[str, Measured]:
    """What is measured of every source of a draft, whose spec this is, that can be looked at.

    What ``looked`` holds is taken from there, and what is found is put there.

    Raises:
        UsageError: a database server whose URL nobody gave.
        SourceError: a source that cannot be read, or has no table.
    """
    facts = {}
    unseen = registry.unseen(spec.sources)
    seen = {name: source for name, source in spec.sources.items() if name not in unseen}
    # before any of them is looked at, which may take a while
    places = {name: connection.place(name, source, made.urls) for name, source in seen.items()}
    looked = {} if looked is None else looked
    for name, source in seen.items():
        named = completion.named(made, name)
        wanted = list(source.tables) if source.tables and not named and not made.tables else None
        if wanted is None and source.tables:
            named = list(dict.fromkeys([*source.tables, *named]))
        named = [] if completion.EVERY_TABLE in made.tables else named
        at = (source.kind, places[name], made.target, None if wanted is None else tuple(wanted), tuple(named))
        if at not in looked:
            looked[at] = look_at(name, source, made.urls, made.target, tables=wanted, named=named, progress=progress)
        facts[name] = looked[at]
        if not facts[name].tables:
            why = next(iter(facts[name].left_out.values()))
            raise SourceError(f"source `{name}` has no table that can be read", hint=why)
    return facts
