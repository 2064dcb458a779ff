from __future__ import annotations

import pytest

from pipegen.core.errors import BlueprintError
from pipegen.core.paths import unsafe_because
from pipegen.core.tree import FileTree, RenderedFile, digest, normalised


def file(path: str) -> RenderedFile:
    return RenderedFile(path, b"x", f"b:{path}", "b")


def test_files_come_in_the_order_of_their_paths() -> None:
    tree = FileTree()
    for path in ("b", "a/c", "a/b"):
        tree.add(file(path))
    assert [f.path for f in tree] == ["a/b", "a/c", "b"]
    assert len(tree) == 3
    assert "b" in tree
    assert tree["b"].content == b"x"


@pytest.mark.parametrize("other", ["dags/Shop.py", "dags/shop.py", "DAGS/shop.py"])
def test_two_files_at_one_path_are_refused_and_both_named(other: str) -> None:
    tree = FileTree()
    tree.add(file("dags/shop.py"))
    with pytest.raises(BlueprintError, match=f"b:dags/shop.py and b:{other}"):
        tree.add(file(other))


def test_an_unsafe_path_is_refused() -> None:
    with pytest.raises(BlueprintError, match="not relative"):
        FileTree().add(file("/etc/passwd"))


@pytest.mark.parametrize(
    "path",
    ["a", "a/b.py", ".github/workflows/ci.yml", "models/[dev]/x.sql", "é.sql", "a b", ".gitignore", "console.py"],
)
def test_ordinary_paths_are_safe(path: str) -> None:
    assert unsafe_because(path) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/a", "relative"),
        ("c:a", "relative"),
        ("", "relative"),
        ("a/../b", "`..`"),
        ("a/./b", "`.`"),
        ("a/", "empty"),
        ("con", "device"),
        ("a/NUL.txt", "device"),
        ("lpt1 .x", "device"),
        ("a.", "dot"),
        ("a /b", "space"),
        ("a/b:c", "character"),
        ("a\x7f", "character"),
        ("é" * 128, "255 bytes"),
        (".git/config", ".git"),
    ],
)
def test_unsafe_paths_say_why(path: str, why: str) -> None:
    assert why in (unsafe_because(path) or "")


def test_digests_are_of_text_with_one_kind_of_line_ending() -> None:
    assert digest(b"a\r\nb\r\n") == digest(b"a\nb\n")
    assert digest(b"a\n") != digest(b"b\n")
    assert normalised(b"a\0\r\n") == b"a\0\r\n"
