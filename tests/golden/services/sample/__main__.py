"""Make the sample data: `python -m sample [SOURCE ...]`. The same bytes every time.

Writes sample/data/SOURCE/, in the source's own schema, and sample/data/manifest.json: what was made, and with it what a
load of it must find. Files are files of the same kind; a SQLite database stands in for a server.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from ingest import declaration, settings
from ingest.declaration import LoadError
from sample import write
from sample.deliveries import Delivered, deliver
from sample.rows import Maker
from sample.schema import at_source, shapes


def manifest_path() -> Path:
    return settings.SAMPLE_DATA / "manifest.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sample", description="Make the sample data.")
    parser.add_argument("source", nargs="*", help="default: every source")
    chosen = parser.parse_args().source or declaration.source_ids()
    made = {}
    for source_id in chosen:
        try:
            made[source_id] = make(source_id)
        except LoadError as error:
            print(f"sample: {error}", file=sys.stderr)
            return 1
    _write_manifest(made)
    print(_summary(made))
    return 0


def make(source_id: str) -> list[Delivered]:
    """Write one source's data in place of what was there."""
    source = at_source(declaration.read(source_id))
    path = settings.sample_path(source.id, source.kind)
    shutil.rmtree(settings.SAMPLE_DATA / source.id, ignore_errors=True)
    found = shapes(source)
    maker = Maker(source, found)
    delivered = [deliver(maker.rows(table.id)) for table in source.tables]
    if source.kind == "files":
        for one in delivered:
            write.write_files(path, one)
    else:
        write.write_database(path, [(found[one.table.id], one) for one in delivered])
    return delivered


def _write_manifest(made: dict[str, list[Delivered]]) -> None:
    """Sources that were not made this time keep their entries."""
    path = manifest_path()
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for source_id, delivered in made.items():
        manifest[source_id] = {one.table.id: entry(one) for one in delivered}
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def entry(one: Delivered) -> dict[str, object]:
    """`rows` is what arrives; `landed` what a load keeps of it; `keys` how many different good rows there are."""
    updates_in_place = one.table.format is None
    arrived = one.rows - (one.updated if updates_in_place else 0)
    return {
        "rows": arrived, "landed": arrived - one.malformed, "keys": one.keys, "late": one.late,
        "updated": one.updated, "nulls": one.nulls, "malformed": one.malformed,
    }  # fmt: skip


def _summary(made: dict[str, list[Delivered]]) -> str:
    heads = ("rows", "late", "updated", "nulls", "malformed")
    names = [f"{source_id}.{one.table.id}" for source_id, found in made.items() for one in found]
    width = min(max([len(name) for name in names] + [6]), 30)
    lines = [f"{'sample':<{width}}" + "".join(f"  {head:>8}" for head in heads)]
    for name, one in zip(names, (one for found in made.values() for one in found), strict=True):
        counts = entry(one)
        short = name if len(name) <= width else name[: width - 1] + "…"
        lines.append(f"{short:<{width}}" + "".join(f"  {counts[head]:>8}" for head in heads))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
