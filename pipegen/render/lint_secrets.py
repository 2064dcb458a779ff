"""Find secrets in a text by their known shapes. No guess by entropy: a digest or a pin is not a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SHAPES: dict[str, re.Pattern[str]] = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}"),
    "a Slack webhook": re.compile(r"hooks\.slack\.com/services/T[0-9A-Z]{6,}/B[0-9A-Z]{6,}/[0-9A-Za-z]{16,}"),
    "a GitHub token": re.compile(r"\b(?:gh[oprsu]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{40,})"),
    "a GitLab token": re.compile(r"\bglpat-[0-9A-Za-z_-]{20,}"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a signed token": re.compile(r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}"),
}
_LITERAL = re.compile(
    r"""(?<![A-Za-z])(?:password|passwd|pwd|secret|token|api_?key|access_?key)["']?\s*[:=]\s*(?P<quote>["'])(?P<value>[^"'\n]{6,})(?P=quote)""",
    re.IGNORECASE,
)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://(?P<user>[^\s/:@\"'<>]*):(?P<value>[^\s/:@\"'<>]{3,})@", re.IGNORECASE)
# What stands for a secret: a variable, a placeholder of some engine, a word that says so.
_PLACEHOLDER = re.compile(
    r"[<{$%]|\*{3}|x{4}|\.{3}|(?-i:^[A-Z][A-Z0-9_]+$)|^(?:password|passwd|secret|token|postgres|airflow|admin|example|changeme)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"\s")


def secrets_in(text: str) -> Iterator[tuple[int, str]]:
    """The line and the kind of each secret."""
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, shape in _SHAPES.items():
            if shape.search(line):
                yield number, kind
        for match in _LITERAL.finditer(line):
            if not _PLACEHOLDER.search(match["value"]) and not _SENTENCE.search(match["value"]):
                yield number, "a password or token"
        for match in _URL.finditer(line):
            if not _PLACEHOLDER.search(match["value"]) and match["value"] != match["user"]:
                yield number, "a URL with a password"
