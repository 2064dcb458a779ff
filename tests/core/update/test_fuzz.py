"""Random trees, random edits, random new renders: checked against a model that knows nothing of merging, and git merge-file."""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.core.tree import MODE_FILE
from tests.core.update.repositories import Repository

PATHS = ("a.txt", "b", "b/c.txt", "d/e.txt", "d/f/g.txt", "h.bin", "moved/i.txt")
LINES = st.lists(st.sampled_from([b"%d\n" % n for n in range(8)] + [b"\n", b"}\n"]), max_size=8)
TEXT = LINES.map(b"".join)
BYTES = st.one_of(TEXT, TEXT, TEXT, st.binary(max_size=5).map(lambda tail: b"\0" + tail))
MODES = st.sampled_from((MODE_FILE, MODE_FILE, 0o755))


def _fits(files: dict[str, object]) -> bool:
    """No path is both a file and a folder."""
    return not any(other.startswith(f"{path}/") for path in files for other in files)


TREES = st.dictionaries(st.sampled_from(PATHS), st.tuples(BYTES, MODES), max_size=5).filter(_fits)


@st.composite
def renders(draw: st.DrawFn, base: dict[str, tuple[bytes, int]]) -> dict[str, tuple[bytes, int]]:
    """The next render: mostly like the last one, with some files changed a little, some gone, some new."""
    files = dict(draw(TREES))
    for path, (content, mode) in base.items():
        how = draw(st.sampled_from(("same", "same", "changed", "changed", "other", "gone")))
        if how == "same":
            files[path] = (content, mode)
        elif how == "changed":
            files[path] = (draw(changed(content)), draw(MODES))
        elif how == "gone":
            files.pop(path, None)
    return files if _fits(files) else base


@st.composite
def changed(draw: st.DrawFn, content: bytes) -> bytes:
    """A few lines put in, taken out or replaced."""
    lines = content.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 2))] = draw(LINES.filter(lambda found: len(found) < 3))
    return b"".join(lines)


@st.composite
def edits(draw: st.DrawFn, base: dict[str, tuple[bytes, int]]) -> dict[str, tuple[bytes, int] | None]:
    """What a person did: changed files, deleted ones, and files of their own."""
    made: dict[str, tuple[bytes, int] | None] = {}
    for path, (content, mode) in base.items():
        how = draw(st.sampled_from(("same", "changed", "changed", "deleted", "mode", "crlf")))
        if how == "changed":
            made[path] = (draw(changed(content)), mode)
        elif how == "deleted":
            made[path] = None
        elif how == "mode":
            made[path] = (content, draw(MODES))
        elif how == "crlf":
            made[path] = (content.replace(b"\n", b"\r\n"), mode)
    own = draw(TREES)
    there = {path for path in base if made.get(path, "there") is not None}
    for path, what in own.items():
        if path not in base and _fits(dict.fromkeys([*there, path])):
            made[path] = what
            there.add(path)
    return made


def git_merge(base: bytes, yours: bytes, theirs: bytes) -> bytes | None:
    """What git merge-file makes of it; None where it finds a conflict."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("yours", yours), ("base", base), ("theirs", theirs)):
            (Path(folder) / name).write_bytes(content)
        done = subprocess.run(
            ["git", "merge-file", "-p", "yours", "base", "theirs"], cwd=folder, capture_output=True, check=False
        )
    return done.stdout if done.returncode == 0 else None


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_nothing_is_lost(data: st.DataObject) -> None:
    base = data.draw(TREES)
    repository = Repository(base)
    edit = data.draw(edits(base))
    repository.edit(edit)
    yours = {path: found.content for path, found in repository.work.files.items()}
    theirs = data.draw(renders(base))
    repository.update(theirs)
    held = set(repository.files.values())
    for path, content in yours.items():
        assert content is not None
        was = base.get(path, (None, 0))[0]
        if content == was or (was is not None and b"\0" not in was and content.replace(b"\r\n", b"\n") == was):
            continue  # nobody's words
        now = repository.text(path)
        if path in base and path in theirs and was is not None and b"\0" not in content + was + theirs[path][0]:
            _merged(was, content, theirs[path][0], now or b"", conflict=path in repository.pending)
        else:
            assert content in held, path
    for path, gone in edit.items():
        assert gone is not None or repository.work.at(path).kind != "file", f"{path} was deleted, and came back"
    twice = dict(repository.files)
    repository.update(theirs)
    assert repository.files == twice


def _merged(base: bytes, yours: bytes, theirs: bytes, now: bytes, *, conflict: bool) -> None:
    """Both may have changed a text: each line that yours added is there, and where git is as sure as we are, it says the same."""
    if conflict:
        lines = {side: Counter(side.replace(b"\r\n", b"\n").splitlines()) for side in (base, yours, now)}
        assert lines[yours] - lines[base] <= lines[now]
        return
    said = git_merge(base, yours, theirs)
    if said is not None and b"\r" not in yours:
        assert now == said


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_unedited_it_is_the_new_render(data: st.DataObject) -> None:
    base = data.draw(TREES)
    repository = Repository(base)
    steps = [data.draw(renders(base)) for _ in range(2)]
    for render in steps:
        repository.update(render)
        assert {path: (f.content, f.mode) for path, f in repository.work.files.items()} == render
        assert repository.lock.files == Repository(render).lock.files
        assert repository.pristine == Repository(render).pristine


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_resolved_conflict_is_merged_from_then_on(data: st.DataObject) -> None:
    base = data.draw(TREES)
    repository = Repository(base)
    repository.edit(data.draw(edits(base)))
    first = data.draw(renders(base))
    repository.update(first, style="aside")
    mine = {p: f.content for p, f in repository.work.files.items() if not p.startswith(".pipegen/")}
    repository.update(first, resolved=True)
    assert repository.pending == []
    assert {path: f.content for path, f in repository.work.files.items()} == mine
