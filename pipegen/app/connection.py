"""Where the probe finds a source: a path, or the URL of a database server, which the spec does not have."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from pipegen.core.errors import UsageError
from pipegen.core.spec import postgres_url
from pipegen.core.spec.postgres_url import PostgresUrl
from pipegen.core.spec.source_url import SourceUrl
from pipegen.core.spec.sources import PostgresSource, SourceSpec


def place(name: str, source: SourceSpec, urls: Mapping[str, SourceUrl]) -> str:
    """A source's path, or its URL with the password that it is probed with.

    Raises:
        UsageError: a database server whose URL nobody gave. No message holds a URL.
    """
    if not isinstance(source, PostgresSource):
        return getattr(source, "path", "")
    given, held = urls.get(name), _held(source.url_env)
    said = given.url if given is not None and isinstance(given.url, PostgresUrl) else None
    if said is None and held is None:
        raise UsageError(
            f"the URL of source `{name}` is not known: the variable `{source.url_env}` is not set",
            hint=f"set it, or say `--source {name}={postgres_url.EXAMPLE}`; `--no-probe` takes what was measured before",
        )
    if said is not None and (said.password or held is None or not said.same_place(held)):
        url = said
    else:  # the variable alone, or the flag without its password, which the variable has
        assert held is not None
        url = held
    return replace(url, schema=source.schema_).text()


def _held(variable: str) -> PostgresUrl | None:
    """The URL that a variable holds.

    Raises:
        UsageError: it holds something else.
    """
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        url = postgres_url.parse(text)
    except UsageError as error:
        raise UsageError(f"`{variable}`: {error.message}", hint=error.hint) from None
    if url.schema is not None:
        hint = "say it in the spec: `--set sources.NAME.schema=…`; the pipeline's own library does not take it in a URL"
        raise UsageError(f"`{variable}` names a schema, which is no parameter of PostgreSQL's", hint=hint)
    return url
