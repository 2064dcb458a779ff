from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.core.merge.lines import chunks
from tests.core.merge.texts import subsequences, three_versions


def merged(base: str, yours: str, theirs: str, *most_work: int) -> str:
    """The merge, a letter a line; a conflict as ``<yours|base|theirs>``."""
    found, at = [], (0, 0, 0)
    for chunk in chunks(*([ord(letter) for letter in text] for text in (base, yours, theirs)), *most_work):
        assert (chunk.base[0], chunk.yours[0], chunk.theirs[0]) == at, "chunks follow one another"
        at = (chunk.base[1], chunk.yours[1], chunk.theirs[1])
        of_yours, of_theirs = yours[slice(*chunk.yours)], theirs[slice(*chunk.theirs)]
        if chunk.take == "conflict":
            found.append(f"<{of_yours}|{base[slice(*chunk.base)]}|{of_theirs}>")
        else:
            found.append(of_yours if chunk.take == "yours" else of_theirs)
    assert at == (len(base), len(yours), len(theirs))
    return "".join(found)


@pytest.mark.parametrize(
    ("base", "yours", "theirs", "result"),
    [
        ("", "", "", ""),
        ("abc", "abc", "abc", "abc"),
        # edits of one side
        ("abc", "axc", "abc", "axc"),
        ("abc", "abc", "axc", "axc"),
        ("abc", "", "abc", ""),
        ("", "", "ab", "ab"),
        # edits of both, with a line between
        ("abc", "xbc", "aby", "xby"),
        ("abc", "bc", "ab", "b"),
        ("abc", "xabc", "abcy", "xabcy"),
        # the same change, once
        ("abc", "axc", "axc", "axc"),
        ("ab", "axyb", "axyb", "axyb"),
        ("abc", "ac", "ac", "ac"),
        ("", "ab", "ab", "ab"),
        # both changed a line
        ("abc", "axc", "ayc", "a<x|b|y>c"),
        ("abc", "ac", "ayc", "a<|b|y>c"),
        ("ab", "axb", "ayb", "a<x||y>b"),
        ("", "ab", "cd", "<ab||cd>"),
        # edits that touch
        ("abcd", "axcd", "abyd", "a<xc|bc|by>d"),
        ("abcd", "acd", "abyd", "a<c|bc|by>d"),
        ("abc", "axbc", "aybc", "a<x||y>bc"),
        ("abc", "axbc", "ayc", "a<xb|b|y>c"),
        ("abcdef", "aXf", "abCdEf", "a<X|bcde|bCdE>f"),
        ("abcdef", "abCdEf", "aXf", "a<bCdE|bcde|X>f"),
        # what both begin and end with is no part of the conflict
        ("ab", "apxqb", "apyqb", "ap<x||y>qb"),
        ("aob", "apxqb", "apyqb", "ap<x|o|y>qb"),
        ("ab", "apqb", "apb", "ap<q||>b"),
        # a block that can slide, and an edit in the span that it can slide over, or where it ends
        ("a}}b", "a}}x}b", "a}y}b", "a}<}x||y>}b"),
        ("a}b", "a}x}b", "a}yb", "a}<x}||y>b"),
        ("a}b", "a}x}b", "a}c", "a}<x}b|b|c>"),
        # and outside of it
        ("a}b", "a}x}b", "ay}b", "ay}x}b"),
        ("a}b", "a}x}b", "c}b", "c}x}b"),
        ("a}bc", "a}x}bc", "a}byc", "a}x}byc"),
        # a function between two others, and an edit of what is before the empty lines, or after them
        ("f..g", "f..n..g", "x..g", "x..n..g"),
        ("f..g", "f..n..g", "fx..g", "fx..n..g"),
        ("f..g", "f..n..g", "f..x", "f..<n..g|g|x>"),
        ("f..gh", "f..n..gh", "f..gx", "f..n..gx"),
        # which of two like lines was removed is not known
        ("pxqx", "rx", "pxqy", "<rx|pxqx|pxqy>"),
        ("pxqx", "qx", "pxqy", "qy"),
        # removed beside an edit, or next to where the other removed
        ("abcd", "acd", "abd", "a<c|bc|b>d"),
        ("a.b.c.d", "a.c.d", "a.b.d", "a.<c|b.c|b>.d"),
        # moved: the edit is not put where the block was
        ("abcde", "deabc", "abxcde", "deabxc"),
        ("abcde", "deabc", "abcdxe", "deabc<|de|dxe>"),
    ],
)
def test_merged(base: str, yours: str, theirs: str, result: str) -> None:
    assert merged(base, yours, theirs) == result


@given(three_versions())
def test_of_two_versions_that_are_one_the_other_comes_out(versions: tuple[str, str, str]) -> None:
    one, other, _ = versions
    assert merged(one, one, other) == other
    assert merged(one, other, one) == other
    assert merged(one, other, other) == other


@given(three_versions(), st.sampled_from([(), (0,), (10,)]))
def test_exchanged_sides_conflict_in_the_same_places(versions: tuple[str, str, str], most_work: tuple[int]) -> None:
    base, yours, theirs = versions
    there, back = merged(base, yours, theirs, *most_work), merged(base, theirs, yours, *most_work)
    pieces = [piece.split("|") for piece in back.replace("<", ">").split(">")]
    again = ["|".join(reversed(piece)) for piece in pieces]
    assert there.replace("<", ">").split(">") == again


@given(three_versions("abcdefgh", 20))
def test_every_added_line_is_in_the_result_and_no_removed_one(versions: tuple[str, str, str]) -> None:
    base, yours, theirs = versions
    result = merged(base, yours, theirs)
    if "<" in result:
        return
    for letter in set(base + yours + theirs):
        of_yours, of_theirs, of_both = (text.count(letter) - base.count(letter) for text in (yours, theirs, result))
        # Once each: the sum, but for what both did alike.
        low, high = sorted((of_yours + of_theirs, max(of_yours, of_theirs, key=abs)))
        assert low <= of_both <= high or of_yours * of_theirs < 0, (versions, result, letter)


Pairs = tuple[tuple[int, int], ...]


def diff3(base: str, yours: str, theirs: str, of_yours: Pairs, of_theirs: Pairs) -> str | None:
    """Plain diff3 over two given alignments; None where it has a conflict."""
    to_yours, to_theirs = dict(of_yours), dict(of_theirs)
    found, at = "", (0, 0, 0)
    for i in range(len(base) + 1):
        if i < len(base) and not (i in to_yours and i in to_theirs):
            continue
        end = (i, to_yours[i], to_theirs[i]) if i < len(base) else (len(base), len(yours), len(theirs))
        old, own, new = (text[a:b] for text, a, b in zip((base, yours, theirs), at, end, strict=True))
        edits = [
            len(old) != len(side) or any(pairs.get(at[0] + n) != start + n for n in range(len(old)))
            for side, pairs, start in ((own, to_yours, at[1]), (new, to_theirs, at[2]))
        ]
        if all(edits) and own != new:
            return None
        found += (new if edits == [False, True] else own) + base[i : i + 1]
        at = (end[0] + 1, end[1] + 1, end[2] + 1)
    return found


def both_changed_alike(base: str, yours: str, theirs: str) -> bool:
    every = chunks(*([ord(letter) for letter in text] for text in (base, yours, theirs)))
    return any(
        base[slice(*chunk.base)] not in (yours[slice(*chunk.yours)], theirs[slice(*chunk.theirs)])
        for chunk in every
        if chunk.take == "yours"
    )


def check_against_every_alignment(base: str, yours: str, theirs: str) -> bool:
    """Where ours is clean, every alignment's merge that is clean is the same, and there is one. True where it is clean."""
    ours = merged(base, yours, theirs)
    if "<" in ours or both_changed_alike(base, yours, theirs):
        return False
    pairs = itertools.product(subsequences(base, yours), subsequences(base, theirs))
    every = {diff3(base, yours, theirs, *alignments) for alignments in pairs}
    assert every - {None} == {ours}, (base, yours, theirs)
    return True


def all_texts(letters: str, longest: int) -> Sequence[str]:
    return ["".join(one) for length in range(longest + 1) for one in itertools.product(letters, repeat=length)]


def test_every_choice_of_alignments_that_merges_clean_merges_to_the_same() -> None:
    clean = 0
    for base, yours, theirs in itertools.product(all_texts("ab", 3), all_texts("ab", 4), all_texts("abc", 3)):
        clean += check_against_every_alignment(base, yours, theirs)
    assert clean > 1000


@settings(max_examples=300)
@given(three_versions("abcd", 8))
def test_every_choice_of_alignments_of_longer_texts_too(versions: tuple[str, str, str]) -> None:
    check_against_every_alignment(*versions)
