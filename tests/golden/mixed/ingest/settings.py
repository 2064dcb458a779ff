"""Where things are, by environment. `demo` and `drill` read sample data; every other one reads the source itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment() -> str:
    return os.environ.get("PIPELINE_ENV") or "demo"


SAMPLE_DATA = ROOT / ("data/drill/source" if environment() == "drill" else "sample/data")


def from_root(path: str) -> Path:
    """A path as it stands, or below the repository's root when it is relative."""
    return ROOT / Path(path).expanduser()


def warehouse_kind() -> str:
    """`duckdb` or `postgres`."""
    return os.environ.get("WAREHOUSE_KIND") or "duckdb"


def warehouse_path() -> Path:
    return from_root(os.environ.get("WAREHOUSE_PATH") or f"data/{environment()}.duckdb")


def wait_seconds() -> int:
    """How long a program waits for a warehouse or a table that another one holds."""
    return int(os.environ.get("WAREHOUSE_WAIT_SECONDS") or 60)


@contextmanager
def waiting_at_most(seconds: int) -> Iterator[None]:
    """Within the block, no longer than so."""
    before = os.environ.get("WAREHOUSE_WAIT_SECONDS")
    os.environ["WAREHOUSE_WAIT_SECONDS"] = str(min(wait_seconds(), seconds))
    try:
        yield
    finally:
        del os.environ["WAREHOUSE_WAIT_SECONDS"]
        if before is not None:
            os.environ["WAREHOUSE_WAIT_SECONDS"] = before


def work_path() -> Path:
    """The folder for what a load keeps on disk while it runs; nothing in it outlives the load."""
    return from_root(f"data/{environment()}-load")


def has_twin() -> bool:
    """Whether sample data stands in for the sources."""
    return environment() in ("demo", "drill")


def twin_url(source: str) -> str:
    """The database server that a drill puts in a source's place; empty where there is none."""
    return os.environ.get(f"DRILL_{source.upper()}_URL", "") if environment() == "drill" else ""


def source_kind(source: str, kind: str) -> str:
    """How a source is kept here: a SQLite database stands in for a server, and behind an API."""
    stands_in = kind in ("postgres", "mysql", "rest") and has_twin() and not twin_url(source)
    return "sqlite" if stands_in else kind


def source_path(source: str, kind: str, path_env: str, default: str) -> Path:
    """The folder (files) or database file (sqlite) of a source."""
    if has_twin():
        return sample_path(source, kind)
    return from_root(os.environ.get(path_env) or default)


def sample_path(source: str, kind: str) -> Path:
    folder = SAMPLE_DATA / source
    return folder if kind == "files" else folder / f"{source}.sqlite"
