from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import (
    Lock,
    LockedBlueprint,
    LockedFile,
    RenderInput,
    base_archive,
    lock_files,
    lock_text,
    read_lock,
    refusing,
)
from pipegen.core.tree import FileTree, RenderedFile


def rendered(path: str, content: bytes = b"x\n", **more: Any) -> RenderedFile:
    return RenderedFile(path, content, f"b:{path}", "b", **more)


def lock_of(*files: RenderedFile) -> Lock:
    tree = FileTree()
    for file in files:
        tree.add(file)
    return Lock(
        pipegen="1.0.0",
        catalog="next",
        input="sha256:0",
        files=lock_files(tree),
        blueprints={"b": LockedBlueprint(version="1.0.0", digest="sha256:1")},
        design={"s.mode": "batch", "a.b": "full"},
    )


def test_a_lock_is_sorted_one_line_a_file_and_the_same_whatever_the_order() -> None:
    files = [rendered("b.py"), rendered("a/é.sql"), rendered("run.sh", mode=0o755, ownership="once")]
    text = lock_text(lock_of(*files))
    assert text == lock_text(lock_of(*reversed(files)))
    lines = text.decode().splitlines()
    rows = [line for line in lines if '"id"' in line]
    assert [json.loads("{" + row.rstrip(",") + "}").popitem()[0] for row in rows] == ["a/é.sql", "b.py", "run.sh"]
    assert '"mode": "755", "ownership": "once"' in rows[2]
    assert text.endswith(b"}\n")
    assert json.loads(text)["design"] == {"a.b": "full", "s.mode": "batch"}
    assert lines.index('    "a.b": "full",') < lines.index('    "s.mode": "batch"')


def test_a_lock_is_read_back() -> None:
    lock = lock_of(rendered("a.py"))
    lock.files["b.py"] = LockedFile(id="x", sha256="0", state="orphaned", pending="1")
    assert read_lock(lock_text(lock)) == lock
    assert read_lock(lock_text(lock_of())).files == {}


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "./a",
        "",
        "C:/x",
        "a\\b",
        "nul",
        "dags/con.py",
        "a/aux",
        "x.",
        "x ",
        ".git/hooks/x",
        ".GIT/config",
        "a\x00b",
        "a\nb",
        "x" * 300,
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    document = json.loads(lock_text(lock_of(rendered("a.py"))))
    document["files"] = {path: document["files"]["a.py"]}
    with pytest.raises(WorkspaceError, match="names"):
        read_lock(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "cannot be read"),
        (b"{", "cannot be read"),
        (b"[]", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"null", "cannot be read"),
        (b'{"schema": 2, "pipegen": "2", "catalog": "2", "input": "x"}', "schema 2"),
        (b'{"schema": 1}', "pipegen"),
        (b'{"schema": 1, "pipegen": "1", "catalog": "1", "input": "x", "extra": 1}', "extra"),
        (b"[" * 100_000, "cannot be read"),
    ],
)
def test_what_is_no_lock_is_refused(text: bytes, says: str) -> None:
    with pytest.raises(WorkspaceError, match=says) as refused:
        read_lock(text)
    assert refused.value.hint


def test_a_newer_lock_with_other_keys_says_upgrade() -> None:
    with pytest.raises(WorkspaceError) as refused:
        read_lock(b'{"schema": 2, "pipegen": "9", "files": [], "new": {}}')
    assert refused.value.hint == "upgrade pipegen"


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}(/[a-zé]{1,8}){0,2}", fullmatch=True), st.binary(max_size=2000), max_size=5
    )
)
def test_the_base_holds_every_byte_and_is_named_by_what_it_holds(contents: dict[str, bytes]) -> None:
    name, archive = base_archive(contents)
    assert (name, archive) == base_archive(dict(reversed(contents.items())))
    content = gzip.decompress(archive)
    assert name == f".pipegen/base/{hashlib.sha256(content).hexdigest()}.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        members = opened.getmembers()
        assert {m.name: (opened.extractfile(m) or io.BytesIO()).read() for m in members} == contents
    assert all((m.mtime, m.uid, m.gid, m.uname) == (0, 0, 0, "") for m in members)
    assert [m.name for m in members] == sorted(contents)


def test_the_system_tar_reads_the_base(tmp_path: Path) -> None:
    big = bytes(range(256)) * 1000  # more than one stored block
    _, archive = base_archive({"a/b.bin": big, "é/" + "x" * 200: b"y"})
    subprocess.run(["tar", "xzf", "-", "-C", str(tmp_path)], input=archive, check=True)
    assert (tmp_path / "a/b.bin").read_bytes() == big
    assert (tmp_path / "é" / ("x" * 200)).read_bytes() == b"y"


def test_the_base_of_known_files_has_known_bytes() -> None:
    name, archive = base_archive({"a": b"x\n", "b": b""})
    assert name == ".pipegen/base/5bb2c33530e7c8b32cae8878f8277f709f52e6bf2dc481fba029278a7bd00e95.tar.gz"
    assert archive[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def test_the_input_digest_follows_every_part_and_no_order() -> None:
    base = RenderInput({"a": 1, "b": 2}, {"s": {"rows": 1}}, {"dbt": "x"})
    assert base.digest() == RenderInput({"b": 2, "a": 1}, {"s": {"rows": 1}}, {"dbt": "x"}).digest()
    others = [
        RenderInput({"a": 1}, base.measured, base.blueprints),
        RenderInput(base.spec, {}, base.blueprints),
        RenderInput(base.spec, base.measured, {}),
    ]
    assert len({base.digest(), *(o.digest() for o in others)}) == 4


class TestRefusing:
    """The lock of an update during which somebody edited a file."""

    before = lock_of(rendered("kept.py", b"1\n"), rendered("gone.py", b"2\n"))
    planned = lock_of(rendered("kept.py", b"3\n"), rendered("new.py", b"4\n"))

    def refused(self, *paths: str) -> dict[str, LockedFile]:
        return read_lock(refusing(lock_text(self.planned), lock_text(self.before), paths)).files

    def test_a_file_that_was_to_be_written_is_pending(self) -> None:
        old, new = self.before.files["kept.py"], self.planned.files["kept.py"]
        assert self.refused("kept.py")["kept.py"] == old.model_copy(update={"pending": new.sha256})

    def test_a_path_that_was_taken_meanwhile_is_pending_with_no_base(self) -> None:
        new = self.planned.files["new.py"]
        assert self.refused("new.py")["new.py"] == new.model_copy(update={"pending": new.sha256})

    def test_a_file_that_was_to_be_removed_is_orphaned(self) -> None:
        assert self.refused("gone.py")["gone.py"] == self.before.files["gone.py"].model_copy(
            update={"state": "orphaned"}
        )
        assert "gone.py" not in self.refused("kept.py")

    def test_a_file_that_the_user_moved_goes_by_where_it_is(self) -> None:
        moved = self.before.files["kept.py"].model_copy(update={"state": "moved", "to": "there.py"})
        before = self.before.model_copy(update={"files": {"kept.py": moved}})
        now = self.planned.files["kept.py"].model_copy(update={"state": "moved", "to": "there.py"})
        planned = self.planned.model_copy(update={"files": {"kept.py": now}})
        made = read_lock(refusing(lock_text(planned), lock_text(before), ["there.py"])).files["kept.py"]
        assert (made.sha256, made.pending, made.to) == (moved.sha256, now.sha256, "there.py")


@pytest.mark.parametrize(("key", "value"), [("mode", "rwx"), ("ownership", "mine"), ("state", "lost")])
def test_a_lock_with_a_value_that_is_none_is_refused(key: str, value: str) -> None:
    text = lock_text(lock_of(rendered("a"))).replace(b'"sha256"', f'"{key}": "{value}", "sha256"'.encode())
    text = text.replace(b', "mode": "644"', b"").replace(b', "ownership": "merged"', b"")
    with pytest.raises(WorkspaceError, match=key):
        read_lock(text)
