"""What of a URL must not be read over a shoulder: the password in it, and tokens among its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PARAMETER = re.compile(
    r"[?&;](?:\w*(?:password|passwd|pwd|token|secret|api_?key|credential|signature))=([^&;#\s]*)", re.IGNORECASE
)
_BEHIND_USER = re.compile(r"://[^:/@\s]*:(?P<rest>.*)", re.DOTALL)
_PORT = re.compile(r"\d{1,5}(?=[/?#])")
STARS = "***"


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where a text that may be half typed has what is not shown.

    What follows a colon is hidden until it is plain that it is a port: a password is not on the screen while it is typed.
    """
    behind = _BEHIND_USER.search(text)
    if behind is not None:
        start, rest = behind.start("rest"), behind["rest"]
        end = rest.rfind("@")
        if end >= 0:
            yield start, start + end
        elif not _PORT.match(rest):
            yield start, len(text)
    for found in _PARAMETER.finditer(text):
        yield found.span(1)


def hidden(text: str) -> str:
    """The text with stars, as many as there are letters, where it is not shown."""
    letters = list(text)
    for start, end in spans(text):
        letters[start:end] = "*" * (end - start)
    return "".join(letters)


def redacted(text: str) -> str:
    """The text with three stars for every secret in it, which do not tell how long it is."""
    return re.sub(r"\0+", STARS, "".join("\0" if c == "*" != text[i] else c for i, c in enumerate(hidden(text))))
