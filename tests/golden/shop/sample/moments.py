"""When things happen in the sample: in the source's own span where it was measured, else through the first half of 2026."""

from datetime import date, datetime, time, timedelta

from sample import values
from sample.facts import Facts
from sample.schema import Shape

TYPES = ("DATE", "TIMESTAMP")
SPAN = timedelta(days=180)
# A watermark of a day needs this much time to go on in, one of a moment so much a row.
_LEAST_DAYS = timedelta(days=30)
_LEAST_A_ROW = timedelta(minutes=1)
# Earlier and later watermarks stand for "none".
_EPOCH, _NEVER = datetime(1970, 1, 1), datetime(2100, 1, 1)


def of_rows(shape: Shape, total: int) -> list[datetime]:
    """The moment that each row is about, one after another."""
    start, span = _span(shape, total)
    return [(start + span * row / total).replace(microsecond=0) for row in range(total)]


def _span(shape: Shape, total: int) -> tuple[datetime, timedelta]:
    watermark = shape.table.watermark
    facts = shape.of(watermark) if watermark else Facts()
    if (
        not watermark
        or not facts.ranged
        or not shape.table.column(watermark).type.startswith(TYPES)
    ):
        return values.START, SPAN
    least, most = _moment(facts.least), _moment(facts.most)
    if not _EPOCH + SPAN < most < _NEVER:
        return values.START, SPAN
    least = max(least, _EPOCH)
    a_day = not isinstance(facts.least, datetime)
    enough = max(_LEAST_A_ROW * total, _LEAST_DAYS if a_day else timedelta())
    return (least, most - least) if most - least >= enough else (most - SPAN, SPAN)


def _moment(value: object) -> datetime:
    assert isinstance(value, date)
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def at(facts: Facts, share: float) -> object:
    """The value at this share of a column's range, 1 and more being its end."""
    return _between(facts.least, facts.most, min(share, 1.0))


def _between(least: object, most: object, share: float) -> object:
    if isinstance(least, datetime) and isinstance(most, datetime):
        moment = least + (most - least) * share
        return min(most, max(least, moment.replace(microsecond=0)))
    if isinstance(least, date) and isinstance(most, date):
        return least + timedelta(days=round((most - least).days * share))
    assert isinstance(least, time) and isinstance(most, time)
    first, last = (
        timedelta(hours=t.hour, minutes=t.minute, seconds=t.second) for t in (least, most)
    )
    return (datetime.min + first + (last - first) * share).time().replace(microsecond=0)
