from __future__ import annotations

import pytest

from pipegen.core.merge.markers import Labels, markers
from pipegen.core.merge.text import marked, merge

CONFLICT = "a\n<<<<<<< yours\nx\n||||||| base\nb\n=======\ny\n>>>>>>> pipegen\nc\n"


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ([], 7),
        ([b"<<<", b"a", b"  <<<<<<<<<<<<"], 7),
        ([b"======"], 7),
        ([b"======="], 8),
        ([b"<<<<<<< yours"], 8),
        ([b"||||||||||"], 11),
        ([b">>>>>>>> a >>>>>>>>>>>>>"], 9),
        ([b"Title", b"=" * 40], 41),
    ],
)
def test_markers_are_longer_than_any_run_at_the_start_of_a_line(lines: list[bytes], length: int) -> None:
    found = markers(Labels(), lines)
    assert found.yours == b"<" * length + b" yours"
    assert found.base == b"|" * length + b" base"
    assert found.between == b"=" * length
    assert found.theirs == b">" * length + b" pipegen"


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_run_in_any_of_the_three_versions_counts(which: int) -> None:
    versions = [b"a\nb\n", b"a\nx\n", b"a\ny\n"]
    versions[which] += b"==========\n"
    found = merge(*versions)
    assert found.conflicts == 1
    assert b"\n<<<<<<<<<<< yours\n" in found.content


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_conflict_is_found_in_any_encoding_and_with_any_line_ending(encoding: str, end: str) -> None:
    letters = ("\ufeff" if encoding == "utf-16-be" else "") + "é\n" + CONFLICT
    assert marked(letters.replace("\n", end).encode(encoding)) == 3
    assert marked(letters.replace("\n", end).replace("|", ">").encode(encoding)) == 3
    without = [line for line in letters.splitlines() if line[:3] not in ("<<<", "|||", ">>>")]
    assert marked(end.join(without).encode(encoding)) is None


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", None),
        ("a\nb\n", None),
        (CONFLICT, 2),
        (CONFLICT.replace("<<<<<<< yours\n", ""), 3),
        (CONFLICT.replace("<<<<<<< yours\n", "").replace("||||||| base\n", ""), 6),
        (CONFLICT.replace(">>>>>>> pipegen\n", ""), 2),
        ("<<<<<<<<<<<< mine and more", 1),
        (">>>>>>> pipegen", 1),
        # no marker of ours
        ("Title\n=======\n\ntext\n", None),
        ("=======\n", None),
        ("<<<<<< six\n>>>>>> six\n", None),
        ("    <<<<<<< indented\n", None),
        ("a line begins with `<<<<<<< `\n", None),
        ("<<<<<<<\n", None),
        ("<<<<<<< \n", None),
        ("<<<<<<<yours\n", None),
        ("<<<<<<<> mixed\n", None),
        (">>> 1 << 2\n", None),
        ("|||||||\n| a | b |\n", None),
    ],
)
def test_marked(content: str, line: int | None) -> None:
    assert marked(content.encode()) == line


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_the_first_line_may_be_a_marker(encoding: str) -> None:
    assert marked(CONFLICT.removeprefix("a\n").encode(encoding)) == 1


def test_what_is_no_text_is_searched_as_far_as_it_is() -> None:
    assert marked(b"\0\1\2\n") is None
    assert marked(CONFLICT.encode("utf-16-le")) == 2, "the byte order mark was removed"
    assert marked(b"\xff\xfe" + CONFLICT.encode("utf-16-le") + b"\0") == 2, "half a character"
    assert marked(b"\xff\n" + CONFLICT.encode()) == 3


def test_a_resolved_conflict_is_marked_no_more() -> None:
    found = merge(b"a\nb\nc\n", b"a\nx\nc\n", b"a\ny\nc\n")
    lines = found.content.splitlines(keepends=True)
    assert marked(found.content) == 2
    for kept in ([2], [6], [2, 6], []):
        resolved = [line for number, line in enumerate(lines) if number in (0, len(lines) - 1, *kept)]
        assert marked(b"".join(resolved)) is None
