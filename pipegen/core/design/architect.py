"""The architect: a spec and what was measured become a Design, or every reason why they cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import Any

from pipegen.core import names, units
from pipegen.core.design import calibration, decide
from pipegen.core.design.decide import Architecture
from pipegen.core.design.decision import Decision, Option, Unmet
from pipegen.core.design.explain import lacking, sized, with_nearest
from pipegen.core.design.findings import Findings
from pipegen.core.design.flips import Flips, is_small
from pipegen.core.design.inputs import SourceInputs
from pipegen.core.design.marts import marts
from pipegen.core.design.model import Design, Load, Pipeline, Source, Table, Transform
from pipegen.core.design.prices import prices
from pipegen.core.design.records import records
from pipegen.core.design.rules import extract, retries, running
from pipegen.core.design.tables import NOTHING, tables
from pipegen.core.design.unknown import open_questions
from pipegen.core.measured import Measured
from pipegen.core.spec.load import Locate
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.spec.sources import PostgresSource, RestSource, ServerSource, SourceSpec

POOL = "warehouse"
NOTHING_NEAR = "nothing that is built comes near it; `pipegen explain --answers FILE` tells the design"
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
    stays wherever it still works, whatever the numbers say today. What only pages tell is added by :func:`documented`.

    Raises:
        SpecError: with every demand that cannot be met, every choice that is not built, each with the nearest designs that work,
            and every name that is not there.
    """
    found = Findings(locate)
    pipeline_id = names.module(spec.name)
    made = decide.decide(spec, measured, accepted)
    _refuse_overrides(spec, made, found)
    _refuse_missed(spec, made, found)
    if any(name not in measured for name in spec.sources):
        found.raise_any()
    sources = tuple(_source(spec, pipeline_id, name, measured[name], made, found) for name in spec.sources)
    _refuse_shared_variables(sources, found)
    chosen = marts(spec, sources, found)
    found.raise_any()
    return Design(
        pipeline=Pipeline(
            spec.name, pipeline_id, names.env_name(pipeline_id), spec.description, spec.owner, spec.catalog
        ),
        sources=sources,
        marts=chosen,
        transform=_transform(pipeline_id, sources, made),
        destination=spec.destination.model_dump(),
        alerts=spec.alerts.model_dump(),
        slo=spec.slo.model_dump(),
        ci=spec.ci,
        deploy=spec.deploy,
        decisions=made.decisions,
        sizing=made.sizing,
        consumers=tuple(spec.consumers or ()),
        on_call=made.chosen.inputs.on_call,
    )


def documented(
    made: Design, spec: PipelineSpec, measured: Mapping[str, Measured], accepted: Mapping[str, str] = NOTHING
) -> Design:
    """The design with what its pages tell: records with the flips, the sizing with its first threshold, prices, open questions."""
    whole = decide.decide(spec, measured, accepted)
    search, small = Flips(whole.chosen), is_small(whole.chosen.inputs)

    def finish(decision: Decision) -> Decision:
        return search.of(decision) if small else decision

    told = records(whole.decisions, finish)
    return replace(
        made, records=told, sizing=sized(whole, [d for record in told for d in record.decisions]),
        prices=prices(whole.chosen, spec), open_questions=open_questions(whole.chosen),
    )  # fmt: skip


def _refuse_overrides(spec: PipelineSpec, made: Architecture, found: Findings) -> None:
    ids = list(made.chosen.choice)
    for key in spec.overrides:
        if key not in made.chosen.choice:
            hint = names.did_you_mean(key, ids) or f"decisions are: {', '.join(ids[:20])}"
            found.add(("overrides", key), f"there is no decision `{names.shorten(key)}`", hint)
    for refused in made.chosen.refused:
        message, hint = refused.trouble
        found.add(("overrides", refused.id), message, hint)


def _refuse_missed(spec: PipelineSpec, made: Architecture, found: Findings) -> None:
    """Demands that are missed and choices that are not built, each with the nearest designs that work."""
    if not made.unmet and not made.unbuilt:
        return
    for missed in with_nearest(made, spec):
        found.add(missed.at, _missed(missed), _nearest(missed.nearest))
    for lacks in lacking(made, spec):
        found.add(_place_of(lacks.id, spec), lacks.message, _nearest(lacks.nearest) or NOTHING_NEAR)


def _missed(missed: Unmet) -> str:
    return f"{missed.because} (asked: {missed.asked}; to be had: {missed.got}; missed: {missed.missed_by})"


def _nearest(options: Sequence[Option]) -> str | None:
    """The nearest designs in words, a line each: the answers, what comes of them, what they cost a month."""
    if not options:
        return None
    told = []
    for option in options:
        sets = " ".join(f"{key}={value}" for key, value in option.sets)
        cost = ", ".join(figure.text for figure in option.cost)
        told.append(f"`{sets}`: {option.design}; {cost}; {option.woken}{'' if option.built else '; not built yet'}")
    return "\n  ".join(["the nearest that work:" if len(told) > 1 else "the nearest that works:", *told])


def _place_of(id: str, spec: PipelineSpec) -> tuple[str, ...]:
    """Where the spec says what a decision follows from, as near as it says it."""
    source, _, rest = id.partition(".")
    if source not in spec.sources:
        return ("destination", "kind") if source == "destination" else (source,)
    table, _, question = rest.rpartition(".")
    if id in spec.overrides:
        return ("overrides", id)
    return (
        ("sources", source, "tables", table)
        if table
        else ("sources", source, question)
        if question == "kind"
        else ("sources", source)
    )


def _source(
    spec: PipelineSpec, pipeline_id: str, name: str, facts: Measured, made: Architecture, found: Findings
) -> Source:
    said, how = spec.sources[name], made.chosen.sources[name]
    its_tables = tables(spec, name, said, facts, found, made)
    if not its_tables:
        found.add(("sources", name), f"source `{name}` has no table to load")
    freshness = min(
        [t.freshness_seconds for t in its_tables], default=units.duration(said.freshness or spec.defaults.freshness)
    )
    id_ = names.module(name)
    many, delay = retries.parse(made.choice(f"{name}.retries"), freshness) or (0, 0)
    return Source(
        name=name, id=id_, kind="files" if said.kind == "sample" else said.kind, is_sample=said.kind == "sample",
        **_place(id_, said, facts), raw_schema=f"raw_{id_}", dag_id=f"{pipeline_id}_{id_}",
        asset=f"{pipeline_id}/raw/{id_}", description=said.description or "", tables=tuple(its_tables),
        loads=_loads(its_tables), schedule=how.schedule, interval_seconds=how.interval,
        freshness=units.duration_text(freshness), freshness_seconds=freshness, deadline_seconds=freshness,
        retries=many, retry_delay_seconds=max(1, delay), max_retry_delay_seconds=max(1, delay) * 2 ** max(0, many - 1),
        execution_timeout_seconds=_timeout((s for s in made.chosen.inputs.sources if s.name == name), freshness),
    )  # fmt: skip


def _between_requests(said: RestSource) -> float:
    """Seconds from one request to the next, so that a share of what the API allows is left to its other clients."""
    if not said.rate_limit:
        return 0.0
    return round(1 / (units.request_rate(said.rate_limit) * calibration.RATE_LIMIT_SHARE.value), 3)


def _place(id_: str, said: SourceSpec, facts: Measured) -> dict[str, Any]:
    """Where a source is: a path with the variable that overrides it, or the variables that hold a URL and a token."""
    if isinstance(said, PostgresSource):
        return {"path": "", "path_env": "", "url_env": said.url_env, "source_schema": said.schema_}
    if isinstance(said, ServerSource):
        return {"path": "", "path_env": "", "url_env": said.url_env}
    if isinstance(said, RestSource):
        return {
            "path": "", "path_env": "", "url_env": said.url_env, "auth_env": said.auth_env or "",
            "auth_header": said.auth_header or "", "request_seconds": _between_requests(said),
        }  # fmt: skip
    path = f"sample/data/{id_}" if said.kind == "sample" else facts.server.folder or str(getattr(said, "path", ""))
    return {"path": path, "path_env": names.env_name(id_, "PATH")}


def _timeout(sources: Iterable[SourceInputs], freshness: int) -> int:
    """Seconds after which a task is taken for hung; the first run of an incremental table reads all its rows."""
    seconds = calibration.RUN_OVERHEAD.value + sum(extract.read_seconds(s, t) for s in sources for t in s.tables)
    least = min(calibration.LEAST_TIMEOUT.value, freshness)
    return int(max(least, ceil(calibration.TIMEOUT_FACTOR.value * int(seconds) / 60) * 60))


def _loads(its_tables: list[Table]) -> tuple[Load, ...]:
    """A task a table, or groups of neighbours where there are many tables."""
    most = int(calibration.LOADS_PER_SOURCE.value)
    if len(its_tables) <= most:
        return tuple(Load(t.id, (t.id,)) for t in its_tables)
    size = ceil(len(its_tables) / most)
    groups = [its_tables[i : i + size] for i in range(0, len(its_tables), size)]
    return tuple(Load(f"group_{i:02}", tuple(t.id for t in group)) for i, group in enumerate(groups, start=1))


def _transform(pipeline_id: str, sources: tuple[Source, ...], made: Architecture) -> Transform:
    freshness = min(s.freshness_seconds for s in sources)
    freshest = next(s for s in sources if s.freshness_seconds == freshness)
    return Transform(
        dag_id=f"{pipeline_id}_transform",
        schedule_assets=tuple(s.asset for s in sources),
        pool=POOL,
        freshness_seconds=freshness,
        deadline_seconds=freshness,
        execution_timeout_seconds=_timeout(made.chosen.inputs.sources, freshness),
        retries=freshest.retries,
        retry_delay_seconds=freshest.retry_delay_seconds,
        max_retry_delay_seconds=freshest.max_retry_delay_seconds,
        pool_slots=_pool_slots(made, [s.name for s in sources]),
    )


def _pool_slots(made: Architecture, sources: Sequence[str]) -> int:
    """Slots of the one pool that all tasks share: what the narrowest source bears, or what people decided instead."""
    ids = [f"{name}.parallelism" for name in sources]
    said = [int(made.choice(id)) for id in ids if id in made.chosen.overridden]
    return min(said) if said else running.pool_slots(made.chosen.inputs)


def _refuse_shared_variables(sources: tuple[Source, ...], found: Findings) -> None:
    """A variable that would mean two things: two sources', or a source's and the repository's own."""
    holders: dict[str, str] = {s.path_env: s.name for s in sources if s.path_env}
    for source in sources:
        if source.auth_env.upper().startswith(RESERVED_VARIABLES) or (
            source.auth_env and source.auth_env == source.url_env
        ):
            message = f"`{source.auth_env}` cannot hold the token of source `{source.name}`: it holds something else"
            found.add(
                ("sources", source.name, "auth_env"),
                message,
                f"for example `auth_env: {names.env_name(source.id, 'TOKEN')}`",
            )
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
