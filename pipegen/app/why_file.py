"""From the lock and the working tree to why a rendered file, or a line of it, is there: the last render is made again and traced."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pipegen.app import why_template
from pipegen.app.last_render import LastRender, last_render
from pipegen.app.why_rendered import Contributed, LineWhy, ReadWhy, RenderedWhy, State, WithinWhy
from pipegen.app.working_lines import count, mapped, text_of
from pipegen.core.blueprint import TOKEN
from pipegen.core.contributions import Contribution, Contributions
from pipegen.core.design.follows import Follows, Provenance, joined
from pipegen.core.design.provenance import FIELDS, RECORDS
from pipegen.core.errors import BlueprintError, PipegenError, UsageError
from pipegen.core.lock import Lock, LockedFile
from pipegen.core.names import shorten
from pipegen.core.tree import digest
from pipegen.core.worktree import Found
from pipegen.store import workspace, yaml_file
from pipegen.store.base import Bases
from pipegen.store.worktree import Folder

if TYPE_CHECKING:  # with Jinja, which the inputs and records have no use for
    from pipegen.render.reads import Read
    from pipegen.render.trace import TracedLine
    from pipegen.render.traced_file import TracedFile

    Retraced = tuple[LastRender, TracedFile]

_KINDS: Mapping[Any, str] = {get_args(f.annotation)[0]: kind for kind, f in Contributions.model_fields.items()}
_MARKER = re.compile(r"(<{7,}|\|{7,}|>{7,}) |={7,}$")
_CALLED = ("target", "name", "job", "service", "section", "alert", "package")


def explained(root: Path, lock: Lock, name: str, path: str, line: int | None) -> RenderedWhy:
    """Why a file of the lock, rendered as ``name`` and standing at ``path``, is there; with ``line``, why that line is.

    Raises:
        UsageError: the file has no such line.
    """
    entry, here = lock.files[name], Folder(root).at(path)
    blueprint, _, rest = entry.id.partition(":")
    locked = lock.blueprints.get(blueprint)
    state = _state(entry, here, moved=path != name)
    if line is not None:
        _refuse_line(path, here, line)
    if not lock.catalog:  # of a plain template, which is in no catalog
        document = yaml_file.read(root / workspace.SPEC_FILE, workspace.SPEC_FILE)
        base = Bases(root).get(entry.sha256)
        of_line = None if line is None else _untraced(base, here, line, "the lines of a plain template are not traced")
        return why_template.explained(root, document, entry, name, state, locked, of_line)
    traced, note = _traced(root, lock, entry)
    if traced is None:
        template, _, loop = rest.partition("@")
        values = dict(zip(TOKEN.findall(template), loop.split("."), strict=False)) if loop else {}
        of_line = None if line is None else _untraced(Bases(root).get(entry.sha256), here, line, None)
        return RenderedWhy(
            name, blueprint, locked.version if locked else None, template, values, entry.ownership, state, (), Follows(), of_line,
            notes=(note,),
        )  # fmt: skip
    before = Bases(root).get(entry.sha256) if entry.pending else None
    return _Told(*traced, before).file(name, entry, state, None if line is None else (line, here))


def _state(entry: LockedFile, here: Found, *, moved: bool) -> State:
    if entry.pending:
        return "conflict"
    if here.kind == "absent":
        return "deleted"
    if entry.state == "orphaned":
        return "orphaned"
    if here.content is None or digest(here.content) != entry.sha256:
        return "yours" if entry.ownership == "once" else "edited"
    return "moved" if moved else "as rendered"


def _refuse_line(path: str, here: Found, line: int) -> None:
    if here.content is None:
        hint = f"`pipegen update --restore {path}` brings it back" if here.kind == "absent" else None
        raise UsageError(f"`{shorten(path)}` is not there, so it has no line {line}", hint=hint)
    lines = count(here.content)
    if lines is None:
        raise UsageError(
            f"`{shorten(path)}` is no text: it has no lines", hint=f"`pipegen why {path}` tells of the file"
        )
    if not 1 <= line <= lines:
        raise UsageError(f"`{shorten(path)}` has no line {line}", hint=f"it has {lines}")


def _traced(root: Path, lock: Lock, entry: LockedFile) -> tuple[Retraced | None, str]:
    """The file rendered once more, where that gives the very bytes of then; else why there is none."""
    if entry.state == "orphaned":
        return None, "no longer rendered, and kept because you changed it"
    found = None
    try:
        last = last_render(root, lock)
        with suppress(BlueprintError):  # most files say nothing of what takes long to find out
            found = _retraced(last, entry)
        found = found or _retraced(last.whole(), entry)
    except PipegenError as error:
        return None, f"where its lines come from cannot be told: {error.message}"
    if found is not None:
        return found, ""
    changed = [b.name for b in last.blueprints if (was := lock.blueprints.get(b.name)) and was.digest != b.digest]
    because = f"blueprint {', '.join(changed)} has changed since" if changed else "another pipegen rendered it"
    return None, f"where its lines come from cannot be told: {because}; `pipegen update` renders anew"


def _retraced(last: LastRender, entry: LockedFile) -> Retraced | None:
    """The file, where it comes out as the lock has it."""
    from pipegen.render.traced_file import Tracer

    traced = Tracer(last.blueprints, last.design).file(entry.id)
    same = traced is not None and digest(traced.content) == (entry.pending or entry.sha256)
    return (last, traced) if same and traced is not None else None


def _untraced(base: bytes | None, here: Found, line: int, note: str | None) -> LineWhy:
    """What can be said of a line without its template: whether it is as it was rendered."""
    found = mapped(base, here.content or b"", line) if base is not None else None
    if found is None:
        return LineWhy(line, text_of(here.content or b"", line), None, note=note or "what was rendered is in no base")
    return LineWhy(line, found.text, found.whose, found.rendered or found.replaces, note=note)


def _in_conflict(before: bytes, here: Found, line: int) -> LineWhy:
    """A line of a file in conflict that is not in the new render: of the render before, a marker, or of people."""
    found = mapped(before, here.content or b"", line)
    if found is None:
        return _untraced(None, here, line, "what was rendered before is no text")
    if found.rendered is not None:
        return LineWhy(
            line, found.text, "pipegen", note="of the render before: the new one, which conflicts, does not have it"
        )
    if _MARKER.match(found.text):
        return LineWhy(line, found.text, "pipegen", note="a marker of the conflict that is open in this file")
    return LineWhy(line, found.text, "yours")


class _Told:
    """A traced file told in values, decisions and answers; ``before`` is the render before, of a file in conflict."""

    def __init__(self, last: LastRender, traced: TracedFile, before: bytes | None) -> None:
        self._last = last
        self._traced = traced
        self._before = before
        self._provenance: Provenance = last.provenance()

    def file(self, name: str, entry: LockedFile, state: State, line: tuple[int, Found] | None) -> RenderedWhy:
        traced = self._traced
        of_line = self._line(*line) if line is not None else None
        when = tuple(WithinWhy(c.expression, self._reads(c.reads), of=c.of) for c in traced.conditions)
        if of_line is not None:
            behind = [*of_line.reads, *(read for one in of_line.within for read in one.reads)]
            contributed = of_line.contributed
        else:
            behind = sorted(self._reads(traced.reads()), key=lambda read: not read.follows.decisions)
            contributed = _contributed([owner for read in traced.reads() for owner in read.owners])
        follows = joined(read.follows for read in behind)
        return RenderedWhy(
            name, traced.blueprint.name, traced.blueprint.version, traced.template,
            {token: _shown(value) for token, value in traced.values.items()}, entry.ownership, state, when, follows, of_line,
            contributed, source=self._source(),
        )  # fmt: skip

    def _source(self) -> str | None:
        """Where a blueprint comes from that is not bundled."""
        at = self._last.answers_at(self._traced.blueprint.name)
        return self._last.spec.blueprints[int(at[1])].source if at[0] == "blueprints" else None

    def _line(self, number: int, here: Found) -> LineWhy:
        found = mapped(self._traced.content, here.content or b"", number)
        if found is None:
            return _untraced(None, here, number, "what was rendered is no text")
        if found.rendered is None and self._before is not None:
            return _in_conflict(self._before, here, number)
        rendered = found.rendered or found.replaces
        if rendered is None:
            return LineWhy(number, found.text, found.whose)
        line = self._traced.lines[rendered - 1]
        printed, within = self._traced.printed(line), self._traced.within(line)
        owners = [*(o for read in printed for o in read.owners), *(v for w in within for v in w.bound.values())]
        note = None if found.certain else "the same line stands here more than once: one of them was rendered"
        return LineWhy(
            number, found.text, found.whose, rendered, _text(self._traced, line), line.line, line.text,
            tuple(at for at in line.lines if at != line.line),
            tuple(
                WithinWhy(
                    f"else ({w.scope.text})" if w.scope.kind == "else" else w.scope.text, self._reads(w.reads), w.scope.line,
                    {name: _plain(value) for name, value in w.bound.items() if not is_dataclass(value) or _named(value)},
                )
                for w in within
            ),
            self._reads(printed), _contributed(owners), note,
        )  # fmt: skip

    def _reads(self, reads: Iterable[Read]) -> tuple[ReadWhy, ...]:
        told = []
        for read in reads:
            if read.field == "answers" and not read.owners and read.rest:
                at = self._last.answers_at(self._traced.blueprint.name)
                told.append(ReadWhy(read.text, _plain(read.value), self._provenance.said((*at, *read.rest))))
            elif read.field != "contributions" and not _is_layout(read.value):
                ours = not any(isinstance(owner, Contribution) for owner in read.owners)
                follows = self._provenance.of(read.owners, read.field, read.rest) if ours else Follows()
                told.append(ReadWhy(read.text, _plain(read.value), follows))
        return tuple(told)


def _text(traced: TracedFile, line: TracedLine) -> str:
    return line.text if traced.copied else "".join(piece.text for piece in line.pieces).rstrip("\n")


def _contributed(owners: Iterable[Any]) -> tuple[Contributed, ...]:
    """The items of contributions among records, each once."""
    items = {id(one): one for one in owners if isinstance(one, Contribution)}.values()
    return tuple(
        Contributed(item.blueprint, _KINDS[type(item)], _shown(item), getattr(item, "file", None)) for item in items
    )


def _shown(value: Any) -> str:
    """A record by its name, as pipegen.yml or a manifest calls it; anything else as text."""
    if isinstance(value, Contribution):
        return next((str(getattr(value, name)) for name in _CALLED if hasattr(value, name)), _KINDS[type(value)])
    if is_dataclass(value):
        return _named(value) or type(value).__name__.lower()
    return str(value)


def _named(record: Any) -> str | None:
    """What people call a record: its name or id, or that of the decision or the source that it tells of."""
    told = [record, *(getattr(record, field, None) for field in ("decision", "source"))]
    found = (getattr(one, name, None) for one in told for name in ("name", "id"))
    return next((str(name) for name in found if name), None)


def _is_layout(value: Any) -> bool:
    """Whether a value is a row of a page, or holds none but such: made to lay out what was decided, and nothing that people know."""
    if isinstance(value, list | tuple):
        return bool(value) and all(map(_is_layout, value))
    known = isinstance(value, Contribution) or type(value) in FIELDS or type(value) in RECORDS
    return is_dataclass(value) and not known and not any(hasattr(value, name) for name in ("name", "id"))


def _plain(value: Any) -> Any:
    """A value of a template as JSON has it; records by their names."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if not isinstance(value, list | tuple):
        return _shown(value)
    nameless = value and all(
        is_dataclass(one) and not isinstance(one, Contribution) and _named(one) is None for one in value
    )
    return f"{len(value)} of them" if nameless else [_plain(item) for item in value]
