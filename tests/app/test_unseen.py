"""Sources that nothing can look at, on every road that edits a repository: they reach the architect, and fail nowhere before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipegen.app import add, generate, rename
from pipegen.app import update as updating
from pipegen.app.answers import Given
from pipegen.app.repository import open_repository
from pipegen.core.design import architect
from pipegen.core.errors import Problem, SpecError
from pipegen.core.measured import Measured
from pipegen.core.spec.model import PipelineSpec
from pipegen.store import yaml_file

MONGO = "  web:\n    kind: mongodb\n    url_env: WEB_URL\n    log_kept: 7d\n    tables: {clicks: {immutable: true}}\n"
Asked = list[tuple[PipelineSpec, Mapping[str, Measured]]]


@pytest.fixture
def root(here: Path) -> Path:
    generate.apply(generate.generate(Given(name="shop", flags={"source": ["exports/*.csv"]})), use_git=False)
    return here / "shop"


@pytest.fixture
def asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the architect was asked, which refuses everything."""
    seen: Asked = []

    def design(spec: PipelineSpec, measured: Mapping[str, Measured], *_: object) -> Any:
        seen.append((spec, measured))
        raise SpecError([Problem("the architect says no")])

    monkeypatch.setattr(add, "design", design)
    monkeypatch.setattr(architect, "design", design)
    return seen


@pytest.fixture
def with_web(root: Path) -> Path:
    path = root / "pipegen.yml"
    path.write_text(path.read_text().replace("\nmarts:\n", f"{MONGO}\nmarts:\n"))
    return root


def refused(inputs: dict[str, bytes | None], root: Path, asked: Asked) -> PipelineSpec:
    """The spec that the architect is asked for, after it was asked for no measurement of the new source."""
    with pytest.raises(SpecError, match="the architect says no"):
        updating.update(updating.Request(root, inputs))
    spec, measured = asked[-1]
    assert list(measured) == ["exports"]
    return spec


@pytest.mark.parametrize("url", ["web=mongodb://u:hunter2@h/clicks", "web=webhook:"])
def test_a_source_that_is_added_reaches_the_architect(root: Path, here: Path, asked: Asked, url: str) -> None:
    with pytest.raises(SpecError, match="the architect says no"):
        add.add_source(root, url, tables=["web.clicks"], cwd=here)
    spec, measured = asked[-1]
    assert list(spec.sources["web"].tables) == ["clicks"]
    assert list(measured) == ["exports"]


def test_where_no_mart_is_named_it_is_written_as_new_writes_it(root: Path, here: Path, asked: Asked) -> None:
    path = root / "pipegen.yml"
    head, _, tail = path.read_text().partition("marts:\n")
    path.write_text(f"{head}marts: {{}}\n{tail.partition(chr(10) * 2)[2]}")
    inputs = add.add_source(
        root, "web=mongodb://u:hunter2@h/clicks", tables=["web.clicks"], said={"freshness": "5m"}, cwd=here
    )
    assert set(inputs) == {"pipegen.yml"}, "nothing was measured"
    source = yaml_file.parse(inputs["pipegen.yml"] or b"", "x").values["sources"]["web"]
    assert source == {"kind": "mongodb", "url_env": "WEB_URL", "freshness": "5m", "tables": {"clicks": {}}}
    assert refused(inputs, root, asked).sources["web"].freshness == "5m"


def test_a_table_more(with_web: Path, asked: Asked) -> None:
    with pytest.raises(SpecError, match="the architect says no"):
        add.add_table(with_web, ["web.views"])
    assert list(asked[-1][0].sources["web"].tables) == ["clicks", "views"]


def test_renames_keep_what_was_said(with_web: Path, asked: Asked) -> None:
    spec = refused(rename.rename(with_web, "web", "site"), with_web, asked)
    assert (spec.sources["site"].was, spec.sources["site"].log_kept) == ("web", "7d")  # type: ignore[union-attr]
    spec = refused(rename.rename(with_web, "web.clicks", "views"), with_web, asked)
    assert spec.sources["web"].tables["views"].immutable is True


def test_values_are_set_and_the_repository_is_read(with_web: Path, asked: Asked) -> None:
    sets = [("sources.web.change_log", True), ("sources.web.tables.clicks.size", "3M rows"), ("on_call", "always")]
    with pytest.raises(SpecError, match="the architect says no"):
        updating.update(updating.Request(with_web, sets=[*sets, ("destination.kind", "bigquery")]))
    spec = asked[-1][0]
    assert (spec.on_call, spec.destination.kind) == ("always", "bigquery")
    assert spec.sources["web"].tables["clicks"].size == "3M rows"
    assert list(open_repository(with_web).measured) == ["exports"]


def test_probing_again_passes_it_by(with_web: Path, asked: Asked) -> None:
    with pytest.raises(SpecError, match="the architect says no"):
        updating.update(updating.Request(with_web, probe=True))


def test_the_file_of_measurements_is_still_missed_of_a_source_that_can_be_looked_at(with_web: Path) -> None:
    (with_web / "sources/exports.yml").unlink()
    with pytest.raises(SpecError, match=r"`sources/exports\.yml` is missing"):
        open_repository(with_web)
