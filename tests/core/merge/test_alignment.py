from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.merge import alignment
from pipegen.core.merge.alignment import certain
from tests.core.merge.texts import subsequences


def by_trying_all(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """The pairs that all longest common subsequences have."""
    first, *others = map(set, subsequences(a, b))
    return sorted(first.intersection(*others))


def numbers(letters: str) -> list[int]:
    return [ord(letter) for letter in letters]


@pytest.mark.parametrize(
    ("a", "b", "pairs"),
    [
        ("", "", []),
        ("", "ab", []),
        ("abc", "abc", [(0, 0), (1, 1), (2, 2)]),
        ("abc", "axc", [(0, 0), (2, 2)]),
        ("abc", "xyz", []),
        ("a}b", "a}x}b", [(0, 0), (2, 4)]),  # the bracket may be either of the two
        ("a}x}b", "a}b", [(0, 0), (4, 2)]),
        ("ab", "ba", []),  # either line may be the one that stayed
        ("abc", "bca", [(1, 0), (2, 1)]),
        ("aa", "aaa", []),
        ("pxqx", "qx", [(2, 0), (3, 1)]),  # the second of two like blocks: its own first line says so
        ("pxqx", "rx", []),
    ],
)
def test_what_is_certain(a: str, b: str, pairs: list[tuple[int, int]]) -> None:
    assert certain(numbers(a), numbers(b)) == pairs


def test_certain_is_what_every_longest_common_subsequence_has() -> None:
    short = [list(one) for length in range(5) for one in itertools.product((1, 2, 3), repeat=length)]
    for a, b in itertools.product(short, short):
        assert certain(a, b) == by_trying_all(a, b), (a, b)


@given(st.lists(st.integers(0, 4), max_size=12), st.lists(st.integers(0, 4), max_size=12), st.integers(0, 60))
def test_with_less_work_fewer_pairs_and_no_wrong_one(a: list[int], b: list[int], most_work: int) -> None:
    all_pairs = by_trying_all(a, b)
    assert certain(a, b) == all_pairs
    assert set(certain(a, b, most_work)) <= set(all_pairs)


class Counted(int):
    """A number that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) == other

    __hash__ = int.__hash__


@pytest.mark.parametrize("kind", ["shuffled", "reversed", "few letters"])
def test_work_is_bounded_where_all_is_different(kind: str) -> None:
    lines = list(range(4000))
    other = {
        "shuffled": random.Random(1).sample(lines, len(lines)),
        "reversed": lines[::-1],
        "few letters": [line * line % 7 for line in lines],
    }[kind]
    a = [-1, *(lines if kind != "few letters" else [line % 5 for line in lines]), -2]
    b = [-1, *other, -2]
    Counted.compared = 0
    pairs = certain([Counted(line) for line in a], [Counted(line) for line in b], 50_000)
    assert pairs[0] == (0, 0)
    assert pairs[-1] == (len(a) - 1, len(b) - 1)
    assert Counted.compared < 50_000 + 30 * len(a)


def test_changed_lines_that_occur_once_cost_nothing() -> None:
    a = list(range(5000))
    b = [line if line % 2 else line + 10_000 for line in a]
    assert certain(a, b, 0) == certain(a, b)
    assert len(certain(a, b)) == 2500


def test_the_bound_is_large_enough_for_a_file_with_hundreds_of_moved_lines() -> None:
    chance = random.Random(2)
    a = list(range(5000))
    b = list(a)
    for _ in range(200):
        one, other = chance.randrange(5000), chance.randrange(5000)
        b[one], b[other] = b[other], b[one]
    assert len(certain(a, b)) > 4400
    assert alignment.MOST_WORK <= 5_000_000
