"""A kill at any moment leaves the old tree, the new one, or one that the next command that writes makes one of the two."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.core.lock import LOCK_PATH, read_lock
from pipegen.store import journal, transaction
from tests.store import kills, repositories
from tests.store.repositories import CHANGE, Change, shown


@pytest.fixture
def trees(old: repositories.Shown, new: repositories.Shown) -> dict[str, repositories.Shown]:
    """What stands there before and after."""
    return {"old": old, "new": new}


def updated(root: Path, *, keep: bool = False) -> tuple[str, ...]:
    with transaction.held(root, "update"):
        return transaction.apply(root, CHANGE.transaction(root, keep=keep))


def recovered(root: Path) -> str | None:
    with kills.unsynced(), transaction.held(root, "the next one") as said:
        pass
    return said


def states(root: Path, trees: dict[str, repositories.Shown], work: Callable[[], object]) -> list[tuple[str, bool]]:
    """The tree after a kill before every change, and whether the next command had something to finish."""
    found = []
    for n in range(1_000):
        CHANGE.write_old(root)
        if not kills.killed_at(n, work):
            shutil.rmtree(root)
            return found
        waits = transaction.interrupted(root)
        assert (waits is not None) == journal.is_committed(root, journal.TRANSACTION)
        if waits is None:
            tree = shown(root, without=(".pipegen/journal", ".pipegen/backup"))
            assert tree in trees.values(), f"killed before change {n}"
        said = recovered(root)
        assert (said is None) == (waits is None)
        tree = shown(root)
        found.append((next(name for name, wanted in trees.items() if wanted == tree), said is not None))
        assert transaction.interrupted(root) is None
        shutil.rmtree(root)
    raise AssertionError("it never ended")


@pytest.mark.parametrize("keep", [False, True])
def test_a_kill_before_any_change_leaves_the_old_tree_or_the_new_one(
    tmp_path: Path, trees: dict[str, repositories.Shown], keep: bool
) -> None:
    found = states(tmp_path / "x", trees, lambda: updated(tmp_path / "x", keep=keep))
    assert found == sorted(found, key=lambda f: [("old", False), ("new", True), ("new", False)].index(f))
    assert set(found) == {("old", False), ("new", True), ("new", False)}, "each of them was seen"
    assert len(found) > 100


def test_a_kill_while_it_is_taken_back_later_leaves_the_new_tree_or_the_old_one(
    tmp_path: Path, trees: dict[str, repositories.Shown]
) -> None:
    root, kept = tmp_path / "x", tmp_path / "kept"
    CHANGE.write_old(kept)
    with kills.unsynced():
        updated(kept, keep=True)

    def aborted() -> None:
        with transaction.held(root, "update --abort"):
            transaction.abort(root)

    found = set()
    for n in range(0, 1_000, 2):
        shutil.copytree(kept, root, symlinks=True)
        if not kills.dead_at(n, aborted):
            break
        said = recovered(root)
        tree = shown(root)
        state = next(name for name, wanted in trees.items() if wanted == tree)
        assert transaction.can_abort(root) == (state == "new")
        found.add((state, said is not None))
        shutil.rmtree(root)
    assert shown(root) == trees["old"]
    assert found == {("new", False), ("old", True), ("old", False)}


def test_a_recovery_that_is_killed_goes_on_with_the_next_command(
    tmp_path: Path, trees: dict[str, repositories.Shown]
) -> None:
    """At some kills of the update, a kill before every change of the recovery."""
    killed, root = tmp_path / "killed", tmp_path / "x"
    for n in (84, 100):
        CHANGE.write_old(killed)
        assert kills.dead_at(n, lambda: updated(killed))
        assert transaction.interrupted(killed)
        for m in range(0, 1_000, 2):
            shutil.copytree(killed, root, symlinks=True)
            dead = kills.dead_at(m, lambda: recovered(root))
            recovered(root)
            assert shown(root) == trees["new"], f"killed before change {n}, the recovery before change {m}"
            shutil.rmtree(root)
            if not dead:
                break
        shutil.rmtree(killed)


def test_an_edit_between_a_kill_and_the_recovery_is_never_lost(
    tmp_path: Path, trees: dict[str, repositories.Shown]
) -> None:
    """At every kill another file is edited, so that each is edited at several of them."""
    root = tmp_path / "x"
    paths = sorted(
        p for p in {*CHANGE.old, *CHANGE.new, LOCK_PATH} if p == LOCK_PATH or repositories.kind(p) != "record"
    )
    outcomes = set()
    for n in range(70, 1_000):
        CHANGE.write_old(root)
        dead = kills.dead_at(n, lambda: updated(root))
        outcomes.add(_edit_and_recover(root, paths[n * 5 % len(paths)], trees))
        shutil.rmtree(root)
        if not dead:
            break
    assert outcomes >= {"all old", "all new", "the edited one stays, the others are new"}


def _edit_and_recover(root: Path, path: str, trees: dict[str, repositories.Shown]) -> str:
    edit = b"an edit that nobody else made\n"
    edited = root / path
    if not _possible(root, path):
        recovered(root)
        return "not edited"
    before = edited.read_bytes() if edited.is_file() else b""
    edited.parent.mkdir(parents=True, exist_ok=True)
    edited.unlink(missing_ok=True)
    edited.write_bytes(before + edit)
    recovered(root)
    assert repositories.found_in(root, edit), f"the edit of {path} is lost"
    tree = shown(root, without=(".pipegen/conflicts", ".pipegen/base", path, LOCK_PATH, *_folders(path)))
    for name, wanted in trees.items():
        if tree == {p: entry for p, entry in wanted.items() if _counts(p, path)}:
            pending = _pending(root, path)
            if name == "new" and path in {*CHANGE.changed} and pending:
                return "the edited one stays, the others are new"
            return f"all {name}"
    raise AssertionError(f"neither old nor new, once {path} was edited: {sorted(tree)}")


def _possible(root: Path, path: str) -> bool:
    """Whether a file can be put there: no file stands in the place of a folder of it, no folder in its own."""
    above = [root / p for p in _folders(path)]
    return not (root / path).is_dir() and all(p.is_dir() or not p.exists() for p in above)


def _folders(path: str) -> list[str]:
    return [str(p) for p in Path(path).parents][:-1]


def _counts(path: str, edited: str) -> bool:
    return not any(
        path == skipped or path.startswith(f"{skipped}/")
        for skipped in (".pipegen/conflicts", ".pipegen/base", edited, LOCK_PATH, *_folders(edited))
    )


def _pending(root: Path, path: str) -> bool:
    try:
        entry = read_lock((root / LOCK_PATH).read_bytes()).files.get(path)
    except Exception:
        return False
    return entry is not None and (entry.pending is not None or entry.state == "orphaned")


def test_who_takes_a_killed_update_back_with_git_gets_the_old_tree(
    tmp_path: Path, trees: dict[str, repositories.Shown]
) -> None:
    """As `git checkout .` does: what is tracked stands as it stood, in new files; what is not is left."""
    root = tmp_path / "x"
    seen = set()
    for n in range(70, 1_000, 2):
        CHANGE.write_old(root)
        dead = kills.dead_at(n, lambda: updated(root))
        waits = transaction.interrupted(root) is not None
        changed = shown(root, without=(".pipegen/journal",)) != trees["old"]
        for path in ("box", "shape"):
            (shutil.rmtree if (root / path).is_dir() else Path.unlink)(root / path) if (root / path).exists() else None
        for path in {*CHANGE.old, LOCK_PATH}:
            (root / path).unlink(missing_ok=True)
        CHANGE.write_old(root)
        recovered(root)
        if waits and changed:
            tree = shown(root)
            seen.add(next((name for name, wanted in trees.items() if wanted == tree), "neither"))
        shutil.rmtree(root)
        if not dead:
            break
    assert seen == {"old"} or seen == {"old", "new"}, "taken back, or carried out whole where no file had been moved"


UPDATER = """
import sys
from pathlib import Path
from pipegen.store import transaction
from tests.store.repositories import Change
root = Path(sys.argv[1])
files = {f"d{i % 20}/f{i}.txt": (b"old " * 500, 0o644) for i in range(300)}
change = Change({"pipegen.yml": (b"name: x", 0o644), **files}, {path: (b"new " * 500, 0o644) for path in files})
if not root.exists():
    change.write_old(root)
print("ready", flush=True)
with transaction.held(root, "update"):
    transaction.apply(root, change.transaction(root))
"""


def test_a_kill_at_a_random_moment(tmp_path: Path) -> None:
    """The real thing: everything synced, the time of the kill left to chance."""
    root = tmp_path / "x"
    seen = set()
    for i in range(8):
        process = subprocess.Popen([sys.executable, "-c", UPDATER, str(root)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.02 * i * random.Random(i).random())
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        recovered(root)
        contents = {file.read_bytes()[:4] for file in root.glob("d*/*")}
        assert len(contents) == 1, "half old, half new"
        lock = read_lock((root / LOCK_PATH).read_bytes())
        assert len({entry.sha256 for entry in lock.files.values()}) == 1
        assert sorted(p.name for p in (root / ".pipegen").iterdir()) == ["lock.json"]
        seen |= contents
        shutil.rmtree(root)
    assert b"old " in seen, "no run was killed before it ended: the test saw nothing"


NAMES = st.sampled_from(["a", "b", "c/d", "c/e", "c/f/g", "h", "h/i", "h/j/k", "a/l", "c"])
ENTRIES = st.tuples(st.sampled_from([b"", b"one\n", b"two\n", b"three\n"]), st.sampled_from([0o644, 0o755]))


def _fitting(files: dict[str, repositories.Entry]) -> dict[str, repositories.Entry]:
    """Without those whose folder would be a file."""
    return {path: entry for path, entry in files.items() if not {str(p) for p in Path(path).parents} & files.keys()}


TREES = st.dictionaries(NAMES, ENTRIES, max_size=7).map(_fitting)


@settings(max_examples=100)
@given(
    TREES, TREES, st.integers(0, 80), st.dictionaries(NAMES, st.just(b"an edit of mine\n"), max_size=2), st.booleans()
)
def test_any_trees_any_kill_any_edits(
    tmp_path_factory: pytest.TempPathFactory,
    before: dict[str, repositories.Entry],
    after: dict[str, repositories.Entry],
    n: int,
    edits: dict[str, bytes],
    keep: bool,
) -> None:
    root = tmp_path_factory.mktemp("tree")
    spec: dict[str, repositories.Entry] = {"pipegen.yml": (b"name: x\n", 0o644)}
    change = Change({**spec, **before}, {**{path: None for path in before if path not in after}, **after})
    change.write_old(root / "x")
    change.write_old(root / "old")
    change.write_new(root / "new")

    def update() -> None:
        with transaction.held(root / "x", "update"):
            transaction.apply(root / "x", change.transaction(root / "x", keep=keep))

    kills.dead_at(n, update)
    made = [path for path, edit in edits.items() if _edited(root / "x" / path, edit)]
    recovered(root / "x")
    for path in made:
        place = root / "x" / path
        kept = place.is_file() and place.read_bytes().endswith(edits[path])
        assert kept or repositories.found_in(root / "x", edits[path]), f"the edit of {path} is lost"
    if not made:
        assert shown(root / "x") in (shown(root / "old"), shown(root / "new"))
    shutil.rmtree(root)


def _edited(file: Path, edit: bytes) -> bool:
    """Edit a file where one can be."""
    if file.is_dir() or not file.parent.is_dir():
        return False
    file.write_bytes((file.read_bytes() if file.exists() else b"") + edit)
    return True
