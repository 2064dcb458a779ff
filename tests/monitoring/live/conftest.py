"""One watched pipeline for the faults of a module; each test breaks one thing, and leaves the pipeline whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitoring.live.proof import Proof, watched


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """A pipeline whose loads have run once, whole, with all that watches it; nothing fires."""
    with watched(tmp_path_factory.mktemp("live")) as started:
        started.begin()
        yield started
