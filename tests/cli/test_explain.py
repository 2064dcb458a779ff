"""``pipegen explain`` as people use it."""

from __future__ import annotations

import io
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipegen.cli.main import run
from tests.small import tree

Result = tuple[int, str, str]
CLICKS = """sources:
  events:
    kind: kafka
    url_env: EVENTS_BROKERS
    freshness: 5m
    tables: {clicks: {volume: 40 GB/day, immutable: true}}
"""


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


def test_the_whole_design_in_short(root: Path, pipegen: Callable[..., Result]) -> None:
    before = tree(root)
    code, out, err = pipegen("explain")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "exports"
    assert "  mode          batch  freshness 1d" in lines
    assert [line for line in lines if "customers, orders: full" in line]
    assert [line for line in lines if "flips to frequent-batch below a freshness of 1h" in line]
    for title in (
        "whole pipeline",
        "Sizing of exports",
        "The whole pipeline, a month",
        "Freshness price list, a month",
    ):
        assert title in lines
    assert err == "whole, with what was not chosen: pipegen explain exports.mode\n"
    assert all(len(line) <= 80 for line in lines)
    assert tree(root) == before


def test_the_command_that_is_told_works(root: Path, pipegen: Callable[..., Result]) -> None:
    _, _, err = pipegen("explain")
    code, out, _ = pipegen(*shlex.split(err.split("pipegen ", 1)[1]))
    assert code == 0
    assert out.startswith("exports.mode: batch\n  because     freshness 1d\n  not chosen  ")


def test_every_command_that_flips_a_decision_runs_and_flips_it(root: Path, pipegen: Callable[..., Result]) -> None:
    _, out, _ = pipegen("explain", "exports.mode", "--json")
    (decision,) = json.loads(out)["decisions"]
    assert decision["flips"]
    for flip in decision["flips"]:
        sets = [word for one in flip["sets"] for word in ("--set", one)]
        _, planned, _ = pipegen("plan", *sets, "--json")
        changed = {d["id"]: d["after"] for d in json.loads(planned)["decisions"]}
        assert changed["exports.mode"] == flip["to"]


def test_a_part_whole(root: Path, pipegen: Callable[..., Result]) -> None:
    code, out, _ = pipegen("explain", "exports.orders.extract", "-C", "dags")
    assert code == 0
    assert out.startswith("exports.orders.extract: full\n")
    assert "\n  rule        extract." in out
    assert "\n  source      " in out
    code, out, _ = pipegen("explain", "sizing")
    assert "rows_per_run" not in out
    assert out.startswith("Sizing of exports\n  rows a run ")


def test_json_is_alone_on_stdout(root: Path, pipegen: Callable[..., Result]) -> None:
    code, out, err = pipegen("explain", "--json")
    document = json.loads(out)
    assert (code, err, document["schema_version"], document["root"]) == (0, "", 1, str(root))
    assert {d["id"] for d in document["decisions"]} >= {"exports.mode", "exports.orders.write", "pipeline.transform"}
    assert document["prices"]


def test_an_unknown_id_is_told(root: Path, pipegen: Callable[..., Result]) -> None:
    code, out, err = pipegen("explain", "exports.order.extract")
    assert (code, out) == (2, "")
    assert err == (
        "error: `exports.order.extract` is nothing that is decided or counted here\n\n"
        "hint: did you mean `exports.orders.extract`?\n"
    )


def test_a_file_is_read_before_anything_is_generated(here: Path, pipegen: Callable[..., Result]) -> None:
    (here / "clicks.yml").write_text(CLICKS)
    code, out, err = pipegen("explain", "--answers", "clicks.yml")
    assert code == 0, err
    assert "  extract           clicks: append  " in out
    assert "Not built yet\n  events.kind: kafka\n" in out
    assert "note: not measured: events; decided from what pipegen.yml says\n" in err
    assert not (here / "pipeline").exists()


def test_a_file_is_read_from_stdin(here: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(CLICKS.encode()), isatty=lambda: False))
    code, out, _ = pipegen("explain", "events.mode", "--answers", "-", "--json")
    assert (code, [d["id"] for d in json.loads(out)["decisions"]]) == (0, ["events.mode"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: {a: {kind: kafka}}\n", "error: clicks.yml:1: `sources.a.url_env` is missing"),
        ("sources: [\n", "error: clicks.yml:"),
    ],
)
def test_a_file_that_is_no_spec_is_refused(text: str, said: str, here: Path, pipegen: Callable[..., Result]) -> None:
    (here / "clicks.yml").write_text(text)
    code, out, err = pipegen("explain", "--answers", "clicks.yml")
    assert (code, out) == (2, "")
    assert err.startswith(said)


def test_outside_a_repository_it_says_so(here: Path, pipegen: Callable[..., Result]) -> None:
    code, _, err = pipegen("explain")
    assert code == 1
    assert err.startswith("error: no pipegen.yml here or in a folder above\n\nhint: ")


def test_help_begins_with_an_example(pipegen: Callable[..., Result]) -> None:
    _, out, _ = pipegen("explain", "--help")
    assert "Example: pipegen explain shop_db.orders.extract" in out
    _, out, _ = pipegen("plan", "--help")
    assert "Example: pipegen plan --set freshness=5m" in out


@pytest.mark.parametrize("id", ["sizing", "cost", "prices", "exports"])
def test_a_part_ends_with_its_last_line(id: str, root: Path, pipegen: Callable[..., Result]) -> None:
    _, out, _ = pipegen("explain", id)
    assert out.strip()
    assert not out.endswith("\n\n")


def test_where_no_question_is_open_it_says_so(root: Path, pipegen: Callable[..., Result]) -> None:
    assert pipegen("explain", "questions") == (0, "no question is open\n", "")
