from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, settings

from pipegen.core.errors import SpecError
from pipegen.core.spec import write
from pipegen.core.spec.load import load
from pipegen.store import yaml_file
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
    text = write.text(spec)
    assert load(yaml_file.parse(text.encode(), "pipegen.yml").values) == spec
    assert yaml.safe_load(text) == write.plain(spec)
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
