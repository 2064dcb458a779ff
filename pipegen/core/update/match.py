"""Which file of the lock is which file of a new render: by id, over moved templates and renamed sources and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipegen.core.lock import LockedFile
from pipegen.core.tree import FileTree

Moves = Mapping[str, str]


@dataclass(frozen=True)
class Renames:
    """What has another name than at the last render.

    ``moves`` are the moved template paths by blueprint (``moves:`` of manifests, folders with a ``/`` at the end), ``back`` those of
    newer versions than the one that is rendered, followed backwards; ``things`` are the ids of renamed sources, tables
    (``shop.clients``) and so on, old to new.
    """

    moves: Mapping[str, Moves] = field(default_factory=dict)
    back: Mapping[str, Moves] = field(default_factory=dict)
    things: Mapping[str, str] = field(default_factory=dict)

    def candidates(self, id: str) -> Iterable[str]:
        """The ids that a file of the lock may have now, the likeliest first."""
        blueprint, _, rest = id.partition(":")
        template, at, loop = rest.partition("@")
        templates = [template, *_followed(template, self.moves.get(blueprint, {}))]
        inverse = {new: old for old, new in self.back.get(blueprint, {}).items()}
        templates += _followed(template, inverse)
        for thing in dict.fromkeys((loop, self._renamed(loop))):
            for path in templates:
                yield f"{blueprint}:{path}{at}{thing}"

    def renamed(self, id: str) -> str | None:
        """The id of a file of a thing that has another name now; None where it has not."""
        head, at, loop = id.partition("@")
        now = self._renamed(loop)
        return f"{head}{at}{now}" if now != loop else None

    def _renamed(self, loop: str) -> str:
        """``old_shop.clients`` as ``shop.customers``: each name one step on, since another thing may have the old one now."""
        if loop in self.things:
            return self.things[loop]
        first, dot, rest = loop.partition(".")
        moved = f"{self.things.get(first, first)}{dot}{rest}"
        return self.things.get(moved, moved) if moved != loop else loop


def _followed(template: str, moves: Moves) -> list[str]:
    """Where a template stands after each of its moves; a circle ends it."""
    path, seen = template, [template]
    while True:
        path = _moved(path, moves)
        if path in seen:
            return seen[1:]
        seen.append(path)


def _moved(path: str, moves: Moves) -> str:
    if path in moves:
        return moves[path]
    for old in sorted((m for m in moves if m.endswith("/")), key=len, reverse=True):
        if path.startswith(old):
            return moves[old] + path.removeprefix(old)
    return path


def matched(files: Mapping[str, LockedFile], tree: FileTree, renames: Renames) -> dict[str, str]:
    """The path in the lock of each rendered file that was rendered before, by its path now.

    A file of a renamed thing is looked for under its new name first; else an id that is the same wins over one that was moved, and
    that over a file of another id at the same path.
    """
    now = {file.id: file.path for file in tree}
    found: dict[str, str] = {}
    taken: set[str] = set()

    def claim(path: str, old: str) -> None:
        if path not in found and old not in taken:
            found[path] = old
            taken.add(old)

    for old, entry in files.items():
        renamed = renames.renamed(entry.id)
        if renamed is not None and renamed in now:
            claim(now[renamed], old)
    for old, entry in files.items():
        if entry.id in now and old not in taken:
            claim(now[entry.id], old)
    for old, entry in files.items():
        if old not in taken:
            for id in renames.candidates(entry.id):
                if id in now and now[id] not in found:
                    claim(now[id], old)
                    break
    for file in tree:
        if file.path in files:
            claim(file.path, file.path)
    return found
