"""Personal data: a new key of the tokens, and that nothing of it is anywhere in clear."""

from drill.declared import Table
from drill.scenarios.quarantine import breakable, new_bad_row
from drill.scenarios.scenario import Scenario
from drill.stage import Broken, Stage
from drill.treatment import NEXT_TOKEN_KEY, TOKEN_KEY, VARIABLE
from drill.twins import MARKER


def rotated_key(stage: Stage) -> str:
    """The key is changed, and changed back: each time all tokens are of the key that holds."""
    for key in (NEXT_TOKEN_KEY, TOKEN_KEY):
        for table in stage.cast:
            stage.expected[table.id].token_key = key
        stage.good_load(env={VARIABLE: key})
    return "with another key every token is another one, and all rows are there"


def nothing_in_clear(stage: Stage) -> str:
    """No value that is treated or dropped is in any table of the warehouse, quarantine too, nor in what was printed."""
    words = {MARKER}
    bad = {table.id: new_bad_row(stage, table) for table in stage.cast if breakable(table)}
    stage.good_load()
    for table in stage.cast:
        for record in stage.twin.rows(table)[:50]:
            found = [record.values.get(c.id) for c in table.columns if c.treatment]
            words |= {value for value in found if isinstance(value, str) and len(value) > 5}
    for schema, name in stage.warehouse.relations():
        held = stage.warehouse.everything(schema, name)
        if any(word in held for word in words):
            raise Broken(f"personal data is in clear in {schema}.{name}")
    said = "\n".join(run.output for run in stage.pipeline.outputs)
    if any(word in said for word in words):
        raise Broken("personal data is in clear in what the pipeline printed")
    for table in stage.cast:
        stage.twin.delete(table, [bad[table.id]] if table.id in bad else [])
        stage.twin.remake(table)
    stage.good_load()
    return f"{len(words)} values were looked for in every table, and in all that was printed"


def _is_tokenised(table: Table) -> str:
    tokens = any(column.treatment == "tokenise" for column in table.columns)
    return "" if tokens else "no column is tokenised"


def _is_personal(table: Table) -> str:
    personal = table.dropped or any(column.treatment for column in table.columns)
    return "" if personal else "no column is personal"


SCENARIOS = [
    Scenario("a new key of the tokens", rotated_key, _is_tokenised),
    Scenario("personal data in clear", nothing_in_clear, _is_personal),
]
