"""All that a drill plays on: twins, warehouse, oracle; filled and loaded once, and put back by copy."""

import copy
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from drill import declared, oracle, server
from drill.databases import Postgres, SQLite
from drill.declared import Design, Mart, Source, Staging, Table
from drill.files import Files
from drill.history import History
from drill.oracle import Expected
from drill.pipeline import DATA, Pipeline, Run
from drill.server import Server
from drill.stage import Stage
from drill.treatment import TOKEN_KEY, VARIABLE
from drill.twins import Twin
from drill.warehouse import Warehouse, marked
from ingest import declaration

# The day that a build stands for, unless a scenario says another: no clock decides what a copy of a day is.
DAY = "2026-03-01"


@dataclass
class Bed:
    """The whole repository in environment `drill`, with a stage for each source."""

    design: Design
    stages: list[Stage]
    pipeline: Pipeline
    warehouse: Warehouse
    staging: dict[str, Staging]
    marts: list[Mart]
    history: list[History]
    server: Server | None
    _saved: tuple[dict[str, dict[str, Expected]], list[History]] | None = None

    def load_all(self) -> list[Run]:
        """Every source, whole; the runs that failed."""
        failed = []
        for stage in self.stages:
            stage.cast = list(stage.source.tables)
            run = stage.load()
            if run.good:
                stage.observe()
            else:
                failed.append(run)
        return failed

    def save(self) -> None:
        for stage in self.stages:
            stage.twin.save()
        self.warehouse.save()
        expected = {stage.source.id: stage.expected for stage in self.stages}
        self._saved = copy.deepcopy((expected, self.history))

    def restore(self) -> None:
        assert self._saved
        expected, self.history = copy.deepcopy(self._saved)
        for stage in self.stages:
            stage.twin.restore()
            stage.expected = expected[stage.source.id]
            stage.hidden.clear()
        self.warehouse.restore()

    def uses(self, source: Source) -> dict[str, str]:
        """What the transform makes of each table of a source: tables that it treats otherwise are other patterns."""
        marts = {mart.staging: mart.load for mart in self.marts}
        return {
            of.table: f"{of.dedupe} {of.history} {marts.get(of.model, '')}"
            for of in self.staging.values()
            if of.source == source.id
        }

    # The transform.

    def transform(self, day: str = DAY) -> Run:
        """dbt build and reconciliation of the marts, as the transform's DAG runs them: the first that fails, or the last."""
        run = self.pipeline.dbt(env={"PIPELINE_DATE": day})
        if not run.good:
            return run
        for history in self.history:
            history.observe(self.expected_of(history.staging), day)
        return self.pipeline.reconcile("--marts")

    def expected_of(self, model: str) -> Expected:
        of = self.staging[model]
        stage = next(stage for stage in self.stages if stage.source.id == of.source)
        return stage.expected[of.table]

    def transformed(self) -> dict[str, str]:
        """What differs in staging, marts and history, by model."""
        wrong = {}
        for model, of in self.staging.items():
            expected = self.expected_of(model)
            table = expected.table
            columns = list(table.columns)
            actual = self.warehouse.rows("staging", model, columns, marked(table.soft))
            wrong[model] = oracle.difference(table, columns, expected.staging(of.dedupe), actual)
        for mart in self.marts:
            wrong[mart.id] = self._mart(mart)
        for history in self.history:
            wrong[history.relation] = history.difference(
                self.expected_of(history.staging).table, self.warehouse
            )
        return {name: text for name, text in wrong.items() if text}

    def _mart(self, mart: Mart) -> str:
        expected = self.expected_of(mart.staging)
        columns = [expected.table.column(column) for column in mart.columns]
        actual = self.warehouse.rows("marts", mart.id, columns, marked(mart.soft_deletes))
        wanted = expected.mart(mart, self.staging[mart.staging].dedupe)
        return oracle.difference(expected.table, columns, wanted, actual)


def representatives(source: Source, chosen: Mapping[str, str]) -> list[Table]:
    """One table a pattern: the one with most columns. `chosen` adds to the pattern what the transform makes of a table."""
    found: dict[tuple[str, str], Table] = {}
    for table in source.tables:
        of = (table.pattern, chosen.get(table.id, ""))
        if of not in found or len(table.columns) > len(found[of].columns):
            found[of] = table
    return list(found.values())


@contextmanager
def make(keep: bool = False) -> Iterator[Bed]:
    """A bed with filled twins and an empty warehouse; with a PostgreSQL server of its own where one is needed."""
    design = declared.design()
    sources = declared.sources()
    wanted = design.destination == "postgres" or any(
        source.kind == "postgres" for source in sources
    )
    shutil.rmtree(DATA / "source", ignore_errors=True)
    with server.throw_away_postgres() if wanted else _no_server() as postgres:
        warehouse = Warehouse(
            DATA / "warehouse.duckdb", postgres if design.destination == "postgres" else None
        )
        pipeline = Pipeline({**warehouse.settings(), VARIABLE: TOKEN_KEY})
        warehouse.clear()
        yield _bed(design, sources, pipeline, warehouse, postgres)
    if not keep:
        for name in (
            "source",
            "warehouse.duckdb",
            "warehouse.duckdb.wal",
            "warehouse.saved",
            "mended",
        ):
            shutil.rmtree(DATA / name, ignore_errors=True)
            (DATA / name).unlink(missing_ok=True)


def source_ids() -> list[str]:
    return [source.id for source in declared.sources()]


@contextmanager
def _no_server() -> Iterator[None]:
    yield None


def _bed(
    design: Design,
    sources: list[Source],
    pipeline: Pipeline,
    warehouse: Warehouse,
    postgres: Server | None,
) -> Bed:
    stages = []
    for source in sources:
        here = source.as_read(postgres is not None)
        twin = _twin(here, postgres)
        pipeline.settings.update(twin.address())
        twin.fill()
        expected = {table.id: Expected(table) for table in here.tables}
        stages.append(
            Stage(here, twin, pipeline, warehouse, postgres, design.destination, expected)
        )
    staging = {of.model: of for of in design.staging}
    history = [
        History(of.source, of.table, of.model, of.dedupe, of.history)
        for of in design.staging
        if of.history != "none"
    ]
    return Bed(design, stages, pipeline, warehouse, staging, list(design.marts), history, postgres)


def _twin(source: Source, postgres: Server | None) -> Twin:
    if source.kind == "postgres":
        assert postgres
        return Postgres(source, postgres)
    path = declaration.read(source.id).path
    return Files(source, path) if source.kind == "files" else SQLite(source, path)
