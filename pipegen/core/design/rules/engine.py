"""Engine, and where rows are transformed: in the destination that is there, until a run scans more than it bears."""

from __future__ import annotations

from collections.abc import Sequence

from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import CLOUD, Inputs
from pipegen.core.design.told import Told, Trouble, size_text


def writers(modes: Sequence[str]) -> int:
    """Processes that write to the destination at any time: batches and dbt take turns, each stream stands by itself."""
    return 1 + sum(mode in ("spark-streaming", "flink") for mode in modes)


def choose(p: Inputs, scanned: float, modes: Sequence[str]) -> str:
    """``scanned``: bytes that one run of every source and of dbt reads."""
    if p.destination in CLOUD:  # a warehouse that is there computes, however much it is
        return p.destination
    if scanned > c.SPARK_ABOVE.value:
        return "spark"
    if p.destination == "duckdb":
        if writers(modes) > 1:
            return "postgres"
        return "duckdb" if scanned <= c.ONE_MACHINE.value or p.memory >= c.LARGE_MACHINE.value else "warehouse"
    if p.destination == "lake":
        return "duckdb" if scanned <= c.ONE_MACHINE.value and writers(modes) == 1 else "spark"
    return p.destination


def problem(p: Inputs, natural: str, choice: str) -> Trouble | None:
    if choice not in ("spark", natural, p.destination) or (choice == "lake"):
        return f"`{choice}` cannot compute in destination {p.destination}", f"works: `{natural}`, or `spark`"
    if choice == "duckdb" and natural == "postgres":
        return "DuckDB takes one writer, and a stream and dbt are two", "works: `postgres`"
    return None


def tell(p: Inputs, scanned: float, modes: Sequence[str], choice: str) -> Told:
    because = [f"destination: {p.destination}", f"a run scans {size_text(scanned)}"]
    if writers(modes) > 1:
        because.append(f"{writers(modes)} processes write at any time")
    if p.destination == "duckdb" and scanned > c.ONE_MACHINE.value:
        because.append(f"the machine has {size_text(p.memory)} of memory")
    against = Alternative("duckdb", "a second copy of the data, and one writer at a time")
    if choice == "duckdb":
        against = Alternative("spark", "a cluster to run for data that one machine holds")
    elif choice in ("spark", "warehouse"):
        against = Alternative("duckdb", "one machine would not hold a run")
    elif p.destination == "duckdb":
        against = Alternative("duckdb", "it takes one writer")
    source = c.ONE_MACHINE.source if choice in ("duckdb", "spark", "warehouse") else "warehouse present: dbt runs there"
    return Told(tuple(because), (against,), f"engine.{choice}", source)


TRANSFORMS = ("elt", "etl")


def choose_transform(p: Inputs) -> str:
    return "etl" if _reasons(p) else "elt"


def _reasons(p: Inputs) -> list[str]:
    """Why rows are transformed before they land."""
    treated = [f"{t.address}.{column}" for s in p.sources for t in s.tables for column in t.treated]
    found = []
    if treated:
        more = f" and {len(treated) - 3} more" if len(treated) > 3 else ""
        found.append(f"treated before they land: {', '.join(treated[:3])}{more}")
    if p.raw_forbidden:
        found.append("personal data may not land raw")
    if p.destination == "lake":
        found.append("the destination computes nothing")
    heavy = [s.name for s in p.sources if s.parsing == "code"]
    if heavy:
        found.append(f"rows of {', '.join(heavy)} are parsed by a program")
    return found


def transform_problem(p: Inputs, choice: str) -> Trouble | None:
    if choice not in TRANSFORMS:
        return f"`{choice}` is not a choice of `pipeline.transform`", "`elt` or `etl`"
    reasons = _reasons(p)
    if choice == "etl" and not reasons:
        return "`etl` has nothing to do before rows land", "say which columns are treated: `columns: {email: tokenise}`"
    if choice == "elt" and reasons:
        return f"`elt` cannot be: {reasons[0]}", "works: `etl`"
    return None


def _against_elt(p: Inputs) -> str:
    if p.raw_forbidden or any(t.treated for s in p.sources for t in s.tables):
        return "personal data would lie in the warehouse as it is"
    return "nothing computes there" if p.destination == "lake" else "the warehouse cannot parse what would lie there"


def tell_transform(p: Inputs, choice: str) -> Told:
    reasons = _reasons(p)
    if choice == "etl" and reasons:
        return Told(
            tuple(reasons), (Alternative("elt", _against_elt(p)),), "transform",
            "decision model: tokenise on the way in, the rest in dbt (H)",
        )  # fmt: skip
    return Told(
        ("the destination computes", "no personal data is barred from landing raw"),
        (Alternative("etl", "the warehouse does this work better, and keeps what was delivered"),), "transform", "(H)",
    )  # fmt: skip
