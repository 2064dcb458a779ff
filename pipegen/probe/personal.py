"""What personal data a column seems to hold, by its name and by a sample of its values.

The values are looked at and forgotten: none is kept, printed or part of an exception. Values speak where most of them have a
form that little else has: an address with ``@``, or a number whose check digits are right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from math import ceil

from pipegen.core.measured import Personal
from pipegen.core.names import identifier
from pipegen.probe import check_digits

SAMPLE_VALUES = 100
"""As many values of a column as are worth showing to :func:`personal`."""

SAMPLE_CHARACTERS = 200
"""As much of a text as is worth showing."""

# Guess by whole words of the name; the first that fits.
_NAMES: tuple[tuple[str, str], ...] = (
    ("email", r"e_?mails?(_addr(ess)?)?|mail"),
    (
        "phone",
        r"((mobile|home|work|cell|contact)_?)?(phones?|telephone|tel|mobile|cell|fax)(_?(no|nr|num|number))?|msisdn",
    ),
    (
        "national id",
        r"ssn|social_security(_number)?|nin|national_id|personal_id|tax_id|tin|sin|nhs_number|bsn|cpf|pesel",
    ),
    ("passport", r"passport(_(no|number|id))?|driv(er|ing)s?_licen[cs]e"),
    ("birth date", r"birth(_?da(te|y))?|date_of_birth|dob|born(_on|_at)?"),
    ("bank account", r"iban|bic|account_(no|number)|bank_account|routing_number|sort_code"),
    ("payment card", r"card_(no|number)|credit_?card|pan|cvv|cvc"),
    ("name", r"(first|last|middle|given|family|full|maiden|contact|customer|employee|user)_?name|surname|forename"),
    (
        "address",
        r"(street|home|postal|billing|shipping|mailing)?_?address(_?(line)?_?\d)?|street(_?(name|no|nr|number))?|addr"
        r"|(?<!_)line_?[1-4]",
    ),
    ("ip address", r"ip(_?v[46])?(_?addr(ess)?)?|(client|remote|user|source)_ip"),
    ("secret", r"password|passwd|pwd|secret|api_key|token"),
    ("gender", r"gender|sex"),
    ("health", r"diagnosis|icd(_?10)?|medication|blood_type"),
    ("location", r"(home|user|customer)_(lat(itude)?|lon(gitude)?|lng)|(post|postal|zip)_?code|zip"),
)
_NUMBERS = ("bigint", "decimal", "double")
_COUNTED = re.compile(r"^(num|nums|n|nr|no|count|number_of|total|max|min|avg|has)_|_(count|total)$")
# What a number, a truth or a time can hold: `num_addresses` is no address, and `email_confirmed_at` no e-mail
_IN_NUMBERS = frozenset(
    "phone/national id/passport/birth date/bank account/payment card/ip address/gender/health/location".split("/")
)
_IN_DOUBLES = frozenset({"location"})
_IN_BOOLEANS = frozenset({"gender", "health"})
_IN_TIMES = frozenset({"birth date"})
# `address_id` points at an address, and is none
_NAME_PATTERNS = tuple(
    (guess, re.compile(rf"(?:^|.*_)(?:{words})(?:_(?!id$|key$|fk$|no$).{{0,3}})?$")) for guess, words in _NAMES
)

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?![A-Za-z0-9])")
# A country's code, an area in parentheses or one with a leading zero, or three groups as in America; never digits alone
_PHONE = re.compile(
    r"(?:\+|00)[1-9][\d ()/.-]{6,20}|\(0?\d{1,5}\)[\d /.-]{5,15}|0\d{1,5}[ /-][\d /-]{4,14}|(?:1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{4}",
    re.ASCII,
)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b.*", re.ASCII)
_TELLING = re.compile(r"[\d@]")  # no value without one of these, or shorter than the shortest address, shows anything
_SHORTEST = 6
_LEAST_DIGITS, _MOST_DIGITS = 7, 15  # of a phone number


@dataclass(frozen=True)
class _Sign:
    """Something that values show: it is believed where a share of the different values has it, and as many as ``least``."""

    guess: str
    shown_by: Callable[[str], bool]
    share: float
    least: int = 1


def _is_phone(value: str) -> bool:
    if not _PHONE.fullmatch(value) or _DATE.fullmatch(value):
        return False
    return _LEAST_DIGITS <= sum(c.isdigit() for c in value) <= _MOST_DIGITS


def _is_ip(value: str) -> bool:
    if "." not in value and value.count(":") < 2:
        return False
    try:
        ip_address(value.partition("/")[0])
    except ValueError:
        return False
    return True


# What cannot be anything else is believed of few values, what one number in ten passes only of nearly all.
_SIGNS: tuple[_Sign, ...] = (
    _Sign("email", lambda value: "@" in value and _EMAIL.search(value) is not None, share=0.1),
    _Sign("bank account", check_digits.is_iban, share=0.5),
    _Sign("payment card", check_digits.is_payment_card, share=0.9, least=3),
    _Sign("national id", check_digits.is_national_id, share=0.8, least=3),
    _Sign("ip address", _is_ip, share=0.8, least=2),
    _Sign("phone", _is_phone, share=0.6, least=3),
)


def personal(column: str, type_: str, values: Iterable[str] | None = None) -> Personal | None:
    """What personal data a column seems to hold, by its name, its canonical type and, where a sample of values is given, by them.

    Where name and values speak and disagree, values beat the name. They are counted once each: what repeats proves nothing.
    """
    named, shown = _by_name(column, type_), _by_values(values) if values is not None else None
    if shown is None:
        return Personal(guess=named, how="name") if named else None
    return Personal(guess=shown, how="name and values" if shown == named else "values")


def _by_name(column: str, type_: str) -> str | None:
    name, holds = identifier(column), _held_by(type_)
    if type_.startswith(_NUMBERS) and _COUNTED.search(name):
        return None
    found = (guess for guess, pattern in _NAME_PATTERNS if pattern.match(name))
    return next((guess for guess in found if holds is None or guess in holds), None)


def _held_by(type_: str) -> frozenset[str] | None:
    """What a type has room for; None for all."""
    if type_.startswith(_NUMBERS):
        return _IN_DOUBLES if type_ == "double" else _IN_NUMBERS
    if type_ == "boolean":
        return _IN_BOOLEANS
    return _IN_TIMES if type_.startswith(("date", "time")) else None


def _by_values(values: Iterable[str]) -> str | None:
    different = {stripped for value in values if (stripped := value.strip())}
    telling = [value for value in different if len(value) >= _SHORTEST and _TELLING.search(value)]
    return next((sign.guess for sign in _SIGNS if _is_shown(sign, telling, len(different))), None)


def _is_shown(sign: _Sign, telling: list[str], of: int) -> bool:
    """Whether enough ``of`` all values have a sign, which only the ``telling`` ones can; given up once too many have not."""
    needed = max(sign.least, ceil(sign.share * of))
    may_miss = len(telling) - needed
    for value in telling if may_miss >= 0 else ():
        if sign.shown_by(value):
            needed -= 1
            if not needed:
                return True
        elif (may_miss := may_miss - 1) < 0:
            return False
    return False
