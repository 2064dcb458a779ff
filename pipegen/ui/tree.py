"""A tree of files in a few lines: folders with how many files are in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pipegen.ui.wrapped import Line, columns

_APART = 3


def folded(paths: Iterable[str], line: Line) -> None:
    """Every folder at the top with its count, then the files there, side by side as far as the screen goes."""
    counts = Counter(f"{path.partition('/')[0]}/" if "/" in path else path for path in paths)
    names = sorted(counts, key=lambda name: (not name.endswith("/"), name.casefold()))
    width = max((len(name) for name in names), default=0) + 5
    across = max(1, (columns() - 2 + _APART) // (width + _APART))
    down = -(-len(names) // across)
    for row in range(down):
        cells = [_cell(name, counts[name], width) for name in names[row::down]]
        line("  ", (" " * _APART).join(cells).rstrip())


def _cell(name: str, count: int, width: int) -> str:
    return f"{name} {count:>{width - len(name) - 1}}" if name.endswith("/") else f"{name:<{width}}"
