"""What happens to machines and lines: no rows, half a source, a full disk, a wrong password, two runs at once."""

import sys
from datetime import datetime
from urllib.parse import quote

from drill import server
from drill.databases import Postgres, SQLite
from drill.files import Files
from drill.pipeline import Run
from drill.proxy import Proxy
from drill.scenarios.late import window
from drill.scenarios.scenario import Scenario, is_incremental, is_postgres, needs_server
from drill.stage import Broken, Stage

# So many new rows make files that do not fit under MOST_BYTES.
MANY = 4_000
MOST_BYTES = 8 << 10
WRONG = "not-the-password-of-anyone"


def empty_source(stage: Stage) -> str:
    """A source with no rows is more likely broken than empty."""
    before = {table.id: list(stage.twin.rows(table)) for table in stage.cast}
    for table in stage.cast:
        stage.twin.empty(table)
    guarded = [table for table in stage.cast if table.sees_deletes]
    others = [table.id for table in stage.cast if table not in guarded]
    for table in guarded:
        run = stage.pipeline.ingest(stage.source.id, tables=[table.id])
        if run.good:
            stage.fail(table, f"the load went through though all rows were gone: {run.last()}")
        elif table.id not in run.output:
            stage.fail(table, f"the message does not name the table: {run.last()}")
    if others:  # nothing to read, or a guard of their own: the target must stay either way
        stage.pipeline.ingest(stage.source.id, tables=others)
    stage.compare()
    for table in stage.cast:
        stage.twin.remake(table, before[table.id])
    stage.good_load()
    return "the guard stopped the load, the target stayed; with the rows back all is as it was"


def half_a_source(stage: Stage) -> str:
    if isinstance(stage.twin, Postgres):
        return _cut_line(stage, stage.twin)
    if isinstance(stage.twin, SQLite):
        stage.twin.cut_off()
        run = stage.failed_load()
        stage.twin.mend()
        stage.good_load()
        return f"the database cut off half-way: {run.last()[:80]}"
    return _cut_files(stage)


def _cut_line(stage: Stage, twin: Postgres) -> str:
    """How much a load of many rows reads is measured first; then the line is cut after two thirds of that."""
    _add_many(stage)
    with Proxy(twin.server.host, twin.server.port) as proxy:
        stage.good_load(env=_through(twin, proxy))
    whole = proxy.sent
    _add_many(stage)
    with Proxy(twin.server.host, twin.server.port, whole * 2 // 3) as proxy:
        stage.failed_load(env=_through(twin, proxy))
    stage.good_load()
    return f"the connection ended after {proxy.sent:,} of {whole:,} bytes: the load failed, the next one was whole"


def _add_many(stage: Stage) -> None:
    for table in stage.cast:
        stage.twin.insert(table, stage.fresh(table, MANY))


def _through(twin: Postgres, proxy: Proxy) -> dict[str, str]:
    """The twin's address with the proxy's port in place of the server's."""
    here, there = f":{twin.server.port}/", f":{proxy.port}/"
    return {name: url.replace(here, there) for name, url in twin.address().items()}


def _cut_files(stage: Stage) -> str:
    assert isinstance(stage.twin, Files)
    said = ""
    for table in stage.cast:
        stage.twin.cut_off(table)
        run = stage.pipeline.ingest(stage.source.id, tables=[table.id])
        said = said or ("" if run.good else run.last()[:80])
        if not run.good:
            stage.compare([table])
            name = stage.twin.paths(table)[-1].name
            if name not in run.output and f"{table}:" not in run.output:
                stage.fail(table, f"the message names neither file nor table: {run.last()}")
        stage.twin.mend(table)
    stage.good_load()
    return (
        f"a file cut off half-way, then whole again; {said or 'its last line went to quarantine'}"
    )


def changes_while_read(stage: Stage) -> str:
    """A file is written to while it is being read."""
    assert isinstance(stage.twin, Files)
    for table in stage.cast:
        stage.twin.deliver(table, stage.fresh(table))
        path = stage.twin.paths(table)[-1]
        deed = f"touch:ingest.files:read={path}"
        run = stage.pipeline.ingest(stage.source.id, tables=[table.id], deed=deed)
        if run.good:
            stage.fail(table, "the load did not notice that the file changed")
        elif path.name not in run.output:
            stage.fail(table, f"the message does not name the file: {run.last()}")
        stage.compare([table])
        stage.twin.mend(table)
    stage.good_load()
    return "a file that changed while it was read stopped the load; the next one was whole"


def full_disk(stage: Stage) -> str:
    """No file may grow beyond a limit: first a small one, then the size that the warehouse has."""
    _add_many(stage)
    small = stage.either_load(most_bytes=MOST_BYTES)
    if small.good:
        raise Broken("the load went through a full disk")
    path = stage.warehouse.path
    if stage.warehouse.server is None and path.is_file():
        stage.either_load(most_bytes=path.stat().st_size)
    stage.good_load()
    return f"writing failed: {small.last()[:80]}; with room again all landed"


def wrong_password(stage: Stage) -> str:
    assert isinstance(stage.twin, Postgres)
    twin = stage.twin
    for table in stage.cast:
        twin.insert(table, stage.fresh(table))
    url = twin.server.url(twin.database, server.READER, WRONG)
    run = stage.failed_load(env={twin.variable: url})
    _is_silent(run, WRONG, quote(WRONG, safe=""), twin.server.passwords[server.READER])
    stage.good_load()
    return f"refused, and the password is in no output: {run.last()[:80]}"


def wrong_warehouse_password(stage: Stage) -> str:
    held = stage.warehouse.server
    assert held
    for table in stage.cast:
        stage.twin.deliver(table, stage.fresh(table))
    run = stage.failed_load(env={"WAREHOUSE_PASSWORD": WRONG})
    _is_silent(run, WRONG, held.passwords[server.OWNER])
    stage.good_load()
    return f"refused, and the password is in no output: {run.last()[:80]}"


def _is_silent(run: Run, *words: str) -> None:
    if any(word in run.output for word in words):
        raise Broken("a password is in the output")


def two_runs(stage: Stage) -> str:
    """Both at once: one waits for the other, or fails and says so."""
    for table in stage.cast:
        stage.twin.deliver(table, stage.fresh(table))
    command = [sys.executable, "-m", "ingest", stage.source.id]
    command += [f"--table={name}" for name in stage.names()]
    started = [stage.pipeline.start(command) for _ in range(2)]
    runs = [stage.pipeline.wait(one) for one in started]
    _at_least_one(runs)
    stage.observe()
    stage.compare()
    stage.good_load()
    return f"two loads at once: exit {runs[0].code} and {runs[1].code}; each row is there once"


def backfill_meanwhile(stage: Stage) -> str:
    windows = {}
    for table in stage.cast:
        watermark = stage.mark(table)
        windows[table.id] = window(watermark)
        stage.twin.insert(table, stage.fresh(table))
    started = []
    for table in stage.cast:
        first_of, last = (_as_text(limit) for limit in windows[table.id])
        which = [stage.source.id, f"--from={first_of}", f"--to={last}", f"--table={table.id}"]
        command = [sys.executable, "-m", "ingest.backfill", *which, "--yes"]
        started.append(stage.pipeline.start(command))
    command = [sys.executable, "-m", "ingest", stage.source.id]
    started.append(stage.pipeline.start([*command, *(f"--table={name}" for name in stage.names())]))
    runs = [stage.pipeline.wait(one) for one in started]
    if not runs[-1].good:
        raise Broken(f"the scheduled load failed: {runs[-1].last()}")
    stage.observe()
    stage.compare()
    stage.good_load()
    codes = ", ".join(str(run.code) for run in runs[:-1])
    return f"a backfill (exit {codes}) while the load ran (exit 0): each row is there once"


def _as_text(limit: object) -> str:
    return limit.date().isoformat() if isinstance(limit, datetime) else str(limit)


def _at_least_one(runs: list[Run]) -> None:
    if not any(run.good for run in runs):
        raise Broken(f"neither of the two went through: {runs[0].last()}")
    for run in runs:
        if not run.good and not run.output.strip():
            raise Broken(f"one failed without a word (exit {run.code})")


def _is_postgres_warehouse(stage: Stage) -> str:
    return "" if stage.destination == "postgres" else "the warehouse asks for no password"


SCENARIOS = [
    Scenario("an empty source", empty_source, smoke=True),
    Scenario("a source cut off half-way", half_a_source, alone=True),
    Scenario(
        "a file that changes while it is read", changes_while_read,
        lambda table: "" if table.kind == "files" else "the source is a database",
    ),
    Scenario("a full disk", full_disk, alone=True),
    Scenario("a wrong password at the source", wrong_password, is_postgres, needs=needs_server),
    Scenario("a wrong password at the warehouse", wrong_warehouse_password,
             concerns=_is_postgres_warehouse, needs=needs_server),
    Scenario("two runs at once", two_runs),
    Scenario("a backfill while the schedule runs", backfill_meanwhile, is_incremental),
]  # fmt: skip
