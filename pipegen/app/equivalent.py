"""The command that gives the same repository with nothing asked: printed by ``new``, byte-identical when run."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from pipegen.app.answers import Draft, Given, path_from_root
from pipegen.core import yaml_text
from pipegen.core.errors import UsageError
from pipegen.core.questions import QUESTIONS
from pipegen.core.spec import address, source_url
from pipegen.core.spec.postgres_url import PostgresUrl


def command(made: Draft, given: Given) -> str:
    """The equivalent command, from where the person stands."""
    values = _copied(made.values)
    words = ["pipegen", "new", str(values.pop("name"))]
    for name, source in values.get("sources", {}).items():
        url = _server_url(name, source, made) or _source_url(name, source, given.cwd, made.target)
        if url is not None:
            words += ["--source", f"{name}={url}"]
    for flag, texts in (("--table", made.tables), ("--rule", made.rules), ("--personal-data", made.personal)):
        for text in texts:
            words += [flag, text]
    for question in QUESTIONS:
        if question.key is not None:
            for text in _taken(values, question.key.split(".")):
                words += [question.flag, text]
    values.pop("version", None)
    for parts, value in _leaves(values, []):
        words += ["--set", f"{address.text(parts)}={yaml_text.flow(value)}"]
    if given.no_probe and given.answers_file is not None:
        words += ["--answers", given.answers_file, "--no-probe"]
    if given.directory is not None:
        words += ["--dir", str(given.directory)]
    if given.cwd != Path():
        words += ["-C", str(given.cwd)]
    return " ".join(shlex.quote(w) for w in words)


def _server_url(name: str, source: dict[str, Any], made: Draft) -> str | None:
    """The URL that was given, without its password, and all that it says taken out of the source; None where none was given."""
    said = made.urls.get(name)
    if said is None or said.url is None or source["kind"] != said.kind:
        return None
    del source["kind"]
    if source.get("url_env") == said.variable:
        del source["url_env"]
    if isinstance(said.url, PostgresUrl) and said.url.schema is not None and source.get("schema") == said.url.schema:
        del source["schema"]
    tables: Any = source.get("tables")
    tables = tables if isinstance(tables, dict) else {}
    alone = list(tables) == list(said.tables)  # beside others, each is said in its turn
    if alone and not any(tables.values()):
        source.pop("tables", None)
    return said.shown(with_tables=alone)


def _source_url(name: str, source: dict[str, Any], cwd: Path, target: Path) -> str | None:
    """The URL that gives the very kind and path of a source, both taken out of it; None where no URL does."""
    kind, path = source["kind"], source.get("path")
    if kind == "postgres":
        return None
    if path is None:
        url = f"{kind}:"
    else:
        here = path
        if not os.path.isabs(path) and "://" not in path:
            here = Path(os.path.relpath(target / path, cwd.resolve())).as_posix()
        url = f"{kind}:///{here}" if kind in ("sqlite", "duckdb") else here
    try:
        read = source_url.parse(f"{name}={url}")
    except UsageError:
        return None
    back = None if read.path is None else path_from_root(read.path, cwd, target)
    if (read.name, read.kind, back) != (name, kind, path):
        return None
    source.pop("kind"), source.pop("path", None)
    return url


def _taken(values: dict[str, Any], parts: list[str]) -> list[str]:
    """Take a plain answer out of the values; a list of them where it is a list."""
    node: Any = values
    for part in parts[:-1]:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict) or parts[-1] not in node:
        return []
    value = node[parts[-1]]
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(i, str) for i in items) or not items:
        return []
    del node[parts[-1]]
    return items


def _leaves(value: Any, at: list[str]) -> list[tuple[list[str], Any]]:
    """What is left, as addresses and values; a mapping is opened as far as its addresses can be said.

    No marts are said by an empty mapping; any other empty one is what the answers before it left behind.
    """
    if value == {} and at == ["marts"]:
        return [(at, value)]
    if isinstance(value, dict) and at != ["blueprints"] and (len(at) < 2 or (at[0] == "sources" and len(at) < 4)):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, [*at, str(key)])]
    return [(at, value)]


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in value.items()}
    return [_copied(v) for v in value] if isinstance(value, list) else value
