"""The list of kinds, the sample, and what is imported when."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipegen.core.errors import SourceError
from pipegen.core.sql_types import canonical_sql
from pipegen.probe import KINDS, Look, probe
from pipegen.probe.expressions import syntax_problem
from pipegen.probe.registry import SERVERS


def test_an_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as raised:
        probe("sqlit", "x", Look(tables=None, root=tmp_path))
    assert raised.value.hint == "did you mean `sqlite`?"


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - SERVERS - {"sample"}))
def test_every_kind_says_what_is_not_there(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SourceError, match="is not there"):
        probe(kind, "nowhere", Look(tmp_path))


def test_an_engine_is_imported_when_it_is_needed() -> None:
    code = (
        "import sys, pipegen.probe; sys.exit(bool({'duckdb', 'psycopg', 'sqlite3', 'ruamel.yaml'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_sample_is_a_shop(tmp_path: Path) -> None:
    tables = probe("sample", "", Look(tables=None, root=tmp_path / "nowhere")).tables
    assert list(tables) == ["customers", "order_items", "orders", "payments", "products"]
    for name, table in tables.items():
        assert table.files
        assert table.format == "csv"
        assert table.key is not None
        assert table.rows is not None
        for column in (*table.key.columns, *([table.watermark.column] if table.watermark else [])):
            assert table.columns[column].nullable is False, (name, column)
        for column, facts in table.columns.items():
            assert canonical_sql(facts.type) != "VARCHAR" or facts.type == "text", (name, column)
        for fk in table.foreign_keys:
            assert {tables[fk.to].columns[a].type for a in fk.at} == {table.columns[c].type for c in fk.columns}
    assert list(probe("sample", "", Look(tables=["orders"], root=tmp_path)).tables) == ["orders"]
    with pytest.raises(SourceError, match="no table `order`"):
        probe("sample", "", Look(tables=["order"], root=tmp_path))


@pytest.mark.parametrize(
    ("expression", "fine"), [("a >= 0 and b is null", True), ("total_amount >", False), ("a in (1,", False)]
)
def test_an_expression_is_parsed_by_a_real_engine(expression: str, fine: bool) -> None:
    assert (syntax_problem(expression) is None) is fine
