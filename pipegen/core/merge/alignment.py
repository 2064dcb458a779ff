"""Which lines of two texts are the same line, where that is certain.

An alignment of two sequences is a longest common subsequence: as many pairs of equal lines as there can be, in order. Where
lines repeat there are several of them (an added block that ends as the one before it ends can slide), and a merge that
trusts any single one of them may land an edit in the wrong place. So only those pairs count that *every* longest common
subsequence has; the rest is not aligned at all.

These pairs are found without listing the alignments. As paths in the edit graph (Myers, "An O(ND) Difference Algorithm and
Its Variations", 1986) the shortest edit scripts lie between two of them: the one that, walked from the end, takes each
deletion as soon as it can, and the one that does so with insertions. (Two such paths cannot cross without meeting in a
point, and where they meet they may change places.) A pair that is on both is on all. How far a path may be from the end is
known from the furthest points of Wu, Manber, Myers and Miller, "An O(NP) Sequence Comparison Algorithm" (1990), whose work
grows with the number of lines that differ, not with the product of the two lengths.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import chain

Pair = tuple[int, int]

# Points of the edit graph that are looked at before two texts count as too different to be aligned line by line: a second or so.
MOST_WORK = 1_000_000


def certain(a: Sequence[int], b: Sequence[int], most_work: int = MOST_WORK) -> list[Pair]:
    """The pairs (index in ``a``, index in ``b``) that every longest common subsequence of the two has, in order.

    Where that would take more than ``most_work``, only pairs at the start and at the end that are certain for another reason
    are returned: the middle counts as one change.
    """
    # A line that the other side does not have is in no common subsequence: without these the rest is short, and the same.
    in_a, in_b = set(a), set(b)
    at_a = [i for i, line in enumerate(a) if line in in_b]
    at_b = [j for j, line in enumerate(b) if line in in_a]
    if len(at_a) > len(at_b):
        pairs = [(i, j) for j, i in _certain([b[j] for j in at_b], [a[i] for i in at_a], most_work)]
    else:
        pairs = _certain([a[i] for i in at_a], [b[j] for j in at_b], most_work)
    return [(at_a[i], at_b[j]) for i, j in pairs]


def _certain(a: list[int], b: list[int], most_work: int) -> list[Pair]:
    """As ``certain``, ``a`` not longer than ``b``."""
    head = _certain_head(a, b)
    tail = _certain_head(a[head:][::-1], b[head:][::-1])
    middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
    furthest = _furthest(middle_a, middle_b, most_work)
    middle: list[Pair] = []
    if furthest is not None:
        one = _walk(middle_a, middle_b, furthest, insertions_first=True)
        other = set(_walk(middle_a, middle_b, furthest, insertions_first=False))
        middle = [pair for pair in reversed(one) if pair in other]
    return [
        *((i, i) for i in range(head)),
        *((head + i, head + j) for i, j in middle),
        *((len(a) - i, len(b) - i) for i in range(tail, 0, -1)),
    ]


def _certain_head(a: list[int], b: list[int]) -> int:
    """How many lines at the start are certainly the same: a common start whose last line is nowhere else after it.

    An alignment without the pair of these last lines would have fewer pairs before them than there are lines, and could
    have no more after them: it is not a longest one.
    """
    head = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    after = set(a[head:]) | set(b[head:])
    while head and a[head - 1] in after:
        head -= 1
        after.add(a[head])
    return head


def _furthest(a: list[int], b: list[int], most_work: int) -> list[array[int]] | None:
    """For each number of deletions p and each diagonal k = y - x from -p to delta + p, how far along it paths get.

    On a diagonal beyond delta = len(b) - len(a) a path has that many deletions less: it needs them to come back. None when
    it would be too much work.
    """
    n, m = len(a), len(b)
    delta = m - n
    zero = n + 1
    reached = [-1] * (n + m + 3)
    rows: list[array[int]] = []
    work = 0
    while reached[zero + delta] < m:
        p = len(rows)
        for k in _diagonals(p, delta):
            inserted, deleted = reached[zero + k - 1] + 1, reached[zero + k + 1]
            y = start = inserted if inserted > deleted else deleted
            x = y - k
            while x < n and y < m and a[x] == b[y]:
                x += 1
                y += 1
            reached[zero + k] = y
            work += y - start + 1
        if work > most_work:
            return None
        rows.append(array("i", reached[zero - p : zero + delta + p + 1]))
    return rows


def _diagonals(p: int, delta: int) -> Iterator[int]:
    """From both sides towards delta, each after those that it is reached from."""
    return chain(range(-p, delta), range(delta + p, delta - 1, -1))


def _walk(a: list[int], b: list[int], furthest: list[array[int]], *, insertions_first: bool) -> list[Pair]:
    """The pairs of one shortest edit script, from the end: of those possible, the outermost on one side."""
    x, y, deletions = len(a), len(b), len(furthest) - 1
    delta = y - x

    def bound(k: int, deletions: int) -> int:
        p = deletions + max(0, k - delta)
        return furthest[p][k + p] if deletions >= 0 and p < len(furthest) and -p <= k <= delta + p else -1

    pairs: list[Pair] = []
    while x or y:
        inserting, deleting = bound(y - x - 1, deletions) + 1, bound(y - x + 1, deletions - 1)
        first = (inserting if y else -1) if insertions_first else (deleting if x else -1)
        while y > first and x and y and a[x - 1] == b[y - 1]:
            x -= 1
            y -= 1
            pairs.append((x, y))
        if not (x or y):
            break
        may_insert, may_delete = 0 < y <= inserting, x > 0 and y <= deleting
        if may_insert and (insertions_first or not may_delete):
            y -= 1
        else:
            x -= 1
            deletions -= 1
    return pairs
