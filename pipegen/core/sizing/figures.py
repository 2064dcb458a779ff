"""The figures that are shown with every design, each with its arithmetic and the numbers in it."""

from __future__ import annotations

from collections.abc import Mapping

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.choose import Chosen, SourceChoice
from pipegen.core.design.decision import Figure, Sizing
from pipegen.core.design.inputs import Inputs, SourceInputs, TableInputs
from pipegen.core.design.rules import extract, logs
from pipegen.core.design.rules import mode as modes
from pipegen.core.design.told import about, quantity, size_text
from pipegen.core.sizing import work
from pipegen.core.sizing.growth import factor

MONTH_MINUTES = units.MONTH_DAYS * 1440
YEAR_MONTHS = 12


def sizing(chosen: Chosen, thresholds: Mapping[str, tuple[float, str]] | None = None) -> tuple[Sizing, ...]:
    """The figures of every source, then, with an empty name, of the whole.

    ``thresholds``: by source, the days until its first threshold is crossed at the declared growth, and which one.
    """
    known = thresholds or {}
    each = tuple(
        Sizing(s.name, _source(s, chosen.sources[s.name], chosen, known.get(s.name))) for s in chosen.inputs.sources
    )
    return (*each, Sizing("", whole(chosen)))


def _source(
    s: SourceInputs, how: SourceChoice, chosen: Chosen, threshold: tuple[float, str] | None
) -> tuple[Figure, ...]:
    figures = [*_run(s, how), _slack(s, how)]
    if threshold is not None:
        days, what = threshold
        told = f"{what}, at {chosen.inputs.growth:+.1%} a month"
        figures.append(
            Figure("days_to_first_threshold", "until the first threshold", days, "days", about(days * 86_400), told)
        )
    figures.append(_storage(s, chosen))
    figures += _log(s, how, chosen)
    caught_up = _catch_up(s, how, chosen.inputs)
    figures += [caught_up] if caught_up is not None else []
    tasks = int(chosen.choice.get(f"{s.name}.parallelism", "1"))
    open_at_once = min(tasks, work.load_tasks(len(s.tables)))
    how_many = f"min({tasks} tasks side by side, {work.load_tasks(len(s.tables))} loads)"
    figures.append(
        Figure(
            "source_connections", "connections at the source", open_at_once, "connections", str(open_at_once), how_many
        )
    )
    return tuple(figures)


def _run(s: SourceInputs, how: SourceChoice) -> list[Figure]:
    """Rows, bytes and seconds of a run."""
    if how.mode in modes.BATCHES:
        read = [(t, _rows(s, t, how)) for t in s.tables]
        rows = sum(n for _, n in read)
        most = sorted(read, key=lambda one: (-one[1], one[0].name))
        each = _terms([(t.name, quantity(n)) for t, n in most])
    else:
        trigger = how.interval or 1
        read = [(t, work.arriving_rows(s, t, trigger)) for t in s.tables]
        rows = sum(n for _, n in read)
        each = f"{quantity(rows / trigger)} rows/s in the busiest hour x {trigger} s"
    size = sum(n * t.row_bytes for t, n in read)
    mean = size / rows if rows else c.BYTES_PER_ROW.value
    each_row = f"{mean:,.0f} B" if mean >= 100 or mean == int(mean) else f"{mean:.1f} B"
    return [
        Figure("rows_per_run", "rows a run", rows, "rows", quantity(rows), each),
        Figure("bytes_per_run", "bytes a run", size, "bytes", size_text(size), f"{quantity(rows)} rows x {each_row}"),
        Figure("run_seconds_estimated", "run time", how.run_seconds, "s", about(how.run_seconds), _run_time(s, how)),
    ]  # fmt: skip


def _rows(s: SourceInputs, t: TableInputs, how: SourceChoice) -> float:
    return work.rows_per_run(s, t, how.extracts[t.name], how.overlaps.get(t.name), how.interval)


def _run_time(s: SourceInputs, how: SourceChoice) -> str:
    """The arithmetic of a run's time: what it takes to start, and all that it reads, by the rate that it is read at."""
    batch = how.mode in modes.BATCHES
    starts = c.RUN_OVERHEAD.value if batch else c.MICRO_BATCH_OVERHEAD.value if how.mode == "micro-batch" else 0.0
    at_rate: dict[tuple[float, str], float] = {}
    for t in s.tables:
        read = how.extracts[t.name]
        longest = work.longest_trigger(s)
        rows = _rows(s, t, how) if batch else work.arriving_rows(s, t, longest)
        rate = (extract.read_rate(s, t, how.mode), "rows")
        at_rate[rate] = at_rate.get(rate, 0.0) + rows
        if batch and read == "watermark-keys":
            rate = (c.KEY_ROWS_PER_SECOND.value, "keys")
            at_rate[rate] = at_rate.get(rate, 0.0) + (t.rows or 0)
    terms = [f"{quantity(n)} {what} / {quantity(rate)} {what}/s" for (rate, what), n in at_rate.items()]
    more = [f"{len(terms) - 3} more such"] if len(terms) > 3 else []
    side_by_side = f", {work.readers(s, how.mode)} readers" if work.readers(s, how.mode) > 1 else ""
    return " + ".join([f"{starts:g} s to start", *terms[:3], *more]) + side_by_side


def _slack(s: SourceInputs, how: SourceChoice) -> Figure:
    f = units.duration_text(s.freshness)
    lag = f" - lag {units.duration_text(s.lag)}" if s.lag else ""
    if how.mode in modes.STREAMS:
        slack = s.freshness - s.lag - how.interval
        told = (
            f"freshness {f}{lag} - trigger {units.duration_text(how.interval)}"
            if how.interval
            else f"freshness {f}{lag}"
        )
    else:
        wait = 0 if s.delivered is not None else how.interval
        slack = s.freshness - s.lag - int(how.run_seconds) - how.slack - wait
        waits = f" - interval {units.duration_text(wait)}" if wait else ""
        retries = f" - retries {units.duration_text(how.slack)}" if how.slack else ""
        told = f"freshness {f}{lag} - run {units.duration_text(max(1, int(how.run_seconds)))}{retries}{waits}"
    text = about(slack) if slack >= 0 else f"missed by {about(-slack)}"
    return Figure("slack_seconds", "slack to the freshness", slack, "s", text, told)


def grown_rows(t: TableInputs, growth: float, months: int = YEAR_MONTHS) -> float:
    """Rows of a table after some months; one whose rows change grows by ``growth``, one that is added to by its volume, which grows."""
    rows = t.rows or 0
    if not t.immutable:
        return rows * factor(growth, months)
    kept = rows + sum(t.per_day * units.MONTH_DAYS * factor(growth, month) for month in range(months))
    return min(kept, t.per_day * factor(growth, months) * t.retention / 86_400) if t.retention else kept


def version_rows(t: TableInputs, history: str) -> float:
    """Rows of a year of earlier versions."""
    if history == "daily":
        return (t.rows or 0) * 365
    return t.per_day * 365 if history in ("scd2", "every-change") else 0.0


def _storage(s: SourceInputs, chosen: Chosen) -> Figure:
    """Bytes at the destination after a year: the copies of every table, and the versions that are kept."""
    growth = chosen.inputs.growth
    now = sum(t.total_bytes for t in s.tables)
    then = sum(grown_rows(t, growth) * t.row_bytes for t in s.tables)
    versions = sum(version_rows(t, chosen.choice[f"{t.address}.history"]) * t.row_bytes for t in s.tables)
    told = f"{size_text(now)} now, {size_text(then)} at {growth:+.1%} a month, x {c.COPIES.value:g} (raw and marts)"
    told += f" + {size_text(versions)} of versions" if versions else ""
    told += guessed(s)
    size = then * c.COPIES.value + versions
    return Figure("storage_bytes_after_a_year", "storage after a year", size, "bytes", size_text(size), told)


def guessed(s: SourceInputs) -> str:
    """What is said of a size that nobody measured: it is what the declared volume fills in a year."""
    estimated = any(t.estimated for t in s.tables)
    return f"; not measured: {c.VOLUME_DAYS.value:g} days of the declared volume (H)" if estimated else ""


def _log(s: SourceInputs, how: SourceChoice, chosen: Chosen) -> list[Figure]:
    """What lies in topics, and in the change log of a database that is read."""
    p, found = chosen.inputs, []
    if logs.has_topic(s, how.mode):
        parts = int(chosen.choice[f"{s.name}.topic_partitions"])
        kept = units.duration(chosen.choice[f"{s.name}.log_retention"])
        held = s.per_day_bytes * kept / 86_400
        peak, bears = size_text(logs.peak_bytes(s, p)), size_text(c.PARTITION_BYTES_PER_SECOND.value)
        least = f"at least {logs.consumers(s, p)}"
        found += [
            Figure("topic_partitions", "topic partitions", parts, "partitions", str(parts),
                   f"{peak}/s / {bears}/s x {logs.headroom(s):g}, rounded up, {least}"),
            Figure("topic_bytes", "kept in topics", held, "bytes", size_text(held),
                   f"{size_text(s.per_day_bytes)} a day x {units.duration_text(kept)}, before replication"),
        ]  # fmt: skip
    if "cdc" in how.extracts.values():
        cap = logs.cap_bytes(s, p.outage)
        told = f"{size_text(logs.log_bytes_an_hour(s))} an hour x {p.outage / 3600:g} h x {c.LOG_SAFETY.value:g}"
        found.append(Figure("log_bytes", "change log kept over an outage", cap, "bytes", size_text(cap), told))
    return found


def _catch_up(s: SourceInputs, how: SourceChoice, p: Inputs) -> Figure | None:
    """Seconds until a source has caught up after the declared outage, at its average rate; None where it never does."""
    name, what = "catch-up after an outage", units.duration_text(p.outage)
    incremental = [t for t in s.tables if how.extracts[t.name] != "full" and t.form != "files"]
    busy = work.busy(s, incremental, how.mode) / work.readers(s, how.mode)
    if busy >= 1:
        return None
    seconds = how.run_seconds + p.outage * busy / (1 - busy)
    times = f"{1 / busy:.3g}" if busy > 0.01 else quantity(1 / busy) if busy else ""
    told = f"a run, and {what} of arrivals, read {times} x as fast as they arrive" if busy else "one run"
    told = told if incremental else "one run: it reads all there is"
    return Figure("catch_up_seconds", name, seconds, "s", about(seconds), told)


def runs_a_month(how: SourceChoice) -> float:
    """Runs that start in a month: one at a time, so that none comes before the last is done."""
    return MONTH_MINUTES * 60 / max(how.interval, how.run_seconds) if how.interval else 0.0


def whole(chosen: Chosen) -> tuple[Figure, ...]:
    """What the whole costs a month: compute minutes, bytes scanned and stored; money only where prices are given."""
    p, minutes, scanned, terms, reads = chosen.inputs, 0.0, 0.0, [], []
    for s in p.sources:
        how = chosen.sources[s.name]
        if how.mode in modes.BATCHES:
            its = runs_a_month(how) * how.run_seconds / 60
            terms.append(f"{s.name}: {quantity(runs_a_month(how))} runs x {about(how.run_seconds)}")
            loads, builds = runs_a_month(how), runs_a_month(how)
        else:
            its = MONTH_MINUTES * work.readers(s, how.mode)
            terms.append(f"{s.name}: {work.readers(s, how.mode)} x all the time")
            loads = MONTH_MINUTES * 60 / 86_400
            builds = MONTH_MINUTES * 60 / max(c.STREAM_MARTS.value, s.freshness)
        minutes += its
        batch = how.mode in modes.BATCHES
        once = work.loaded_bytes(s, how.extracts, how.interval) if batch else s.per_day_bytes
        built = work.built_bytes(s, how.extracts, how.interval)
        scanned += once * loads + built * builds
        reads.append(
            f"{s.name}: {size_text(once)} loaded {'a run' if batch else 'a day'} x {quantity(loads)}"
            f" + {size_text(built)} read by dbt x {quantity(builds)}"
        )
    stored = sum(t.total_bytes for s in p.sources for t in s.tables) * c.COPIES.value
    guess = next((told for s in p.sources if (told := guessed(s))), "")
    tasks = chosen.tasks_an_hour
    tasks_text = f"{tasks:.2g} an hour" if tasks < 10 else f"{quantity(tasks)} an hour"
    figures = [
        Figure("compute_minutes_per_month", "compute", minutes, "min/month", f"{quantity(minutes)} min a month", "; ".join(terms)),
        Figure("scanned_gb_per_month", "scanned", scanned / 1e9, "GB/month", f"{size_text(scanned)} a month", "; ".join(reads)),
        Figure("stored_gb", "stored now", stored / 1e9, "GB", size_text(stored), f"all tables x {c.COPIES.value:g} (raw and marts){guess}"),
        Figure("task_runs_per_hour", "task runs", tasks, "task runs/h", tasks_text, "loads, checks and transforms of every run"),
    ]  # fmt: skip
    if p.prices is not None:
        cost = money(p, minutes, scanned / 1e9, stored / 1e9)
        told = (
            f"{minutes:,.0f} min x {p.prices.compute_minute:g} + {scanned / 1e9:,.1f} GB x {p.prices.scanned_gb:g}"
            f" + {stored / 1e9:,.1f} GB x {p.prices.stored_gb:g}"
        )
        currency = p.prices.currency
        figures.append(
            Figure("money_per_month", "cost", cost, f"{currency}/month", f"{cost:,.2f} {currency} a month", told)
        )
    return tuple(figures)


def money(p: Inputs, minutes: float, scanned_gb: float, stored_gb: float) -> float:
    """What a month costs, in the currency of the prices."""
    assert p.prices is not None
    return minutes * p.prices.compute_minute + scanned_gb * p.prices.scanned_gb + stored_gb * p.prices.stored_gb


def _terms(parts: list[tuple[str, str]]) -> str:
    shown = " + ".join(f"{name} {value}" for name, value in parts[:4])
    more = len(parts) - 4
    return f"{shown} + {more} more table{'s' if more > 1 else ''}" if more > 0 else shown
