"""What the name of a column says about it: personal data, a watermark, a key."""

from __future__ import annotations

import re

from pipegen.core.measured import Personal
from pipegen.core.names import identifier

# Guess by whole words of the name; the first that fits.
_PERSONAL: tuple[tuple[str, str], ...] = (
    ("email", r"e_?mails?(_addr(ess)?)?|mail"),
    ("phone", r"phones?|telephone|tel|mobile|cell(_?phone)?|fax|msisdn"),
    (
        "national id",
        r"ssn|social_security(_number)?|nin|national_id|personal_id|tax_id|tin|sin|nhs_number|bsn|cpf|pesel",
    ),
    ("passport", r"passport(_(no|number|id))?|driv(er|ing)s?_licen[cs]e"),
    ("birth date", r"birth(_?da(te|y))?|date_of_birth|dob|born(_on|_at)?"),
    ("bank account", r"iban|bic|account_(no|number)|bank_account|routing_number|sort_code"),
    ("payment card", r"card_(no|number)|credit_?card|pan|cvv|cvc"),
    ("name", r"(first|last|middle|given|family|full|maiden|contact|customer|employee)_?name|surname|forename"),
    ("address", r"(street|home|postal|billing|shipping|mailing)?_?address(_?(line)?_?\d)?|street|addr"),
    ("ip address", r"ip(_?v[46])?(_?addr(ess)?)?|(client|remote|user|source)_ip"),
    ("secret", r"password|passwd|pwd|secret|api_key|token"),
    ("gender", r"gender|sex"),
    ("health", r"diagnosis|icd(_?10)?|medication|blood_type"),
    ("location", r"(home|user|customer)_(lat(itude)?|lon(gitude)?|lng)"),
)
_PERSONAL_PATTERNS = tuple((guess, re.compile(rf"(?:^|.*_)(?:{words})(?:_.{{0,3}})?$")) for guess, words in _PERSONAL)

_WATERMARKS = (
    re.compile(r"(updated|modified|changed)(_(at|on|ts|time|date|datetime|timestamp|utc))?"),
    re.compile(r"(?:.*_)?last_(updated?|modified|modification|changed?|edit(ed)?|sync(ed)?|write|touched)(_.*)?"),
    re.compile(r"(?:.*_)?(update|modification|modify|change)_?(d_?)?(at|on|ts|time|date|datetime|timestamp)"),
    re.compile(r"(?:.*_)?(updated|modified|changed)_(at|on|ts|time|date|datetime|timestamp|utc)"),
    re.compile(r"_?(row|record|sys|load|sync)?_?(ts|timestamp|mtime)"),
)
_KEYS = re.compile(r"id|uuid|guid|key|code|.*_(id|uuid|guid|key|code|no|nr|number|num)|sku|isbn|ean")


def personal(column: str) -> Personal | None:
    """What personal data a column seems to hold, by its name alone."""
    name = identifier(column)
    for guess, pattern in _PERSONAL_PATTERNS:
        if pattern.match(name):
            return Personal(guess=guess, how="name")
    return None


def watermark_rank(column: str) -> int | None:
    """How well a name fits a time of last change, 0 being best; None where it does not."""
    name = identifier(column)
    return next((rank for rank, pattern in enumerate(_WATERMARKS) if pattern.fullmatch(name)), None)


def singular(table: str) -> str:
    """A table's id as the name of one row: ``categories`` is ``category``, ``order_items`` is ``order_item``."""
    name = identifier(table, prefix="t")
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def own_key_names(table: str) -> frozenset[str]:
    """Ids that a table's own single key has by custom: ``id``, ``order_id``, ``orders_id``, ``order_key``."""
    stems = {singular(table), identifier(table, prefix="t")}
    suffixes = ("id", "key", "code", "no", "number", "uuid")
    return frozenset({"id", "uuid", "guid"} | {f"{stem}_{suffix}" for stem in stems for suffix in suffixes} | stems)


def is_key_like(column: str) -> bool:
    """Whether a name is that of an identifier."""
    return _KEYS.fullmatch(identifier(column)) is not None
