"""How a text is written: byte order mark, encoding, line endings; and its lines without these.

Two texts that differ in nothing else are the same text to a merge. Lines are kept as UTF-8, but for a text that is in no
encoding that can be known (latin-1, say): its lines are its bytes.
"""

from __future__ import annotations

import codecs
from collections import Counter
from dataclasses import dataclass

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
UNKNOWN = "unknown"


class UnreadableError(Exception):
    """The bytes are not lines of text: ``binary``, or not valid in the encoding that their byte order mark names."""


@dataclass(frozen=True)
class Written:
    """A text: ``lines`` without their endings, ``ends`` the ending of each, empty where the last line has none."""

    bom: bytes
    encoding: str
    lines: list[bytes]
    ends: list[bytes]

    @property
    def ended(self) -> bool | None:
        """Whether the last line has an ending; None where there is no line."""
        return bool(self.ends[-1]) if self.ends else None

    @property
    def end(self) -> bytes | None:
        """The line ending that most lines have, the first to occur among equals; None where no line has one."""
        counts = Counter(end for end in self.ends if end)
        return max(counts, key=lambda end: counts[end]) if counts else None

    def encoded(self, body: bytes) -> bytes:
        """The bytes of another text in this one's encoding and with its byte order mark."""
        if self.encoding in ("utf-8", UNKNOWN):
            return self.bom + body
        return self.bom + body.decode("utf-8").encode(self.encoding)


def read(content: bytes) -> Written:
    """The text that bytes are.

    A NUL makes them binary, but in UTF-16 and UTF-32, which only a byte order mark makes known. Without any ``\\n`` a lone
    ``\\r`` ends a line, as on an old Mac; elsewhere it is a character like others.

    Raises:
        UnreadableError: ``binary``, or the encoding that the byte order mark names and that the bytes are not valid in.
    """
    bom, encoding = next(((bom, name) for bom, name in BOMS if content.startswith(bom)), (b"", "utf-8"))
    body = content[len(bom) :]
    if encoding == "utf-8":
        encoding = "utf-8" if _is_utf8(body) else UNKNOWN
    else:
        try:
            body = body.decode(encoding).encode("utf-8")
        except UnicodeError:
            raise UnreadableError(f"not valid {encoding[:6].upper()}") from None
    if b"\0" in body:
        raise UnreadableError("binary")
    return Written(bom, encoding, *split(body))


def split(body: bytes) -> tuple[list[bytes], list[bytes]]:
    """Lines without their endings, and the endings."""
    if b"\n" not in body:
        lines = body.split(b"\r")
        ends = [b"\r"] * (len(lines) - 1)
    else:
        lines = body.split(b"\n")
        ends = [b"\n"] * (len(lines) - 1)
        if b"\r\n" in body:
            ends = [b"\r\n" if line.endswith(b"\r") else b"\n" for line in lines[:-1]]
            lines[:-1] = [
                line[: 1 - len(end)] if len(end) > 1 else line for line, end in zip(lines, ends, strict=False)
            ]
    if lines[-1]:
        return lines, [*ends, b""]
    return lines[:-1], ends


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
