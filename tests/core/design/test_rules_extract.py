"""Extract: full, append, mark, mark with keys, change data capture, in this order, each from both sides of its threshold."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pipegen.core.design import calibration as c
from pipegen.core.design.inputs import SourceInputs, TableInputs
from pipegen.core.design.rules import extract, write
from tests.core.design.given import BIG, DAY, FITS, HOUR, against, refuses, source, table, tells

Case = tuple[SourceInputs, TableInputs]
TINY = int(c.TINY_ROWS.value)
KEYS = int(HOUR * c.FULL_READ_SHARE.value * c.KEY_ROWS_PER_SECOND.value)  # keys that are compared in a third of an hour
LOG = {"log": True}
FILES: dict[str, Any] = {"form": "files", "kind": "files"}
API: dict[str, Any] = {"form": "api", "kind": "rest"}
OF_SOURCE = ("kind", "log", "log_lacks", "window", "bulk", "request_rate", "page_size", "webhooks")


def of(**change: Any) -> Case:
    """A table and its source, by default too large to be read whole within the hour."""
    its = {k: v for k, v in change.items() if k in OF_SOURCE}
    t = table(**{"known_rows": BIG, **{k: v for k, v in change.items() if k not in its}})
    return source(t, **its), t


def chosen(mode: str = "batch", **change: Any) -> str:
    return extract.choose(*of(**change), mode)


@pytest.mark.parametrize(
    ("change", "choice"),
    [
        ({"known_rows": FITS}, "full"),
        ({"known_rows": BIG}, "watermark-keys"),
        ({"known_rows": TINY - 1, "freshness": 1}, "full"),
        ({"known_rows": TINY, "freshness": 1}, "watermark-keys"),
        ({"known_rows": TINY - 1, "freshness": 1, "window": 1}, "full"),
        ({"known_rows": None}, "full"),
        ({"deletes": "soft"}, "watermark-keys"),
        ({"deletes": "ignore"}, "watermark"),
        ({"mark": "numeric"}, "watermark-keys"),
        ({"mark": "numeric", "deletes": "ignore"}, "watermark"),
        ({"mark": ""}, "full"),
        ({"mark_trouble": "30% of the rows are earlier than the one before"}, "full"),
        ({"key": False}, "full"),
        ({"key": False, "deletes": "ignore"}, "watermark"),
        ({"key": False, "deletes": "ignore", "mark": "numeric"}, "full"),
        ({"immutable": True}, "append"),
        ({"immutable": True, "known_rows": FITS}, "append"),
        ({"immutable": True, "known_rows": int(c.TINY_ROWS.value)}, "append"),
        ({"immutable": True, "known_rows": int(c.TINY_ROWS.value) - 1}, "full"),
        ({"immutable": True, "key": False}, "append"),
        ({"immutable": True, "mark": ""}, "full"),
        ({"known_rows": KEYS}, "watermark-keys"),
        ({"known_rows": KEYS + 1}, "full"),
        ({"known_rows": KEYS + 1, **LOG}, "cdc"),
        ({"known_rows": KEYS + 1, **LOG, "key": False}, "full"),
        ({"known_rows": KEYS + 1, "log": None}, "full"),
        ({"mark": "", **LOG}, "cdc"),
        ({**LOG}, "watermark-keys"),
        ({**LOG, "known_rows": FITS, "history": "every-change"}, "cdc"),
        ({**LOG, "known_rows": FITS, "history": "every-change", "immutable": True}, "append"),
        ({"known_rows": FITS, "history": "every-change"}, "full"),
        ({"kind": "sqlite", "mark": ""}, "full"),
        ({**FILES}, "full"),
        ({**FILES, "drops": True}, "full"),
        ({**FILES, "deletes": "ignore"}, "full"),
        ({**FILES, "drops": True, "deletes": "ignore"}, "append"),
        ({**FILES, "drops": True, "immutable": True}, "append"),
        ({"form": "events", "kind": "kafka"}, "append"),
    ],
)
def test_extract_of_a_batch(change: dict[str, Any], choice: str) -> None:
    s, t = of(**change)
    assert extract.choose(s, t, "batch") == choice
    assert extract.problem(s, t, "batch", choice) is None
    tells(extract.tell(s, t, "batch", choice), choice, alone=t.form == "events")  # events are read in no other way


@pytest.mark.parametrize(
    ("change", "mode", "choice"),
    [
        ({**LOG}, "micro-batch", "cdc"),
        ({**LOG, "known_rows": 5}, "flink", "cdc"),
        ({"form": "events", "kind": "kafka"}, "spark-streaming", "append"),
        ({**API, "webhooks": True}, "micro-batch", "append"),
    ],
)
def test_extract_of_what_is_faster_than_polling(change: dict[str, Any], mode: str, choice: str) -> None:
    s, t = of(**change)
    assert extract.choose(s, t, mode) == choice
    assert extract.problem(s, t, mode, choice) is None
    told = extract.tell(s, t, mode, choice)
    tells(told, choice, alone=t.form == "events")
    assert "only ever added" not in "; ".join(told.because)


@pytest.mark.parametrize(
    ("window", "choice"),
    [(None, "full"), (43_200, "full"), (43_199, "watermark-keys"), (5184, "watermark-keys"), (5183, "full")],
)
def test_a_read_fits_the_window_of_its_source(window: int | None, choice: str) -> None:
    """36 M rows are read in 600 s, their keys in 72 s; a run a third of an hour has a 72nd of what the source bears in a day.

    Where not even the keys fit, nothing better is there.
    """
    assert chosen(known_rows=600 * c.LOAD_ROWS_PER_SECOND.value, window=window) == choice


@pytest.mark.parametrize(("per_day", "choice"), [(0.4, "watermark"), (0.41, "full")])
def test_where_most_rows_change_between_runs_all_are_read(per_day: float, choice: str) -> None:
    """All rows are read in 32,000 s: more than a third of a day, less than two fifths."""
    rows = 32_000 * c.LOAD_ROWS_PER_SECOND.value
    change = {"known_rows": rows, "deletes": "ignore", "freshness": DAY, "known_per_day": per_day * rows}
    assert chosen(**change) == choice
    assert chosen(**change, window=80_000) == choice
    assert chosen(**change, window=79_999) == "watermark", "not where the read is too long for the source"


@pytest.mark.parametrize(("share", "choice"), [(0.4, "full"), (0.41, "watermark")])
def test_a_whole_read_is_bearable_up_to_two_fifths_of_the_freshness(share: float, choice: str) -> None:
    rows = HOUR * share * c.LOAD_ROWS_PER_SECOND.value
    assert chosen(known_rows=rows, deletes="ignore", known_per_day=rows * 24) == choice


def test_it_is_the_sources_freshness_that_a_read_must_fit() -> None:
    """A run reads every table, however seldom one of them alone would be wanted."""
    fresh, stale = table("fresh", known_rows=5, freshness=900), table("stale", known_rows=FITS, freshness=DAY)
    s = source(fresh, stale)
    assert extract.choose(s, stale, "frequent-batch") == "watermark-keys"
    assert extract.choose(source(stale), stale, "batch") == "full"
    assert "a third of freshness 15m" in tells(
        extract.tell(s, stale, "frequent-batch", "watermark-keys"), "watermark-keys"
    )


def test_the_small_tables_of_a_source_are_read_whole_before_the_large() -> None:
    """Three tables that are each read in 600 s: in a third of an hour two of them, and nothing more."""
    size = 600 * c.LOAD_ROWS_PER_SECOND.value
    a, b, d = (table(name, known_rows=rows) for name, rows in (("a", size + 1), ("b", size), ("d", size)))
    s = source(a, b, d)
    before = extract.smaller(s)
    assert before == {"b": 0, "d": 600, "a": 1200}
    assert before == extract.smaller(source(d, a, b)), "in whatever order they are told"
    assert {t.name: extract.choose(s, t, "batch", before[t.name]) for t in s.tables} == {
        "a": "watermark-keys", "b": "full", "d": "full",
    }  # fmt: skip
    told = extract.tell(s, a, "batch", "watermark-keys", before["a"])
    assert told.because[1] == "with the smaller tables of s the read takes 30 min, more than a third of freshness 1h"
    assert against(told, "full") == told.because[1]
    narrow = source(a, b, d, window=50_400)
    assert (
        "takes 30 min, longer than a window of 14h a day leaves to a run"
        in extract.tell(narrow, a, "batch", "watermark-keys", 1200).because[1]
    )


def test_where_most_rows_change_the_smaller_tables_count_too() -> None:
    s, t = of(known_rows=FITS, known_per_day=24.0 * FITS, deletes="ignore")
    assert extract.choose(s, t, "batch", 240) == "full"
    assert extract.choose(s, t, "batch", 241) == "watermark"


@pytest.mark.parametrize(
    ("change", "rate"),
    [
        ({}, c.LOAD_ROWS_PER_SECOND.value),
        ({"form": "events", "kind": "kafka"}, c.EVENT_ROWS_PER_SECOND.value),
        ({**API}, c.REST_ROWS_PER_SECOND.value),
        ({**API, "request_rate": 2.0, "page_size": 100}, 100),
        ({**API, "request_rate": 1e6, "page_size": 100}, c.REST_ROWS_PER_SECOND.value),
        ({**FILES, "bulk": True, "row_bytes": 250.0}, 1e6),
        ({**FILES}, c.LOAD_ROWS_PER_SECOND.value),
    ],
)
def test_rows_a_second_of_each_kind_of_source(change: dict[str, Any], rate: float) -> None:
    assert extract.read_rate(*of(**change)) == rate


def test_what_an_api_sends_by_itself_has_no_rate_limit() -> None:
    s, t = of(**API, request_rate=2.0)
    assert extract.read_rate(s, t, "frequent-batch") == 100
    assert extract.read_rate(s, t, "micro-batch") == c.EVENT_ROWS_PER_SECOND.value


def test_an_api_is_read_whole_only_if_its_rate_limit_allows() -> None:
    """100 rows/s are left: 120,000 rows in a third of an hour, and its keys are no quicker than its rows."""
    api = {**API, "request_rate": 2.0, "page_size": 100}
    assert chosen(**api, known_rows=120_000) == "full"
    assert chosen(**api, known_rows=120_001, deletes="ignore") == "watermark"
    assert chosen(**api, known_rows=120_001) == "full", "no keys without their rows"
    assert chosen(**api, known_rows=500, freshness=10, deletes="ignore") == "watermark", (
        "a tiny table takes requests too"
    )
    s, t = of(**api, known_rows=500)
    assert extract.read_seconds(s, t) == 5
    assert extract.key_seconds(of(known_rows=500_000)[1]) == 1


def test_a_full_read_that_misses_what_is_wanted_says_so() -> None:
    missed = "the read takes more than a third of freshness 1h"
    log = "no change log to read: wal_level is replica"

    def said(**change: Any) -> str:
        s, t = of(**change)
        return "; ".join(extract.tell(s, t, "batch", "full").because)

    assert missed + ": there is no watermark that is a time or a number" in said(mark="")
    assert missed + ": there is no key" in said(key=False)
    assert missed + ": there is no key and no watermark" in said(key=False, mark="")
    assert missed + ": there is no watermark to rely on: 3 of 9 rows have none" in said(
        mark_trouble="3 of 9 rows have none"
    )
    assert log in said(known_rows=KEYS + 1, log_lacks="wal_level is replica")
    assert missed + ": nothing better is there for files" in said(**FILES)
    assert "longer than a window of 10m a day leaves to a run" in said(mark="", window=600)
    assert missed not in said(known_rows=FITS)
    assert "rows not measured" in said(known_rows=None)
    assert said(known_rows=None, known_per_day=1000.0, per_day_how="said").startswith("about 365,000 rows")
    assert "rows change between runs" in said(known_rows=1.2 * FITS, deletes="ignore", known_per_day=24.0 * FITS)


def test_what_is_said_for_an_incremental_read() -> None:
    def because(choice: str, mode: str = "batch", **change: Any) -> str:
        s, t = of(**change)
        return "; ".join(extract.tell(s, t, mode, choice).because)

    assert "a key and a watermark; deletes are ignored" in because("watermark", deletes="ignore")
    assert "a watermark that is a time, and no key" in because("watermark", deletes="ignore", key=False)
    assert "deletes: hard" in because("watermark-keys")
    assert "rows are only ever added" in because("append", immutable=True)
    assert "keys take 20 min to compare" in because("cdc", known_rows=KEYS + 1, **LOG)
    assert "there is no watermark" in because("cdc", mark="", **LOG)
    assert "every intermediate state is wanted" in because("cdc", known_rows=5, history="every-change", **LOG)
    assert "micro-batch is faster than polling" in because("cdc", "micro-batch", **LOG)


def test_what_is_said_against_another_way() -> None:
    s, t = of()
    told = extract.tell(s, t, "batch", "watermark-keys")
    assert against(told, "full") == "the read takes more than a third of freshness 1h"
    assert "nobody has said" not in against(told, "watermark")
    s, t = of(known_rows=KEYS + 1, **LOG)
    assert "36" not in against(extract.tell(s, t, "batch", "cdc"), "full")
    assert "600,000,001 keys take 20 min to compare" in against(extract.tell(s, t, "batch", "cdc"), "watermark-keys")
    s, t = of(deletes="ignore")
    assert "deletes that nobody asked for" in against(extract.tell(s, t, "batch", "watermark"), "watermark-keys")
    s, t = of(known_rows=FITS, mark="")
    assert "needs a watermark" in against(extract.tell(s, t, "batch", "full"), "watermark")


@pytest.mark.parametrize(
    ("change", "choice", "message", "hint"),
    [
        ({"mark": ""}, "watermark", "needs a watermark", "`watermark: COLUMN`"),
        ({"mark": ""}, "watermark-keys", "needs a watermark", "`full`"),
        ({"mark": ""}, "append", "needs a watermark", "`full`"),
        ({"key": False}, "watermark-keys", "compares keys", "`key: [COLUMN]`"),
        (API, "watermark-keys", "an API gives none without its row", "`full`, or `watermark`"),
        ({"key": False, "mark": "numeric"}, "watermark", "a watermark that is a time", "`key: [COLUMN]`"),
        ({"key": False, "mark": "numeric"}, "append", "a watermark that is a time", "`key: [COLUMN]`"),
        ({"log": None}, "cdc", "nobody has said that it can be read", "`change_log: true`"),
        ({"log": False, "log_lacks": "wal_level is replica"}, "cdc", "wal_level is replica", "`watermark-keys`"),
        ({**LOG, "key": False}, "cdc", "needs a key to merge by", "`key: [COLUMN]`"),
        ({"kind": "sqlite"}, "cdc", "a source of kind `sqlite` has none", "`full`, or `watermark`"),
        ({"kind": "files", "form": "files"}, "watermark", "`watermark` is not a choice", "allowed is full, append"),
        ({"kind": "kafka", "form": "events"}, "full", "`full` is not a choice", "allowed is append"),
        ({}, "watermrk", "not a choice of `s.t.extract`", "did you mean `watermark`?"),
        ({}, "x", "not a choice", "allowed is full, append, watermark, watermark-keys, cdc"),
    ],
)  # fmt: skip
def test_what_a_person_may_not_choose(change: dict[str, Any], choice: str, message: str, hint: str) -> None:
    s, t = of(**change)
    refuses(extract.problem(s, t, "batch", choice), message, hint)


@pytest.mark.parametrize(
    ("change", "choice"),
    [
        ({"key": False}, "watermark"), ({"key": False}, "append"), ({"mark": "numeric"}, "append"),
        ({"mark": "", "key": False}, "full"), (LOG, "cdc"), ({**LOG, "key": False, "immutable": True}, "cdc"),
        ({"mark_trouble": "3 of 9 rows have none"}, "watermark"), ({"form": "files"}, "append"), (API, "append"),
    ],
)  # fmt: skip
def test_what_a_person_may_choose(change: dict[str, Any], choice: str) -> None:
    s, t = of(**change)
    assert extract.problem(s, t, "batch", choice) is None


def test_a_stream_of_a_database_reads_its_log() -> None:
    s, t = of(**LOG)
    for choice in ("full", "append", "watermark", "watermark-keys"):
        refuses(extract.problem(s, t, "micro-batch", choice), "`micro-batch` reads the change log", "works: `cdc`")
    assert extract.problem(s, t, "micro-batch", "cdc") is None


@pytest.mark.parametrize(
    ("form", "choice", "deletes", "done"),
    [
        ("rows", "watermark", "hard", "ignore"), ("rows", "append", "soft", "ignore"), ("events", "append", "hard", "ignore"),
        ("files", "append", "hard", "hard"), ("rows", "full", "hard", "hard"), ("rows", "watermark-keys", "soft", "soft"),
        ("rows", "cdc", "hard", "hard"), ("rows", "full", "ignore", "ignore"),
    ],
)  # fmt: skip
def test_the_deletes_that_a_read_sees(form: str, choice: str, deletes: str, done: str) -> None:
    assert extract.deletes_done(table(form=form, deletes=deletes), choice) == done


def test_whatever_is_chosen_or_may_be_chosen_works_and_can_be_written() -> None:
    kinds = (("rows", "postgres"), ("rows", "sqlite"), ("files", "files"), ("api", "rest"), ("events", "kafka"))
    for (form, kind), key, mark, deletes, immutable, log, rows in itertools.product(
        kinds, (True, False), ("", "numeric", "temporal"), ("ignore", "soft", "hard"), (True, False), (True, False, None), (5, 10**10)
    ):  # fmt: skip
        s, t = of(
            form=form, kind=kind, key=key, mark=mark, deletes=deletes, immutable=immutable, known_rows=rows,
            log=log if kind == "postgres" else False,
        )  # fmt: skip
        choice = extract.choose(s, t, "batch")
        assert extract.problem(s, t, "batch", choice) is None
        assert choice == "full" or extract.deletes_done(t, choice) == t.deletes or immutable or form == "events", (
            "the rules alone leave no delete unseen"
        )
        for one in extract.EXTRACTS:
            if extract.problem(s, t, "batch", one) is None:
                assert write.ways(t, one), (t, one)
                tells(extract.tell(s, t, "batch", one), one, alone=form == "events")
