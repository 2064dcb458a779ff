from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.merge.text import Labels, Merged, marked, merge, restyled
from tests.core.merge.texts import apart, edited, joined, real_files, text, three_versions

BASE = b"one\ntwo\nthree\nfour\nfive\n"
YOURS = b"one\nTWO\nthree\nfour\nfive\n"
THEIRS = b"one\ntwo\nthree\nfour\nFIVE\nsix\n"
BOTH = b"one\nTWO\nthree\nfour\nFIVE\nsix\n"


def clean(base: bytes, yours: bytes, theirs: bytes) -> bytes:
    found = merge(base, yours, theirs)
    assert (found.conflicts, found.refused) == (0, None)
    return found.content


def test_both_changes_are_in_the_result() -> None:
    assert clean(BASE, YOURS, THEIRS) == BOTH


@pytest.mark.parametrize(
    "content", [b"", b"a", b"a\r\nb\n", b"\0binary", b"\xff\xfe\xff", b"caf\xe9\n", b"\xef\xbb\xbfx"]
)
def test_where_two_are_one_to_the_byte_the_third_comes_out_to_the_byte(content: bytes) -> None:
    for other in (b"", b"\0\1", b"other\n", b"\xe9"):
        assert merge(content, content, other) == Merged(other, 0, None)
        assert merge(content, other, content) == Merged(other, 0, None)
        assert merge(content, other, other) == Merged(other, 0, None)


def test_a_conflict_shows_all_three_and_leaves_the_rest() -> None:
    found = merge(b"a\nb\nc\n", b"a\nx\nc\n", b"a\ny\nz\nc\n")
    assert found.conflicts == 1
    assert found.content == b"a\n<<<<<<< yours\nx\n||||||| base\nb\n=======\ny\nz\n>>>>>>> pipegen\nc\n"
    assert marked(found.content) == 2


def test_two_conflicts_and_what_merges_between_them() -> None:
    found = merge(text("abcdefghi"), text("aBcdefgHi"), text("a1cdEfg2i"), Labels("mine", "1.0", "1.1"))
    assert found.conflicts == 2
    assert found.content.decode().split("\n") == [
        *("a", "<<<<<<< mine", "B", "||||||| 1.0", "b", "=======", "1", ">>>>>>> 1.1", "c", "d", "E", "f", "g"),
        *("<<<<<<< mine", "H", "||||||| 1.0", "h", "=======", "2", ">>>>>>> 1.1", "i", ""),
    ]


@pytest.mark.parametrize(("favour", "letter"), [("yours", "x"), ("theirs", "y")])
def test_a_favoured_side_wins_where_there_is_a_conflict_only(favour: str, letter: str) -> None:
    base, yours, theirs = text("abcdefg"), text("axcdefgM"), text("aycdTfg")
    found = merge(base, yours, theirs, favour=favour)  # type: ignore[arg-type]
    assert found == Merged(text(f"a{letter}cdTfgM"), 0, None)


# line endings


def crlf(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def cr(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r")


@pytest.mark.parametrize("of_base", [bytes, crlf, cr])
@pytest.mark.parametrize("of_yours", [bytes, crlf, cr])
@pytest.mark.parametrize("of_theirs", [bytes, crlf, cr])
def test_line_endings_make_no_difference_and_yours_stay(of_base, of_yours, of_theirs) -> None:  # type: ignore[no-untyped-def]
    base, theirs = of_base(BASE), of_theirs(THEIRS)
    assert clean(base, of_yours(YOURS), theirs) == of_yours(BOTH)
    conflict = of_yours(merge(BASE, YOURS, b"one\n2\nthree\n").content)
    assert merge(base, of_yours(YOURS), of_theirs(b"one\n2\nthree\n")).content == conflict
    if of_yours(BASE) != base:
        assert clean(base, of_yours(BASE), theirs) == of_yours(THEIRS)


def test_mixed_endings_stay_and_new_lines_get_the_one_that_most_have() -> None:
    yours = b"one\r\nTWO\nthree\r\nfour\r\nfive\n"
    assert clean(BASE, yours, THEIRS) == b"one\r\nTWO\nthree\r\nfour\r\nFIVE\r\nsix\r\n"


def test_a_lone_carriage_return_is_no_line_ending_where_others_are() -> None:
    base = b"a\rb\nc\nd\n"
    assert clean(base, b"a\rb\nc\nD\n", b"a\rB\nc\nd\n") == b"a\rB\nc\nD\n"
    assert merge(base, b"a\rX\nc\nd\n", b"Y\rb\nc\nd\n").conflicts == 1


def test_changed_endings_of_some_lines_are_no_edit_but_stay() -> None:
    assert clean(b"a\nb\nc\n", b"a\r\nb\nc\n", b"a\nb\nC\n") == b"a\r\nb\nC\n"
    assert clean(b"a\nb\n", b"a\r\nb\r\n", b"A\nb\n") == b"A\r\nb\r\n"


# the last line


@pytest.mark.parametrize(
    ("base", "yours", "theirs", "result"),
    [
        (b"a\nb\nc\n", b"a\nb\nc", b"A\nb\nc\n", b"A\nb\nc"),
        (b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nc", b"A\nb\nc"),
        (b"a\nb\nc", b"A\nb\nc", b"a\nb\nC", b"A\nb\nC"),
        (b"a\nb\nc", b"a\nb\nc\n", b"a\nb\nc\nd", b"a\nb\nc\nd\n"),
        (b"a\nb\nc\n", b"a\nb\nc", b"a\nb\nc\nd\n", b"a\nb\nc\nd"),
        (b"a\nb\nc", b"a\nb\nc\n", b"a\nb\nc\n", b"a\nb\nc\n"),
        (b"a\nb\nc", b"A\nb\nc", b"a\nb\nc\nd\ne", b"A\nb\nc\nd\ne"),
        (b"", b"a", b"a\n", b"a\n"),
        (b"", b"a\n", b"a", b"a\n"),
        (b"a", b"", b"a\n", b""),
        (b"a\nb", b"a\r\nb", b"a\nb\nc", b"a\r\nb\r\nc"),
    ],
)
def test_its_ending_is_for_the_side_that_changed_it(base: bytes, yours: bytes, theirs: bytes, result: bytes) -> None:
    assert clean(base, yours, theirs) == result


def test_markers_begin_on_lines_of_their_own() -> None:
    found = merge(b"a", b"b", b"c")
    assert found.content == b"<<<<<<< yours\nb\n||||||| base\na\n=======\nc\n>>>>>>> pipegen\n"
    found = merge(b"a\r\nb", b"a\r\nx", b"a\r\ny")
    assert found.content == crlf(b"a\n<<<<<<< yours\nx\n||||||| base\nb\n=======\ny\n>>>>>>> pipegen\n")


def test_an_ending_of_a_line_that_occurs_often_is_part_of_the_line_as_in_git() -> None:
    assert merge(b"}\n}\n", b"}\n}", b"}\n}\n}\n").conflicts == 1
    assert clean(b"a\n}\n}\n", b"a\n}\n}", b"b\n}\n}\n") == b"b\n}\n}"
    assert clean(b"a\n}\n}\n", b"b\n}\n}\n", b"a\n}\n}") == b"b\n}\n}"
    assert clean(b"a\n}\n}", b"b\n}\n}", b"a\n}\n}\n") == b"b\n}\n}\n"


# encodings

UNICODE = ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
PLACES = "Zürich\nλ\n日本\n🙂\nend\n"


def written(letters: str, encoding: str) -> bytes:
    bom = "" if encoding.startswith("utf-8") else "\ufeff"
    return (bom + letters).encode(encoding)


@pytest.mark.parametrize("of_yours", UNICODE)
@pytest.mark.parametrize("of_theirs", UNICODE)
def test_encodings_of_unicode_make_no_difference_and_yours_stays(of_yours: str, of_theirs: str) -> None:
    yours, theirs = PLACES.replace("λ", "λογος").replace("\n", "\r\n"), PLACES.replace("end", "ende\n終")
    both = yours.replace("end", "ende\r\n終")
    for of_base in UNICODE:
        found = clean(written(PLACES, of_base), written(yours, of_yours), written(theirs, of_theirs))
        assert found == written(both, of_yours)
    conflict = merge(written(PLACES, of_theirs), written(yours, of_yours), written(PLACES.replace("λ", "Λ"), of_theirs))
    assert conflict.conflicts == 1
    assert marked(conflict.content) == 2
    assert conflict.content.startswith(written("Zürich\r\n<<<<<<< yours\r\nλογος\r\n||||||| base\r\nλ\r\n", of_yours))


LATIN = "café\nb\nc\nd\n".encode("latin-1")


def test_a_file_in_an_unknown_encoding_merges_where_the_new_lines_are_ascii() -> None:
    utf8 = "café\nb\nc\nd\n".encode()
    assert clean(utf8, LATIN, utf8.replace(b"d", b"D")) == LATIN.replace(b"d", b"D")
    for theirs in (utf8.replace(b"d", "ü".encode()), utf8.replace("café".encode(), b"tea")):
        found = merge(utf8, LATIN, theirs)
        assert found.content == LATIN
        assert found.conflicts == 0
        assert found.refused == "the versions are in different encodings"


def test_the_other_way_round_too() -> None:
    yours = "café\nb\nC\nd\n".encode()
    assert clean(LATIN, yours, LATIN + b"e\n") == yours + b"e\n"
    assert merge(LATIN, yours, LATIN + b"\xe9\n") == Merged(yours, 0, "the versions are in different encodings")


def test_three_versions_in_an_unknown_encoding_are_in_the_same_one() -> None:
    assert clean(LATIN, LATIN.replace(b"b", b"\xfc"), LATIN + b"\xe9\n") == LATIN.replace(b"b", b"\xfc") + b"\xe9\n"


def test_labels_are_written_as_the_file_can_hold_them() -> None:
    found = merge(LATIN, LATIN.replace(b"b", b"x"), LATIN.replace(b"b", b"y"), Labels("é", "base", "two\nlines"))
    assert found.content.splitlines()[1] == rb"<<<<<<< \xe9"
    assert b">>>>>>> two lines\n" in found.content


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a\0b\n", "binary"),
        ("a\0b\n".encode("utf-16"), "binary"),
        (b"\xff\xfea", "not valid UTF-16"),
        (b"\xff\xfe\x00\xd8a\x00", "not valid UTF-16"),
        (b"\x00\x00\xfe\xff\x00", "not valid UTF-32"),
    ],
)
def test_what_is_no_text_is_refused_and_yours_stays(content: bytes, reason: str, which: int) -> None:
    versions = [BASE, YOURS, THEIRS]
    versions[which] = content
    found = merge(*versions)
    assert (found.content, found.conflicts) == (versions[1], 0)
    whose = ("the base is ", "yours is ", "the new version is ")[which]
    assert found.refused == (reason if reason == "binary" else whose + reason)


# restyled


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_restyled_is_the_new_text_as_yours_is_written(encoding: str, end: str) -> None:
    yours = written(PLACES.replace("\n", end), encoding)
    assert restyled(yours, THEIRS) == written(THEIRS.decode().replace("\n", end), encoding)
    assert restyled(yours, THEIRS.rstrip()) == written(THEIRS.decode().rstrip().replace("\n", end), encoding)
    assert restyled(yours, PLACES.encode("utf-16")) == yours


def test_restyled_keeps_the_mixed_endings_of_lines_that_are_still_there() -> None:
    assert restyled(b"a\r\nb\nc\r\n", b"a\nb\nx\nc\n") == b"a\r\nb\nx\r\nc\r\n"


@pytest.mark.parametrize(
    ("yours", "theirs"),
    [
        (b"\0a\r\n", b"a\n"),
        (b"a\r\n", b"\0a\n"),
        (b"\xff\xfea", b"a\n"),
        (b"caf\xe9\r\n", "ü\n".encode()),
        ("a\r\n".encode("utf-16"), b"caf\xe9\n"),
    ],
)
def test_restyled_leaves_what_it_cannot_write_as_it_is(yours: bytes, theirs: bytes) -> None:
    assert restyled(yours, theirs) == theirs


def test_restyled_of_nothing() -> None:
    assert restyled(b"", b"a\r\nb\r\n") == b"a\r\nb\r\n"
    assert restyled(b"a\r\n", b"") == b""


# properties

ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@given(three_versions(), st.tuples(ENDS, ENDS, ENDS), st.tuples(*[st.sampled_from(UNICODE)] * 3))
def test_style_changes_nothing_but_style(
    versions: tuple[str, str, str], ends: tuple[str, str, str], encodings: tuple[str, str, str]
) -> None:
    plain = [text(letters) for letters in versions]
    styled = [
        written(content.decode().replace("\n", end), encoding)
        for content, end, encoding in zip(plain, ends, encodings, strict=True)
    ]
    expected, found = merge(*plain), merge(*styled)
    assert found.conflicts == expected.conflicts
    if styled[1] != styled[0] and versions[1]:
        assert found.content == written(expected.content.decode().replace("\n", ends[1]), encodings[1])


@given(three_versions("abc", 6), st.tuples(*[st.booleans()] * 3))
def test_marked_finds_every_conflict_and_no_other(versions: tuple[str, str, str], ended: tuple[bool, ...]) -> None:
    base, yours, theirs = (
        text(letters) if end else text(letters)[:-1] for letters, end in zip(versions, ended, strict=True)
    )
    found, back = merge(base, yours, theirs), merge(base, theirs, yours)
    assert found.conflicts == back.conflicts
    assert (marked(found.content) is not None) == (found.conflicts > 0)
    if not found.conflicts:
        assert found.content == back.content


def test_independent_edits_of_real_files_are_all_in_the_result() -> None:
    """The truth is known: both edits at once."""
    chance = random.Random(4)
    conflicts = 0
    for lines in chance.choices(real_files(), k=300):
        of_yours, of_theirs = apart(lines, chance)
        seed = chance.random()

        def after(places: list[tuple[int, int]], lines: list[str] = lines, seed: float = seed) -> bytes:
            return joined(edited(lines, places, lambda place: random.Random(f"{seed} {place}")))

        found = merge(joined(lines), after(of_yours), after(of_theirs))
        conflicts += found.conflicts > 0
        assert found.conflicts or found.content == after(of_yours + of_theirs)
    assert conflicts <= 6
