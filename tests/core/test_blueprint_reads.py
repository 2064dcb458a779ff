"""Which kinds of source a catalog's blueprints can load, and what is said of the others."""

from __future__ import annotations

import pytest

from pipegen.core.blueprint import Manifest
from pipegen.core.blueprint_reads import BEFORE_SAID, refuse_unread
from pipegen.core.errors import SpecError
from pipegen.core.spec.load import load
from pipegen.core.spec.model import PipelineSpec
from pipegen.store.blueprints import BlueprintStore

OURS = Manifest.model_validate(
    {"name": "ours", "version": "1.0.0", "summary": "A loader of one's own.", "reads": ["mysql"]}
)


def spec(*kinds: str, catalog: str = "1.2") -> PipelineSpec:
    said = {
        "files": {"path": "data"},
        "mongodb": {"url_env": "WEB_URL"},
        "mysql": {"url_env": "SHOP_URL"},
        "postgres": {"url_env": "CRM_URL"},
        "rest": {"url_env": "API_URL"},
        "sample": {},
        "sqlite": {"path": "x.sqlite"},
    }
    sources = {f"a_{kind}": {"kind": kind, **said[kind]} for kind in kinds}
    return load({"name": "p", "catalog": catalog, "sources": sources})


def manifests(catalog: str) -> list[Manifest]:
    return [blueprint.manifest for blueprint in BlueprintStore().load(catalog)]


@pytest.mark.parametrize("catalog", ["1.0", "1.1", "1.2"])
def test_an_older_catalog_refuses_what_is_newer_than_it(catalog: str) -> None:
    with pytest.raises(SpecError) as raised:
        refuse_unread(spec("mysql", "sqlite", "rest", catalog=catalog), manifests(catalog), lambda _: None)
    first, second = raised.value.problems()
    assert f"source `a_mysql` is of kind `mysql`, which the blueprints of catalog {catalog} do not" in first.message
    assert "`a_rest` is of kind `rest`" in second.message
    assert first.where == "sources.a_mysql.kind" and "newest" in str(first.hint)


@pytest.mark.parametrize("catalog", ["1.0", "1.2", "next"])
def test_what_was_always_read_is_read_by_each(catalog: str) -> None:
    refuse_unread(spec(*sorted(BEFORE_SAID), catalog=catalog), manifests(catalog), lambda _: None)


def test_the_next_catalog_takes_servers_and_apis() -> None:
    refuse_unread(spec("mysql", "rest", catalog="next"), manifests("next"), lambda _: None)


def test_a_blueprint_of_ones_own_adds_to_what_the_others_read() -> None:
    found = [*manifests("1.2"), OURS]
    refuse_unread(spec("mysql", "postgres", "files"), found, lambda _: None)
    with pytest.raises(SpecError, match="kind `rest`"):
        refuse_unread(spec("mysql", "rest"), found, lambda _: None)


def test_what_no_catalog_reads_is_left_to_the_architect() -> None:
    refuse_unread(spec("mongodb", catalog="next"), manifests("next"), lambda _: None)
