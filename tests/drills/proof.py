"""What `make prove` found: ``proof/NAME.json`` for each repository that was drilled whole, and docs/proof.md of them all.

A record says which blueprints it holds for, by their digest. A repository's file keeps its newest record and those of
released catalogs; there is no clock in it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipegen.store.blueprints import BlueprintStore, catalog_digest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "proof"
PAGE = ROOT / "docs" / "proof.md"
HOLDS, FAILS, NOT_RUN = "holds", "FAILS", "not run"
NO_MEANING = "does not apply"

Record = dict[str, Any]


def digest(store: BlueprintStore, catalog: str) -> str:
    """The digest of a catalog's blueprints as they are now."""
    return catalog_digest({blueprint.name: blueprint.digest for blueprint in store.load(catalog)})


def released(store: BlueprintStore) -> dict[str, str]:
    """The digest of every released catalog, oldest first."""
    return {name: catalog.digest or "" for name, catalog in store.catalogs().items() if name != "next"}


def record(catalog: str, of: str, made_with: Mapping[str, str], report: Mapping[str, Any]) -> Record:
    """A record of one drill; ``report`` is what the drill itself wrote."""
    results = [{**result, "seconds": round(result["seconds"], 1)} for result in report["results"]]
    return {
        "digest": of,
        "catalog": catalog,
        "made_with": dict(made_with),
        "holds": report["holds"],
        "results": results,
    }


def read(path: Path) -> list[Record]:
    """The records of a repository, newest first."""
    if not path.exists():
        return []
    records: list[Record] = json.loads(path.read_text(encoding="utf-8"))
    return records


def write(path: Path, new: Record, keep: Iterable[str]) -> None:
    """Put a record in front, in place of one of the same digest; of the others those stay whose digest is in ``keep``."""
    kept = [old for old in read(path) if old["digest"] in set(keep) - {new["digest"]}]
    path.parent.mkdir(exist_ok=True)
    text = ",\n".join(_lines(one) for one in [new, *kept])
    path.write_text(f"[\n{text}\n]\n", encoding="utf-8")


def _lines(one: Record) -> str:
    """A record as JSON, one line a result, so that a difference can be read."""
    head = json.dumps({key: value for key, value in one.items() if key != "results"}, ensure_ascii=False)
    results = ",\n".join(f"  {json.dumps(result, ensure_ascii=False)}" for result in one["results"])
    return f'{head[:-1]}, "results": [\n{results}\n]}}'


def unproven(store: BlueprintStore, files: Mapping[str, list[Record]], wanted: Iterable[str]) -> list[str]:
    """What the proof lacks: the newest released catalog proven whole, and no record that fails or is of another digest."""
    digests = released(store)
    newest = next(reversed(digests), None)
    lacking = []
    for name in wanted if newest else ():
        if not any(one["digest"] == digests[newest or ""] for one in files.get(name, [])):
            lacking.append(f"{name}: catalog {newest} is not proven; make prove")
    for name, records in files.items():
        for one in records:
            catalogs = [catalog for catalog, of in digests.items() if of == one["digest"]]
            if one["catalog"] in digests and one["catalog"] not in catalogs:
                lacking.append(
                    f"{name}: a proof of catalog {one['catalog']} was made from other blueprints than its own"
                )
            if catalogs and not is_whole(one):
                lacking.append(f"{name}: catalog {catalogs[0]} does not hold")
    return lacking


def is_whole(one: Record) -> bool:
    """Whether everything held, and nothing was left out."""
    return bool(one["holds"]) and not {r["verdict"] for r in one["results"]} & {FAILS, NOT_RUN}


def page(files: Mapping[str, list[Record]]) -> str:
    """docs/proof.md: the newest record of each repository."""
    newest = {name: records[0] for name, records in files.items() if records}
    lines = [
        "# Proof",
        "",
        "Written by `make prove`: every scenario of `make drill`, in generated repositories that have every pattern; the specs are",
        "`tests/drills/specs/`. After each scenario source, raw, staging, marts and history are compared with an oracle.",
        "A scenario that has no meaning for a table (a null key where there is no key) is not counted.",
        "",
        "| repository | catalog | blueprints | made with | holds | fails | not run | minutes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in newest.items():
        counts = Counter(result["verdict"] for result in one["results"])
        minutes = sum(result["seconds"] for result in one["results"]) / 60
        made_with = ", ".join(f"{what} {version}" for what, version in one["made_with"].items())
        cells = [name, one["catalog"], f"`{one['digest'].removeprefix('sha256:')[:16]}`", made_with]
        cells += [str(counts[verdict]) for verdict in (HOLDS, FAILS, NOT_RUN)]
        lines.append(f"| {' | '.join([*cells, f'{minutes:.0f}'])} |")
    lines += ["", *_scenarios(newest), "", *_patterns(newest), *_broken(newest)]
    return "\n".join(lines) + "\n"


def _scenarios(newest: Mapping[str, Record]) -> list[str]:
    """How each scenario went, for how many tables or models."""
    cells: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for name, one in newest.items():
        for result in one["results"]:
            cells[result["scenario"]][name][result["verdict"]] += 1
    lines = ["## Scenarios", "", f"| scenario | {' | '.join(newest)} |", f"|---|{'---|' * len(newest)}"]
    for scenario, of in cells.items():
        lines.append(f"| {scenario} | {' | '.join(_cell(of[name]) for name in newest)} |")
    return lines


def _cell(counts: Counter[str]) -> str:
    said = [f"{verdict} {counts[verdict]}" for verdict in (HOLDS, FAILS, NOT_RUN) if counts[verdict]]
    return ", ".join(said) or "-"


def _patterns(newest: Mapping[str, Record]) -> list[str]:
    found = {(name, r["pattern"]) for name, one in newest.items() for r in one["results"] if r["pattern"]}
    every = sorted({pattern for _, pattern in found})
    lines = [
        "## Patterns",
        "",
        f"| source, load, write, deletes | {' | '.join(newest)} |",
        f"|---|{'---|' * len(newest)}",
    ]
    for pattern in every:
        marks = ["yes" if (name, pattern) in found else "" for name in newest]
        lines.append(f"| {pattern} | {' | '.join(marks)} |")
    return lines


def _broken(newest: Mapping[str, Record]) -> list[str]:
    lines = []
    for name, one in newest.items():
        for result in one["results"]:
            if result["verdict"] in (FAILS, NOT_RUN):
                happened = " ".join(result["happened"].replace("|", "\\|").split())
                lines.append(
                    f"| {name} | {result['scenario']} | {result['table']} | {result['verdict']} | {happened} |"
                )
    if not lines:
        return []
    return [
        "",
        "## What does not hold",
        "",
        "| repository | scenario | table | verdict | what happened |",
        "|---|---|---|---|---|",
        *lines,
    ]


def files() -> dict[str, list[Record]]:
    """Every repository's records."""
    return {path.stem: read(path) for path in sorted(FOLDER.glob("*.json"))}
