"""Numbers of people and of their money that prove themselves: IBAN, payment cards, and national ids by their check digits.

Ids that are digits alone and whose check one number in ten passes are taken only where a date in them, or a fixed form, makes
chance unlikely.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_CARD = re.compile(r"(?:[0-9]{4}[ -]?){3}[0-9]{1,7}|[0-9]{4}[ -]?[0-9]{6}[ -]?[0-9]{5}")
# The first digits of Visa, Mastercard, American Express, Discover, JCB and Diners Club, and how long their numbers are
_ISSUERS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|(?:5[1-5]|2[2-7])[0-9]{14}|3[47][0-9]{13}|(?:6011|65[0-9][0-9]|64[4-9][0-9]|35[0-9][0-9])[0-9]{12}|3(?:0[0-5]|[689][0-9])[0-9]{11}"
)


def is_iban(value: str) -> bool:
    plain = value.replace(" ", "").upper()
    return _IBAN.fullmatch(plain) is not None and _mod97(plain[4:] + plain[:4]) == 1


def _mod97(text: str) -> int:
    return int("".join(str(int(c, 36)) for c in text)) % 97


def is_payment_card(value: str) -> bool:
    if not _CARD.fullmatch(value):
        return False
    digits = re.sub(r"[^0-9]", "", value)
    return _ISSUERS.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def is_national_id(value: str) -> bool:
    return any(pattern.fullmatch(value) and holds(re.sub(r"[ .+-]", "", value)) for pattern, holds in _NATIONAL_IDS)


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _spain(value: str) -> bool:
    number = value[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == value[-1]


def _france(value: str) -> bool:
    number = value[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(value[13:])


_ODD = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14,
                 16, 10, 22, 25, 24, 23), strict=True))  # fmt: skip


def _italy(value: str) -> bool:
    total = sum(_ODD[c] if i % 2 == 0 else int(c) if c.isdigit() else ord(c) - 65 for i, c in enumerate(value[:15]))
    return chr(65 + total % 26) == value[15]


def _poland(value: str) -> bool:
    century = (1900, 2000, 2100, 2200, 1800)[int(value[2]) // 2]
    born = _is_day(century + int(value[:2]), int(value[2:4]) % 20, int(value[4:6]))
    return born and (10 - _weighted(value, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10) % 10 == int(value[10])


def _brazil(value: str) -> bool:
    for at in (9, 10):
        rest = _weighted(value[:at], tuple(range(at + 1, 1, -1))) * 10 % 11 % 10
        if rest != int(value[at]):
            return False
    return len(set(value)) > 1


def _sweden(value: str) -> bool:
    digits = value[-10:]
    return int(digits[2:4]) in range(1, 13) and int(digits[4:6]) % 60 in range(1, 32) and _luhn(digits)


def _finland(value: str) -> bool:
    digits = re.sub(r"[^0-9]", "", value[:-1])
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(digits) % 31] == value[-1]


_NATIONAL_IDS: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}"), lambda _: True),  # USA
    (
        re.compile(r"(?![DFIQUV])[A-Z](?![DFIQUVO])[A-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"),
        lambda _: True,
    ),  # United Kingdom
    (re.compile(r"(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-Z]"), _spain),
    (re.compile(r"[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}"), _france),
    (re.compile(r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]"), _italy),
    (re.compile(r"[0-9]{11}"), _poland),
    (re.compile(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"), _brazil),
    (re.compile(r"(?:19|20)?[0-9]{6}[-+][0-9]{4}"), _sweden),
    (re.compile(r"(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}[-+A][0-9]{3}[0-9A-Y]"), _finland),
)
