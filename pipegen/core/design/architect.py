"""The architect: a spec and what was measured become a Design, or every reason why they cannot."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from pipegen.core import names, units
from pipegen.core.design import calibration, decisions
from pipegen.core.design.findings import Findings
from pipegen.core.design.marts import marts
from pipegen.core.design.model import Decision, Design, Load, Pipeline, Source, Table, Transform
from pipegen.core.design.tables import NOTHING, tables
from pipegen.core.measured import Measured
from pipegen.core.spec.load import Address, Locate
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.spec.sources import SourceSpec

POOL = "warehouse"
# Variables that a generated repository reads for itself begin with these.
RESERVED_VARIABLES = ("WAREHOUSE_", "PIPELINE_", "AIRFLOW_", "DBT_", "DRILL_", "ALERT_")


def design(
    spec: PipelineSpec,
    measured: Mapping[str, Measured],
    locate: Locate = lambda _: None,
    accepted: Mapping[str, str] = NOTHING,
) -> Design:
    """Decide everything that the repository is laid out from.

    ``measured`` has an entry for every source of the spec. ``accepted`` are choices that were accepted before, by decision: each
    stays wherever it still works, whatever the numbers say today.

    Raises:
        SpecError: with every demand that cannot be met and every name that is not there.
    """
    found = Findings(locate)
    pipeline_id = names.module(spec.name)
    sources, decided = [], []
    for name, said in spec.sources.items():
        source, its = _source(spec, pipeline_id, name, said, measured[name], found, accepted)
        sources.append(source)
        decided += its
    made = tuple(sources)
    treated = [f"{t.source_name}.{t.name}.{c}" for s in made for t in s.tables for c in _treated(t)]
    decided += [decisions.deliver(treated), decisions.engine(spec.destination.kind)]
    _refuse_unknown_overrides(spec, decided, found)
    _refuse_shared_variables(made, found)
    chosen = marts(spec, made, found)
    found.raise_any()
    return Design(
        pipeline=Pipeline(
            spec.name, pipeline_id, names.env_name(pipeline_id), spec.description, spec.owner, spec.catalog
        ),
        sources=made,
        marts=chosen,
        transform=_transform(pipeline_id, made, spec.destination.kind),
        destination=spec.destination.model_dump(),
        alerts=spec.alerts.model_dump(),
        slo=spec.slo.model_dump(),
        ci=spec.ci,
        deploy=spec.deploy,
        decisions=tuple(decided),
        sizing=tuple(_sizing(s) for s in made),
    )


def _source(
    spec: PipelineSpec,
    pipeline_id: str,
    name: str,
    said: SourceSpec,
    facts: Measured,
    found: Findings,
    accepted: Mapping[str, str],
) -> tuple[Source, list[Decision]]:
    its_tables, decided = tables(spec, name, said, facts, found, accepted)
    if not its_tables:
        found.add(("sources", name), f"source `{name}` has no table to load")
    freshness = min(
        [t.freshness_seconds for t in its_tables], default=units.duration(said.freshness or spec.defaults.freshness)
    )
    rows = decisions.work(its_tables)
    longest = _interval(name, freshness, rows, _freshness_said(name, said, its_tables, freshness), found)
    minutes = _held_interval(accepted.get(f"{name}.schedule"), longest)
    id_ = names.module(name)
    retry_delay = decisions.retry_delay(freshness)
    source = Source(
        name=name, id=id_, kind="files" if said.kind == "sample" else said.kind, is_sample=said.kind == "sample",
        **_place(id_, said, facts), raw_schema=f"raw_{id_}", dag_id=f"{pipeline_id}_{id_}",
        asset=f"{pipeline_id}/raw/{id_}", description=said.description or "", tables=tuple(its_tables),
        loads=_loads(its_tables), schedule=decisions.cron(minutes), interval_seconds=minutes * 60,
        freshness=units.duration_text(freshness), freshness_seconds=freshness, deadline_seconds=freshness,
        retries=int(calibration.RETRIES.value), retry_delay_seconds=retry_delay,
        max_retry_delay_seconds=retry_delay * 2 ** (int(calibration.RETRIES.value) - 1),
        execution_timeout_seconds=_timeout(sum(t.rows or 0 for t in its_tables)),
    )  # fmt: skip
    about = [decisions.mode(name, freshness), decisions.schedule(name, freshness, rows, minutes)]
    return source, [*about, *decided]


def _place(id_: str, said: SourceSpec, facts: Measured) -> dict[str, str]:
    """Where a source is: a path with the variable that overrides it, or the variable that holds a URL."""
    if said.kind == "postgres":
        return {"path": "", "path_env": "", "url_env": said.url_env, "source_schema": said.schema_}
    path = f"sample/data/{id_}" if said.kind == "sample" else facts.server.folder or said.path
    return {"path": path, "path_env": names.env_name(id_, "PATH")}


def _treated(table: Table) -> list[str]:
    """The columns of a table that do not land as they are."""
    return [*(c.name for c in table.columns if c.treatment), *table.dropped]


def _freshness_said(name: str, said: SourceSpec, its_tables: list[Table], freshness: int) -> Address:
    """Where the spec says the freshness that a source is run for."""
    for table in its_tables:
        own = said.tables.get(table.name)
        if table.freshness_seconds == freshness and own is not None and own.freshness is not None:
            return ("sources", name, "tables", table.name, "freshness")
    return ("sources", name, "freshness") if said.freshness is not None else ("defaults", "freshness")


def _interval(name: str, freshness: int, rows: int, at: Address, found: Findings) -> int:
    """Minutes between runs; a freshness that no batch can keep is a finding that names the nearest one that works."""
    if freshness < calibration.MICRO_BATCH_BELOW.value:
        found.add(
            at,
            f"freshness {units.duration_text(freshness)} of source `{name}` needs micro-batches, which are not built yet",
            "the nearest that works: `freshness: 5m` in frequent batches",
        )
        return 1
    minutes = decisions.interval_minutes(freshness, rows)
    if minutes is None:
        need = decisions.run_seconds(rows) * 2
        found.add(
            at,
            f"one run of source `{name}` takes about {decisions.run_seconds(rows)} s, too long for freshness "
            f"{units.duration_text(freshness)}",
            f"the nearest that works: `freshness: {units.duration_text(ceil(need / 60) * 60 * 2)}`, or fewer tables",
        )
        return 1
    return minutes


def _held_interval(accepted: str | None, longest: int) -> int:
    """Minutes of the schedule that was accepted before, where it is not longer than the freshness allows; else the longest."""
    return next((m for m in calibration.INTERVALS_MINUTES if m < longest and decisions.cron(m) == accepted), longest)


def _timeout(rows: int) -> int:
    """Seconds after which a task is taken for hung; the first run of an incremental table reads all its ``rows``."""
    estimated = calibration.TIMEOUT_FACTOR.value * decisions.run_seconds(rows)
    return int(max(calibration.LEAST_TIMEOUT.value, ceil(estimated / 60) * 60))


def _loads(its_tables: list[Table]) -> tuple[Load, ...]:
    """A task a table, or groups of neighbours where there are many tables."""
    most = int(calibration.LOADS_PER_SOURCE.value)
    if len(its_tables) <= most:
        return tuple(Load(t.id, (t.id,)) for t in its_tables)
    size = ceil(len(its_tables) / most)
    groups = [its_tables[i : i + size] for i in range(0, len(its_tables), size)]
    return tuple(Load(f"group_{i:02}", tuple(t.id for t in group)) for i, group in enumerate(groups, start=1))


def _transform(pipeline_id: str, sources: tuple[Source, ...], destination: str) -> Transform:
    freshness = min(s.freshness_seconds for s in sources)
    delay = decisions.retry_delay(freshness)
    return Transform(
        dag_id=f"{pipeline_id}_transform",
        schedule_assets=tuple(s.asset for s in sources),
        pool=POOL,
        freshness_seconds=freshness,
        deadline_seconds=freshness,
        execution_timeout_seconds=_timeout(sum(t.rows or 0 for s in sources for t in s.tables)),
        retries=int(calibration.RETRIES.value),
        retry_delay_seconds=delay,
        max_retry_delay_seconds=delay * 2 ** (int(calibration.RETRIES.value) - 1),
        pool_slots=int(calibration.WAREHOUSE_SLOTS.value) if destination == "postgres" else 1,
    )


def _refuse_unknown_overrides(spec: PipelineSpec, decided: list[Decision], found: Findings) -> None:
    ids = [d.id for d in decided]
    for key, override in spec.overrides.items():
        if key not in ids:
            hint = names.did_you_mean(key, ids) or f"decisions are: {', '.join(ids[:20])}"
            found.add(("overrides", key), f"there is no decision `{names.shorten(key)}`", hint)
        elif not key.endswith((".extract", ".write", ".history")) and override.choice != next(
            d.choice for d in decided if d.id == key
        ):
            found.add(("overrides", key), f"`{override.choice}` is not a choice of `{key}` that is built")


def _refuse_shared_variables(sources: tuple[Source, ...], found: Findings) -> None:
    """A variable that would mean two things: two sources', or a source's and the repository's own."""
    holders: dict[str, str] = {s.path_env: s.name for s in sources if s.path_env}
    for source in sources:
        at = ("sources", source.name, "url_env")
        if source.url_env.upper().startswith(RESERVED_VARIABLES):
            message = (
                f"`{source.url_env}` cannot hold the URL of source `{source.name}`: the repository uses it for itself"
            )
            found.add(at, message, f"for example `url_env: {names.env_name(source.id, 'URL')}`")
        elif source.url_env and holders.setdefault(source.url_env, source.name) != source.name:
            message = f"sources `{holders[source.url_env]}` and `{source.name}` would both read the variable `{source.url_env}`"
            found.add(
                at, message, f"for example `url_env: {names.env_name(source.id, 'URL')}`; it may hold the same URL"
            )


def _sizing(source: Source) -> dict[str, Any]:
    seconds = decisions.run_seconds(decisions.work(source.tables))
    return {
        "source": source.name,
        "rows_per_run": sum(t.rows_per_run for t in source.tables),
        "run_seconds_estimated": seconds,
    }
