"""``--set KEY=VALUE``, as every command that takes it reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_OF_YAML = re.compile(r"""\s*(["'{]|(null|~)?\s*$)""")  # of a choice: quoted text, a mapping, or nothing


def assignments(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Every ``--set`` as address and text.

    Raises:
        SpecError: with every one that is not KEY=VALUE.
    """
    from pipegen.core.errors import Problem, SpecError
    from pipegen.core.names import shorten
    from pipegen.core.spec import address

    found, problems = [], []
    for text in texts:
        pair = address.assignment(text)
        if pair is None:
            hint = "for example `--set defaults.freshness=1h`"
            problems.append(Problem(f"`{shorten(text)}` is not KEY=VALUE", "--set", hint))
        else:
            found.append(pair)
    if problems:
        raise SpecError(problems)
    return found


def pairs(texts: Sequence[str]) -> list[tuple[str, Any]]:
    """Every ``--set`` as address and value; the choice of a decision is its text as it stands.

    Raises:
        SpecError: with every one that is not KEY=VALUE, or whose value is no YAML.
    """
    from pipegen.core.errors import Problem, SpecError, UsageError
    from pipegen.core.names import shorten
    from pipegen.store import yaml_file

    found, problems = [], []
    for key, text in assignments(texts):
        try:
            as_it_stands = key.startswith("overrides.") and not _OF_YAML.match(text)
            found.append((key, text if as_it_stands else yaml_file.value(text)))
        except UsageError as error:
            problems.append(Problem(error.message, f"--set {shorten(key)}", error.hint))
    if problems:
        raise SpecError(problems)
    return found
