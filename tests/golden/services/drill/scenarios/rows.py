"""What happens to rows: they come twice, out of order, changed, deleted, with another key or none."""

from drill.declared import Table
from drill.scenarios.scenario import Scenario, appends, first, has_key, is_mutable
from drill.stage import SOME, Stage, some
from drill.twins import Record

# More rows than the guard lets go, of a sample.
MANY = 3_000


def run_twice(stage: Stage) -> str:
    stage.good_load()
    stage.good_load()
    return "two loads of the same rows, the second changed nothing"


def new_rows(stage: Stage) -> str:
    for table in stage.cast:
        stage.twin.deliver(table, stage.fresh(table))
    stage.good_load()
    return f"{SOME} new rows landed once"


def updates(stage: Stage) -> str:
    for table in stage.cast:
        for number, record in enumerate(stage.changeable(table)):
            change(stage, table, record, number)
    stage.good_load()
    return f"{SOME} rows changed in place are there as they are now"


def change(stage: Stage, table: Table, record: Record, number: int) -> None:
    """Other values, and a newer watermark, as the application would write."""
    values = stage.revalued(table, number)
    if table.watermark:
        values[table.watermark] = stage.tick(table)
    stage.twin.update(table, record, values)


def duplicates(stage: Stage) -> str:
    """The same key twice, the newer one first and last; a database must let that happen first."""
    for table in stage.cast:
        if table.kind != "files":
            stage.twin.loosen(table)
        for number, record in enumerate(some(stage.twin.good(table), 2)):
            twice = dict(record.values)
            twice.update(stage.revalued(table, number))
            if table.watermark:
                twice[table.watermark] = stage.tick(table)
            stage.twin.deliver(table, [twice])
    stage.good_load()
    for table in stage.cast:
        if table.kind != "files":
            stage.twin.remake(table, _newest(stage, table))
    stage.good_load()
    return "2 keys that came twice count once, as they are newest"


def _newest(stage: Stage, table: Table) -> list[Record]:
    """One record a key, as it came last."""
    return list({record.key(table): record for record in stage.twin.rows(table)}.values())


def out_of_order(stage: Stage) -> str:
    for table in stage.cast:
        stage.twin.insert(table, reversed(stage.fresh(table, 6)))
        stage.twin.shuffle(table)
    stage.good_load()
    return "6 new rows, newest first, and all rows in another order"


def deletes(stage: Stage) -> str:
    """A few rows go, fewer than the guard allows; then one of them comes back."""
    gone = {}
    for table in stage.cast:
        gone[table.id] = stage.changeable(table)
        # Enough of others that the guard against mass deletes has nothing to say.
        stage.twin.deliver(table, stage.fresh(table, int(SOME / table.most_deleted * 1.5)))
    stage.good_load()
    for table in stage.cast:
        stage.twin.delete(table, gone[table.id])
    stage.good_load()
    for table in stage.cast:
        back = gone[table.id][0].values
        if table.watermark:
            back = {**back, table.watermark: stage.tick(table)}
        stage.twin.deliver(table, [back])
    stage.good_load()
    policies = ", ".join(sorted({table.deletes for table in stage.cast}))
    return f"rows deleted at the source ({policies}), and one that came back"


def mass_delete(stage: Stage) -> str:
    """More than the guard allows: the load stops, and goes on when it is told that the source is right."""
    many = {table.id: stage.twin.insert(table, stage.fresh(table, MANY)) for table in stage.cast}
    stage.good_load()
    for table in stage.cast:
        stage.twin.delete(table, many[table.id])
        run = stage.pipeline.ingest(stage.source.id, tables=[table.id])
        if run.good:
            stage.fail(
                table,
                f"{MANY} of {MANY + len(stage.twin.rows(table))} rows were deleted without a word",
            )
        elif table.id not in run.output or "--allow-deletes" not in run.output:
            stage.fail(table, f"the message names neither the table nor the way out: {run.last()}")
    stage.compare()
    stage.good_load("--allow-deletes")
    return f"{MANY} rows gone at once: the guard stopped the load, --allow-deletes let it through"


def changed_key(stage: Stage) -> str:
    for table in stage.cast:
        (record,) = stage.changeable(table, 1)
        (fresh,) = stage.fresh(table, 1)
        stage.twin.update(table, record, {column: fresh[column] for column in table.key})
        if table.watermark:
            stage.twin.update(table, record, {table.watermark: stage.tick(table)})
    stage.good_load()
    return "a row whose key changed: the new key is there, the old one as if deleted"


def null_key(stage: Stage) -> str:
    bad = {}
    for table in stage.cast:
        stage.twin.loosen(table)
        (row,) = stage.fresh(table, 1)
        row[table.key[0]] = None
        bad[table.id] = stage.twin.insert(table, [row], bad="the key is null")
    stage.good_load()
    reasons = 'SELECT reason FROM ops.quarantine WHERE source = ? AND "table" = ?'
    for table in stage.cast:
        found = stage.warehouse.read(reasons, [table.source, table.id])
        if not any(table.key[0] in reason for (reason,) in found):
            stage.fail(table, f"no reason in quarantine names {table.key[0]}")
        stage.twin.delete(table, bad[table.id])
        stage.twin.remake(table)
    stage.good_load()
    return "a row with no key went to quarantine, its reason names the column"


def _deletes_are_seen(table: Table) -> str:
    """Rows that a load cannot miss, as it knows neither their keys nor reads all, stay: that is the policy too."""
    return "the rows are taken for immutable" if appends(table) else ""


def _sees_deletes(table: Table) -> str:
    if not table.sees_deletes:
        return "a load does not see deletes"
    return "" if table.most_deleted < 0.5 else "the guard lets more than half of the rows go"


def _has_an_order(table: Table) -> str:
    ordered = table.watermark or table.kind == "files"
    return "" if ordered else "nothing says which of two rows with one key is newer"


def _can_be_updated(table: Table) -> str:
    return "" if table.kind == "files" else has_key(table)


SCENARIOS = [
    Scenario("run twice", run_twice, smoke=True),
    Scenario("new rows", new_rows),
    Scenario("updates", updates, first(is_mutable, _can_be_updated), smoke=True),
    Scenario("duplicates", duplicates, first(has_key, _has_an_order)),
    Scenario("rows out of order", out_of_order),
    Scenario("deletes", deletes, first(_deletes_are_seen, has_key), smoke=True),
    Scenario("too many deletes", mass_delete, _sees_deletes),
    Scenario("a key that changes", changed_key, first(is_mutable, has_key)),
    Scenario("a null key", null_key, has_key),
]
