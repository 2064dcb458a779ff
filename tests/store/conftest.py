"""A repository and what an update makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store import kills
from tests.store.repositories import CHANGE, Shown, shown


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    with kills.unsynced():
        yield CHANGE.write_old(tmp_path / "x")


@pytest.fixture
def old(tmp_path: Path) -> Shown:
    return shown(CHANGE.write_old(tmp_path / "old"))


@pytest.fixture
def new(tmp_path: Path) -> Shown:
    return shown(CHANGE.write_new(tmp_path / "new"))
