"""Where the probe finds a source: a path, or the URL of a server, which the spec does not have; and what an API is sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from pipegen.core.errors import UsageError
from pipegen.core.spec import postgres_url, source_url
from pipegen.core.spec.postgres_url import PostgresUrl
from pipegen.core.spec.remote_url import RemoteUrl
from pipegen.core.spec.source_url import SourceUrl
from pipegen.core.spec.sources import FilesSource, KafkaSource, PostgresSource, RestSource, ServerSource, SourceSpec

U = TypeVar("U", PostgresUrl, RemoteUrl)


def place(name: str, source: SourceSpec, urls: Mapping[str, SourceUrl]) -> str:
    """A source's path, or its URL with the password that it is probed with.

    Raises:
        UsageError: a server whose URL nobody gave. No message holds a URL.
    """
    said = urls[name].url if name in urls else None
    if isinstance(source, PostgresSource):
        of_postgres = said if isinstance(said, PostgresUrl) else None
        held = _held(source.url_env, postgres_url.parse)
        if held is not None and held.schema is not None:
            hint = "say it in the spec: `--set sources.NAME.schema=…`; the pipeline's own library does not take it in a URL"
            raise UsageError(f"`{source.url_env}` names a schema, which is no parameter of PostgreSQL's", hint=hint)
        url = _chosen(name, source.url_env, of_postgres, held, postgres_url.EXAMPLE, PostgresUrl.same_place)
        return replace(url, schema=source.schema_).text()
    if isinstance(source, ServerSource | RestSource | KafkaSource):
        of_server = said if isinstance(said, RemoteUrl) else None
        example = source_url.EXAMPLES[source.kind]
        found = _held(source.url_env, lambda text: _remote(text, source.kind))
        return _chosen(name, source.url_env, of_server, found, example, RemoteUrl.same_place).text()
    if isinstance(source, FilesSource) and name in urls:
        files = urls[name].files
        return files.text() if files is not None and files.shown() == source.path else source.path
    return getattr(source, "path", "")


def auth(source: SourceSpec) -> dict[str, str]:
    """The header that an API is sent with every request, and its value; none where the spec names none, or it is not set."""
    if not isinstance(source, RestSource) or source.auth_env is None:
        return {}
    token = os.environ.get(source.auth_env)
    if not token:
        return {}
    return {source.auth_header: token} if source.auth_header else {"Authorization": f"Bearer {token}"}


def _chosen(name: str, variable: str, said: U | None, held: U | None, example: str, same: Callable[[U, U], bool]) -> U:
    """What was said, or what the variable holds: of one place it is the one with the password."""
    if said is None and held is None:
        raise UsageError(
            f"the URL of source `{name}` is not known: the variable `{variable}` is not set",
            hint=f"set it, or say `--source {name}={example}`; `--no-probe` takes what was measured before",
        )
    if said is not None and (said.password or held is None or not same(said, held)):
        return said
    assert held is not None  # the variable alone, or what was said without its password, which the variable has
    return held


def _held(variable: str, parse: Callable[[str], U]) -> U | None:
    """The URL that a variable holds.

    Raises:
        UsageError: it holds something else.
    """
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"`{variable}`: {error.message}", hint=error.hint) from None


def _remote(text: str, kind: str) -> RemoteUrl:
    read = source_url.parse(text if "://" in text or kind != "kafka" else f"kafka://{text}")
    if read.kind != kind or not isinstance(read.url, RemoteUrl):
        raise UsageError(
            f"it holds no URL of a source of kind `{kind}`", hint=f"for example `{source_url.EXAMPLES[kind]}`"
        )
    return read.url
