"""Has every source landed at least once?  python -m quality.landed

Exit code 99, on which Airflow skips what follows, says no, and names the tables that are missing.
"""

import sys

from ingest import declaration, ledger
from ingest.declaration import LoadError

NOT_YET = 99


def main():
    missing = []
    try:
        with ledger.open_warehouse() as db:
            for source_id in declaration.source_ids():
                source = declaration.read(source_id)
                there = set(db.tables(source.raw_schema))
                missing += [
                    f"{source.raw_schema}.{t.id}" for t in source.tables if t.id not in there
                ]
    except LoadError as error:
        print(f"landed: {error}", file=sys.stderr)
        return 1
    if missing:
        print("Not landed yet:", ", ".join(missing))
        return NOT_YET
    return 0


if __name__ == "__main__":
    sys.exit(main())
