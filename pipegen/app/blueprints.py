"""The use cases of ``pipegen blueprints``: list, show, lint and new. Plain data in, plain data out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipegen.core.blueprint import Blueprint, FileRule, Patterns, Question
from pipegen.core.contributions import KINDS
from pipegen.core.errors import BlueprintError, Problem, UsageError, WorkspaceError
from pipegen.render.findings import Finding
from pipegen.render.lint import lint, lint_together
from pipegen.render.lint_secrets import secrets_in
from pipegen.store.blueprints import CATALOG, MANIFEST, BlueprintStore, find_in, ignored_by_git, load_source
from pipegen.store.manifests import document, read_text

_KEYS = ("target", "name", "section", "job", "service", "id", "alert", "package")


@dataclass(frozen=True)
class BlueprintSummary:
    """A line of ``blueprints list``. ``catalogs`` are those that have this version."""

    name: str
    version: str
    summary: str
    catalogs: tuple[str, ...]


@dataclass(frozen=True)
class BlueprintFile:
    """A template: what it renders, and how."""

    path: str
    ownership: str
    when: str
    executable: bool
    verbatim: bool


@dataclass(frozen=True)
class BlueprintDetails:
    """All that ``blueprints show`` tells."""

    name: str
    version: str
    summary: str
    when: str
    requires: dict[str, str]
    for_each: dict[str, str]
    files: tuple[BlueprintFile, ...]
    contributes: dict[str, tuple[str, ...]]
    questions: tuple[dict[str, Any], ...]
    changelog: str
    digest: str
    origin: str

    def document(self) -> dict[str, Any]:
        """The values for ``--json``."""
        return {"schema_version": 1, **asdict(self)}


@dataclass(frozen=True)
class LintReport:
    """What lint found in how many blueprints. Warnings alone do not fail."""

    findings: tuple[Finding, ...]
    blueprints: int

    @property
    def failed(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)

    def document(self) -> dict[str, Any]:
        """The values for ``--json``."""
        shown = ("path", "line", "code", "severity", "message", "hint")
        findings = [{name: getattr(finding, name) for name in shown} for finding in self.findings]
        return {"schema_version": 1, "blueprints": self.blueprints, "findings": findings, "failed": self.failed}


def list_blueprints(store: BlueprintStore | None = None) -> list[BlueprintSummary]:
    """Every bundled blueprint version, by name, oldest first.

    Raises:
        BlueprintError: a manifest or the catalog is not valid.
    """
    store = store or BlueprintStore()
    catalogs = store.catalogs()
    summaries = []
    for name, versions in store.versions().items():
        for version in versions:
            within = tuple(key for key, catalog in catalogs.items() if catalog.blueprints.get(name) == version)
            summaries.append(BlueprintSummary(name, version, store.find(name, version).manifest.summary, within))
    return summaries


def show_blueprint(name: str, version: str | None = None, store: BlueprintStore | None = None) -> BlueprintDetails:
    """One blueprint: bundled, by name (its newest version unless said otherwise), or in a local folder, by path.

    Raises:
        BlueprintError: it is not there, or not valid.
    """
    if "/" in name or name.startswith("."):
        return _details(load_source(name))
    store = store or BlueprintStore()
    versions = store.versions().get(name)
    if not versions or (version is not None and version not in versions):
        what = name if not versions else f"{name} {version}"
        have = ", ".join(store.versions()) if not versions else ", ".join(versions)
        raise BlueprintError(f"there is no blueprint `{what}`", hint=f"there is: {have}")
    return _details(store.find(name, version or versions[-1]).load())


def _details(blueprint: Blueprint) -> BlueprintDetails:
    manifest = blueprint.manifest
    rules = Patterns(manifest.files)
    verbatim = Patterns(dict.fromkeys(manifest.verbatim))
    files = []
    for path in sorted(blueprint.files):
        entry = rules.match(path)
        rule = manifest.files[entry] if entry is not None else FileRule.model_validate({})
        mode = rule.mode or f"{blueprint.modes.get(path, 0):o}"
        files.append(BlueprintFile(path, rule.ownership, rule.when, mode == "755", verbatim.match(path) is not None))
    contributes = {kind: tuple(map(_name_of, getattr(manifest.contributes, kind))) for kind in KINDS}
    return BlueprintDetails(
        name=manifest.name,
        version=manifest.version,
        summary=manifest.summary,
        when=manifest.when,
        requires=dict(manifest.requires),
        for_each=dict(manifest.for_each),
        files=tuple(files),
        contributes={kind: names for kind, names in contributes.items() if names},
        questions=tuple(_question(question) for question in manifest.questions),
        changelog=blueprint.pieces.get("CHANGELOG.md", b"").decode("utf-8", "replace"),
        digest=blueprint.digest,
        origin=blueprint.origin,
    )


def _name_of(item: object) -> str:
    return next(str(getattr(item, key)) for key in _KEYS if hasattr(item, key))


def _question(question: Question) -> dict[str, Any]:
    return {key: value for key, value in question.model_dump().items() if value not in (None, "", [], ())}


def lint_blueprints(path: Path) -> LintReport:
    """Lint a blueprint's folder, the folder of its versions, or a whole folder of blueprints with its catalog.

    Raises:
        UsageError: there is no blueprint at the path.
    """
    folders = sorted(manifest.parent for manifest in _manifests(path))
    if not folders:
        raise UsageError(
            f"there is no {MANIFEST} in `{path}`", hint="give the folder of a blueprint, or one of blueprints"
        )
    findings: list[Finding] = []
    loaded: list[tuple[Path, Blueprint]] = []
    for folder in folders:
        try:
            blueprint = find_in(folder, _shown(folder)).load()
        except BlueprintError as error:
            findings.extend(map(_as_finding, error.problems()))
            continue
        loaded.append((folder, blueprint))
        findings.extend(_in_folder(folder, lint(blueprint)))
        findings.extend(_of_the_folder(folder))
    findings.extend(_across(loaded))
    findings.extend(_catalog(path))
    return LintReport(tuple(sorted(findings)), len(folders))


def _manifests(path: Path) -> Iterator[Path]:
    for pattern in (MANIFEST, f"*/{MANIFEST}", f"*/*/{MANIFEST}"):
        yield from path.glob(pattern)


def _shown(folder: Path) -> str:
    return folder.as_posix()


def _as_finding(problem: Problem) -> Finding:
    """A problem that kept a blueprint from being loaded; its place is ``file:line``, or the beginning of its message."""
    text = problem.where or problem.message
    match = re.match(r"^(.*?\S):(\d+)$", problem.where or "")
    path, line = (match[1], int(match[2])) if match else (text.split(" ", 1)[0].rstrip(":"), 1)
    return Finding(path, line, "manifest", problem.message, problem.hint or "")


def _in_folder(folder: Path, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Findings with the path and the line at which an editor opens them."""
    shown = f"{_shown(folder)}/{MANIFEST}"
    read = document(read_text(folder / MANIFEST, shown), shown)
    for finding in findings:
        where = read.locate(finding.address) if finding.address else None
        line = int(where.rsplit(":", 1)[1]) if where else finding.line
        yield replace(finding, path=f"{_shown(folder)}/{finding.path}", line=line, address=())


def _of_the_folder(folder: Path) -> Iterator[Finding]:
    """What only the files on disk tell: secrets in the manifest, files that git would ignore."""
    manifest = f"{_shown(folder)}/{MANIFEST}"
    for line, kind in secrets_in(read_text(folder / MANIFEST, manifest)):
        yield Finding(manifest, line, "secret", f"this looks like {kind}", "name an environment variable instead")
    for path in ignored_by_git(folder):
        hint = "git would not commit it, so that others get another blueprint: rename it, or mend .gitignore"
        yield Finding(f"{_shown(folder)}/{path}", 1, "ignored", "git ignores this file", hint)


def _across(loaded: Sequence[tuple[Path, Blueprint]]) -> Iterator[Finding]:
    """Paths that two blueprints render, among the newest version of each."""
    newest = {
        blueprint.name: (folder, blueprint) for folder, blueprint in loaded
    }  # sorted by folder: the last one stays
    folders = {blueprint.name: folder for folder, blueprint in newest.values()}
    for blueprint, finding in lint_together([blueprint for _, blueprint in newest.values()]):
        yield replace(finding, path=f"{_shown(folders[blueprint.name])}/{finding.path}")


def _catalog(path: Path) -> Iterator[Finding]:
    """A catalog beside the blueprints names versions that are there."""
    if not (path / CATALOG).is_file():
        return
    store = BlueprintStore(path)
    try:
        catalogs = store.catalogs()
    except BlueprintError as error:
        yield from (replace(_as_finding(problem), path=f"{_shown(path)}/{CATALOG}") for problem in error.problems())
        return
    there = store.versions()
    for key, catalog in catalogs.items():
        for name, version in catalog.blueprints.items():
            if version not in there.get(name, []):
                message = f"catalog `{key}` names {name} {version}, which is not there"
                yield Finding(f"{_shown(path)}/{CATALOG}", 1, "catalog", message)


def new_blueprint(name: str, parent: Path) -> list[Path]:
    """Write a small blueprint to start from, in ``parent/NAME``; it passes its own lint.

    Returns:
        The files written.

    Raises:
        UsageError: the name cannot be a blueprint's.
        WorkspaceError: the folder is there already, or cannot be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
        raise UsageError(
            f"`{name}` cannot be a blueprint's name", hint="use a to z, 0 to 9, `-` and `_`, a letter first"
        )
    folder = parent / name
    if folder.exists():
        raise WorkspaceError(f"`{folder}` is there already", hint="choose another name, or another folder with -C")
    written = []
    try:
        for path, text in _SKELETON.items():
            target = folder / path.replace("NAME", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.replace("NAME", name).encode())
            written.append(target)
    except OSError as error:
        raise WorkspaceError(f"`{folder}` cannot be written: {error.strerror}") from error
    return written


_SKELETON = {
    MANIFEST: """\
name: NAME
version: 1.0.0
summary: What a repository gains by it, in one line.
requires: {project: ">=1.0,<2"}
for_each: {source: sources}            # what {source} in a path ranges over
files:
  "NAME/settings.yml": {ownership: once} # written at the start, then the user's
contributes:
  make: [{target: NAME, help: what it does, run: cat NAME/*.md}]
  readme: [{section: NAME, file: readme/NAME.md}]
questions:
  - {id: team, ask: "Which team owns it?", default: data}
""",
    "CHANGELOG.md": "# Changelog\n\n## 1.0.0\n\n- The first version.\n",
    "readme/NAME.md": "`NAME/` has one page a source:\n\n<% for source in sources %>\n- <%= source.name | md %>\n<% endfor %>\n",
    "files/NAME/{source}.md": """\
# <%= source.name | md %>

Owned by <%= answers.team | md %>. Its tables:

<% for table in source.tables %>
- <%= table.name | code %>, <%= table.columns | length %> columns
<% endfor %>
""",
    "files/NAME/settings.yml": "team: <%= answers.team | yaml %>\n",
}
