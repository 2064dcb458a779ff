"""What ``new`` tells of the sources beside the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from pipegen.core.errors import SpecError


def _given(folder: Path, **flags: list[str]) -> Given:
    (folder / "people.csv").write_text(
        "id,email,amount\n1,a@example.com,2\n2,b@example.com,3\n3,c@example.com,4,too many\n"
    )
    return Given(name="shop", flags={"source": ["people.csv"], **flags}, cwd=folder)


def test_personal_data_and_malformed_rows_are_named(tmp_path: Path) -> None:
    notes = generate(_given(tmp_path)).plan.notes
    assert any(n.startswith("people.people: email may be personal data") for n in notes)
    assert any("1 row does not parse" in n for n in notes)
    kept = generate(_given(tmp_path, personal_data=["people.email=keep"])).plan.notes
    assert not any("personal" in n for n in kept)


def test_a_rule_that_no_engine_parses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="this is not a SQL expression"):
        generate(_given(tmp_path, rule=["people: amount >"]))
