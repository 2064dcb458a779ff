"""Where things are, by environment. `demo` reads the sample data; every other environment reads the source itself."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_DATA = ROOT / "sample" / "data"


def environment() -> str:
    return os.environ.get("PIPELINE_ENV") or "demo"


def from_root(path: str) -> Path:
    """A path as it stands, or below the repository's root when it is relative."""
    return ROOT / Path(path).expanduser()


def warehouse_path() -> Path:
    return from_root(os.environ.get("WAREHOUSE_PATH") or f"data/{environment()}.duckdb")


def work_path() -> Path:
    """The folder for what a load keeps on disk while it runs; nothing in it outlives the load."""
    return from_root(f"data/{environment()}-load")


def source_path(source: str, kind: str, path_env: str, default: str) -> Path:
    """The folder (files) or database file (sqlite) of a source."""
    if environment() == "demo":
        return sample_path(source, kind)
    return from_root(os.environ.get(path_env) or default)


def sample_path(source: str, kind: str) -> Path:
    folder = SAMPLE_DATA / source
    return folder / f"{source}.sqlite" if kind == "sqlite" else folder
