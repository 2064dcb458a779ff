"""``pipegen add``: a source, or tables of one, put into pipegen.yml as ``new`` would have written them, and measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from pipegen.app import completion, generate
from pipegen.app.answers import Draft, Given, draft
from pipegen.app.edit import Pipeline, pipeline
from pipegen.app.looking import Looked, look_at, look_at_each
from pipegen.core import names
from pipegen.core.design.architect import design
from pipegen.core.design.marts import default_marts
from pipegen.core.errors import Problem, SourceError, SpecError, UsageError
from pipegen.core.measured import Measured
from pipegen.core.spec import load as spec_load
from pipegen.core.spec import source_url, write
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.spec.references import Place, Tables, rewritten
from pipegen.core.spec.sources import TableSpec
from pipegen.store import workspace, yaml_file
from pipegen.store.spec_edit import Edit, Put, edited

Inputs = dict[str, bytes | None]
Progress = Callable[[str], None]
TREAT = "pipegen update --set sources.SOURCE.tables.TABLE.columns.COLUMN=mask"
OF_A_SOURCE = ("freshness", "lateness", "deletes", "history")
"""Answers that ``new`` takes for the whole pipeline, and ``add source`` for the one source."""


def add_source(
    start: Path,
    text: str,
    *,
    tables: Sequence[str] = (),
    said: Mapping[str, str | Sequence[str]] | None = None,
    cwd: Path = Path(),
    looked: Looked | None = None,
    progress: Progress = lambda _: None,
    tell: Progress = lambda _: None,
) -> Inputs:
    """The inputs of the repository with one source more: ``URL`` or ``NAME=URL``; a password in it is for the probe alone.

    ``tables`` are as ``--table`` of ``new``; ``said`` is what holds for this source: volume, peak, rule, personal_data and those
    of :data:`OF_A_SOURCE`; paths count from ``cwd``; what was ``looked`` at is not looked at again; ``tell`` hears what is worth a
    person's look. Where the pipeline names its marts, those that the source allows are added.

    Raises:
        WorkspaceError: no repository, or its inputs were edited meanwhile.
        SpecError, UsageError: what was said of the source cannot be taken; the name is taken.
        SourceError: the source cannot be read.
    """
    of = pipeline(start)
    name = _named(of, text)
    made = _draft(of, name, text, tables, said or {}, cwd)
    facts = look_at_each(_loaded(of, made), made, progress, looked)
    completion.complete(made, facts)
    asked = _loaded(of, made)
    generate.refuse_broken_sql(asked, made.locate)
    source = write.plain(asked)["sources"][name]
    after = {**of.tables, name: list(source["tables"])}
    changes = [*of.past(name), *_kept(of, after), Put(("sources", name), source)]
    measured = {f"sources/{name}.yml": generate.measured_text(found).encode() for name, found in facts.items()}
    raw = _with_marts(
        of, edited(of.raw, changes), {**of.measured, **facts}, {(name, table) for table in source["tables"]}
    )
    of.as_it_was()
    for note in generate.noted(asked, facts, TREAT):
        tell(note)
    return {workspace.SPEC_FILE: raw, **measured}


def _named(of: Pipeline, text: str) -> str:
    """The name of a source that is to be added."""
    try:
        name = source_url.parse(text).name
    except UsageError as error:
        raise UsageError(error.message, hint=_as_argument(error.hint)) from None
    if name in of.spec.sources:
        raise UsageError(
            f"there is a source called `{name}` already",
            hint=f"say another name, `NAME=URL`; a table of `{name}` is added by `pipegen add table {name}.TABLE`",
        )
    taken = [*of.spec.sources, name]
    problems = names.collisions(taken, map(names.module, taken), "sources", "NAME")
    if problems:
        raise UsageError(problems[0].message, hint="say another name: `pipegen add source NAME=URL`")
    return name


def _as_argument(hint: str | None) -> str | None:
    """A hint that speaks of the flag of ``new``, for the argument of ``add source``."""
    return hint.replace("`--source NAME=URL`", "`pipegen add source NAME=URL`") if hint else None


def _draft(
    of: Pipeline, name: str, text: str, tables: Sequence[str], said: Mapping[str, str | Sequence[str]], cwd: Path
) -> Draft:
    """A draft with the new source alone in it."""
    flags: dict[str, str | Sequence[str]] = {"source": [text], **({"table": list(tables)} if tables else {})}
    flags |= {key: value for key, value in said.items() if key not in OF_A_SOURCE}
    made = draft(Given(name=of.spec.name, flags=flags, cwd=cwd, directory=of.root))
    made.places[("sources", name)] = "URL"
    for key in OF_A_SOURCE:
        if key in said:
            made.values["sources"][name][key] = said[key]
            made.places[("sources", name, key)] = f"--{key}"
    return made


def _loaded(of: Pipeline, made: Draft) -> PipelineSpec:
    return spec_load.load({"catalog": of.spec.catalog, **made.values}, made.locate)


def add_table(
    start: Path, texts: Sequence[str], *, progress: Progress = lambda _: None, tell: Progress = lambda _: None
) -> Inputs:
    """The inputs of the repository with more tables of its sources: ``T``, ``SOURCE.T`` or ``SOURCE.SCHEMA.T``.

    A table that ``sources/NAME.yml`` has already is taken as it was measured; what was measured of the others stays. Where the
    pipeline names its marts, those that the tables allow are added.

    Raises:
        WorkspaceError: no repository, or its inputs were edited meanwhile.
        SpecError: everything that is wrong with the names; a source's URL is not known.
        SourceError: a source cannot be read, or has no such table.
    """
    of = pipeline(start)
    wanted = _wanted(of, texts)
    changes: list[Edit] = []
    inputs: Inputs = {}
    measured = dict(of.measured)
    for source, tables in wanted.items():
        if source in of.measured:
            measured[source] = _measured(of, source, tables, progress)
            path = f"sources/{source}.yml"
            if measured[source] != of.measured[source]:
                inputs[path] = _merged_file(of.files[source], path, of.measured[source], measured[source])
        changes += of.listed(source)
        for table in tables:
            changes += [*of.past(source, table), Put(("sources", source, "tables", table), {})]
    after = {source: [*its, *wanted.get(source, ())] for source, its in of.tables.items()}
    new = {(source, table) for source, tables in wanted.items() for table in tables}
    raw = _with_marts(of, edited(of.raw, [*_kept(of, after), *changes]), measured, new)
    of.as_it_was()
    for note in generate.noted(_only(of.spec, wanted), measured, TREAT):
        tell(note)
    return {**inputs, workspace.SPEC_FILE: raw}


def _only(spec: PipelineSpec, wanted: Mapping[str, Sequence[str]]) -> PipelineSpec:
    """A spec with the tables that are added, of which nothing is said yet, and no other."""
    sources = {
        name: spec.sources[name].model_copy(update={"tables": {table: TableSpec() for table in tables}})
        for name, tables in wanted.items()
    }
    return spec.model_copy(update={"sources": sources})


def _wanted(of: Pipeline, texts: Sequence[str]) -> dict[str, list[str]]:
    """The tables to add, by source."""
    wanted: dict[str, list[str]] = {}
    problems: list[Problem] = []
    sources, loaded = of.document.values["sources"], of.tables
    for text in dict.fromkeys(texts):
        head, _, tail = text.partition(".")
        if head in sources and tail:
            source, table = head, tail
        elif len(sources) == 1:
            source, table = next(iter(sources)), text
        else:
            hint = names.did_you_mean(head, sources) if tail else None
            hint = hint or f"say `SOURCE.{names.shorten(tail or text)}`, with one of {', '.join(sources)}"
            problems.append(
                Problem(f"`{names.shorten(text)}` does not say of which source it is a table", "TABLE", hint)
            )
            continue
        table = completion.without_schema(table, sources[source])
        if table in loaded[source]:
            hint = "`pipegen update --probe` measures the sources again"
            problems.append(Problem(f"`{source}.{names.shorten(table)}` is loaded already", "TABLE", hint))
        elif table not in wanted.setdefault(source, []):
            wanted[source].append(table)
    if problems:
        raise SpecError(problems)
    return wanted


def _measured(of: Pipeline, source: str, tables: Sequence[str], progress: Progress) -> Measured:
    """What was measured of a source, with the tables that it has not."""
    before = of.measured[source]
    missing = [table for table in tables if table not in before.tables]
    if not missing:
        return before
    said = of.spec.sources[source]
    try:  # with those that are loaded, which a new table may point to
        found = look_at(source, said, {}, of.root, tables=[*of.tables[source], *missing], progress=progress)
    except SourceError:
        found = look_at(source, said, {}, of.root, tables=missing)
    return before.model_copy(update={"tables": {**before.tables, **{t: found.tables[t] for t in missing}}})


def _merged_file(raw: bytes, path: str, before: Measured, after: Measured) -> bytes:
    """``sources/NAME.yml`` with more tables at its end, every other byte as it was."""
    more = Measured(server=after.server, tables={t: f for t, f in after.tables.items() if t not in before.tables})
    _, _, lines = generate.measured_text(more).partition("\ntables:\n")
    end = b"\r\n" if b"\r\n" in raw else b"\n"
    merged = raw.rstrip() + end + lines.encode().replace(b"\n", end)
    try:
        if Measured.model_validate(yaml_file.parse(merged, path).values) == after:
            return merged
    except (SpecError, ValueError):
        pass
    return generate.measured_text(after).encode()  # `tables` is not the last thing there, or written in another way


def _kept(of: Pipeline, after: Tables) -> list[Edit]:
    """The references of marts that would mean several tables now, with their source."""
    return [Put(at, text) for at, text in rewritten(of.spec.marts or {}, of.tables, after, {}).items()]


def _with_marts(of: Pipeline, raw: bytes, measured: Mapping[str, Measured], new: Collection[Place]) -> bytes:
    """pipegen.yml with the marts that new tables allow, where it names its marts."""
    if not of.spec.marts:
        return raw
    document = yaml_file.parse(raw, workspace.SPEC_FILE)
    spec = spec_load.load({"catalog": of.lock.catalog, **document.values}, document.locate)
    sources = design(spec, measured, document.locate).sources
    marts = default_marts(sources, of.spec.marts, lambda table: (table.source_name, table.name) in new)
    plain = write.plain(spec.model_copy(update={"marts": marts}))["marts"]
    return edited(raw, [Put(("marts", name), mart) for name, mart in plain.items()])
