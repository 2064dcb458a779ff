"""Where the probe finds a source."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from pipegen.app.answers import Given, draft
from pipegen.app.connection import place
from pipegen.app.equivalent import command
from pipegen.core.errors import UsageError
from pipegen.core.questions import BY_NAME
from pipegen.core.spec.address import assignment
from pipegen.core.spec.load import load
from pipegen.store import yaml_file

SAID = "postgresql://u@h/db"


def asked(source: str, **sets: object) -> tuple[str, str]:
    """The place of the only source, and the command that gives the same."""
    given = Given(name="p", flags={"source": [source]}, sets=list(sets.items()), cwd=Path())
    made = draft(given)
    [(name, found)] = load(made.values, made.locate).sources.items()
    return place(name, found, made.urls), command(made, given)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DB_URL", raising=False)


def test_a_url_with_its_password_is_probed_and_its_password_is_in_no_command() -> None:
    found, again = asked("postgresql://u:hunter2@h/db?schema=s")
    assert found == "postgresql://u:hunter2@h/db?schema=s"
    assert again == "pipegen new p --source 'db=postgresql://u@h/db?schema=s'"


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ("", SAID),
        ("postgresql://u:hunter2@h/db", "postgresql://u:hunter2@h/db"),
        ("postgres://u:hunter2@h/db", "postgresql://u:hunter2@h/db"),
        ("postgresql://u:hunter2@other/db", SAID),
        ("postgresql://v:hunter2@h/db", SAID),
    ],
)
def test_a_url_without_a_password_takes_it_from_the_variable_of_the_same_place(
    monkeypatch: pytest.MonkeyPatch, held: str, found: str
) -> None:
    monkeypatch.setenv("DB_URL", held)
    assert asked(SAID)[0] == f"{found}?schema=public"


def test_a_password_that_was_given_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_URL", "postgresql://u:other@h/db")
    assert asked("postgresql://u:hunter2@h/db")[0] == "postgresql://u:hunter2@h/db?schema=public"


def test_another_variable_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", "postgresql://u:hunter2@h/db")
    found, again = asked(SAID, **{"sources.db.url_env": "SHOP"})
    assert found == "postgresql://u:hunter2@h/db?schema=public"
    assert again == "pipegen new p --source db=postgresql://u@h/db --set sources.db.url_env=SHOP"


def test_a_source_that_was_of_another_kind_keeps_nothing_of_it() -> None:
    answers = yaml_file.parse(b"sources: {db: {kind: sqlite, path: x, freshness: 2h}}", "a.yml")
    made = draft(Given(name="p", flags={"source": [SAID]}, answers=answers))
    assert made.values["sources"]["db"] == {"kind": "postgres", "url_env": "DB_URL", "freshness": "2h"}
    answers = yaml_file.parse(b"sources: {db: {kind: postgres, url_env: MINE, schema: s}}", "a.yml")
    made = draft(Given(name="p", flags={"source": [SAID]}, answers=answers))
    assert made.values["sources"]["db"] == {"kind": "postgres", "url_env": "MINE", "schema": "s"}


@pytest.mark.parametrize(
    ("source", "again"),
    [
        ("mysql://u:hunter2@h/shop", "db=mysql://u@h/shop"),
        ("mariadb://u:hunter2@h/shop?password=hunter2", "db=mariadb://u@h/shop"),
        ("https://u:hunter2@h/v1?key=hunter2", "db=https://h/v1"),
        ("kafka://u:hunter2@h:9092/clicks", "db=kafka://u@h:9092/clicks"),
        ("webhook:", "db=webhook:"),
        ("duckdb:///x.duckdb", "db=duckdb:///x.duckdb"),
        ("sftp://u:hunter2@h/daily/*.csv", "'db=sftp://u@h/daily/*.csv'"),
    ],
)
def test_a_source_that_nothing_looks_at_is_said_again_without_its_password(source: str, again: str) -> None:
    given = Given(name="p", flags={"source": [f"db={source}"]}, cwd=Path())
    said = command(draft(given), given)
    assert said == f"pipegen new p --source {again}"


@pytest.mark.parametrize(
    "sets",
    [
        [],
        [("sources.db.tables.clicks", {"key": ["id"]})],
        [("sources.db.tables.other", {})],
        [("sources.db.tables", {"clicks": {}, "other": {}}), ("sources.db.keyed", True)],
        [("sources.db.url_env", "MINE"), ("sources.db.log_kept", "7d")],
        [("ceiling", 500), ("prices.stored_gb", 0.02), ("consumers", ["reports"]), ("machine.cores", 8)],
    ],
)
def test_what_is_said_again_gives_the_same_values_in_the_same_order(sets: list[tuple[str, object]]) -> None:
    given = Given(
        name="p", flags={"source": ["db=kafka://h/clicks"], "on_call": "none", "retention": "400d"}, sets=sets
    )
    made = draft(given)
    words = shlex.split(command(made, given))[3:]
    flags: dict[str, list[str]] = {}
    for flag, text in zip(words[::2], words[1::2], strict=True):
        flags.setdefault(flag.removeprefix("--").replace("-", "_"), []).append(text)
    pairs = [(key, yaml_file.value(text)) for key, text in map(_pair, flags.pop("set", []))]
    answers = {key: texts if BY_NAME[key].repeat else texts[0] for key, texts in flags.items()}
    again = draft(Given(name="p", flags=answers, sets=pairs))
    assert json.dumps(again.values["sources"]["db"].get("tables")) == json.dumps(
        made.values["sources"]["db"].get("tables")
    )
    assert load(again.values) == load(made.values)


def _pair(text: str) -> tuple[str, str]:
    key, value = assignment(text) or ("", "")
    return key, value


def test_what_a_person_gave_is_shown_without_its_password() -> None:
    given = Given(name="p", flags={"source": ["postgresql://u:hunter2@h/db"]})
    assert "hunter2" not in repr(given)
    assert "hunter2" not in repr(draft(given))


def test_a_path_is_a_path() -> None:
    assert asked("x.db")[0].endswith("x.db")
    assert asked("sample:")[0] == ""


def test_a_database_that_nobody_can_reach_says_both_ways() -> None:
    spec = load({"name": "x", "sources": {"s": {"kind": "postgres", "url_env": "DB_URL"}}})
    with pytest.raises(UsageError, match="`DB_URL` is not set") as refused:
        place("s", spec.sources["s"], {})
    assert "--source s=postgresql://" in (refused.value.hint or "")


def test_the_url_of_another_kind_is_none_of_a_database() -> None:
    made = draft(Given(name="p", flags={"source": ["db=mysql://u:hunter2@h/db"]}))
    spec = load({"name": "x", "sources": {"db": {"kind": "postgres", "url_env": "DB_URL"}}})
    with pytest.raises(UsageError, match="`DB_URL` is not set"):
        place("db", spec.sources["db"], made.urls)


def test_files_far_away_are_probed_with_the_password_that_their_path_has_not() -> None:
    found, again = asked("sftp://u:hunter2@h/daily/*.csv")
    assert found == "sftp://u:hunter2@h/daily/*.csv"
    assert "hunter2" not in again
    elsewhere, _ = asked("sftp://u:hunter2@h/daily/*.csv", **{"sources.daily.path": "sftp://u@other/daily/*.csv"})
    assert elsewhere == "sftp://u@other/daily/*.csv"
    made = draft(Given(name="p", flags={"source": ["s3://key:hunter2@b/x.csv"]}, cwd=Path()))
    assert "hunter2" not in repr(made) + repr(made.urls) + str(made.values)
