"""Where the data comes from: each source is looked at as soon as it is named, and refused where it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from pipegen.app.answers import Given
from pipegen.app.interview.picture import in_words
from pipegen.app.interview.said import Said
from pipegen.app.interview.step import Reply, Step, Steps, Way, set_address
from pipegen.core import names
from pipegen.core.errors import PipegenError
from pipegen.core.measured import Measured
from pipegen.core.prompting import Ask
from pipegen.core.questions import Question
from pipegen.core.spec import source_url

SAMPLE = "sample:"
NEARBY = ("*.csv", "*.jsonl", "*.parquet", "*.db", "*.sqlite", "*.sqlite3")
_MOST_NEARBY = 6
FORMS = (
    "a path or a glob: ./exports/*.csv",
    "a database file or a server: ./shop.db, postgresql://reader@localhost/shop",
    "an API: https://api.example.com/v1",
    "sample: the bundled web shop, to try it out",
)


def steps(way: Way, said: Said, question: Question) -> Steps:
    """Ask for the sources, one after another, until there is no more."""
    if has_sources(way.base):
        return said
    number = 1
    while True:
        before = said
        said = yield step(way, said, question, number)
        if said == before or (number == 1 and source_url.parse(said.sources[0]).kind == "sample"):
            return said  # who tries the sample has nothing to put beside it
        number += 1


def has_sources(base: Given) -> bool:
    """Whether sources were given before the interview."""
    layers = (base.answers, base.config)
    return bool(
        base.flags.get("source")
        or base.environment.get("source")
        or any(layer is not None and layer.values.get("sources") for layer in layers)
        or any(_sets_source(set_address(key)) for key, _ in base.sets)
    )


def _sets_source(at: list[str]) -> bool:
    """Whether an assignment to an address makes a source, and does not only say something of one."""
    return at[0] == "sources" and (len(at) == 2 or at[2:] == ["kind"])


def step(way: Way, said: Said, question: Question, number: int, taken: tuple[str, ...] = ()) -> Step:
    """The question of one source; ``taken`` are names of sources that are there already."""
    first = number == 1

    def put(said: Said, reply: Reply) -> Said:
        text = cast(str, reply).strip()
        return replace(said, sources=(*said.sources, text)) if text else said

    def refuse(reply: Reply) -> str | None:
        after = put(said, reply)
        if after.sources == said.sources:
            return None
        try:
            picture = way.picture(after)
        except PipegenError as error:
            return in_words(error)
        kinds = [lacks for lacks in picture.decided.unbuilt if lacks.id.endswith(".kind")]
        return picture.trouble if kinds else None  # any other trouble may be of its tables, or be mended by an answer

    ask = Ask(
        "source" if first else f"source.{number}",
        question.title if first else "Where does more data come from?",
        "text",
        SAMPLE if first and not taken else "",
        evidence=FORMS if first else (*_seen(way, said), "enter: from nowhere else"),
        help=question.help,
        example=question.example.strip("'"),
        check=lambda text: problem(text, said.sources, taken, optional=not first),
        suggestions=tuple(nearby(way.base.cwd)),
        secret=True,
    )
    return Step(ask, "source" if first else f"source {number}", put, refuse=refuse)


def problem(text: str, others: tuple[str, ...], taken: tuple[str, ...] = (), *, optional: bool = False) -> str | None:
    """Why a text names no source, or one that is called as another is; None where it does. It holds no password."""
    if optional and not text.strip():
        return None
    try:
        source = source_url.parse(text.strip())
    except PipegenError as error:
        return in_words(error)
    taken = (*taken, *(source_url.parse(other).name for other in others))
    if source.name in taken:
        return f"another source is called `{source.name}` already; say another name: NAME=URL"
    every = [*taken, source.name]
    clash = names.collisions(every, map(names.module, every), "sources", "")
    return f"{clash[0].message}; say another name: NAME=URL" if clash else None


def shown(text: str) -> str:
    """A source as it may be kept and printed, with its name and without its password."""
    try:
        source = source_url.parse(text)
    except PipegenError:
        return ""
    return f"{source.name}={text_of(source)}"


def text_of(source: source_url.SourceUrl) -> str:
    """What is behind the name of a source."""
    if source.url is not None:
        return source.shown()
    if source.path is None:
        return f"{source.kind}:"
    told_by_its_end = source_url.parse(source.path).kind == source.kind
    return source.path if told_by_its_end else f"{source.kind}:///{source.path}"


def _seen(way: Way, said: Said) -> Iterator[str]:
    """What was found at the sources that were named so far."""
    for name, found in way.facts(said).items():
        yield f"{name}: {summary(found)}"


def summary(found: Measured) -> str:
    """A source in a few words: ``5 tables, about 7,220 rows``."""
    count = len(found.tables)
    rows = [table.rows for table in found.tables.values() if table.rows]
    total = sum(one.value for one in rows)
    about = "" if all(one.exact for one in rows) else "about "
    told = [f"{count:,} table{'' if count == 1 else 's'}"] + (
        [f"{about}{total:,} row{'' if total == 1 else 's'}"] if rows else []
    )
    if found.left_out:
        told.append(f"{len(found.left_out)} that cannot be read")
    return ", ".join(told)


def nearby(cwd: Path) -> list[str]:
    """Files of the folder, and of those below it, that could be a source."""
    found: list[str] = []
    for pattern in NEARBY:
        for path in sorted({*cwd.glob(pattern), *cwd.glob(f"[!.]*/{pattern}")})[:200]:
            place = path.relative_to(cwd)
            several = pattern in NEARBY[:3]
            text = f"./{(place.parent / pattern).as_posix()}" if several else f"./{place.as_posix()}"
            if text not in found:
                found.append(text)
    return found[:_MOST_NEARBY]
