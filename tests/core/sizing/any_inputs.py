"""Every source that hypothesis can think of, and pipelines of them."""

from __future__ import annotations

from hypothesis import strategies as st

from pipegen.core import units
from pipegen.core.design.inputs import Inputs, SourceInputs, TableInputs
from pipegen.core.spec.model import Machine, Prices
from tests.core.design.given import DAY, source, table, whole

KINDS = (
    ("rows", "postgres"), ("rows", "mongodb"), ("rows", "sqlite"), ("files", "files"), ("files", "sample"), ("api", "rest"),
    ("events", "kafka"), ("events", "webhook"),
)  # fmt: skip
AMOUNT = st.one_of(st.none(), st.just(0.0), st.integers(1, 10**18).map(float))
SECONDS = st.one_of(st.sampled_from([1, 30, 60, 300, 3600, DAY]), st.integers(1, 100 * 365 * DAY))
GROWTH = st.builds(
    lambda n, period: units.growth(f"{n}%/{period}"), st.integers(-99, 1000), st.sampled_from(["day", "month", "year"])
)


@st.composite
def tables(draw: st.DrawFn, name: str, form: str, of: str) -> TableInputs:
    return table(
        name, source=of, form=form, known_rows=draw(AMOUNT), known_per_day=draw(AMOUNT), per_day_how=draw(st.sampled_from(["", "said"])),
        mark=draw(st.sampled_from(["", "temporal", "numeric"])), key=draw(st.booleans()), row_bytes=draw(st.floats(1, 1e6)),
        freshness=draw(SECONDS), lateness=draw(SECONDS), deletes=draw(st.sampled_from(["ignore", "soft", "hard"])),
        history=draw(st.sampled_from(["none", "scd2", "daily", "every-change"])), immutable=draw(st.booleans()),
        drops=draw(st.booleans()), retention=draw(st.one_of(st.none(), SECONDS)),
    )  # fmt: skip


@st.composite
def sources(draw: st.DrawFn, name: str = "s") -> SourceInputs:
    form, kind = draw(st.sampled_from(KINDS))
    own = [draw(tables(f"t{i}", form, name)) for i in range(draw(st.integers(1, 3)))]
    api, database = form == "api", kind in ("postgres", "mongodb")
    return source(
        *own, kind=kind, name=name, peak=draw(st.floats(1, 1e6)), lag=draw(st.one_of(st.just(0), SECONDS)),
        window=draw(st.one_of(st.none(), SECONDS)), request_rate=draw(st.one_of(st.none(), st.floats(1e-7, 1e9))) if api else None,
        webhooks=api and draw(st.booleans()), replay=api and draw(st.booleans()), keyed=kind == "kafka" and draw(st.booleans()),
        log=draw(st.sampled_from([True, False, None])) if database else False, state=draw(st.sampled_from([0.0, 1e12])),
        delivered=draw(st.sampled_from([None, (6, 0)])) if form == "files" else None, bulk=form == "files" and draw(st.booleans()),
    )  # fmt: skip


@st.composite
def wholes(draw: st.DrawFn) -> Inputs:
    return whole(
        *(draw(sources(name)) for name in ["a", "b"][: draw(st.integers(1, 2))]),
        destination=draw(st.sampled_from(["duckdb", "postgres", "bigquery", "lake"])), outage=draw(SECONDS), growth=draw(GROWTH),
        on_call=draw(st.sampled_from(["none", "working-hours", "always"])), consumers=draw(st.sampled_from([(), ("actions",)])),
        machine=draw(st.one_of(st.none(), st.builds(Machine, workers=st.integers(1, 9)))),
        prices=draw(st.one_of(st.none(), st.just(Prices(compute_minute=1e6, scanned_gb=0.01, stored_gb=1)))),
    )  # fmt: skip
