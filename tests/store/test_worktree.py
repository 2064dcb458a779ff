from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from pipegen.core.errors import WorkspaceError
from pipegen.core.tree import digest
from pipegen.core.worktree import ABSENT, Found, Worktree, link
from pipegen.store.worktree import Folder
from tests.store import kills


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "x"
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/file.txt").write_bytes(b"text\r\n")
    (root / "a/b/file.txt").chmod(0o640)
    (root / "run").write_bytes(b"")
    (root / "run").chmod(0o755)
    (root / "link").symlink_to("../outside/secret")
    (root / "out").symlink_to("../outside")
    (root / "dangling").symlink_to("nowhere")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_bytes(b"secret")
    os.mkfifo(root / "pipe")
    return root


def test_it_is_a_worktree(root: Path) -> None:
    work: Worktree = Folder(root)
    assert work.at("nothing") == ABSENT


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a/b/file.txt", Found("file", b"text\r\n", 0o640)),
        ("run", Found("file", b"", 0o755)),
        ("link", link(b"../outside/secret")),
        ("dangling", link(b"nowhere")),
        ("a", Found("folder")),
        ("out", link(b"../outside")),
        ("pipe", Found("other")),
        ("out/secret", Found("other")),
        ("out/nothing", Found("other")),
        ("dangling/x", Found("other")),
        ("run/x", ABSENT),
        ("run/x/y", ABSENT),
        ("pipe/x", ABSENT),
        ("no/such/file", ABSENT),
        ("../outside/secret", Found("other")),
        ("/etc/passwd", Found("other")),
        (".git/config", Found("other")),
        ("x" * 300, Found("other")),
        ("/".join(["d" * 200] * 30), ABSENT),
    ],
)
def test_what_stands_at_a_path(root: Path, path: str, found: Found) -> None:
    assert Folder(root).at(path) == found
    assert Folder(root).read(path) == (found.content if found.kind == "file" else None)


def test_a_socket_is_something_else(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)  # a socket's own path may be no longer than a hundred bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert Folder(root).at("socket") == Found("other")
        assert Folder(root).digests(["socket"]) == {"socket": None}


def test_what_may_not_be_read_is_left_alone(root: Path) -> None:
    """As a user who is not root, for real."""
    (root / "a/b/file.txt").chmod(0o000)
    (root / "closed").mkdir()
    (root / "closed/file").write_bytes(b"x")
    (root / "closed").chmod(0o000)

    def as_nobody() -> None:
        if os.getuid() == 0:
            for folder in (root.parent, *root.parent.parents[:3]):
                folder.chmod(folder.stat().st_mode | 0o055)
            os.setgid(65_534)
            os.setuid(65_534)
        work = Folder(root)
        assert work.at("a/b/file.txt") == Found("other")
        assert work.at("closed/file") == Found("other")
        assert work.digests(["a/b/file.txt", "closed/file", "run"]) == {
            "a/b/file.txt": None, "closed/file": None, "run": digest(b""),
        }  # fmt: skip
        assert work.holders(frozenset({digest(b"x")}), frozenset()) == {}
        os._exit(0)

    try:
        assert kills.in_child(as_nobody) == 0
    finally:
        (root / "closed").chmod(0o755)


def test_a_disk_that_fails_is_an_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "read", read)
    for look in (Folder(root).at, lambda path: Folder(root).digests([path])):
        with pytest.raises(WorkspaceError, match=r"`a/b/file.txt` cannot be read: Input/output error"):
            look("a/b/file.txt")


def test_digests_are_those_of_normalised_text_and_absent_files_are_left_out(root: Path) -> None:
    paths = [
        "a/b/file.txt", "run", "link", "dangling", "out", "a", "pipe", "nothing", "no/such", "run/x", "out/secret",
        "../outside/secret", "/".join(["d" * 200] * 30),
    ]  # fmt: skip
    assert Folder(root).digests(paths) == {
        "a/b/file.txt": digest(b"text\n"),
        "run": digest(b""),
        "link": digest(b"../outside/secret"),
        "dangling": digest(b"nowhere"),
        "out": digest(b"../outside"),
        "a": None,
        "pipe": None,
        "out/secret": None,
        "../outside/secret": None,
    }


def test_a_large_file_is_read_whole(root: Path) -> None:
    content = os.urandom(1 << 20) * 3
    (root / "large").write_bytes(content)
    assert Folder(root).at("large").content == content
    assert Folder(root).digests(["large"]) == {"large": digest(content)}


def test_a_file_that_grows_while_it_is_read_is_read_to_its_end(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fstat

    def fstat(handle: int) -> os.stat_result:
        status = real(handle)
        with (root / "run").open("ab") as file:
            file.write(b"x" * 100_000)
        return status

    monkeypatch.setattr(os, "fstat", fstat)
    assert Folder(root).at("run").content == b"x" * 100_000


def test_all_that_is_below_a_folder(root: Path) -> None:
    (root / "a/b/link").symlink_to("../..")
    (root / "a/target").mkdir()
    (root / "a/target/x.sql").write_bytes(b"")
    (root / "a/empty").mkdir()
    os.mkfifo(root / "a/pipe")
    assert Folder(root).below("a") == ["a/b/file.txt", "a/b/link", "a/pipe", "a/target/x.sql"]
    for path in ("nothing", "run", "out", "out/x", "../outside", "/etc", "a/b/link"):
        assert Folder(root).below(path) == []


def test_the_holders_of_a_digest(root: Path) -> None:
    for folder in ("z", "a", "data", "a/target", ".git", "node_modules/x"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "moved.txt").write_bytes(b"text\n")
    (root / "z/link").symlink_to("moved.txt")
    (root / "z" / os.fsdecode(b"\xff.txt")).write_bytes(b"text\n")
    (root / "z/a:b").write_bytes(b"text\n")
    wanted = frozenset({digest(b"text\n"), digest(b""), digest(b"moved.txt")})
    assert Folder(root).holders(wanted, frozenset({"run"})) == {
        digest(b"text\n"): ["a/b/file.txt", "a/moved.txt", "z/moved.txt"]
    }


def test_a_file_larger_than_any_rendered_one_is_not_read(root: Path) -> None:
    with (root / "huge.csv").open("wb") as file:
        file.truncate(20_000_001)
    with (root / "large.csv").open("wb") as file:
        file.truncate(20_000_000)
    wanted = frozenset({digest(b"\0" * 20_000_000), digest(b"\0" * 20_000_001)})
    assert list(Folder(root).holders(wanted, frozenset()).values()) == [["large.csv"]]


def test_nothing_is_written_by_looking(root: Path) -> None:
    before = {path: path.lstat().st_mtime_ns for path in [root, *root.rglob("*")]}
    work = Folder(root)
    work.at("a/b/file.txt")
    work.digests(["run", "nothing"])
    work.holders(frozenset({"x"}), frozenset())
    assert {path: path.lstat().st_mtime_ns for path in [root, *root.rglob("*")]} == before
