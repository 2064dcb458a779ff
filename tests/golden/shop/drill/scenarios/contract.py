"""What happens to a table's shape: a new column, a lost one, another type; and rows that come back out of quarantine."""

from drill.declared import Column, Table
from drill.scenarios.scenario import Scenario
from drill.stage import Stage

NEW = "drill_new"
# Sources that hold a column to its type, and tell it.
TYPED = ("postgres",)
UNTYPED = "the source enforces no types: rows that do not fit were set aside, or the load stopped"


def new_column(stage: Stage) -> str:
    for table in stage.cast:
        column = Column(NEW, NEW, "VARCHAR")
        stage.twin.add_column(table, column, lambda number: f"new {number}")
        _play(stage, table, "new_column", NEW, loads="discard")
        stage.twin.drop_column(table, NEW)
    stage.good_load()
    return _policies(stage, "new_column")


def lost_column(stage: Stage) -> str:
    for table in stage.cast:
        column = plain(table)
        assert column
        held = {id(record): record.values[column.id] for record in stage.twin.rows(table)}
        stage.twin.drop_column(table, column.id)
        for record in stage.twin.rows(table):
            record.values[column.id] = None
        _play(stage, table, "lost_column", column.name, loads="discard")
        for record in stage.twin.rows(table):
            record.values[column.id] = held[id(record)]
        stage.twin.remake(table)
    stage.good_load()
    return _policies(stage, "lost_column")


def changed_type(stage: Stage) -> str:
    for table in stage.cast:
        column = number(table)
        assert column
        held = {id(record): record.values[column.id] for record in stage.twin.rows(table)}
        stage.twin.retype_column(
            table, column.id, "VARCHAR", lambda value: None if value is None else f"about {value}"
        )
        for record in stage.twin.rows(table):
            if record.values[column.id] is not None:
                record.bad = f"{column.id} is no {column.type} any more"
        if table.kind in TYPED:
            _play(stage, table, "changed_type", column.name, loads="discard_row")
        else:
            _play_untyped(stage, table)
        for record in stage.twin.rows(table):
            record.values[column.id], record.bad = held[id(record)], ""
        stage.twin.remake(table)
    stage.good_load()
    typed = [table for table in stage.cast if table.kind in TYPED]
    return _policies(stage, "changed_type") if typed else UNTYPED


def _play(stage: Stage, table: Table, change: str, name: str, *, loads: str) -> None:
    """One load of the changed table: it fails and names column and policy, or goes on as the policy says."""
    policy = table.contract[change]
    run = stage.pipeline.ingest(stage.source.id, tables=[table.id])
    if run.good:
        if policy != loads:
            stage.fail(table, f"the policy is {policy}, and yet the load went through")
        if not table.incremental:  # there only the rows that were read again are as they are now
            stage.expected[table.id].observe(stage.twin.rows(table), files=stage.twin.names(table))
            stage.compare([table])
    elif policy == loads and not _may_fail(table, change):
        stage.fail(table, f"the policy is {policy}, and yet the load failed: {run.last()}")
    if not run.good:
        stage.compare([table])
    lacking = [word for word in (name, table.id, policy) if word not in run.output]
    if lacking:
        stage.fail(table, f"the message does not name {', '.join(lacking)}: {run.last()}")


def _may_fail(table: Table, change: str) -> bool:
    """Where every row becomes unreadable a load may also stop, so as not to lose them all."""
    return change == "changed_type"


def _policies(stage: Stage, change: str) -> str:
    found = sorted({table.contract[change] for table in stage.cast})
    return f"policy {', '.join(found)}: kept, and the message names column and policy"


def _play_untyped(stage: Stage, table: Table) -> None:
    """What enforces no types has no type that changes: its rows cannot be read. They are set aside, or the load stops."""
    run = stage.pipeline.ingest(stage.source.id, tables=[table.id])
    if run.good and not table.incremental:
        stage.expected[table.id].observe(stage.twin.rows(table), files=stage.twin.names(table))
    if not (run.good and table.incremental):
        stage.compare([table])
    if run.good and not stage.warehouse.quarantined(table):
        stage.fail(table, "no row fits any more, and yet none is in quarantine")
    if not run.good and table.id not in run.output:
        stage.fail(table, f"the message does not name {table.id}: {run.last()}")


def plain(table: Table) -> Column | None:
    """A column that may be missing: no key, no watermark, nullable for choice."""
    free = [c for c in table.columns if c.id not in (*table.key, table.watermark)]
    return next((c for c in free if c.nullable), None)


def number(table: Table) -> Column | None:
    free = [
        c for c in table.columns if c.id not in (*table.key, table.watermark) and not c.treatment
    ]
    numbers = ("BIGINT", "DECIMAL", "DOUBLE")
    return next((c for c in free if c.type.startswith(numbers)), None)


def _has_plain(table: Table) -> str:
    if table.format == "jsonl" or table.is_api:
        return "a JSON object may leave out what has no value"
    return "" if plain(table) else "it has no column to lose but keys and not-nulls"


def _has_number(table: Table) -> str:
    if table.format in ("csv", "jsonl"):
        return "a text file has no types: a value that does not fit is a row that cannot be read"
    return "" if number(table) else "it has no number that could become a text"


def _has_columns(table: Table) -> str:
    return "" if table.format != "jsonl" else "a JSON line may have members that nobody declared"


def _has_header(table: Table) -> str:
    headless = table.format == "csv" and not table.options.get("header", True)
    return "the files have no header" if headless else ""


def _new(table: Table) -> str:
    return _has_columns(table) or _has_header(table)


def _lost(table: Table) -> str:
    return _has_plain(table) or _has_header(table)


SCENARIOS = [
    Scenario("a new column", new_column, _new),
    Scenario("a lost column", lost_column, _lost, alone=True),
    Scenario("a changed type", changed_type, _has_number, alone=True),
]
