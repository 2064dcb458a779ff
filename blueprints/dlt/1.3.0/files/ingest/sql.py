"""Quoting for SQL text, DuckDB's and SQLite's alike."""


def ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def pointer(name: str) -> str:
    """The JSON pointer of a member, as a SQL literal."""
    return literal("/" + name.replace("~", "~0").replace("/", "~1"))
