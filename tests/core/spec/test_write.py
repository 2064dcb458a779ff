from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.core.errors import SpecError
from pipegen.core.spec import write
from pipegen.core.spec.load import load
from pipegen.core.spec.model import PipelineSpec
from pipegen.store import yaml_file
from tests import golden_trees
from tests.core.spec.answers import ANSWERS, PRICES
from tests.core.specs import SMALL, SPEC


@settings(max_examples=60)
@given(SPEC)
def test_a_spec_that_is_written_and_read_is_the_same(data: dict[str, Any]) -> None:
    try:
        spec = load(data)
    except SpecError as refused:  # two names that would meet, a reserved one: nothing else is wrong with these
        assert all(
            "would both" in p.message or "for itself" in p.message or "device" in p.message for p in refused.problems()
        )
        return
    _survives(spec)


def _survives(spec: PipelineSpec) -> None:
    text = write.text(spec)
    assert load(yaml_file.parse(text.encode(), "pipegen.yml").values) == spec
    assert yaml.safe_load(text) == write.plain(spec)
    assert write.text(load(yaml_file.parse(text.encode(), "pipegen.yml").values)) == text


@settings(max_examples=80)
@given(ANSWERS)
def test_so_is_one_with_every_answer_that_can_be_given(data: dict[str, Any]) -> None:
    try:
        spec = load(data)
    except SpecError as refused:
        assert all(
            "would both" in p.message or "for itself" in p.message or "device" in p.message for p in refused.problems()
        )
        return
    _survives(spec)
    plain = write.plain(spec)
    for key in ("on_call", "consumers", "raw_personal_data", "machine", "prices"):
        assert plain.get(key) == (data.get(key) or None)
    for name, source in data["sources"].items():
        assert plain["sources"][name].keys() - {"tables", "schema"} == source.keys() - {"tables", "schema"}
        for table, said in (source.get("tables") or {}).items():
            assert plain["sources"][name]["tables"][table] == (said or {})


@given(PRICES, st.integers(1, 10**6))
def test_a_ceiling_is_written_as_it_was_said(prices: dict[str, Any], ceiling: int) -> None:
    text = write.text(load({**SMALL, "prices": prices, "ceiling": ceiling}))
    assert f"\nceiling: {ceiling}  # what a month may cost at most\n" in text


@pytest.mark.parametrize("tree", golden_trees.names())
def test_an_answer_that_nobody_gave_is_in_no_file(tree: str) -> None:
    text = (golden_trees.FOLDER / tree / "pipegen.yml").read_text()
    assert write.text(load(yaml_file.parse(text.encode(), "pipegen.yml").values)) == text


def test_the_file_is_short_and_commented_and_begins_with_the_schema() -> None:
    text = write.text(load(SMALL))
    assert text.startswith("# yaml-language-server: $schema=.pipegen/schema.json\nversion: 1\n")
    assert "freshness: 1d  # p95 age of the data when it is read" in text
    assert "      orders: {key: [order_id]}\n" in text
    assert "null" not in text
    assert len(text.splitlines()) < 40


def test_marts_that_nobody_named_stay_unnamed_and_none_stays_none() -> None:
    assert "marts" not in write.plain(load(SMALL))
    assert write.plain(load({**SMALL, "marts": {}}))["marts"] == {}
