from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pipegen.core import units
from pipegen.core.spec import fields


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15m", 900),
        ("2h", 7200),
        ("1d", 86_400),
        ("1h30m", 5400),
        (" 90 S ", 90),
        ("1.5h", 5400),
        ("4.35m", 261),
        ("2w", 1_209_600),
    ],
)
def test_a_duration_is_seconds(text: str, seconds: int) -> None:
    assert units.duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "15", "m", "2 hours", "0s", "0.5s", "-1h", "1h,", "1e3s", "9" * 400 + "d", "101w 99999d"]
)
def test_what_is_no_duration_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed is|whole number|century") as refused:
        units.duration(text)
    assert len(str(refused.value)) < 250


@given(st.integers(1, 100 * 365 * 86_400))
def test_a_duration_survives_being_said(seconds: int) -> None:
    assert units.duration(units.duration_text(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(90, "90s"), (3600, "1h"), (86_400, "1d"), (604_800, "7d"), (1_209_600, "2w"), (5400, "1h30m")],
)
def test_a_duration_is_said_the_usual_way(seconds: int, text: str) -> None:
    assert units.duration_text(seconds) == text


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("2M rows/day", 2e6),
        ("2m rows/day", 2e6),
        ("500 rows/s", 500 * 86_400),
        ("500rows/day", 500),
        ("1,500 rows/day", 1500),
        ("1_000 events/hour", 24_000),
        ("1 row/day", 1),
        ("2.5k rows / day", 2500),
        ("7 rows/week", 1),
        ("2b rows/day", 2e9),
    ],
)
def test_rows_a_day(text: str, rows: float) -> None:
    assert units.volume(text) == units.Volume(rows_per_day=pytest.approx(rows))


@pytest.mark.parametrize(
    ("text", "size"), [("40 GB/day", 40e9), ("2kb/s", 172.8e6), ("3 b/day", 3), ("1 TB/week", 1e12 / 7)]
)
def test_bytes_a_day(text: str, size: float) -> None:
    assert units.volume(text) == units.Volume(bytes_per_day=pytest.approx(size))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2M",
        "rows/day",
        "1,5 rows/day",
        "5 GB rows/day",
        "500k/day",
        "2 rows/fortnight",
        "-1 rows/day",
        "9" * 400 + " rows/day",
    ],
)
def test_what_is_no_volume_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a volume|more than anything"):
        units.volume(text)


def test_every_hint_names_what_is_taken() -> None:
    import re

    for hint, parse in (
        (units.DURATION_HINT, units.duration),
        (units.VOLUME_HINT.split(": ")[1], units.volume),
        (units.SIZE_HINT.split(": ")[1], units.size),
        (units.BYTES_HINT, units.bytes_),
        (units.RATE_HINT.split(": ")[1], units.request_rate),
        (units.TIME_HINT, units.time_of_day),
        (units.FACTOR_HINT, units.factor),
        (units.SHARE_HINT, units.share),
        (units.GROWTH_HINT, units.growth),
    ):
        examples = re.findall(r"`([^`]+)`", hint)
        assert examples
        for example in examples:
            parse(example)


@pytest.mark.parametrize(("text", "number"), [("4x", 4.0), ("1 X", 1.0), ("2.5x", 2.5)])
def test_a_factor(text: str, number: float) -> None:
    assert units.factor(text) == number


@pytest.mark.parametrize("text", ["4", "0.5x", "x", "-2x", "9" * 400 + "x"])
def test_what_is_no_factor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="factor"):
        units.factor(text)


def test_a_share_lies_inside_its_bounds() -> None:
    assert units.share("99.9%") == pytest.approx(0.999)
    for text in ("0%", "100%", "101%", "99", "-1%"):
        with pytest.raises(ValueError, match="above 0%"):
            units.share(text)


def test_growth_is_compounded_to_a_month() -> None:
    assert units.growth("5%/month") == pytest.approx(0.05)
    assert units.growth("12%/year") == pytest.approx(1.12 ** (1 / 12) - 1)
    assert units.growth("-5%/month") == pytest.approx(-0.05)
    for text in ("-100%/month", "5%", "5/month", "9" * 400 + "%/day"):
        with pytest.raises(ValueError, match="growth"):
            units.growth(text)


NUMBER = st.integers(1, 999_999)
SPACE = st.sampled_from(["", " ", "  "])
ROWS = st.sampled_from([("", 1), ("k", 10**3), ("M", 10**6), ("B", 10**9)])
BYTES = st.sampled_from([("B", 1), ("kB", 10**3), ("MB", 10**6), ("GB", 10**9), ("tb", 10**12)])
SHOWN = st.sampled_from(["{}", "{:,}", "{:_}", "{}.0"])


@given(NUMBER, ROWS, SHOWN, SPACE, st.sampled_from(["rows", "events", "ROWS"]))
def test_a_size_in_rows_is_the_number_that_was_said(
    number: int, scale: tuple[str, int], shown: str, space: str, word: str
) -> None:
    text = f"{shown.format(number)}{space}{scale[0]} {word}"
    assert units.size(text) == units.Size(rows=number * scale[1])
    assert units.volume(f"{text}/day") == units.Volume(rows_per_day=number * scale[1])


@given(NUMBER, BYTES, SHOWN, SPACE)
def test_an_amount_of_bytes_is_the_number_that_was_said(
    number: int, unit: tuple[str, int], shown: str, space: str
) -> None:
    text = f"{shown.format(number)}{space}{unit[0]}"
    assert units.bytes_(text) == number * unit[1]
    assert units.size(text) == units.Size(bytes=number * unit[1])
    assert units.volume(f"{text}/day") == units.Volume(bytes_per_day=number * unit[1])


PERIOD = st.sampled_from([("s", 1), ("second", 1), ("min", 60), ("minute", 60), ("h", 3600), ("day", 86_400)])


@given(NUMBER, PERIOD, SHOWN, SPACE, st.sampled_from(["requests", "request", "calls", "Requests"]))
def test_a_rate_is_requests_a_second(number: int, period: tuple[str, int], shown: str, space: str, word: str) -> None:
    text = f"{shown.format(number)} {word}{space}/{space}{period[0]}"
    assert units.request_rate(text) == pytest.approx(number / period[1])


@given(st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_hour_and_minute(hour: int, minute: int) -> None:
    assert units.time_of_day(f"{hour:02}:{minute:02}") == (hour, minute)
    assert units.time_of_day(f" {hour}:{minute:02} ") == (hour, minute)


@pytest.mark.parametrize(
    ("parse", "texts"),
    [
        (units.size, ["", "40", "40 GB/day", "rows", "-1 rows", "1,5 rows", "5 GB rows", "9" * 400 + " rows"]),
        (units.bytes_, ["", "250", "0 B", "3 rows", "40 GiB", "-1 B", "1e3 B", "9" * 400 + " B"]),
        (units.request_rate, ["", "100", "100/minute", "0 requests/s", "5 requests/fortnight", "9" * 400 + " calls/s"]),
        (units.time_of_day, ["", "6", "24:00", "06:60", "6am", "06:00:00", "-1:00"]),
    ],
)
def test_what_is_none_is_refused_with_what_is_allowed(parse: Callable[[str], object], texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(ValueError, match=r"allowed is|more than any table") as refused:
            parse(text)
        assert len(str(refused.value)) < 250


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_value_error(text: str) -> None:
    for parse in (units.size, units.bytes_, units.request_rate, units.time_of_day):
        with contextlib.suppress(ValueError):
            parse(text)


@given(NUMBER, BYTES)
def test_what_a_field_keeps_of_a_unit_means_the_same(number: int, unit: tuple[str, int]) -> None:
    kept = TypeAdapter(fields.Bytes).validate_python(f"  {number}   {unit[0]} ")
    assert kept == f"{number} {unit[0]}"
    assert units.bytes_(kept) == number * unit[1]
