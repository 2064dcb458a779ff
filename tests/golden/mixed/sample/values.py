"""Plausible values by a column's name and type. Every value comes from the generator that is passed in."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from ingest.declaration import Column

START = datetime(2026, 1, 1)
FIRST_NAMES = (
    "Ada",
    "Björn",
    "Chiara",
    "Dmitri",
    "Élodie",
    "Farah",
    "Grace",
    "Hugo",
    "Ines",
    "Jun",
)
LAST_NAMES = (
    "Lovelace",
    "O'Neil",
    "Müller",
    "Rossi",
    "Nguyen",
    "Kaya",
    "Silva",
    "Smith",
    "Novák",
    "Sato",
)
_NOTES = "note|comment|description|text|remark|message"
WORDS = {
    "country": ("DE", "FR", "GB", "IT", "US", "BR", "JP", "VN"),
    "city": ("Berlin", "Lyon", "Leeds", "Torino", "Boston", "Recife", "Kyoto", "Huế"),
    "status|state": ("new", "paid", "shipped", "delivered", "returned"),
    "currency": ("EUR", "USD", "GBP"),
    "categor|segment|group|class|department": ("books", "garden", "kitchen", "music", "sports"),
    "channel|campaign|medium": ("web", "store", "phone", "partner"),
    "type|kind": ("view", "click", "search", "purchase"),
    "gender|sex": ("f", "m", "x"),
    "language|locale": ("de", "en", "fr", "pt"),
    _NOTES: (
        "left at the door", 'called "urgent"', "two, not three", "first line\nsecond line",
        "größer, bitte", "50% off", "it's a gift",
    ),
}  # fmt: skip
# Later than the moment of the row, or not about it at all.
_LATER = re.compile(r"ship|deliver|clos|end|arriv|finish|resolv|paid|return|due|expir|complet")
_BIRTH = re.compile(r"birth|dob")

# What names of columns a guess of personal data goes with, and one that stands for them.
_PERSONAL = {
    "email": ("mail", "email"),
    "phone": ("phone|mobile|tel|fax", "phone"),
    "national id": ("ssn", "ssn"),
    "passport": ("passport", "passport"),
    "birth date": ("birth|dob", "birth_date"),
    "bank account": ("iban|account", "iban"),
    "payment card": ("card", "card"),
    "name": ("name", "name"),
    "address": ("street|address", "street"),
    "ip address": (r"(^|_)ip($|_)", "ip"),
    "secret": ("password|secret|token|api_key", "secret"),
    "gender": ("gender|sex", "gender"),
}

Make = Callable[[Random, int, datetime], object]


def maker(column: Column, guess: str = "") -> Make:
    """A function from generator, row number and the moment of the row to a value of the column's type.

    `guess` is what personal data it seems to hold, where that was measured: its values are made up by that.
    """
    name = column.id.lower()
    if guess in _PERSONAL and not re.search(_PERSONAL[guess][0], name):
        name = _PERSONAL[guess][1]
    if column.type == "VARCHAR":
        return _text(name)
    if column.type.startswith("DECIMAL"):
        precision, scale = (int(part) for part in re.findall(r"\d+", column.type))
        return _decimal(name, precision, scale)
    when = _moment(name)
    return {
        "BIGINT": _integer(name),
        "DOUBLE": _double(name),
        "BOOLEAN": lambda random, row, moment: random.random() < 0.8,
        "DATE": lambda random, row, moment: when(random, moment).date(),
        "TIMESTAMP": lambda random, row, moment: when(random, moment),
        "TIMESTAMPTZ": lambda random, row, moment: when(random, moment),
        "TIME": lambda random, row, moment: time(random.randrange(24), random.randrange(60)),
        "UUID": lambda random, row, moment: UUID(int=random.getrandbits(128), version=4),
        "BLOB": lambda random, row, moment: f"{random.getrandbits(32):08x}".encode(),
        "JSON": lambda random, row, moment: _document(random),
    }[column.type]


def numbered(column: Column, number: int, salt: str) -> object:
    """A value that only this number (from 0) has: for keys."""
    if column.type == "BIGINT":
        return number + 1
    if column.type == "VARCHAR":
        letters = re.sub(r"[^A-Za-z]", "", column.name)[:3].upper() or "K"
        text = f"{letters}-{number + 1:05d}"
        return f"{text.lower()}@example.com" if "mail" in column.name.lower() else text
    if column.type == "UUID":
        digest = hashlib.md5(f"{salt}.{number}".encode(), usedforsecurity=False)
        return UUID(bytes=digest.digest(), version=4)
    if column.type in ("TIMESTAMP", "TIMESTAMPTZ"):
        return START + timedelta(minutes=number)
    return {
        "DOUBLE": float(number + 1),
        "BOOLEAN": number % 2 == 0,
        "DATE": date(2026, 1, 1) + timedelta(days=number),
        "TIME": (datetime.min + timedelta(seconds=number)).time(),
        "BLOB": f"{number:08x}".encode(),
        "JSON": json.dumps({"number": number}),
    }.get(column.type, Decimal(number + 1))


def is_free(column: Column) -> bool:
    """Whether a text column holds what anybody may write: nothing that its name tells."""
    name = column.id.lower()
    return _known_text(name) is None or re.search(_NOTES, name) is not None


def _text(name: str) -> Make:
    stem = name.strip("_")[:20] or "value"
    return _known_text(name) or (lambda random, row, moment: f"{stem} {random.randrange(100)}")


def _known_text(name: str) -> Make | None:
    when = _moment(name)

    def person(random: Random) -> tuple[str, str]:
        return random.choice(FIRST_NAMES), random.choice(LAST_NAMES)

    if "mail" in name:
        return lambda random, row, moment: (
            f"{'.'.join(_ascii(p) for p in person(random))}{row}@example.com"
        )
    if _BIRTH.search(name):
        return lambda random, row, moment: f"{when(random, moment):%Y-%m-%d}"
    if re.search(r"(^|_)ip($|_)", name):
        return lambda random, row, moment: f"192.0.2.{random.randrange(1, 255)}"
    if re.search(r"first|given", name):
        return lambda random, row, moment: random.choice(FIRST_NAMES)
    if re.search(r"last|sur|family", name):
        return lambda random, row, moment: random.choice(LAST_NAMES)
    if re.search(r"phone|mobile|(^|_)(tel|fax)($|_)", name):
        return lambda random, row, moment: f"+1 555 01{random.randrange(100):02d}"
    if re.search(r"url|link|website", name):
        return lambda random, row, moment: f"https://example.com/{name}/{random.randrange(1000)}"
    if re.search(r"zip|postal|postcode", name):
        return lambda random, row, moment: f"{random.randrange(100_000):05d}"
    if "street" in name or "address" in name:
        return lambda random, row, moment: (
            f"{random.randrange(1, 200)} {random.choice(LAST_NAMES)} Street"
        )
    for pattern, words in WORDS.items():
        if re.search(pattern, name):
            return lambda random, row, moment, words=words: random.choice(words)  # type: ignore[misc]
    if "name" in name:
        return lambda random, row, moment: " ".join(person(random))
    if re.search(r"iban|card|account|(^|_)ssn|passport|tax_?(id|n)", name):
        return lambda random, row, moment: f"{random.randrange(10**12):012d}"
    if re.search(r"password|passwd|pwd|secret|api_key|token", name):
        return lambda random, row, moment: f"{random.getrandbits(64):016x}"
    return None


def address(number: int) -> str:
    """An e-mail address that only this number has."""
    first, last = (
        names[number * step % len(names)] for names, step in ((FIRST_NAMES, 7), (LAST_NAMES, 3))
    )
    return f"{_ascii(first)}.{_ascii(last)}{number + 1}@example.com"


def _ascii(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower()) or "x"


def _range(name: str) -> tuple[float, float]:
    """The range of a number by its name."""
    for pattern, low, high in (
        (r"rate|ratio|share|percent|discount|score|probab", 0, 1),
        (r"quantity|qty|count|number|units|items", 1, 9),
        (r"year", 2020, 2026),
        (r"month", 1, 12),
        (r"(^|_)day", 1, 28),
        (r"hour", 0, 23),
        (r"minute|second", 0, 59),
        (r"(^|_)age($|_)", 18, 90),
        (r"lat", -60, 70),
        (r"lon|lng", -180, 180),
        (r"price|cost|fee|tax", 1, 200),
        (r"amount|total|revenue|value|balance|limit|salary", 1, 2000),
    ):
        if re.search(pattern, name):
            return low, high
    return 1, 1000  # what people state of a number is mostly that it is positive


def _integer(name: str) -> Make:
    low, high = _range(name)
    return lambda random, row, moment: random.randint(int(low), int(high))


def _double(name: str) -> Make:
    low, high = _range(name)
    return lambda random, row, moment: round(random.uniform(low, high), 4)


def _decimal(name: str, precision: int, scale: int) -> Make:
    low, high = _range(name)
    largest = 10**precision - 1
    smallest = min(round(low * 10**scale), largest)
    smallest = max(smallest, -largest)
    top = min(round(high * 10**scale), largest)
    return lambda random, row, moment: Decimal(random.randint(smallest, top)).scaleb(-scale)


def _moment(name: str) -> Callable[[Random, datetime], datetime]:
    if _BIRTH.search(name):
        return lambda random, moment: (
            datetime(1950, 1, 1) + timedelta(days=random.randrange(20_000))
        )
    if _LATER.search(name):
        return lambda random, moment: moment + timedelta(minutes=random.randrange(1440, 7200))
    return lambda random, moment: moment


def _document(random: Random) -> str:
    return json.dumps(
        {
            "page": f"/{random.choice(WORDS['country']).lower()}/{random.randrange(50)}",
            "items": random.randint(0, 5),
            "tags": ["größe", "new"][: random.randint(0, 2)],
        },
        ensure_ascii=False,
    )
