"""Where the probe finds a source."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipegen.app.answers import Given, draft
from pipegen.app.connection import place
from pipegen.app.equivalent import command
from pipegen.core.errors import UsageError
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
