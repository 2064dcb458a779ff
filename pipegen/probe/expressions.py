"""Whether a real engine can parse a SQL expression; nothing is run."""

from __future__ import annotations


def syntax_problem(expression: str) -> str | None:
    """Why DuckDB's parser does not take an expression, on one line; None where it does."""
    import duckdb

    try:
        with duckdb.connect(":memory:", config={"enable_external_access": "false"}) as connection:
            connection.extract_statements(f"select 1 where ({expression})")
    except duckdb.Error as error:
        return str(error).splitlines()[0].removeprefix("Parser Error: ")
    return None
