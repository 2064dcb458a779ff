"""The three-way merge of whole files of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pipegen.core.merge.lines import Chunk, Span, chunks
from pipegen.core.merge.markers import Labels, Markers, marked, markers
from pipegen.core.merge.written import UNKNOWN, UnreadableError, Written, read

__all__ = ["Labels", "Merged", "marked", "merge", "restyled"]

Line = tuple[bytes, bytes]  # a line, and its ending
Side = Literal["yours", "theirs"]


@dataclass(frozen=True)
class Merged:
    """The merged file, and how many conflicts it shows between markers.

    ``refused`` says why nothing could be merged: ``binary``, or what is wrong with the encodings. Then ``content`` is yours,
    and ``conflicts`` is 0.
    """

    content: bytes
    conflicts: int
    refused: str | None


class _RefusedError(Exception):
    """Why these texts cannot be merged line by line."""


def merge(
    base: bytes,
    yours: bytes,
    theirs: bytes,
    labels: Labels = Labels(),
    *,
    favour: Literal["yours", "theirs"] | None = None,
) -> Merged:
    """Both changes of ``base`` in one file: yours as it is written, with what theirs changed.

    Promised:

    - Where one side is the base, or both are the same, to the byte: the other side, to the byte; whatever it holds.
    - Line endings, byte order mark and encoding are those of yours. They make no difference between lines: a line of yours keeps
      its own ending, a line of theirs gets the one that most lines of yours have.
    - Each line that yours or theirs added is in the result, each that one of them removed is not; where both made the same
      change, once. What both changed differently, and whatever more than one place could be meant for, is a conflict
      (``lines.chunks``: diff3 after Khanna, Kunal and Pierce, 2007). Where this and ``git merge-file`` are clean, they agree;
      this has a few conflicts more, and one less where only the ending of the last line differs.
    - In a conflict stand yours, base and theirs in full, but for lines that both sides begin or end with, and the markers are
      longer than any run of marker characters at the start of a line in any of the three.
    - ``favour`` settles each conflict for one side; what is no conflict is merged as ever.
    - Whether the last line ends with a line ending is for the side that changed it.

    ``favour`` names the side whose lines are taken where there is a conflict: none is left then.
    """
    if yours == theirs or theirs == base:
        return Merged(yours, 0, None)
    if yours == base:
        return Merged(theirs, 0, None)
    try:
        texts = _Texts(*(_read(content, whose) for content, whose in zip((base, yours, theirs), _NAMES, strict=True)))
        lines, conflicts = texts.merged(labels, favour)
    except _RefusedError as refused:
        return Merged(yours, 0, str(refused))
    return Merged(texts.yours.encoded(b"".join(line + end for line, end in lines)), conflicts, None)


def restyled(yours: bytes, theirs: bytes) -> bytes:
    """The text of theirs with the line endings, byte order mark and encoding of yours.

    For a file of which yours equals the base but for these. Where yours mixes line endings, lines that it has too keep theirs.
    Where one of them is binary, or theirs cannot be written in yours' encoding: theirs as it is.
    """
    try:
        own, new = read(yours), read(theirs)
        lines, _ = _Texts(own, own, new).merged(Labels(), None)
    except (UnreadableError, _RefusedError):
        return theirs
    return own.encoded(b"".join(line + end for line, end in lines))


_NAMES = ("the base", "yours", "the new version")


def _read(content: bytes, whose: str) -> Written:
    try:
        return read(content)
    except UnreadableError as problem:
        reason = str(problem)
        raise _RefusedError(reason if reason == "binary" else f"{whose} is {reason}") from None


@dataclass(frozen=True)
class _Texts:
    """The three versions."""

    base: Written
    yours: Written
    theirs: Written

    def merged(self, labels: Labels, favour: Literal["yours", "theirs"] | None = None) -> tuple[list[Line], int]:
        """The lines of the merge, and the number of conflicts among them.

        Raises:
            _RefusedError: a line of base or theirs that belongs into the result cannot be written as yours is.
        """
        end = self.yours.end or self.theirs.end or self.base.end or b"\n"
        base, yours, theirs = self._numbered()
        pieces = list(chunks(base, yours, theirs))
        if favour is not None:
            pieces = [replace(piece, take=favour) if piece.take == "conflict" else piece for piece in pieces]
        conflicts = sum(piece.take == "conflict" for piece in pieces)
        marks = self._markers(labels) if conflicts else None
        lines = [line for piece in pieces for line in self._piece(piece, end, marks)]
        lines[:-1] = [(line, own or end) for line, own in lines[:-1]]
        if lines and pieces[-1].take != "conflict" and not self._last_line_differs():
            lines[-1] = (lines[-1][0], (lines[-1][1] or end) if self._ended() else b"")
        return lines, conflicts

    def _numbered(self) -> Iterator[list[int]]:
        """The lines of each version as numbers, equal ones for equal lines."""
        differs = self._last_line_differs()
        numbers: dict[Line, int] = {}
        for text in (self.base, self.yours, self.theirs):
            keys = [(line, b"") for line in text.lines]
            if differs and text.ended is False:
                keys[-1] = (text.lines[-1], b"no ending")
            yield [numbers.setdefault(key, len(numbers)) for key in keys]

    def _last_line_differs(self) -> bool:
        """Whether a line without an ending is another line than the same text with one, as it is to git.

        So it is only where the line is not the only one of its kind: taken for the same, it might be aligned with any of them.
        """
        texts = [text for text in (self.base, self.yours, self.theirs) if text.lines]
        if all(text.ended for text in texts):
            return False
        last = {text.lines[-1] for text in texts}
        return any(text.lines.count(line) > 1 for text in texts for line in last)

    def _markers(self, labels: Labels) -> Markers:
        every = (line for text in (self.base, self.yours, self.theirs) for line in text.lines)
        return markers(labels, every, ascii_only=self.yours.encoding == UNKNOWN)

    def _piece(self, piece: Chunk, end: bytes, marks: Markers | None) -> Iterator[Line]:
        if piece.take == "yours":
            yield from self._of_yours(piece.yours)
        elif piece.take == "theirs":
            yield from self._foreign(self.theirs, piece.theirs, end)
        else:
            assert marks is not None
            yield marks.yours, end
            yield from self._of_yours(piece.yours)
            yield marks.base, end
            yield from self._foreign(self.base, piece.base, end)
            yield marks.between, end
            yield from self._foreign(self.theirs, piece.theirs, end)
            yield marks.theirs, end

    def _of_yours(self, span: Span) -> Iterator[Line]:
        return zip(self.yours.lines[slice(*span)], self.yours.ends[slice(*span)], strict=True)

    def _foreign(self, text: Written, span: Span, end: bytes) -> Iterator[Line]:
        """Lines of another version as yours would write them."""
        lines = text.lines[slice(*span)]
        if not (self._same_encoding(text) or all(map(bytes.isascii, lines))):
            raise _RefusedError("the versions are in different encodings")
        ends = text.ends[slice(*span)]
        return ((line, own and end) for line, own in zip(lines, ends, strict=True))

    def _same_encoding(self, text: Written) -> bool:
        """Whether any line of the other version can stand in yours.

        All of Unicode's encodings can say the same. Texts in an encoding that is not known are taken to be in the same one
        only where base, yours and theirs all are: then nobody changed it.
        """
        unknown = [version.encoding == UNKNOWN for version in (self.base, self.yours, self.theirs)]
        return all(unknown) or not (self.yours.encoding == UNKNOWN or text.encoding == UNKNOWN)

    def _ended(self) -> bool:
        """Whether the last line has an ending: as on the side that changed it."""
        base, yours, theirs = self.base.ended, self.yours.ended, self.theirs.ended
        if base is None:
            return any((yours, theirs)) or (yours, theirs) == (None, None)
        changed = [ended for ended in (yours, theirs) if ended is not None and ended != base]
        return changed[0] if changed else base
