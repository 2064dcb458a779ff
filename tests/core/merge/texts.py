"""Texts to merge: short ones over few letters, and edits of real files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hypothesis import strategies as st

ROOT = Path(__file__).parents[3]


def text(letters: str) -> bytes:
    """One line a letter; ``.`` is an empty line."""
    return "".join(("" if letter == "." else letter) + "\n" for letter in letters).encode()


@st.composite
def three_versions(draw: st.DrawFn, letters: str = "abcd", longest: int = 10) -> tuple[str, str, str]:
    """A base and two edits of it, a letter a line, few letters: so that hunks slide, touch and meet."""
    some = st.text(st.sampled_from(letters[: draw(st.integers(1, len(letters)))]), max_size=longest)
    base = draw(some)

    def edited() -> str:
        result = base
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, len(result)))
            end = at + draw(st.integers(0, 2))
            new = draw(st.one_of(some.map(lambda s: s[:3]), st.just(result[end : end + 3])))
            result = result[:at] + new + result[end:]
        return result

    return base, edited(), edited()


def real_files() -> list[list[str]]:
    """Python, YAML, SQL and Markdown of this repository, as lines."""
    found = [
        *sorted(ROOT.glob("pipegen/core/**/*.py")),
        *(file for end in ("py", "yml", "sql", "md") for file in sorted(ROOT.glob(f"tests/golden/shop/**/*.{end}"))),
    ]
    files = [file.read_text(encoding="utf-8").splitlines() for file in found]
    files = [lines for lines in files if len(paragraphs(lines)) > 8]
    assert len(files) > 50
    return files


def paragraphs(lines: Sequence[str]) -> list[tuple[int, int]]:
    """From where to where lines go on without an empty one; at most six lines."""
    found: list[tuple[int, int]] = []
    for number, line in enumerate(lines):
        if line.strip():
            start, end = found[-1] if found else (0, -1)
            if end == number and end - start < 6:
                found[-1] = (start, number + 1)
            else:
                found.append((number, number + 1))
    return found


def edited(
    lines: Sequence[str], places: Sequence[tuple[int, int]], chance: Callable[[tuple[int, int]], random.Random]
) -> list[str]:
    """The lines with one edit at each of the paragraphs, what people do to a file; by chance, which a place has of its own."""
    result = list(lines)
    for start, end in sorted(places, reverse=True):
        dice = chance((start, end))
        at, kind, word = dice.randrange(start, end), dice.randrange(7), f"new_{dice.randrange(10**9)}"
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        gap = [line for line in lines[end : end + 2] if not line.strip()]
        new = f"{indent}{word} = 1"
        if kind < 3:
            result[at] += f"  # {word}"
        elif kind == 3:
            result[at:at] = [new]
        elif kind == 4:
            result[end:end] = [*gap, new, f"{indent}pass"]
        elif kind == 5:
            result[end:end] = [*gap, lines[start] + f" {word}", *lines[start + 1 : end]]
        else:
            del result[start : end + len(gap)]
    return result


def apart(lines: Sequence[str], chance: random.Random) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Three paragraphs for one side and three for the other, at least one that nobody edits between the two."""
    every = paragraphs(lines)
    side: dict[int, int] = {}
    for index in chance.sample(range(len(every)), len(every)):
        for one in (0, 1):
            near = {side.get(other, one) for other in (index - 1, index, index + 1)}
            if near == {one} and list(side.values()).count(one) < 3:
                side[index] = one
                break
    mine, yours = ([every[index] for index in side if side[index] == one] for one in (0, 1))
    return mine, yours


def anywhere(lines: Sequence[str], chance: random.Random) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Three paragraphs for each side, next to one another as it happens."""
    some = chance.sample(paragraphs(lines), 6)
    return some[:3], some[3:]


def joined(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def subsequences(a: Sequence[int] | str, b: Sequence[int] | str) -> list[tuple[tuple[int, int], ...]]:
    """Every longest common subsequence, as index pairs: by trying all."""
    best: dict[tuple[int, int], set[tuple[tuple[int, int], ...]]] = {}
    for i in range(len(a), -1, -1):
        for j in range(len(b), -1, -1):
            ways = [*_ways(best, a, b, i, j)] or [()]
            most = max(map(len, ways))
            best[i, j] = {way for way in ways if len(way) == most}
    return sorted(best[0, 0])


def _ways(
    best: dict[tuple[int, int], set[tuple[tuple[int, int], ...]]],
    a: Sequence[int] | str,
    b: Sequence[int] | str,
    i: int,
    j: int,
) -> Iterator[tuple[tuple[int, int], ...]]:
    yield from best.get((i + 1, j), ())
    yield from best.get((i, j + 1), ())
    if i < len(a) and j < len(b) and a[i] == b[j]:
        yield from (((i, j), *way) for way in best[i + 1, j + 1])
