"""Personal data of a column, by its name and by a sample of its values."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.probe.check_digits import is_iban, is_national_id, is_payment_card
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.personal import personal

EMAILS = ["ann@example.com", "bob.b+x@mail.example.org", "Carl <carl@example.co.uk>"]
PHONES = [
    "+43 1 234 56 78",
    "+1 (555) 123-4567",
    "0664/123 45 67",
    "(02) 9374 4000",
    "555-123-4567",
    "0043 664 1234567",
]
IBANS = ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "AT611904300234573201", "FR1420041010050500013M02606"]
CARDS = ["4111 1111 1111 1111", "5555555555554444", "3782-822463-10005", "6011111111111117", "30569309025904"]
ADDRESSES = ["192.168.0.1", "10.0.0.0/8", "2001:db8::1", "::ffff:10.1.2.3"]
NATIONAL = [
    "536-90-4399", "AB 12 34 56 C", "12345678Z", "X1234567L", "2 55 08 14 168 025 38", "RSSMRA85T10A562S", "44051401359",
    "529.982.247-25", "811218-9876", "19811218-9876", "131052-308T",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "guess"),
    [("email", "email"), ("E-Mail", "email"), ("customer_email", "email"), ("phone", "phone"), ("SSN", "national id"),
     ("birth_date", "birth date"), ("dob", "birth date"), ("iban", "bank account"), ("FirstName", "name"), ("surname", "name"),
     ("billing_address", "address"), ("ip", "ip address"), ("password", "secret"), ("id", None), ("product_name", None),
     ("amount", None), ("status", None), ("chip", None), ("hotel", None), ("address_id", None), ("phone_id", None),
     ("address2", "address"), ("tax_id", "national id"), ("passport_id", "passport"), ("email_de", "email"),
     ("phone_number", "phone"), ("MobileNo", "phone"), ("home_phone", "phone"), ("line1", "address"), ("order_line1", None),
     ("street_name", "address"), ("postcode", "location"), ("username", "name"), ("zip", "location"), ("gzip", None)],
)  # fmt: skip
def test_by_name(name: str, guess: str | None) -> None:
    found = personal(name, "text")
    assert (found.guess if found else None) == guess
    assert found is None or found.how == "name"


@pytest.mark.parametrize(
    ("name", "type_", "guess"),
    [
        ("num_orders_as_shipping_address", "bigint", None), ("shipping_address", "bigint", None), ("num_phone", "bigint", None),
        ("phone_count", "bigint", None), ("phone", "bigint", "phone"), ("account_no", "decimal(20,0)", "bank account"),
        ("ip", "bigint", "ip address"), ("sin", "double", None), ("zip", "bigint", "location"), ("has_email", "boolean", None),
        ("gender", "boolean", "gender"), ("birth_date", "date", "birth date"), ("dob", "timestamp", "birth date"),
        ("dob", "bigint", "birth date"), ("email_on", "timestamptz", None), ("last_name", "time", None),
        ("email", "json", "email"), ("token", "uuid", "secret"),
    ],
)  # fmt: skip
def test_a_type_has_no_room_for_everything(name: str, type_: str, guess: str | None) -> None:
    found = personal(name, type_)
    assert (found.guess if found else None) == guess


@pytest.mark.parametrize(
    ("values", "guess"),
    [(EMAILS, "email"), (PHONES, "phone"), (IBANS, "bank account"), (CARDS, "payment card"), (ADDRESSES, "ip address"),
     (NATIONAL, "national id")],
)  # fmt: skip
def test_by_values(values: list[str], guess: str) -> None:
    found = personal("c7", "text", values)
    assert found is not None
    assert (found.guess, found.how) == (guess, "values")


@pytest.mark.parametrize("value", NATIONAL)
def test_each_national_id_proves_itself(value: str) -> None:
    assert is_national_id(value)
    at = max(i for i, c in enumerate(value) if c.isdigit())
    others = [value[:at] + d + value[at + 1 :] for d in "0123456789" if d != value[at]]
    if value not in ("536-90-4399", "AB 12 34 56 C"):  # these two have no check digit
        assert not any(is_national_id(other) for other in others[:3]) or value[-1].isalpha()
        assert sum(is_national_id(other) for other in others) <= 1


def test_numbers_whose_check_digits_are_wrong() -> None:
    assert not any(is_iban(v[:-1] + ("1" if v[-1] != "1" else "2")) for v in IBANS)
    assert not any(is_payment_card(v[:-1] + str((int(v[-1]) + 1) % 10)) for v in CARDS)
    assert not is_national_id("000-12-3456"), "no area has that number"
    assert not is_payment_card("0000000000000000"), "no issuer has that number"


def test_name_and_values_together() -> None:
    both = personal("email", "text", EMAILS)
    assert both is not None and (both.guess, both.how) == ("email", "name and values")
    other = personal("contact_name", "text", EMAILS)
    assert other is not None and (other.guess, other.how) == ("email", "values"), "values beat the name"
    none = personal("email", "text", ["", " ", "n/a"])
    assert none is not None and (none.guess, none.how) == ("email", "name")
    assert personal("c", "text", []) is None


def days() -> list[str]:
    return [str(date(2024, 1, 1) + timedelta(i)) for i in range(60)]


@pytest.mark.parametrize(
    "values",
    [
        days(),
        [d.replace("-", "/") for d in days()],
        [d.replace("-", ".") for d in days()],
        [f"{d} 10:15:00+02" for d in days()],
        [str(10**15 + 7 * i) for i in range(100)],
        [str(4 * 10**15 + 7 * i) for i in range(100)],
        [str(10**8 + i) for i in range(100)],
        [str(10**10 + 3 * i) for i in range(100)],
        [f"{i:05}-{i:03}" for i in range(100)],
        [f"SKU-{i:04}-{i % 7}" for i in range(100)],
        [f"{i}.{i % 3}" for i in range(100)],
        [f"v{i}.0.1" for i in range(100)],
        [f"{i:02x}:{i:02x}:{i:02x}:00:11:22" for i in range(100)],
        ["new", "paid", "sent"],
        ["twitter @someone", "a@b", "@"],
        ["48.2082, 16.3738", "-33.8688, 151.2093"],
        ["978-3-16-148410-0", "978-0-306-40615-7", "978-1-86197-876-9"],
    ],
)
def test_values_that_are_not_of_people(values: list[str]) -> None:
    assert personal("c", "text", values) is None


def test_one_value_many_times_proves_no_more_than_once() -> None:
    assert personal("c", "text", ["555-123-4567"] * 50) is None
    assert personal("c", "text", ["ann@example.com"] * 50) is not None


def test_a_share_of_the_values_decides() -> None:
    prose = [f"sentence number {i}" for i in range(95)]
    assert personal("notes", "text", [*prose, "write to ann@example.com"]) is None
    assert personal("notes", "text", [*prose, *(f"write to {i}@example.com" for i in range(20))]) is not None


def test_random_digits_are_no_cards_and_no_ids() -> None:
    drawn = random.Random(6)
    for length in range(6, 20):
        assert (
            personal("c", "text", [str(drawn.randrange(10 ** (length - 1), 10**length)) for _ in range(100)]) is None
        ), length


@given(st.lists(st.text(max_size=40), max_size=20))
def test_any_text_is_looked_at_without_an_error(values: list[str]) -> None:
    personal("c", "text", values)


def test_no_value_of_a_personal_column_is_told() -> None:
    facts = ColumnFacts("tax_id", "bigint", rows=3, nulls=0, least="44051401359", most="44051401360")
    assert (facts.measured().least, facts.measured().most) == (None, None)
    plain = ColumnFacts("weight", "bigint", rows=3, nulls=0, least="1", most="2")
    assert (plain.measured().least, plain.measured().most) == ("1", "2")
    shown = ColumnFacts("weight", "bigint", rows=3, nulls=0, least="1", personal=personal("weight", "bigint", CARDS))
    assert shown.measured().least is None


@pytest.mark.parametrize("value", ["RSSMRA85T10A56٣S", "٤٤٠٥١٤٠١٣٥٩", "DE8937040044053201300٣", "+٤٣ ١ ٢٣٤٥٦٧٨"])
def test_digits_of_other_scripts_are_no_error(value: str) -> None:
    assert personal("c", "text", [value] * 3) is None
