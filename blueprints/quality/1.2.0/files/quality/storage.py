"""What takes room: the disks, the warehouse, and the tables in it, by what the engine's own catalog knows."""

import shutil
from pathlib import Path

from ingest import settings
from ingest.sql import ident, literal
from ingest.warehouse import Warehouse
from quality.gauges import Gauges

AT_ONCE = 50  # tables that are counted by one query


def disks(gauges: Gauges) -> None:
    """The disk that loads work on, and that of a warehouse which is a file."""
    volumes = {"work": settings.work_path()}
    if settings.warehouse_kind() == "duckdb":
        volumes["warehouse"] = settings.warehouse_path()
    for volume, path in volumes.items():
        usage = shutil.disk_usage(_there(path))
        gauges.set("disk_free_bytes", usage.free, volume=volume)
        gauges.set("disk_size_bytes", usage.total, volume=volume)


def _there(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(one for one in (path, *path.parents) if one.exists())


def size(db: Warehouse, gauges: Gauges) -> None:
    """The bytes of the whole warehouse."""
    if db.kind == "duckdb":
        path = settings.warehouse_path()
        files = (path, path.with_name(f"{path.name}.wal"))
        bytes_of_all = sum(file.stat().st_size for file in files if file.exists())
    else:
        ((bytes_of_all,),) = db.execute("SELECT pg_database_size(current_database())")
    gauges.set("warehouse_bytes", bytes_of_all)


def rows(db: Warehouse, schema: str) -> dict[str, int]:
    """Rows by table of a schema. PostgreSQL would read a table to count it: there they are about so many."""
    if db.kind == "duckdb":
        return _counted(db, schema)
    # What the server counts as rows come and go; after it has crashed, what the last ANALYZE found.
    query = (
        "SELECT c.relname, greatest(coalesce(nullif(s.n_live_tup, 0), c.reltuples), 0) "
        "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.oid "
        "WHERE c.relkind IN ('r', 'm') AND n.nspname = ?"
    )
    return {name: int(found) for name, found in db.execute(query, [schema])}


def _counted(db: Warehouse, schema: str) -> dict[str, int]:
    """DuckDB knows its counts. What its catalog says includes rows that were deleted."""
    query = "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? ORDER BY table_name"
    names = [name for (name,) in db.execute(query, [schema])]
    found: dict[str, int] = {}
    for first in range(0, len(names), AT_ONCE):
        counts = [
            f"SELECT {literal(name)}, count(*) FROM {ident(schema)}.{ident(name)}"
            for name in names[first : first + AT_ONCE]
        ]
        found |= dict(db.execute(" UNION ALL ".join(counts)))
    return found
