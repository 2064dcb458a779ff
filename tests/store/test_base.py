from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import BASE_FOLDER, base_archive
from pipegen.core.tree import digest
from pipegen.store import base
from pipegen.store.base import Bases

FILES = {
    "dags/shop.py": b"retries = 1\n",
    "a file.txt": b"crlf\r\n",
    ".pending/dags/shop.py": b"retries = 3\n",
    "empty": b"",
}


def put(root: Path, path: str, content: bytes) -> str:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)
    return path


def sealed(root: Path, tar: bytes, pack: Callable[[bytes], bytes] = gzip.compress) -> str:
    """An archive that is named by its content, as an attacker would name it."""
    return put(root, f"{BASE_FOLDER}/{hashlib.sha256(tar).hexdigest()}.tar.gz", pack(tar))


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    return info


def test_bytes_by_digest(tmp_path: Path) -> None:
    path, archive = base_archive(FILES)
    put(tmp_path, path, archive)
    bases = Bases(tmp_path)
    assert bases.archives() == [path]
    for content in FILES.values():
        assert bases.get(digest(content)) == content
    assert bases.get(digest(b"crlf\n")) == b"crlf\r\n"
    assert bases.get(digest(b"something else")) is None


def test_there_need_be_no_base(tmp_path: Path) -> None:
    assert Bases(tmp_path).archives() == []
    assert Bases(tmp_path).get(digest(b"x")) is None


def test_two_branches_that_were_merged_leave_two(tmp_path: Path) -> None:
    for content in (b"one\n", b"two\n"):
        put(tmp_path, *base_archive({"file": content}))
    put(tmp_path, f"{BASE_FOLDER}/README", b"no archive")
    bases = Bases(tmp_path)
    assert len(bases.archives()) == 2
    assert bases.get(digest(b"one\n")) == b"one\n"
    assert bases.get(digest(b"two\n")) == b"two\n"


def test_none_is_opened_before_something_is_asked_for_and_none_after_it_was_found(tmp_path: Path) -> None:
    good, archive = base_archive({"file": b"one\n"})
    put(tmp_path, good, archive)
    put(tmp_path, f"{BASE_FOLDER}/zzz.tar.gz", b"damaged")
    bases = Bases(tmp_path)
    assert bases.archives() == [good, f"{BASE_FOLDER}/zzz.tar.gz"]
    assert bases.get(digest(b"one\n")) == b"one\n"
    for _ in range(2):
        with pytest.raises(WorkspaceError, match=r"zzz.tar.gz` is refused"):
            bases.get(digest(b"two\n"))


def test_one_that_somebody_compressed_is_as_good(tmp_path: Path) -> None:
    _, stored = base_archive(FILES)
    sealed(tmp_path, gzip.decompress(stored))
    assert Bases(tmp_path).get(digest(b"retries = 1\n")) == b"retries = 1\n"


def refusal(root: Path) -> WorkspaceError:
    with pytest.raises(WorkspaceError) as refused:
        Bases(root).get(digest(b"x"))
    return refused.value


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../outside", "`..` part"), ("/etc/passwd", "not relative"), ("a/../../b", "`..` part"), ("nul", "device name"),
        ("C:/x", "not relative"), (".git/hooks/pre-commit", "inside .git"), ("a\\b", "character"), ("x" * 300, "longer"), ("a/", "part"),
    ],
)  # fmt: skip
def test_a_member_with_an_unsafe_path_is_refused(tmp_path: Path, name: str, says: str) -> None:
    path = sealed(tmp_path, tar_of((member(name), b"bad")))
    error = refusal(tmp_path)
    assert path in error.message
    assert says in error.message
    assert error.hint == f"restore it from git: `git checkout {path}`"


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_a_member_that_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    info = member("a", kind)
    info.linkname = "/etc/passwd"
    sealed(tmp_path, tar_of((info, b"")))
    assert "`a` is no plain file" in refusal(tmp_path).message or "no tar file" in refusal(tmp_path).message


def test_an_archive_is_named_by_its_content(tmp_path: Path) -> None:
    path, archive = base_archive(FILES)
    put(tmp_path, path.replace(path[15:25], "0" * 10), archive)
    assert "is not the one that it is named by" in refusal(tmp_path).message


def _truncated(tar: bytes) -> bytes:
    return gzip.compress(tar)[:-20]


def _two(tar: bytes) -> bytes:
    return gzip.compress(tar) + gzip.compress(b"more")


@pytest.mark.parametrize(
    ("pack", "says"),
    [
        (bytes, "no gzip file"),
        (zlib.compress, "no gzip file"),
        (_truncated, "ends too early"),
        (lambda tar: gzip.compress(tar) + b"more", "something follows"),
        (_two, "something follows"),
        (lambda tar: b"", "ends too early"),
        (lambda tar: gzip.compress(tar)[:-6] + b"\0" * 6, "no gzip file"),
    ],
)
def test_an_archive_is_one_gzip_file(tmp_path: Path, pack: Callable[[bytes], bytes], says: str) -> None:
    _, stored = base_archive(FILES)
    sealed(tmp_path, gzip.decompress(stored), pack)
    assert says in refusal(tmp_path).message


def test_what_is_no_tar_file_is_refused(tmp_path: Path) -> None:
    sealed(tmp_path, b"no tar file" * 1_000)
    assert "no tar file" in refusal(tmp_path).message


def test_a_member_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    sealed(tmp_path, tar_of((member("a"), b"x" * 5_000))[:2_048])
    assert "is refused" in refusal(tmp_path).message


def test_a_chain_of_headers_is_refused(tmp_path: Path) -> None:
    """Each says that the next one has a long name: a parser that follows them runs out of stack."""
    long = member("././@LongLink", tarfile.GNUTYPE_LONGNAME)
    long.size = 1
    header = long.tobuf(tarfile.GNU_FORMAT) + b"x" + b"\0" * 511
    sealed(tmp_path, header * 20_000 + tar_of((member("a"), b"x")))
    assert "is refused" in refusal(tmp_path).message


def test_a_bomb_is_noticed_before_it_goes_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_LARGEST_CONTENT", 32 << 20)
    bomb = zlib.compressobj(9, wbits=31)
    packed = b"".join(bomb.compress(b"\0" * (1 << 20)) for _ in range(200)) + bomb.flush()
    assert len(packed) < 1 << 20
    put(tmp_path, f"{BASE_FOLDER}/{'0' * 64}.tar.gz", packed)
    read = []
    real = os.read
    monkeypatch.setattr(os, "read", lambda handle, size: read.append(size) or real(handle, size))
    assert "uncompressed it is larger than 32 MiB" in refusal(tmp_path).message
    assert len(read) == 1, "no more of it was read"


def test_an_archive_too_large_on_the_disk_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / put(tmp_path, f"{BASE_FOLDER}/{'0' * 64}.tar.gz", b"")
    with path.open("wb") as file:
        file.truncate((256 << 20) + 1)
    assert "it is larger than 256 MiB" in refusal(tmp_path).message


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_MOST_MEMBERS", 3)
    put(tmp_path, *base_archive(FILES))
    assert "more than 3 members" in refusal(tmp_path).message


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/etc/passwd")])
def test_an_archive_is_a_plain_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = put(tmp_path, f"{BASE_FOLDER}/{'0' * 64}.tar.gz", b"")
    (tmp_path / path).unlink()
    make(tmp_path / path)
    assert "it is no plain file" in refusal(tmp_path).message


def test_a_folder_that_is_a_symlink_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    put(outside, *base_archive(FILES))
    (tmp_path / "x/.pipegen").mkdir(parents=True)
    (tmp_path / "x" / BASE_FOLDER).symlink_to(outside / BASE_FOLDER)
    with pytest.raises(WorkspaceError, match=r"`.pipegen/base` cannot be read"):
        Bases(tmp_path / "x").get(digest(b"retries = 1\n"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["a", "b/c", "Größe/表", "n" * 150]), st.binary(max_size=2_000)))
def test_what_is_sealed_is_found_again(tmp_path: Path, files: dict[str, bytes]) -> None:
    path, archive = base_archive(files)
    put(tmp_path, path, archive)
    bases = Bases(tmp_path)
    for content in files.values():
        found = bases.get(digest(content))
        assert found is not None
        assert digest(found) == digest(content)
    (tmp_path / path).unlink()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_archive_never_gives_other_bytes(tmp_path: Path, at: int, noise: bytes) -> None:
    path, archive = base_archive(FILES)
    damaged = archive[:at] + noise + archive[at + len(noise) :]
    put(tmp_path, path, damaged)
    for content in FILES.values():
        try:
            found = Bases(tmp_path).get(digest(content))
        except WorkspaceError:
            continue
        assert found is not None
        assert digest(found) == digest(content)


def test_a_hostile_tar_never_ends_in_a_traceback(tmp_path: Path) -> None:
    """Each byte of a header changed, and the name of the archive made to fit."""
    tar = tar_of((member("a" * 120), b"x" * 100))
    for at in range(0, 1_024, 3):
        for value in (0, 0x80, 0xFF):
            path = sealed(tmp_path, tar[:at] + bytes([value]) + tar[at + 1 :])
            try:
                found = Bases(tmp_path).get(digest(b"x" * 100))
            except WorkspaceError as refused:
                found = None
                assert "is refused" in refused.message
            assert found in (None, b"x" * 100)
            (tmp_path / path).unlink()
