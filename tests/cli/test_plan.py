"""``pipegen plan`` as people use it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipegen.cli.assignments import pairs
from pipegen.cli.main import run
from tests.small import tree

Result = tuple[int, str, str]


@pytest.fixture
def pipegen(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: str) -> Result:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def root(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert run(["new", "shop", "--source", "./exports/*.csv", "--no-git"]) == 0
    monkeypatch.chdir(here / "shop")
    return here / "shop"


def test_another_answer_is_shown_and_not_taken(root: Path, pipegen: Callable[..., Result]) -> None:
    before = tree(root)
    code, out, err = pipegen("plan", "--set", "freshness=15m")
    assert (code, err) == (0, "")
    assert out.startswith("Decisions\n  exports.mode:  batch -> frequent-batch\n      freshness 15m\n")
    assert "Sizing and cost\n  exports: slack to the freshness" in out
    assert "Files\n  ~ pipegen.yml  (input)\nPlan: 0 to add, 1 to change, 0 to remove\n" in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert tree(root) == before


def test_nothing_asked_says_nothing_changes(root: Path, pipegen: Callable[..., Result]) -> None:
    code, out, _ = pipegen("plan")
    assert code == 0
    assert out.count("  none change\n") == 3


def test_the_files_as_diffs(root: Path, pipegen: Callable[..., Result]) -> None:
    code, out, _ = pipegen("plan", "--set", "freshness=15m", "--diff")
    assert code == 0
    assert "+++ b/pipegen.yml\n" in out
    assert "freshness: 15m" in out


def test_a_demand_that_cannot_be_met_ends_with_1_and_says_what_works(
    root: Path, pipegen: Callable[..., Result]
) -> None:
    before = tree(root)
    code, out, _ = pipegen("plan", "--set", "freshness=10s")
    assert code == 1
    assert "Cannot be met\n  exports.freshness: asked 10s, got 5m, missed by " in out
    assert "the nearest that work:" in out
    assert "try it: pipegen plan --set " in out
    assert out.endswith("Files\n  none, because of `exports.freshness`: see above\n")
    assert tree(root) == before


def test_what_is_said_to_work_works(root: Path, pipegen: Callable[..., Result]) -> None:
    _, out, _ = pipegen("plan", "--set", "freshness=10s", "--json")
    (missed,) = json.loads(out)["unmet"]
    built = [option for option in missed["nearest"] if option["built"]]
    assert built
    for option in built:
        sets = [word for one in option["sets"] for word in ("--set", one)]
        code, out, err = pipegen("plan", "--set", "freshness=10s", *sets, "--json")
        assert code == 0, err
        after = json.loads(out)["cost"]["after"]
        assert {id: after[id] for id in option["cost"]} == pytest.approx(option["cost"])


def test_json_has_everything_and_is_alone_on_stdout(root: Path, pipegen: Callable[..., Result]) -> None:
    code, out, err = pipegen("plan", "--set", "freshness=15m", "--json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert document.keys() == {
        "schema_version", "root", "sets", "decisions", "sizing", "cost", "plan", "summary", "refused", "unmet", "unbuilt",
        "open_questions", "notes",
    }  # fmt: skip
    assert (document["schema_version"], document["root"], document["sets"]) == (
        1,
        str(root),
        ["defaults.freshness=15m"],
    )
    assert document["decisions"][0].keys() == {"id", "before", "after", "because"}
    assert document["sizing"].keys() == document["cost"].keys() == {"before", "after"}
    assert [a["path"] for a in document["plan"]] == ["pipegen.yml"]
    assert document["summary"] == {"update": 1}
    _, dry, _ = pipegen("update", "--set", "freshness=15m", "--dry-run", "--json")
    assert json.loads(dry)["plan"] == document["plan"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "freshness"], "error: --set: `freshness` is not KEY=VALUE"),
        (["--set", "freshness=soon"], "error: --set freshness: `defaults.freshness`: `soon` is not a duration"),
        (
            ["--set", "orders.size=80M rows"],
            "error: --set orders.size: unknown key `orders`\n\nhint: did you mean `sources.exports.tables.orders.size`?",
        ),
        (["--set", "freshnes=5m"], "error: --set freshnes: unknown key `freshnes`\n\nhint: did you mean `freshness`?"),
        (["--to", "9.9"], "error: `--to 9.9`: there is no such catalog"),
    ],
)
def test_wrong_answers_end_with_2(words: list[str], said: str, root: Path, pipegen: Callable[..., Result]) -> None:
    code, out, err = pipegen("plan", *words)
    assert (code, out) == (2, "")
    assert err.startswith(said)


def test_of_several_sources_the_addresses_are_listed(
    here: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["new", "two", "--source", "./exports/*.csv", "--source", "db=sqlite:///shop.db", "--no-git"]) == 0
    monkeypatch.chdir(here / "two")
    code, _, err = pipegen("plan", "--set", "volume=1M rows/day")
    assert code == 2
    assert err.endswith("hint: say whose: `sources.exports.volume`, `sources.db.volume`\n")
    code, out, _ = pipegen("plan", "--set", "sources.db.volume=1M rows/day", "--json")
    assert (code, json.loads(out)["sets"]) == (0, ["sources.db.volume=1M rows/day"])


def test_a_table_that_says_its_own_is_told(root: Path, pipegen: Callable[..., Result]) -> None:
    code, _, err = pipegen("plan", "--set", "sources.exports.tables.orders.freshness=2h", "--set", "freshness=4h")
    assert code == 0
    assert "note: exports.orders does not follow, it says its own `freshness: 2h`" in err


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("*/10 * * * *", "*/10 * * * *"),
        ("@daily", "@daily"),
        ("8", "8"),
        ("3, first after 5m", "3, first after 5m"),
        ("full # really", "full # really"),
        ("'full'", "full"),
        ("{choice: 8, because: x}", {"choice": 8, "because": "x"}),
        ("null", None),
        ("", None),
    ],
)
def test_a_choice_is_its_text_as_it_stands(text: str, value: Any) -> None:
    assert pairs([f"overrides.shop.mode={text}", "machine.cores=8"]) == [
        ("overrides.shop.mode", value),
        ("machine.cores", 8),
    ]


def test_an_override_that_is_a_number_or_a_cron_expression_is_taken(root: Path, pipegen: Callable[..., Result]) -> None:
    sets = [
        word for value in ("schedule=*/10 * * * *", "retries=0") for word in ("--set", f"overrides.exports.{value}")
    ]
    code, out, _ = pipegen("plan", *sets, "--json")
    document = json.loads(out)
    assert (code, document["sets"]) == (0, [
        'overrides."exports.schedule"="*/10 * * * *"', 'overrides."exports.retries"="0"',
    ])  # fmt: skip
    after = {d["id"]: d["after"] for d in document["decisions"]}
    assert (after["exports.schedule"], after["exports.retries"]) == ("*/10 * * * *", "0")
