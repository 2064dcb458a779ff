"""The merge table: base, yours and theirs of one file become one outcome. docs/update.md says the same in words.

*Base* is what was rendered last, *yours* what stands in the working tree, *theirs* the new render. Nothing that people wrote is
ever lost: what cannot be merged stays as it is, and the new render is put beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from pipegen.core.lock import LockedFile, locked
from pipegen.core.merge.text import Labels, merge, restyled
from pipegen.core.tree import MODE_LINK, RenderedFile, digest
from pipegen.core.update.compare import executable, executable_mode, mode_of, place, same, untouched
from pipegen.core.update.outcome import Outcome, Write
from pipegen.core.worktree import Found, Worktree

Style = Literal["inline", "aside", "yours", "theirs"]
STYLES: tuple[Style, ...] = ("inline", "aside", "yours", "theirs")


@dataclass(frozen=True)
class Table:
    """What holds for every file of an update.

    ``pristine`` gives bytes by digest, None where no base has them; ``moved`` where a file that is gone was moved to by the user,
    by its path in the lock; ``parses`` says whether a file is what its name says; ``restore`` are deleted files to bring back.
    """

    work: Worktree
    pristine: Callable[[str], bytes | None]
    parses: Callable[[str, bytes], bool]
    moved: Callable[[str], str | None] = lambda _: None
    style: Style = "inline"
    labels: Labels = field(default_factory=Labels)
    restore: frozenset[str] = frozenset()
    vanishing: frozenset[str] = frozenset()

    def added(self, theirs: RenderedFile) -> Outcome:
        """A file that was not rendered before."""
        entry, here = locked(theirs), self.work.at(theirs.path)
        base = _base(theirs)
        if self._free(theirs.path, here):
            here = here if here.kind == "folder" else Found("absent")
            return Outcome(
                theirs.path, entry, "create", writes=(_write(theirs, theirs.content, theirs.mode, here),), base=base
            )
        if theirs.ownership == "once":
            return Outcome(theirs.path, entry, "keep", "it was there already, and is yours")
        if same(here, theirs):
            return Outcome(theirs.path, entry, base=base)
        if self.style == "yours":
            return Outcome(theirs.path, entry, "keep", "a file of yours is there, and stays, as asked", base=base)
        entry = entry.model_copy(update={"pending": entry.sha256})
        note = (
            "a folder of yours is there"
            if here.kind == "folder"
            else "a file of yours is there, which pipegen did not write"
        )
        return Outcome(theirs.path, entry, "conflict", note, aside={"theirs": theirs.content}, base=base)

    def _free(self, path: str, here: Found, *leaving: str) -> bool:
        """Whether nothing will be at a path once what the update removes is gone, and ``leaving``, which go elsewhere."""
        gone = self.vanishing.union(leaving)
        if here.kind == "folder":
            return gone.issuperset(self.work.below(path))
        return here.kind == "absent" or path in gone

    def open(self, path: str, entry: LockedFile) -> Outcome:
        """A conflict that is not settled yet: left alone."""
        base = {f"{path}": self._known(entry.sha256, path)}
        if entry.pending != entry.sha256:
            base[f".pending/{path}"] = self._known(entry.pending or "", path)
        held = {name: content for name, content in base.items() if content is not None}
        note = "still in conflict, so left alone: resolve it, then `pipegen update --continue`"
        return Outcome(path, entry, "conflict", note, base=held, shown=entry.to)

    def _where(self, path: str, entry: LockedFile) -> tuple[str, Found]:
        """Where a file stands, and what stands there."""
        at = place(path, entry, self.work)
        return at, self.work.at(at)

    def gone(self, path: str, entry: LockedFile) -> Outcome:
        """A file that is rendered no more."""
        at, here = self._where(path, entry)
        if here.kind == "absent" and entry.ownership == "merged" and entry.state != "deleted":
            moved = self.moved(path)
            at, here = (moved, self.work.at(moved)) if moved else (at, here)
        if entry.ownership == "once":
            note = "no longer rendered; it is yours"
            return Outcome(path, None, "keep" if here.kind != "absent" else None, note, shown=entry.to)
        if here.kind == "absent":
            return Outcome(path, None)
        if at == path and untouched(here, entry) and executable(here) == executable_mode(entry):
            return Outcome(path, None, "delete", writes=(Write(at, None, 0, here),))
        known = self._known(entry.sha256, at)
        state = {"state": "orphaned", "to": at if at != path else None}
        note = f"no longer rendered; kept, because you {'edited' if at == path else 'moved'} it"
        kept = {} if known is None else {path: known}
        return Outcome(path, entry.model_copy(update=state), "keep", note, base=kept, shown=at)

    def changed(self, path: str, entry: LockedFile, theirs: RenderedFile) -> Outcome:
        """A file that was rendered before, at ``path`` in the lock, and is rendered again."""
        if entry.ownership == "once" or theirs.ownership == "once":
            return self._once(path, entry, theirs)
        at, here = self._where(path, entry)
        if here.kind == "absent":
            back = self._restored(path, theirs)
            if back is not None:
                return back
            moved = None if entry.state == "deleted" else self.moved(path)
            if moved is None:
                note = "you deleted it; `pipegen update --restore " + theirs.path + "` brings it back"
                state = locked(theirs).model_copy(update={"state": "deleted"})
                return Outcome(theirs.path, state, "keep", note, base=_base(theirs))
            at, here = moved, self.work.at(moved)
        return self._placed(self._content(at, here, entry, theirs), path, at, here, entry, theirs)

    def _restored(self, path: str, theirs: RenderedFile) -> Outcome | None:
        """A deleted file that is to be brought back; None where it is not asked for, or something else is there."""
        here = self.work.at(theirs.path)
        if here.kind != "absent" or self.restore.isdisjoint((path, theirs.path)):
            return None
        written = (_write(theirs, theirs.content, theirs.mode, here),)
        return Outcome(theirs.path, locked(theirs), "create", "brought back", written, base=_base(theirs))

    def _once(self, path: str, entry: LockedFile, theirs: RenderedFile) -> Outcome:
        """Where one of the renders leaves the file to the user: it is never touched."""
        at, here = self._where(path, entry)
        now = locked(theirs)
        back = self._restored(path, theirs) if here.kind == "absent" else None
        if back is not None:
            return back
        if theirs.ownership == "merged" and at == theirs.path and untouched(here, entry):
            return _with(Outcome(theirs.path, now, base=_base(theirs)), "update", at, theirs.content, theirs.mode, here)
        if theirs.ownership == "merged":  # adopted: what is there counts as edits of the new render
            state = {"state": "deleted"} if here.kind == "absent" else _placed_state(theirs.path, at)
            return Outcome(theirs.path, now.model_copy(update=state), None, base=_base(theirs), shown=at)
        if entry.ownership == "merged":
            note = "it is yours from now on: updates leave it alone"
            return Outcome(theirs.path, now.model_copy(update=_placed_state(theirs.path, at)), "keep", note, shown=at)
        if theirs.path != path and here.kind != "absent":
            note = f"the blueprint has it at {theirs.path} now; it is yours, so it stays"
            return Outcome(theirs.path, now.model_copy(update={"state": "moved", "to": at}), "keep", note, shown=at)
        kept = {"state": entry.state, "to": entry.to} if theirs.path == path else {}
        return Outcome(theirs.path, now.model_copy(update=kept))

    def _content(self, at: str, here: Found, entry: LockedFile, theirs: RenderedFile) -> Outcome:
        """What the file is to hold: ``writes`` has at most one, to the path where it is now."""
        now = locked(theirs)
        mode = mode_of(here, entry, theirs)
        result = Outcome(theirs.path, now, base=_base(theirs))
        if here.kind in ("folder", "other"):
            if now.sha256 == entry.sha256:
                return result
            return self._conflict(result, at, here, entry, theirs, "what is there is no file", None)
        assert here.content is not None
        if untouched(here, entry):
            content = self._restyled(here, entry, theirs)
            return _with(result, "update", at, content, mode, here)
        if (now.sha256, now.mode) == (entry.sha256, entry.mode):
            return result
        if same(here, theirs) or now.sha256 == entry.sha256:
            return _with(result, "merge", at, here.content, mode, here)
        return self._merged(result, at, here, entry, theirs)

    def _merged(self, result: Outcome, at: str, here: Found, entry: LockedFile, theirs: RenderedFile) -> Outcome:
        """Both changed it."""
        assert here.content is not None
        base = self._known(entry.sha256, at)
        mode = mode_of(here, entry, theirs)
        if base is None:
            return self._conflict(result, at, here, entry, theirs, "both changed it, and no base of it is left", None)
        if MODE_LINK in (here.mode, theirs.mode) or entry.mode == f"{MODE_LINK:o}":
            return self._conflict(
                result, at, here, entry, theirs, "both changed it, and one of them is a symlink", base
            )
        found = merge(base, here.content, theirs.content, self.labels)
        if found.refused:
            return self._conflict(result, at, here, entry, theirs, f"both changed it: {found.refused}", base)
        if found.conflicts and self.style in ("yours", "theirs"):
            found = merge(base, here.content, theirs.content, self.labels, favour=self.style)
        if not found.conflicts:
            if self.parses(at, here.content) and not self.parses(at, found.content):
                why = "the edits of both are merged, but the result would not parse"
                return self._conflict(result, at, here, entry, theirs, why, base, may_win=False)
            return _with(result, "merge", at, found.content, mode, here)
        places = "one place" if found.conflicts == 1 else f"{found.conflicts} places"
        note = f"both changed the same lines in {places}"
        if self.style == "aside":
            return self._conflict(result, at, here, entry, theirs, note, base)
        marked = _with(result, "conflict", at, found.content, mode, here)
        return replace(marked, note=note, entry=_pending(entry, theirs), base=_both(result.path, base, theirs))

    def _conflict(
        self,
        result: Outcome,
        at: str,
        here: Found,
        entry: LockedFile,
        theirs: RenderedFile,
        note: str,
        base: bytes | None,
        *,
        may_win: bool = True,
    ) -> Outcome:
        """Yours stays, theirs lies aside; or one of them wins, where that was asked and the two cannot be merged (``may_win``)."""
        if self.style == "yours":
            return replace(result, action="keep", note=f"{note}; yours stays, as asked")
        if self.style == "theirs" and may_win and base is not None and here.kind in ("file", "link"):
            written = _with(result, "update", at, theirs.content, theirs.mode, here)
            return replace(written, note=f"{note}; the new render replaces it, as asked")
        aside = {"theirs": theirs.content} | ({"base": base} if base is not None else {})
        return replace(
            result,
            action="conflict",
            note=note,
            entry=_pending(entry, theirs),
            aside=aside,
            base=_both(result.path, base, theirs),
        )

    def _placed(
        self, result: Outcome, path: str, at: str, here: Found, entry: LockedFile, theirs: RenderedFile
    ) -> Outcome:
        """The outcome of a file's content, at the path where it is to stand: the user's own, else the blueprint's."""
        assert result.entry is not None
        target = theirs.path if at == path else at
        if target != at:
            over = self.work.at(target)
            if not self._free(target, over, at):
                note = f"to be moved to {target}, which is taken; it stays where it is"
                stays = replace(
                    result, note="; ".join(filter(None, (result.note, note))), action=result.action or "keep"
                )
                return replace(stays, entry=result.entry.model_copy(update={"state": "moved", "to": at}), shown=at)
            if here.kind in ("file", "link"):
                over = over if over.kind == "folder" else Found("absent")
                return _carried(result, at, target, here, over, mode_of(here, entry, theirs))
        moved = _placed_state(theirs.path, target)
        placed = replace(result, entry=result.entry.model_copy(update=moved), shown=target)
        if at == place(path, entry, self.work):
            return placed
        note = "; ".join(filter(None, (f"you moved it from {path}", result.note)))
        return replace(placed, action=result.action or "move", note=note)

    def _restyled(self, here: Found, entry: LockedFile, theirs: RenderedFile) -> bytes:
        """The new render for a file that nobody edited, with the line endings that a checkout gave it."""
        assert here.content is not None
        if MODE_LINK in (theirs.mode, here.mode):
            return theirs.content
        if same(here, theirs):
            return here.content
        content = restyled(here.content, theirs.content)
        as_rendered = content != theirs.content and self.pristine(entry.sha256) == here.content
        return theirs.content if as_rendered else content

    def _known(self, sha256: str, at: str) -> bytes | None:
        """The pristine bytes of a digest: the working file where it has it, else a base's."""
        here = self.work.at(at)
        if here.content is not None and digest(here.content) == sha256:
            return here.content
        return self.pristine(sha256)


def _carried(result: Outcome, at: str, target: str, here: Found, over: Found, mode: int) -> Outcome:
    """A file that the blueprint moved: the edits go with it."""
    content = result.writes[0].content if result.writes else here.content
    writes = (Write(target, content, mode, over), Write(at, None, 0, here, beside=target))
    action = result.action if result.action == "conflict" else "move"
    note = "; ".join(filter(None, (f"from {at}", result.note)))
    return replace(result, writes=writes, action=action, note=note, shown=target, moved_from=at)


def _placed_state(path: str, at: str) -> dict[str, str | None]:
    return {"state": "moved", "to": at} if at != path else {"state": None, "to": None}


def _with(result: Outcome, action: str, at: str, content: bytes, mode: int, here: Found) -> Outcome:
    """The outcome with the file's bytes and mode, where they are not what is there."""
    if (here.content, here.mode) == (content, mode):
        return result
    return replace(result, action=action, writes=(Write(at, content, mode, here),))


def _write(theirs: RenderedFile, content: bytes, mode: int, here: Found) -> Write:
    return Write(theirs.path, content, mode, here)


def _base(theirs: RenderedFile) -> dict[str, bytes]:
    return {theirs.path: theirs.content} if theirs.ownership == "merged" else {}


def _both(path: str, base: bytes | None, theirs: RenderedFile) -> dict[str, bytes]:
    old = {} if base is None else {path: base}
    return {**old, f".pending/{path}": theirs.content}


def _pending(entry: LockedFile, theirs: RenderedFile) -> LockedFile:
    """The lock's entry of a conflict: the old digest, and the new one as pending."""
    now = locked(theirs)
    return now.model_copy(
        update={"sha256": entry.sha256, "mode": entry.mode, "pending": now.sha256, "state": None, "to": entry.to}
    )
