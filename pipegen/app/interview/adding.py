"""The interview of ``pipegen add``: the questions of a source, or of tables, asked for a repository that is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipegen.app.answers import Answer, Given
from pipegen.app.edit import Pipeline, pipeline
from pipegen.app.interview import columns, places, tables
from pipegen.app.interview.picture import Pictures
from pipegen.app.interview.said import Said, given_of
from pipegen.app.interview.step import Step, Steps, Way
from pipegen.app.interview.tables import note
from pipegen.app.interview.walk import Walk
from pipegen.app.looking import Looked, look_at
from pipegen.core import names, questions
from pipegen.core.errors import UsageError
from pipegen.core.prompting import Ask, Choice, Prompter
from pipegen.probe import registry

Progress = Callable[[str], None]


@dataclass(frozen=True)
class NewSource:
    """What :func:`pipegen.app.add.add_source` takes of a source that was asked for; ``text`` may hold a password."""

    text: str = field(repr=False)
    tables: tuple[str, ...]
    said: Mapping[str, Answer]
    looked: Looked = field(repr=False)


def new_source(
    start: Path, prompter: Prompter, *, cwd: Path = Path(), progress: Progress = lambda _: None
) -> NewSource:
    """Ask where more data comes from, look at it, and ask which of its tables are loaded and what of them is personal.

    Raises:
        Stopped: the person left; nothing is kept.
        WorkspaceError, UsageError, SpecError: there is no repository, or it cannot be read.
    """
    of = pipeline(start)
    base = Given(name=of.spec.name, cwd=cwd, directory=of.root)
    way = Way(base, Pictures(base, progress), prompter)
    said = Walk(way, prompter, lambda: None, lambda way: _source_steps(way, tuple(of.spec.sources))).questions()
    flags = given_of(base, said, way.facts(said)).flags
    treated = {key: flags[key] for key in ("personal_data",) if key in flags}
    return NewSource(said.sources[0], tuple(flags.get("table", ())), treated, way.pictures.looked)


def _source_steps(way: Way, taken: tuple[str, ...]) -> Steps:
    by_name = questions.BY_NAME
    said = yield places.step(way, Said(), by_name["source"], 1, taken)
    said = yield from tables.steps(way, said, by_name["table"])
    return (yield from columns.steps(way, said, by_name["personal_data"]))


def new_tables(start: Path, prompter: Prompter, *, progress: Progress = lambda _: None) -> list[str]:
    """Look at the sources of a repository, and ask which of their other tables are loaded; each as ``SOURCE.TABLE``.

    Raises:
        Stopped: the person left.
        UsageError: every table is loaded; the URL of a source is not known.
        WorkspaceError, SpecError, SourceError: there is no repository; it, or a source of it, cannot be read.
    """
    of = pipeline(start)
    base = Given(name=of.spec.name, directory=of.root)
    steps = [_more_of(of, name, progress) for name in of.spec.sources if name not in registry.unseen(of.spec.sources)]
    asked = [step for step in steps if step is not None]
    if not asked:
        raise UsageError("every table that can be found is loaded", hint="`pipegen add source` adds another source")

    def every(_: Way) -> Steps:
        said = Said()
        for step in asked:
            said = yield step
        return said

    said = Walk(Way(base, Pictures(base, progress), prompter), prompter, lambda: None, every).questions()
    return [f"{source}.{table}" for source, chosen in said.tables.items() for table in chosen]


def _more_of(of: Pipeline, source: str, progress: Progress) -> Step | None:
    """The question which more tables of a source are loaded; None where there are none."""
    found = look_at(source, of.spec.sources[source], {}, of.root, progress=progress)
    loaded = set(of.tables[source])
    choices = (
        *(
            Choice(table, names.shorten(table), note(fact))
            for table, fact in found.tables.items()
            if table not in loaded
        ),
        *(Choice(table, names.shorten(table), off=why) for table, why in found.left_out.items() if table not in loaded),
    )
    if not choices:
        return None
    question = questions.BY_NAME["table"]
    ask = Ask(
        f"table.{source}",
        f"Which more tables of {source} are loaded?",
        "many",
        (),
        choices=choices,
        evidence=(f"loaded: {', '.join(sorted(loaded)[:10])}",),
        help=question.help,
        example=question.example,
    )
    return Step(ask, f"tables of {source}", lambda said, reply: tables.with_tables(said, source, reply))
