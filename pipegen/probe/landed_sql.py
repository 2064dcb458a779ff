"""A landed table as the modules read it that ask every SQL engine alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipegen.core.measured import Count
from pipegen.core.sql_types import canonical_sql
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.landed import Landed
from pipegen.probe.sql_table import SqlTable


@dataclass
class LandedSql(SqlTable):
    """The rows in the probe's own engine; see :class:`SqlTable`. Of all rows they are a part, where not all were read."""

    con: duckdb.DuckDBPyConnection = field(kw_only=True)
    landed: Landed = field(kw_only=True)

    def quoted(self, name: str) -> str:
        """A column; what stands for a missing value in its file is null."""
        column = next(c for c in self.landed.columns if c.name == name)
        tokens = [token for token in self.landed.nulls if token]
        if not tokens or column.type is not None:
            return column.id
        said = ", ".join("'" + token.replace("'", "''") + "'" for token in tokens)
        return f"(case when {column.id} in ({said}) then null else {column.id} end)"

    def ask(self, select: str) -> list[tuple[Any, ...]] | None:
        return self.con.execute(select).fetchall()

    def is_moment(self, column: ColumnFacts) -> str:
        return f"coalesce(isfinite({self.moment(column)}), false)"

    def moment(self, column: ColumnFacts) -> str:
        return f"try_cast({self.quoted(column.name)} as {canonical_sql(column.type)})"

    def seconds(self, moment: str) -> str:
        return f"epoch({moment})"

    def moment_at(self, seconds: float, column: ColumnFacts) -> str:
        at = f"to_timestamp({seconds!r})"
        return at if column.type == "timestamptz" else f"cast({at} as timestamp)"

    def day(self, moment: str) -> str:
        return f"strftime(cast({moment} as timestamp), '%Y-%m-%d')"


def as_sql(con: duckdb.DuckDBPyConnection, landed: Landed) -> LandedSql:
    """A landed table, to be asked."""
    return LandedSql(
        name=landed.files.name,
        rows=Count(value=landed.total, exact=landed.whole),
        relation=landed.relation,
        part=landed.relation,
        order=["rowid"],
        spread=landed.spread,
        whole=landed.whole,
        sample=landed.rows,
        con=con,
        landed=landed,
    )
