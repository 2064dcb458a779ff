"""Answers that cannot all be meant."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec.load import load
from pipegen.store import yaml_file
from tests.core.specs import SMALL


def problems(text: str) -> list[Problem]:
    document = yaml_file.parse(text.encode(), "pipegen.yml")
    with pytest.raises(SpecError) as refused:
        load(document.values, document.locate)
    return refused.value.problems()


EVERY = """\
name: shop
consumers: [reports, dashboards, reports]
ceiling: 500
sources:
  events:
    kind: kafka
    url_env: EVENTS_BROKERS
    immutable: true
    deletes: soft
    window: 25h
    tables:
      clicks:
        immutable: yes
        history: scd2
  partner:
    kind: files
    path: sftp://me:hunter2@host/daily/*.csv
  crm:
    kind: rest
    url_env: CRM_URL
    webhooks: false
    replay: true
"""
FOUND = {
    2: "`consumers.2`: `reports` is there already",
    3: "`ceiling` needs `prices`",
    9: "`sources.events.deletes` wants deletes, of rows that `sources.events.immutable` says never change or go",
    10: "`sources.events.window`: a day has no more than 24 hours",
    14: "`sources.events.tables.clicks.history` wants earlier versions of rows",
    17: "`sources.partner.path` has a password in it",
    22: "`sources.crm.replay` is said of webhooks",
}


def test_every_contradiction_is_told_at_once_with_its_line_and_a_hint() -> None:
    found = problems(EVERY)
    assert sorted(int((p.where or "").removeprefix("pipegen.yml:")) for p in found) == list(FOUND)
    for problem in found:
        assert problem.message.startswith(FOUND[int((problem.where or "").removeprefix("pipegen.yml:"))])
        assert problem.hint
        assert "hunter2" not in f"{problem} {problem.hint}"


def test_they_are_told_beside_what_is_wrong_with_an_answer_by_itself() -> None:
    found = problems(EVERY.replace("window: 25h", "window: soon").replace("name: shop", "name: shop\nci: gitlb"))
    lines = [int((p.where or "").rpartition(":")[2]) for p in found]
    assert lines == sorted([2, *(line + 1 for line in FOUND)]), "in the order of the file"
    assert "gitlb" in found[0].message


@pytest.mark.parametrize(
    "said",
    [
        {"prices": {"currency": "USD"}, "ceiling": 5},
        {"prices": {"compute_minute": 0}, "ceiling": 5},
        {"prices": {}, "ceiling": 5},
        {"prices": None, "ceiling": "5"},
    ],
)
def test_a_ceiling_needs_a_price(said: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="`ceiling` needs `prices`"):
        load({**SMALL, **said})
    assert load({**SMALL, "ceiling": 5, "prices": {"stored_gb": 0.01}}).ceiling == 5


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("https://h/x.csv", "a path, or a URL with one of: s3, gs, az, sftp"),
        ("ftp://h/x.csv", "did you mean `sftp`?"),
        ("S3://b/x.csv", "did you mean `s3`?"),
    ],
)
def test_files_are_read_from_some_places_alone(path: str, hint: str) -> None:
    (problem,) = problems(f'name: x\nsources:\n  s:\n    kind: files\n    path: "{path}"\n')
    assert problem.message == f"`sources.s.path`: files are not read from `{path.partition(':')[0]}://`"
    assert (problem.where, problem.hint) == ("pipegen.yml:5", hint)


TABLE = ("sources", "shop_db", "tables", "orders")
SOURCE = TABLE[:2]


def said(*pairs: tuple[tuple[str, ...], dict[str, Any]]) -> dict[str, Any]:
    data = copy.deepcopy(SMALL)
    for at, answers in pairs:
        node: Any = data
        for part in at:
            node = node[part]
        node.update(answers)
    return data


@pytest.mark.parametrize("at", [TABLE, SOURCE])
@pytest.mark.parametrize("more", [{"deletes": "soft"}, {"deletes": "hard"}, {"history": "daily"}])
@pytest.mark.parametrize("yes", [True, "true", "yes", 1])
def test_rows_that_never_change_are_not_deleted_and_have_no_past(
    at: tuple[str, ...], more: dict[str, str], yes: Any
) -> None:
    with pytest.raises(SpecError, match="says never change or go"):
        load(said((at, {"immutable": yes, **more})))


@pytest.mark.parametrize(
    "data",
    [
        said((TABLE, {"immutable": True, "deletes": "ignore", "history": "none"})),
        said((TABLE, {"immutable": False, "deletes": "soft", "history": "scd2"})),
        said((TABLE, {"immutable": True}), (SOURCE, {"deletes": "soft", "history": "scd2"})),
        said((SOURCE, {"window": "1d"})),
        said((SOURCE, {"kind": "files", "path": "s3://b/a@b/*.csv"})),
        {**SMALL, "sources": {"s": {"kind": "rest", "url_env": "X", "replay": True}}},
    ],
)
def test_what_can_be_meant_is_taken(data: dict[str, Any]) -> None:
    load(data)


@pytest.mark.parametrize(
    "data",
    [
        {"sources": [{"immutable": True}]},
        {"sources": {"s": {"kind": "sample", "tables": ["t"], "window": 5}}},
        {"sources": {"s": None}, "consumers": "reports", "prices": 5, "ceiling": []},
        {"sources": {"s": {"kind": "sample", "path": 5, "immutable": [], "webhooks": {}}}},
    ],
)
def test_a_wrong_shape_is_an_error_and_no_bug(data: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        load({"name": "x", **data})
