"""``pipegen rename``: another name for a source or a table, said in every place of the inputs that speaks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipegen.app.edit import Pipeline, pipeline
from pipegen.app.looking import look_at
from pipegen.core import names
from pipegen.core.errors import SourceError, UsageError
from pipegen.core.spec.references import Place, rewritten
from pipegen.core.spec.sources import FilesSource
from pipegen.store import workspace
from pipegen.store.spec_edit import Edit, Put, Remove, Rename, edited

Inputs = dict[str, bytes | None]


def rename(start: Path, old: str, new: str) -> Inputs:
    """The inputs of the repository with another name for a source, ``shop_db``, or a table, ``shop_db.orders``.

    ``was`` says what the thing was called at the last render, so that an update carries the edits of its files.

    Raises:
        WorkspaceError, SpecError: as :func:`pipegen.app.edit.pipeline`; or the inputs were edited meanwhile.
        UsageError: nothing is called so, or the new name is taken or cannot be one.
    """
    of = pipeline(start)
    if old == new:
        raise UsageError(f"`{names.shorten(old)}` is called so already")
    if old in of.spec.sources:
        inputs = _source(of, old, new)
    else:
        source, table = _table_called(of, old)
        inputs = _table(of, source, table, _without_source(of, source, new))
    of.as_it_was()
    return inputs


def _source(of: Pipeline, old: str, new: str) -> Inputs:
    others = [name for name in of.spec.sources if name != old]
    problem = names.spec_name_problem(new, "source")
    if problem is None and names.module(new) in names.RESERVED_SOURCES:
        problem = f"`{new}` cannot be the name of a source: the repository uses it for itself"
    if problem:
        raise UsageError(problem)
    _refuse_taken(new, others, names.module, "source")
    tables = of.tables
    after = {new if name == old else name: its for name, its in tables.items()}
    changes = _references(of, after, {(old, table): (new, table) for table in tables[old]})
    changes += _overrides(of, lambda key: new + key.removeprefix(old) if key.startswith(f"{old}.") else key)
    changes.append(Rename(("sources", old), new))
    was = of.spec.sources[old].was
    changes += _was(("sources", new, "was"), was, was if was and not of.rendered(old) else old, new)
    content = of.files.get(old)  # None: nothing can look at the source
    gone = (old, was) if was and was not in of.spec.sources else (old,)
    inputs: Inputs = {
        f"sources/{name}.yml": None for name in gone if workspace.read_file(of.root, f"sources/{name}.yml") is not None
    }
    measured = {f"sources/{new}.yml": content} if content is not None else {}
    return {**inputs, workspace.SPEC_FILE: edited(of.raw, changes), **measured}


def _table(of: Pipeline, source: str, old: str, new: str) -> Inputs:
    tables = of.tables
    _refuse_taken(new, [t for t in tables[source] if t != old], lambda t: names.identifier(t, prefix="t"), "table")
    looked_at = source in of.measured
    if looked_at and new in of.measured[source].tables and new != old:
        hint = f"`pipegen add table {source}.{new}` loads it"
        raise UsageError(
            f"source `{source}` has a table `{names.shorten(new)}` beside `{names.shorten(old)}`", hint=hint
        )
    after = {**tables, source: [new if t == old else t for t in tables[source]]}
    changes = of.listed(source) + _references(of, after, {(source, old): (source, new)})
    changes += _overrides(of, lambda key: _of_table(key, f"{source}.{old}", f"{source}.{new}"))
    changes.append(Rename(("sources", source, "tables", old), new))
    said = of.spec.sources[source].tables
    was = said[old].was if old in said else None
    last = was if was and not of.rendered(source, old) else old
    changes += _was(("sources", source, "tables", new, "was"), was, last, new)
    path = f"sources/{source}.yml"
    measured = {path: edited(of.files[source], _measured(of, source, old, new), path)} if looked_at else {}
    return {workspace.SPEC_FILE: edited(of.raw, changes), **measured}


def _table_called(of: Pipeline, text: str) -> Place:
    """The table that ``T`` or ``SOURCE.T`` names."""
    head, _, tail = text.partition(".")
    tables = of.tables
    if tail in tables.get(head, ()):
        return head, tail
    holders = [source for source, its in tables.items() if text in its]
    if len(holders) == 1:
        return holders[0], text
    if holders:
        which = " or ".join(f"`{source}.{text}`" for source in holders)
        raise UsageError(f"several sources have a table `{names.shorten(text)}`", hint=f"say {which}")
    known = [
        *tables,
        *(t for its in tables.values() for t in its),
        *(f"{s}.{t}" for s, its in tables.items() for t in its),
    ]
    hint = names.did_you_mean(text, known) or f"there are: {names.shorten(', '.join(known), 300)}"
    raise UsageError(f"no source and no table is called `{names.shorten(text)}`", hint=hint)


def _without_source(of: Pipeline, source: str, new: str) -> str:
    """The new name of a table, which may be given with its source."""
    head, dot, tail = new.partition(".")
    if dot and tail and head in of.spec.sources:
        if head != source:
            hint = f"`pipegen add table {names.shorten(new)}` loads one of that source"
            raise UsageError(f"a table of source `{source}` cannot become one of `{head}`", hint=hint)
        new = tail
    if not new.strip() or len(new) > names.MAX_NAME or not new.isprintable():
        raise UsageError(f"`{names.shorten(new)}` cannot be the name of a table")
    return new


def _refuse_taken(new: str, others: list[str], id: Callable[[str], str], what: str) -> None:
    if new in others:
        raise UsageError(f"there is a {what} called `{names.shorten(new)}` already", hint="rename that one first")
    problems = names.collisions([*others, new], [id(name) for name in (*others, new)], f"{what}s", "NEW")
    if problems:
        raise UsageError(problems[0].message, hint="say another name")


def _references(of: Pipeline, after: Mapping[str, list[str]], moved: Mapping[Place, Place]) -> list[Edit]:
    """What marts and answers say of tables; an answer that is a bare name may speak of anything, and stays."""
    marts = rewritten(of.spec.marts or {}, of.tables, after, moved)
    full = {".".join(place): ".".join(now) for place, now in moved.items()}
    answers: list[tuple[tuple[str, ...], Mapping[str, object]]] = [
        *((("answers", name), said) for name, said in of.spec.answers.items()),
        *((("blueprints", str(i), "answers"), ref.answers) for i, ref in enumerate(of.spec.blueprints)),
    ]
    changes: list[Edit] = [Put(at, text) for at, text in marts.items()]
    for at, said in answers:
        changes += [Put((*at, id), full[v]) for id, v in said.items() if isinstance(v, str) and v in full]
    return changes


def _overrides(of: Pipeline, renamed: Callable[[str], str]) -> list[Edit]:
    return [Rename(("overrides", id), renamed(id)) for id in of.spec.overrides if renamed(id) != id]


def _of_table(id: str, old: str, new: str) -> str:
    head, _, decision = id.rpartition(".")
    return f"{new}.{decision}" if head == old else id


def _was(at: tuple[str, ...], said: str | None, last: str, new: str) -> list[Edit]:
    """``was`` with the name of the last render; none where that is the name again."""
    if last != new:
        return [Put(at, last)] if said != last else []
    return [Remove(at)] if said is not None else []


def _measured(of: Pipeline, source: str, old: str, new: str) -> list[Edit]:
    """The edits of ``sources/NAME.yml``: the table, the keys that point to it, its files where those have its name now."""
    changes: list[Edit] = []
    for name, table in of.measured[source].tables.items():
        for i, key in enumerate(table.foreign_keys):
            if key.to == old:
                changes.append(Put(("tables", name, "foreign_keys", str(i), "to"), new))
    files = _files(of, source, new)
    if files is not None and files != of.measured[source].tables[old].files:
        changes.append(Put(("tables", old, "files"), files))
    return [*changes, Rename(("tables", old), new)]


def _files(of: Pipeline, source: str, new: str) -> str | None:
    """The files of a table of that name, where they are there and can be read; None where they still have the old name."""
    said = of.spec.sources[source]
    if not isinstance(said, FilesSource) or said.is_remote:
        return None
    try:
        return look_at(source, said, {}, of.root, tables=[new]).tables[new].files
    except SourceError:
        return None
