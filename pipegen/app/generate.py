"""``pipegen new``: answers, spec, design, file tree, change plan; and the one apply that carries the plan out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipegen import __version__
from pipegen.app import completion, equivalent
from pipegen.app.answers import Given, draft, path_here
from pipegen.app.looking import Looked, look_at_each
from pipegen.core import blueprint_answers, names, yaml_text
from pipegen.core.blueprint import Blueprint
from pipegen.core.blueprint_reads import refuse_unread
from pipegen.core.errors import Problem, SpecError, UsageError
from pipegen.core.lock import LOCK_PATH, Lock, LockedBlueprint, RenderInput, base_archive, lock_files, lock_text
from pipegen.core.measured import Measured, dump
from pipegen.core.plan import ChangePlan, plan_new
from pipegen.core.spec import load as spec_load
from pipegen.core.spec import schema, write
from pipegen.core.spec.load import Locate
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.tree import FileTree, digest
from pipegen.probe import expressions, registry
from pipegen.store import blueprints as blueprint_store
from pipegen.store import fetch_url, git, workspace

if TYPE_CHECKING:  # a run with nothing to do designs nothing
    from pipegen.core.design.model import Design

SCHEMA_PATH = ".pipegen/schema.json"
GITIGNORE = b"""# Committed: lock.json, schema.json, base/. Not committed: what a run of pipegen leaves behind.
/journal/
/backup/
/conflicts/
"""
MEASURED_NOTE = (
    "# What was measured at the source; `sources/` is an input of the design. No values of rows are kept here.\n"
)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Generated:
    """Everything that ``new`` made in memory."""

    target: Path
    spec: PipelineSpec
    design: Design
    plan: ChangePlan


def generate(
    given: Given,
    *,
    measured: Mapping[str, Measured] | None = None,
    looked: Looked | None = None,
    progress: Progress = lambda _: None,
) -> Generated:
    """Walk the whole line in memory; nothing is written.

    ``measured`` replaces the probe (``--no-probe``); what was ``looked`` at already is not looked at again.

    Raises:
        UsageError: missing or wrong answers, every one of them.
        SourceError: a source that cannot be read.
        WorkspaceError: the target is taken.
    """
    made = draft(given)
    workspace.check_target(made.target)
    asked = spec_load.load(made.values, made.locate)
    say = equivalent.command(made, given)
    made.values.setdefault("catalog", blueprint_store.BlueprintStore().newest())
    facts = dict(measured) if measured is not None else look_at_each(asked, made, progress, looked)
    _same_sources(asked, facts)
    completion.complete(made, facts)
    spec = spec_load.load(made.values, made.locate)
    refuse_broken_sql(spec, made.locate)
    progress("designing")
    spec, design = _designed(spec, facts, made.locate)
    told: list[str] = []
    plan = plan_for(spec, facts, design, made.target, made.locate, progress, refresh=True, tell=told.append)
    root, notes = shown(made.target, given.cwd), (*noted(spec, facts), *told)
    return Generated(made.target, spec, design, replace(plan, root=root, equivalent=say, notes=notes))


def noted(
    spec: PipelineSpec, facts: Mapping[str, Measured], treat: str = "--personal-data TABLE.COLUMN=mask"
) -> list[str]:
    """What was found at the sources and is worth a person's look; ``treat`` is how it is said what becomes of personal data."""
    unseen = [name for name in spec.sources if name not in facts]
    notes = [*unmeasured(unseen)]
    for name, source in spec.sources.items():
        if name not in facts:
            continue
        notes += [f"{name}.{table} is left out: {why}" for table, why in facts[name].left_out.items()]
        for table, said in source.tables.items():
            found = facts[name].tables[table]
            if found.malformed:
                rows = "row does" if found.malformed == 1 else "rows do"
                notes.append(f"{name}.{table}: {found.malformed:,} {rows} not parse, and will go to quarantine")
            told = {names.identifier(c) for c in said.columns}
            personal = [c for c, column in found.columns.items() if column.personal and names.identifier(c) not in told]
            if personal:
                notes.append(
                    f"{name}.{table}: {', '.join(personal)} may be personal data and will land as it is; "
                    f"say what becomes of it: `{treat}`, `tokenise`, `drop` or `keep`"
                )
    return notes


def unmeasured(missing: Iterable[str]) -> tuple[str, ...]:
    """What is to be said of the sources that were never looked at."""
    names = ", ".join(missing)
    return (f"not measured: {names}; decided from what pipegen.yml says",) if names else ()


def shown(target: Path, cwd: Path) -> str:
    """The target as a person finds it from where they stand."""
    here = cwd.resolve()
    return str(target.relative_to(here)) if target.is_relative_to(here) else str(target)


def plan_for(
    spec: PipelineSpec,
    facts: Mapping[str, Measured],
    design: Design,
    target: Path,
    locate: Locate = lambda _: None,
    progress: Progress = lambda _: None,
    *,
    refresh: bool = False,
    tell: Progress = lambda _: None,
) -> ChangePlan:
    """The plan of a whole new repository for a spec: render, lock, sealed base; ``refresh`` and ``tell`` as :func:`selected` has them."""
    progress("rendering")
    blueprints = selected(spec, target, locate, refresh=refresh, tell=tell)
    from pipegen.core.design.architect import documented

    design = documented(design, spec, facts)
    design = replace(design, answers=blueprint_answers.answers(spec, [b.manifest for b in blueprints], locate))
    from pipegen.render.renderer import render  # with Jinja, which a run with nothing to do has no use for

    tree = render(blueprints, design)
    inputs = input_files(spec, facts)
    lock = fresh_lock(spec, facts, design, blueprints, tree, inputs)
    return plan_new(str(target), tree, inputs, records(lock, tree, inputs), design)


def selected(
    spec: PipelineSpec,
    root: Path,
    locate: Locate = lambda _: None,
    *,
    refresh: bool = False,
    tell: Progress = lambda _: None,
) -> list[Blueprint]:
    """The blueprints of the spec's catalog, and those that it names beyond, by their paths from the root.

    ``refresh`` looks again at those that were fetched before; ``tell`` hears where one could not be reached.

    Raises:
        SpecError: the source of one has a password in it; a kind of source that none of them reads.
        BlueprintError: one is not there.
    """
    bundled = blueprint_store.BlueprintStore().load(spec.catalog)
    extra = []
    for i, ref in enumerate(spec.blueprints):
        if fetch_url.has_secret(ref.source):
            at = spec_load.where(("blueprints", i, "source"), locate)
            hint = (
                "take it out: git's credential helper has it, or `--blueprint` where it is fetched for the first time"
            )
            raise SpecError([Problem("the source of a blueprint has a password in it", at, hint)])
        source = ref.source if fetch_url.is_remote(ref.source) else path_here(ref.source, root)
        extra.append(blueprint_store.load_source(source, ref.ref, refresh=refresh, tell=tell))
    found = [*bundled, *extra]
    refuse_unread(spec, [b.manifest for b in found], locate)
    return found


def fresh_lock(
    spec: PipelineSpec,
    facts: Mapping[str, Measured],
    design: Design,
    blueprints: list[Blueprint],
    tree: FileTree,
    inputs: Mapping[str, bytes],
) -> Lock:
    """The lock of a new repository."""
    return Lock(
        pipegen=__version__,
        catalog=spec.catalog,
        input=input_digest(spec, facts, {b.manifest.name: b.digest for b in blueprints}),
        blueprints={b.manifest.name: LockedBlueprint(version=b.manifest.version, digest=b.digest) for b in blueprints},
        design={d.id: d.choice for d in design.decisions},
        inputs={path: digest(content) for path, content in inputs.items()},
        files=lock_files(tree),
    )


def records(
    lock: Lock, tree: FileTree, inputs: Mapping[str, bytes], schema_text: str | None = None
) -> dict[str, bytes]:
    """Lock, sealed base and the rest of ``.pipegen/`` of a new repository."""
    base_path, base = base_archive({**inputs, **{f.path: f.content for f in tree if f.ownership == "merged"}})
    return {LOCK_PATH: lock_text(lock), base_path: base, **standing_records(schema_text)}


def standing_records(schema_text: str | None = None) -> dict[str, bytes]:
    """What ``.pipegen/`` holds whatever was rendered; ``schema_text`` where pipegen.yml is not of a pipeline."""
    return {SCHEMA_PATH: (schema_text or schema.text()).encode(), ".pipegen/.gitignore": GITIGNORE}


def input_digest(spec: PipelineSpec, facts: Mapping[str, Measured], blueprint_digests: Mapping[str, str]) -> str:
    """The digest of all that a render depends on."""
    return RenderInput(write.plain(spec), {n: dump(m) for n, m in facts.items()}, blueprint_digests).digest()


def input_files(spec: PipelineSpec, facts: Mapping[str, Measured]) -> dict[str, bytes]:
    """pipegen.yml and ``sources/NAME.yml``."""
    files = {workspace.SPEC_FILE: write.text(spec).encode()}
    return files | {f"sources/{name}.yml": measured_text(measured).encode() for name, measured in facts.items()}


def measured_text(measured: Measured) -> str:
    """The text of ``sources/NAME.yml``."""
    block = frozenset({("tables",), ("tables", "*"), ("tables", "*", "columns")})
    return MEASURED_NOTE + yaml_text.dump(dump(measured), block=block)


class Planned(Protocol):
    """What ``new`` made in memory, of whatever kind."""

    @property
    def target(self) -> Path: ...

    @property
    def plan(self) -> ChangePlan: ...


def apply(generated: Planned, *, use_git: bool) -> list[str]:
    """Carry the plan out.

    Returns:
        What is worth telling: why the folder is no git repository, where it is none.
    """
    workspace.write_new(generated.target, generated.plan)
    if not use_git or git.inside_repository(generated.target.parent):
        return []
    note = git.initialise(generated.target)
    return [note] if note else []


def refuse_broken_sql(spec: PipelineSpec, locate: Locate) -> None:
    """Refuse business rules that no engine would parse.

    Raises:
        SpecError: with every one of them.
    """
    problems = []
    for name, source in spec.sources.items():
        for table, said in source.tables.items():
            for i, rule in enumerate(said.rules):
                because = expressions.syntax_problem(rule.expect)
                if because:
                    at = ("sources", name, "tables", table, "rules", i, "expect")
                    message = f"`{spec_load.dotted(at)}`: this is not a SQL expression that can be tested: {because}"
                    problems.append(Problem(message, spec_load.where(at, locate)))
    if problems:
        raise SpecError(problems)


def _same_sources(spec: PipelineSpec, facts: Mapping[str, Measured]) -> None:
    unseen = registry.unseen(spec.sources)
    missing = [name for name in spec.sources if name not in facts and name not in unseen]
    if missing:
        raise UsageError(
            f"`--no-probe` needs what was measured of source `{missing[0]}`: sources/{missing[0]}.yml beside the answers file",
            hint="run without `--no-probe`, or put the file there",
        )


def _designed(spec: PipelineSpec, facts: Mapping[str, Measured], locate: Locate) -> tuple[PipelineSpec, Design]:
    """The design, and the spec with the default marts written out where none was named."""
    from pipegen.core.design.architect import design as make_design
    from pipegen.core.design.marts import default_marts

    design = make_design(spec, facts, locate)
    if spec.marts is not None:
        return spec, design
    return spec.model_copy(update={"marts": default_marts(design.sources)}), design
