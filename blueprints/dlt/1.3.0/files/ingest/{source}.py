"""The dlt source <%= source.id %>. Its tables, their columns and types are declared in <%= source.id %>.json.

A table that needs code of its own gets it here: yield a dlt resource of Arrow tables in place of `load.resource`.
"""

from collections.abc import Iterator

import dlt
from dlt.extract import DltResource

from ingest.load import Load

SOURCE = <%= source.id | py %>


@dlt.source(name=SOURCE, max_table_nesting=0)
def extract(load: Load) -> Iterator[DltResource]:
    for table in load.tables:
        yield load.resource(table)
