from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.merge.written import UNKNOWN, UnreadableError, read


@pytest.mark.parametrize(
    ("content", "lines", "ends"),
    [
        (b"", [], []),
        (b"\n", [b""], [b"\n"]),
        (b"a", [b"a"], [b""]),
        (b"a\n", [b"a"], [b"\n"]),
        (b"a\n\nb", [b"a", b"", b"b"], [b"\n", b"\n", b""]),
        (b"a\r\nb\r\n", [b"a", b"b"], [b"\r\n", b"\r\n"]),
        (b"a\r\nb\nc", [b"a", b"b", b"c"], [b"\r\n", b"\n", b""]),
        (b"a\rb\r", [b"a", b"b"], [b"\r", b"\r"]),
        (b"a\rb\nc\n", [b"a\rb", b"c"], [b"\n", b"\n"]),
        (b"a\r\r\nb\r", [b"a\r", b"b\r"], [b"\r\n", b""]),
    ],
)
def test_lines_and_their_endings(content: bytes, lines: list[bytes], ends: list[bytes]) -> None:
    found = read(content)
    assert (found.lines, found.ends) == (lines, ends)
    assert (found.bom, found.encoding) == (b"", "utf-8")


@pytest.mark.parametrize(
    ("content", "bom", "encoding"),
    [
        (b"a", b"", "utf-8"),
        (codecs.BOM_UTF8 + b"a", codecs.BOM_UTF8, "utf-8"),
        ("a".encode("utf-16-le"), b"", None),
        (codecs.BOM_UTF16_LE + "a".encode("utf-16-le"), codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE + "a".encode("utf-16-be"), codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE + "a".encode("utf-32-le"), codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE + "a".encode("utf-32-be"), codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"a\xe9", b"", UNKNOWN),
        (codecs.BOM_UTF8 + b"a\xe9", codecs.BOM_UTF8, UNKNOWN),
    ],
)
def test_encoding(content: bytes, bom: bytes, encoding: str | None) -> None:
    if encoding is None:
        with pytest.raises(UnreadableError, match="binary"):
            read(content)
        return
    found = read(content)
    assert (found.bom, found.encoding) == (bom, encoding)


@pytest.mark.parametrize(
    ("content", "end"),
    [(b"a", None), (b"a\nb\r\n", b"\n"), (b"a\r\nb\n", b"\r\n"), (b"a\nb\r\nc\r\nd", b"\r\n"), (b"a\rb", b"\r")],
)
def test_the_ending_that_most_lines_have(content: bytes, end: bytes | None) -> None:
    assert read(content).end == end


TEXTS = st.text(st.sampled_from("aé🙂\r\n \ufeff"), max_size=12)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "latin-1", "cp1252"]


@given(TEXTS, st.sampled_from(ENCODINGS), st.booleans())
def test_what_was_read_is_written_to_the_byte(letters: str, encoding: str, bom: bool) -> None:
    content = (("\ufeff" if bom else "") + letters).encode(encoding, "replace")
    try:
        found = read(content)
    except UnreadableError:
        assert encoding.endswith(("-le", "-be")), "no byte order mark, so it is binary"
        return
    body = b"".join(line + end for line, end in zip(found.lines, found.ends, strict=True))
    assert found.encoded(body) == content
