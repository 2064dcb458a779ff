"""Ask the warehouse, whichever it is: python -m quality.query [--limit 50] [--csv] "select …"

The session may only read. Prints a table in which long values are cut; --csv has them whole. Exit codes: 0 done, 1 the
warehouse refused the query, 2 wrong usage.
"""

import argparse
import csv
import sys
from typing import Any

from ingest import ledger
from ingest.declaration import LoadError
from quality.text_table import listing

# What a value may take of a line.
MOST_WIDTH = 60


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m quality.query", description="Ask the warehouse."
    )
    parser.add_argument("--limit", type=int, default=50, help="rows, at most; 0: all")
    parser.add_argument("--csv", action="store_true", help="comma-separated, values as they are")
    parser.add_argument("query", metavar="SQL")
    arguments = parser.parse_args()
    if not arguments.query.strip():
        parser.error("give a query: make query SQL='select …'")
    try:
        with ledger.open_warehouse(read_only=True) as db:
            names, rows = db.answer(arguments.query, max(0, arguments.limit))
    except LoadError as error:
        print(f"query: {error}", file=sys.stderr)
        return 1
    if arguments.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([names, *rows])
    else:
        print(listing([names, *([_text(value) for value in row] for row in rows)], MOST_WIDTH))
        print(f"({len(rows)} row{'' if len(rows) == 1 else 's'})")
    return 0


def _text(value: Any) -> str:
    """A value on one line."""
    return "-" if value is None else " ".join(str(value).split())


if __name__ == "__main__":
    sys.exit(main())
