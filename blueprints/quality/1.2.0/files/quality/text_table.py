"""Aligned text that fits a terminal."""

import unicodedata

NAME_WIDTH = 26


def text_table(rows: list[tuple[str, ...]]) -> str:
    """Names to the left, all else to the right."""
    columns = max(len(row) for row in rows)
    rows = [(*(_cut(cell) for cell in row), *[""] * (columns - len(row))) for row in rows]
    widths = [max(_width(row[place]) for row in rows) for place in range(columns)]
    widths[0] = max(widths[0], NAME_WIDTH)
    lines = []
    for row in rows:
        cells = [row[0] + " " * (widths[0] - _width(row[0]))]
        cells += [
            " " * (width - _width(cell)) + cell
            for cell, width in zip(row[1:], widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    rule = "-" * max(_width(line) for line in lines)
    return "\n".join([lines[0], rule, *lines[1:]])


def listing(rows: list[list[str]], most: int) -> str:
    """All to the left; of a long cell what fits into `most` columns."""
    rows = [[_cut(cell, most) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        for row in rows
    ]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join(line.rstrip() for line in [lines[0], rule, *lines[1:]])


def _cut(cell: str, most: int = NAME_WIDTH) -> str:
    if _width(cell) <= most:
        return cell
    while _width(cell) >= most:
        cell = cell[:-1]
    return f"{cell}…"


def _width(text: str) -> int:
    """Columns that the text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide


def count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"
