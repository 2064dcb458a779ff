"""What tests of file probes share: a folder of files from texts, and its measurement."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, MeasuredTable
from pipegen.probe import Look, probe


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def measure(folder: Path, path: str = ".", tables: list[str] | None = None) -> Measured:
    return probe("files", path, Look(tables=tables, root=folder))


def one(folder: Path, content: str | bytes, name: str = "t.csv") -> MeasuredTable:
    """The measurement of a folder with one file in it."""
    [table] = measure(write(folder, {name: content})).tables.values()
    return table


def error(folder: Path, path: str = ".", tables: list[str] | None = None) -> SourceError:
    """The expected error of a measurement that cannot be made; it always says what to do."""
    try:
        measure(folder, path, tables)
    except SourceError as raised:
        assert raised.hint
        assert "Traceback" not in raised.message
        return raised
    raise AssertionError("the probe raised no error")


def column_types(table: MeasuredTable) -> dict[str, str]:
    return {name: column.type for name, column in table.columns.items()}
