"""Texts that are all different and no longer than the source's."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from random import Random
from string import ascii_uppercase

from ingest.declaration import Column
from sample import values

# Longer texts are cut: a load copes with one as with the other.
LONGEST = 2_000
# From this length on a text is made of words.
_WORDY = 40
_WORDS = (
    "a", "and", "at", "but", "delivered", "for", "from", "good", "house", "in", "last", "left", "long", "of", "on",
    "order", "quite", "said", "that", "the", "then", "to", "twice", "was", "with", "yes",
)  # fmt: skip
_SYLLABLES = (
    "ba", "del", "fi", "ga", "ho", "ka", "li", "lo", "ma", "mi", "na", "no", "pe", "ra", "ri", "sa", "so", "ta", "ve", "zu",
)  # fmt: skip


def different(
    make: values.Make, longest: int | None, most: int, random: Random, *, free: bool
) -> Iterator[str]:
    """So many texts of a maker's, each once: what comes again is told apart by a number, or by letters; `free` ones are lengthened."""
    seen: set[str] = set()
    limit = min(longest or LONGEST, LONGEST)
    for number in range(most):
        text = str(make(random, number, values.START))
        if free and longest is not None and longest >= _WORDY:
            text = _lengthened(
                text, limit if number == 0 else int(limit * random.random() ** 3), random
            )
        text = fitting(text, limit)
        if text in seen:
            text = fitting(_another(text, number), limit)
        if text in seen:
            text = numbered(text, number, longest)
        if text not in seen:
            seen.add(text)
            yield text


def fitting(text: str, longest: int | None) -> str:
    """The text, cut to a length; an address stays one where it can."""
    if longest is None or len(text) <= longest:
        return text
    local, sign, domain = text.rpartition("@")
    if sign and len(domain) + 2 <= longest:
        return local[: longest - len(domain) - 1] + sign + domain
    return text[:longest].strip() or text[:longest]


def _another(text: str, number: int) -> str:
    """Something like a text that was there already: another name, a number of another place, another number at its end."""
    if text.startswith("+1 555 01"):
        return f"+1 {201 + number % 799} 555 01{(number // 799 + 37 * number) % 100:02d}"
    words = text.split(" ")
    if all(word[:1].isupper() and word.replace("'", "").isalpha() for word in words):
        return " ".join([*words[:-1], _name(number)])
    stem = re.fullmatch(r"(.*\S) \d+", text, re.DOTALL)
    return f"{stem[1]} {100 + number}" if stem else text


def _name(number: int) -> str:
    """A name that nobody has, of three syllables; the same for the same number."""
    made = []
    for _ in range(3):
        number, place = divmod(number, len(_SYLLABLES))
        made.append(_SYLLABLES[place])
    return "".join(made).capitalize()


def numbered(text: str, number: int, longest: int | None) -> str:
    """The text with a number to it, within a length; letters alone where there is no room for both."""
    tail = f"{number}"
    local, sign, domain = text.rpartition("@")
    if sign and (longest is None or len(domain) + len(tail) + 2 <= longest):
        room = len(local) if longest is None else longest - len(domain) - len(tail) - 1
        return f"{local[:room]}{tail}{sign}{domain}"
    if longest is None or len(text) + len(tail) < longest:
        return f"{text} {tail}"
    if longest > len(tail) + 2:
        return f"{text[: longest - len(tail) - 1].strip()} {tail}"
    return letters(number, longest)


def letters(number: int, width: int) -> str:
    """A code of so many letters that only this number has, as far as there are codes."""
    code = ""
    for _ in range(max(1, width)):
        number, place = divmod(number, len(ascii_uppercase))
        code = ascii_uppercase[place] + code
    return code


def _lengthened(text: str, wanted: int, random: Random) -> str:
    """The text with words after it, so that it is as long as wanted."""
    words = [text]
    length = len(text)
    while length < wanted:
        words.append(random.choice(_WORDS))
        length += len(words[-1]) + 1
    if len(words) == 1:
        return text
    cut = " ".join(words)[:wanted]
    return f"{cut[:-1]}." if cut.endswith(" ") else cut


def spelled(value: object, column: Column) -> str:
    """A value of a column as a text that reads back as that value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        text = value.isoformat(sep=" ")
        return text.replace(" ", "T") + "Z" if column.type == "TIMESTAMPTZ" else text
    if isinstance(value, bytes):
        return value.decode()
    return value.isoformat() if isinstance(value, (date, time)) else str(value)
