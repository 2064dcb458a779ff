"""A generated repository in memory: rendered, edited, updated."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipegen.core.lock import Lock, lock_files
from pipegen.core.tree import MODE_FILE, MODE_LINK, FileTree, RenderedFile, digest
from pipegen.core.update.gone import Gone
from pipegen.core.update.match import Renames
from pipegen.core.update.plan import Merge, conflict_files, merge_tree
from pipegen.core.update.settle import settle
from pipegen.core.update.table import Style, Table
from pipegen.core.worktree import ABSENT, Found, link

Content = bytes | tuple[bytes, int] | RenderedFile


@dataclass
class Memory:
    """A working tree in memory."""

    files: dict[str, Found] = field(default_factory=dict)

    def at(self, path: str) -> Found:
        if path in self.files:
            return self.files[path]
        return Found("folder") if self.below(path) else ABSENT

    def below(self, folder: str) -> list[str]:
        return sorted(path for path in self.files if path.startswith(f"{folder}/"))

    def digests(self, paths: Iterable[str]) -> dict[str, str | None]:
        return {p: digest(self.files[p].content or b"") for p in paths if p in self.files}

    def holders(self, wanted: frozenset[str], known: frozenset[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path, here in sorted(self.files.items()):
            if path not in known and here.kind == "file" and digest(here.content or b"") in wanted:
                found.setdefault(digest(here.content or b""), []).append(path)
        return found


def tree_of(files: Mapping[str, Content]) -> FileTree:
    tree = FileTree()
    for path, what in files.items():
        if isinstance(what, RenderedFile):
            tree.add(what)
        else:
            content, mode = what if isinstance(what, tuple) else (what, MODE_FILE)
            tree.add(RenderedFile(path, content, f"b:{path}", "b", mode))
    return tree


def once(path: str, content: bytes, id: str | None = None) -> RenderedFile:
    """A file that is the user's from the start."""
    return RenderedFile(path, content, id or f"b:{path}", "b", ownership="once")


class Repository:
    """What a test works on: ``edit`` it, ``update`` it, look at it."""

    def __init__(self, files: Mapping[str, Content]) -> None:
        tree = tree_of(files)
        self.work = Memory({f.path: _found(f.content, f.mode) for f in tree})
        self.lock = _fresh(tree)
        self.pristine = {digest(f.content): f.content for f in tree if f.ownership == "merged"}
        self.merge = Merge(())

    def edit(self, files: Mapping[str, bytes | tuple[bytes, int] | None]) -> None:
        """What a person does: new bytes (and a mode), or None for a file that is removed."""
        for path, what in files.items():
            if what is None:
                del self.work.files[path]
            else:
                content, mode = what if isinstance(what, tuple) else (what, self.work.at(path).mode or MODE_FILE)
                self.work.files[path] = _found(content, mode)

    def update(
        self,
        files: Mapping[str, Content],
        *,
        style: Style = "inline",
        renames: Renames = Renames(),
        restore: Iterable[str] = (),
        resolved: bool = False,
    ) -> dict[str, str]:
        """Update to a new render.

        Returns:
            The actions by path, those that have nothing to say left out.
        """
        tree = tree_of(files)
        settled = settle(self.lock, self.work, self.pristine.get, resolved=resolved)
        before = self.lock.model_copy(update={"files": settled.files})
        table = Table(
            self.work,
            self.pristine.get,
            _parses,
            moved=Gone(before, self.work).to,
            style=style,
            restore=frozenset(restore),
        )
        self.merge = merge_tree(before, tree, table, renames, settled.open)
        for path in settled.forget:
            del self.work.files[path]
        writes = [w for o in self.merge.outcomes for w in o.writes]
        for write in writes:
            assert write.over == self.work.at(write.path) or write.over.kind == "folder"
        for write in sorted(writes, key=lambda w: w.content is not None):
            if write.content is None:
                del self.work.files[write.path]
            else:
                self.work.files[write.path] = _found(write.content, write.mode)
        for outcome in self.merge.outcomes:
            for path, content in conflict_files(outcome).items():
                self.work.files[path] = Found("file", content, MODE_FILE)
        self.lock = self.merge.lock(_fresh(tree))
        self.pristine = base_of(self.merge)
        return {o.shown or o.path: o.action for o in self.merge.outcomes if o.action}

    def text(self, path: str) -> bytes | None:
        return self.work.at(path).content

    @property
    def files(self) -> dict[str, bytes]:
        """Every file of the working tree, what lies aside included."""
        return {path: found.content or b"" for path, found in sorted(self.work.files.items())}

    @property
    def pending(self) -> list[str]:
        return sorted(path for path, entry in self.lock.files.items() if entry.pending)

    def states(self) -> dict[str, str]:
        return {path: entry.state for path, entry in self.lock.files.items() if entry.state}


def base_of(merge: Merge) -> dict[str, bytes]:
    """The bytes of a merge's sealed base, by digest."""
    _, archive = merge.base({})
    held = {}
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))) as opened:
        for member in opened.getmembers():
            content = (opened.extractfile(member) or io.BytesIO()).read()
            held[digest(content)] = content
    return held


def _fresh(tree: FileTree) -> Lock:
    return Lock(pipegen="1.0.0", catalog="next", input="sha256:0", files=lock_files(tree))


def _found(content: bytes, mode: int) -> Found:
    return link(content) if mode == MODE_LINK else Found("file", content, mode)


def _parses(path: str, content: bytes) -> bool:
    """Stands in for the real parsers: Python that compiles."""
    if not path.endswith(".py"):
        return True
    try:
        compile(content, path, "exec")
    except (SyntaxError, ValueError):
        return False
    return True
