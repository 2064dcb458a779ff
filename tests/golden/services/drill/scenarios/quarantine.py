"""Rows that cannot be read: set aside and counted, and back when they are mended, at the source or in the declaration."""

import json
import shutil
from collections import Counter

from drill.declared import ROOT, Table
from drill.oracle import Rows, difference
from drill.pipeline import DATA
from drill.scenarios.rows import change
from drill.scenarios.scenario import Scenario, appends
from drill.stage import Broken, Stage
from drill.twins import Record

NUMBERS = ("BIGINT", "DECIMAL", "DOUBLE")
# A text that no number, time or truth is. It may be personal, so no message may have it.
UNREADABLE = "n/a?"
MENDED = DATA / "mended"


def unreadable_rows(stage: Stage) -> str:
    """A new row with a value that its column cannot hold, and an old row that gets one; then both are mended."""
    bad: dict[str, list[Record]] = {}
    for table in stage.cast:
        column = breakable(table)
        bad[table.id] = [new_bad_row(stage, table)]
        if table.key and not appends(table):
            (old,) = stage.changeable(table, 1)
            change(stage, table, old, 3)
            stage.twin.update(table, old, {column: unreadable(table, column)})
            old.bad = f"{column} is unreadable"
            bad[table.id].append(old)
    run = stage.good_load()
    if UNREADABLE in run.output:
        raise Broken("the value that could not be read is in the output: it may be personal")
    for table in stage.cast:
        column = breakable(table)
        for number, record in enumerate(bad[table.id]):
            record.bad = ""
            change(stage, table, record, number)
            good = stage.twin.good(table)[0].values[column]
            stage.twin.update(table, record, {column: good})
        stage.twin.remake(table)
    stage.good_load()
    return "rows that could not be read were set aside, and landed once they were mended"


def new_bad_row(stage: Stage, table: Table) -> Record:
    column = breakable(table)
    (row,) = stage.fresh(table, 1)
    row[column] = unreadable(table, column)
    if table.kind != "files":
        stage.twin.loosen(table)
    return stage.twin.insert(table, [row], bad=f"{column} is unreadable")[0]


def breakable(table: Table) -> str:
    """A column that can hold what is no value of its type; nothing where no column can."""
    if table.format == "parquet":
        return ""
    fixed = {*table.key, table.watermark}
    free = [c for c in table.columns if c.id not in fixed and not c.treatment]
    kinds: tuple[str, ...] = (*NUMBERS, "DATE", "TIME", "BOOLEAN", "UUID")
    if table.kind == "postgres":
        kinds = ("DECIMAL", "TIMESTAMP", "DATE")
    for kind in kinds:
        for column in free:
            if column.type.startswith(kind):
                return column.id
    return ""


def unreadable(table: Table, column_id: str) -> str:
    """What the source can hold there and the declared type cannot."""
    if table.kind != "postgres":
        return UNREADABLE
    return "NaN" if table.column(column_id).type.startswith("DECIMAL") else "infinity"


def replay(stage: Stage) -> str:
    """The declaration is mended, in a copy of this repository: the column takes any text. Then the row must come back."""
    bad = {table.id: new_bad_row(stage, table) for table in stage.cast}
    stage.good_load()
    again = stage.pipeline.python("ingest.replay", stage.source.id)
    if not again.good:
        raise Broken(f"a replay with nothing mended failed: {again.last()}")
    stage.compare()
    _mend(stage)
    run = stage.pipeline.python("ingest.replay", stage.source.id, cwd=MENDED)
    if not run.good:
        raise Broken(f"the replay failed: {run.last()}")
    for table in stage.cast:
        _check_back(stage, table, bad[table.id], "after the replay")
    after = stage.load(cwd=MENDED)
    if not after.good:
        raise Broken(f"the load after the replay failed: {after.last()}")
    for table in stage.cast:
        _check_back(stage, table, bad[table.id], "with the next load")
    shutil.rmtree(MENDED)
    return "a row in quarantine came back when its column was declared a text, and stayed"


def _mend(stage: Stage) -> None:
    """A copy of the code with other types declared; its data are those of this drill."""
    shutil.rmtree(MENDED, ignore_errors=True)
    shutil.copytree(
        ROOT / "ingest", MENDED / "ingest", ignore=shutil.ignore_patterns("__pycache__")
    )
    (MENDED / "data" / "drill").mkdir(parents=True)
    (MENDED / "data" / "drill" / "source").symlink_to(DATA / "source", target_is_directory=True)
    path = MENDED / "ingest" / f"{stage.source.id}.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for table in stage.cast:
        document["tables"][table.id]["columns"][breakable(table)]["type"] = "VARCHAR"
    path.write_text(json.dumps(document), encoding="utf-8")


def _check_back(stage: Stage, table: Table, record: Record, when: str) -> None:
    """All rows but for the mended column, whose texts are those of the engine; and in it the value that came back."""
    column = breakable(table)
    others = [c for c in table.columns if c.id != column]
    expected: Rows = Counter()
    record.bad = ""
    for kept in [*stage.expected[table.id].kept, stage.expected[table.id].landed(record, others)]:
        expected[tuple(kept.values[c.id] for c in others)] += 1
    wrong = difference(
        table, others, expected, stage.warehouse.rows(table.raw_schema, table.id, others)
    )
    found = [text.lower() for text in stage.warehouse.texts(table, column)]
    if not wrong and found.count(unreadable(table, column).lower()) != 1:
        wrong = "the value that came back is not there"
    if not wrong and stage.warehouse.quarantined(table):
        wrong = "the row is still in quarantine, too"
    if wrong:
        stage.fail(table, f"{when}: {wrong}")


def _is_breakable(table: Table) -> str:
    return "" if breakable(table) else "no column can hold a value that is none of its type"


SCENARIOS = [
    Scenario("rows that cannot be read", unreadable_rows, _is_breakable),
    Scenario("replay of quarantined rows", replay, _is_breakable, alone=True),
]
