"""The filters that templates may use: ours, which quote, and those of Jinja that give the same for ever.

Jinja's ``random``, ``pprint``, ``tojson``, ``safe``, ``escape`` and those for web pages are not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import pass_environment
from jinja2.filters import FILTERS as OF_JINJA
from jinja2.filters import make_attrgetter
from jinja2.sandbox import SandboxedEnvironment

from pipegen.render.literals import LITERAL, TOGETHER, literal, together
from pipegen.render.prose import PROSE
from pipegen.render.quoting import CODE, text_of
from pipegen.render.text import Safe, UnsafeValueError, is_plain

_KEPT = (
    "abs batch capitalize count d default dictsort first float groupby int items last length list lower map max min "
    "reject rejectattr replace reverse round select selectattr slice sort string sum title trim unique upper"
).split()


@pass_environment
def join(environment: SandboxedEnvironment, value: Iterable[Any], d: str = "", attribute: str | None = None) -> str:
    """Items side by side. The whole is safe where each item is; ``d`` is the author's."""
    items = list(value) if attribute is None else [make_attrgetter(environment, attribute)(item) for item in value]
    whole = d.join(str(item) for item in items)
    safe = all(isinstance(item, (Safe, int)) or (isinstance(item, str) and is_plain(item)) for item in items)
    return Safe(whole) if safe else whole


def indent(value: str, width: int = 4, first: bool = False) -> str:
    """Every line but the first moved to the right; blank lines stay empty. What was safe is safe after."""
    margin = " " * width
    lines = value.split("\n")
    moved = [margin + line if line and (index or first) else line for index, line in enumerate(lines)]
    return type(value)("\n".join(moved)) if isinstance(value, Safe) else "\n".join(moved)


def dq(value: Any) -> Safe:
    """Text inside double quotes that the template itself has written: ``"--label=<%= name | dq %>"``.

    For the few places where no filter can write the quotes too. Refuses what any language reads within double quotes:
    quotes, backslash, ``$``, backtick, ``!``, newline and other controls.

    Raises:
        UnsafeValueError: such a character is in it.
    """
    text = text_of(value, "dq")
    bad = next((c for c in text if c in '"\\$`!%{}' or not c.isprintable()), None)
    if bad is not None:
        raise UnsafeValueError(
            f"{bad!r} cannot stand within double quotes everywhere", "let a filter write the quotes too"
        )
    return Safe(text)


def trusted(value: Any) -> Safe:
    """Text as it is, checked by nobody: for what pipegen's own design computed for this very place. Lint reports each."""
    return Safe(text_of(value, "trusted"))


FILTERS: dict[str, Callable[..., Any]] = {
    **{name: OF_JINJA[name] for name in _KEPT},
    **CODE,
    **PROSE,
    "join": join,
    "indent": indent,
    "dq": dq,
    "trusted": trusted,
    LITERAL: literal,
    TOGETHER: together,
}
