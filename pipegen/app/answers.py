"""The layers of answers (flags, environment, a file, the user's config) as one draft of a spec.

Precedence: flag, environment, ``--answers``, user config; what nobody said is left to the probe and the defaults.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipegen.core import names
from pipegen.core.errors import MissingAnswersError, Problem, SpecError, UsageError
from pipegen.core.questions import BY_NAME, QUESTIONS, Question
from pipegen.core.spec import address, source_url
from pipegen.core.spec.load import of_its_kind
from pipegen.core.spec.postgres_url import PostgresUrl
from pipegen.core.spec.source_url import SourceUrl
from pipegen.store import fetch_url

# A URL, or a blueprint's abbreviation: no path of this machine.
_REMOTE = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:|gh:|gl:|bb:)")

Answer = str | Sequence[str]


class Layer(Protocol):
    """A file of answers: plain values and where each stands."""

    @property
    def values(self) -> dict[str, Any]: ...

    def locate(self, address: tuple[str | int, ...]) -> str | None: ...


@dataclass(frozen=True)
class Given:
    """Everything that a person gave to ``pipegen new``, before it is put together.

    ``flags`` and ``environment`` go by the question's name; ``sets`` are pairs of a dotted address and a value;
    ``answers_file`` and ``no_probe`` are kept for the equivalent command alone.
    """

    name: str | None = None
    flags: Mapping[str, Answer] = field(default_factory=dict, repr=False)
    sets: Sequence[tuple[str, Any]] = ()
    answers_file: str | None = None
    environment: Mapping[str, Answer] = field(default_factory=dict, repr=False)
    answers: Layer | None = None
    config: Layer | None = None
    cwd: Path = Path()
    directory: Path | None = None
    yes: bool = False
    no_probe: bool = False


@dataclass
class Draft:
    """A spec before the probe: plain values, where each came from, and what waits for the tables to be known.

    ``urls`` are what was said of sources that have one, by source; a password in it is for the probe and is in no value.
    """

    values: dict[str, Any]
    target: Path
    places: dict[tuple[str | int, ...], str]
    layers: list[Layer]
    tables: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)
    urls: dict[str, SourceUrl] = field(default_factory=dict, repr=False)

    def locate(self, at: tuple[str | int, ...]) -> str | None:
        """The flag, variable or file:line that gave the value at an address, or the nearest above it."""
        for length in range(len(at), 0, -1):
            if at[:length] in self.places:
                return self.places[at[:length]]
            for layer in self.layers:
                place = layer.locate(at)
                if place and _has(layer.values, at[:length]):
                    return place
        return None


def from_environment(environ: Mapping[str, str]) -> dict[str, Answer]:
    """The answers that ``PIPEGEN_*`` variables give; a list is separated by commas."""
    found: dict[str, Answer] = {}
    for question in QUESTIONS:
        text = environ.get(question.variable)
        if text:
            found[question.name] = [t for t in _split_commas(text) if t] if question.repeat else text
    return found


def draft(given: Given) -> Draft:
    """Put the layers together.

    Raises:
        MissingAnswersError: what has no default and was not given, all of it.
        SpecError: every answer that cannot be read, at once.
    """
    layers = [layer for layer in (given.answers, given.config) if layer is not None]
    values: dict[str, Any] = {}
    for layer in reversed(layers):
        values = _merged(values, layer.values)
    _refuse_shapes(values, layers)
    sources = _sources(given)
    sets, problems = _addressed(given, values, sources)
    for parts, value in sets:
        if parts[0] == "sources" and len(parts) > 1:  # before the flags that hold for every source
            _set(values, parts, value, problems)
    named = next((value for parts, value in reversed(sets) if parts == ["name"]), None)
    name = named or given.name or values.get("name") or _default_name(given, sources)
    if given.yes and not sources and not values.get("sources"):
        sources = [source_url.parse("sample:")]
        name = name or sources[0].name
    _require(name, sources, values)
    target = _target(given, str(name))
    made = Draft(values, target, {}, layers)
    values["name"] = str(name)
    if given.name:
        made.places[("name",)] = "NAME"
    for source in sources:
        _put_source(made, source, given.cwd, _source_texts(given)[1])
    for variables, answers in ((True, given.environment), (False, given.flags)):
        for key, answer in answers.items():
            try:
                _put(made, BY_NAME[key], answer, variables, given.cwd)
            except UsageError as error:
                problems.append(
                    Problem(error.message, BY_NAME[key].variable if variables else BY_NAME[key].flag, error.hint)
                )
    for parts, value in sets:
        made.places[tuple(address.of_decision(parts))] = f"--set {names.shorten(address.text(parts))}"
        _set(values, parts, value, problems)
    if problems:
        raise SpecError(problems)
    return made


def _refuse_shapes(values: Mapping[str, Any], layers: Sequence[Layer]) -> None:
    """Refuse what could not even be put together: a group that is no mapping."""
    problems = []
    for at in [
        ("sources",),
        ("marts",),
        ("overrides",),
        *(("sources", name) for name in _mapping(values.get("sources"))),
    ]:
        node: Any = values
        for part in at:
            node = node.get(part)
        if node is not None and not isinstance(node, Mapping):
            place = next((layer.locate(at) for layer in layers if _has(layer.values, at)), None)
            problems.append(Problem(f"`{'.'.join(at)}` is no mapping of names to what they are", place))
    if problems:
        raise SpecError(problems)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _addressed(
    given: Given, values: Mapping[str, Any], sources: Sequence[SourceUrl]
) -> tuple[list[tuple[list[str], Any]], list[Problem]]:
    """Every ``--set`` with its whole address; a bare key may mean the only source."""
    there = {**_mapping(values.get("sources")), **{source.name: {"kind": source.kind} for source in sources}}
    sets, problems = [], []
    for key, value in given.sets:
        try:
            sets.append((address.whole(address.parse(key), {**values, "sources": there}), copy.deepcopy(value)))
        except UsageError as error:
            problems.append(Problem(error.message, f"--set {names.shorten(key)}", error.hint))
    return sets, problems


def _set(values: dict[str, Any], parts: list[str], value: Any, problems: list[Problem]) -> None:
    try:
        address.put(values, parts, value)
    except UsageError as error:
        problem = Problem(error.message, f"--set {names.shorten(address.text(parts))}", error.hint)
        if problem not in problems:
            problems.append(problem)


def _sources(given: Given) -> list[SourceUrl]:
    texts, place = _source_texts(given)
    sources, problems = [], []
    for text in texts:
        try:
            sources.append(source_url.parse(text))
        except UsageError as error:
            problems.append(Problem(error.message, place, error.hint))
    seen: set[str] = set()
    for source in sources:
        if source.name in seen:
            problems.append(Problem(f"two sources are called `{source.name}`", place, "say the name: `NAME=URL`"))
        seen.add(source.name)
    if problems:
        raise SpecError(problems)
    return sources


def _default_name(given: Given, sources: Sequence[SourceUrl]) -> str | None:
    """With ``--yes`` a pipeline is called as its first source; not where that is the very folder of the source."""
    if not given.yes or not sources:
        return None
    name = sources[0].name
    return f"{name}_pipeline" if sources[0].path is not None and (given.cwd / name).exists() else name


def _source_texts(given: Given) -> tuple[Answer, str]:
    """The sources that were named, and by what."""
    if given.flags.get("source"):
        return given.flags["source"], "--source"
    return given.environment.get("source") or (), BY_NAME["source"].variable


def _require(name: object, sources: Sequence[object], values: Mapping[str, Any]) -> None:
    missing = []
    if not name:
        missing.append(Problem("NAME: the name of the pipeline", hint="for example `pipegen new shop`"))
    if not sources and not values.get("sources"):
        question = BY_NAME["source"]
        missing.append(
            Problem(f"{question.flag}: {question.help}", hint=f"for example `{question.flag} {question.example}`")
        )
    if missing:
        raise MissingAnswersError(missing)


def _target(given: Given, name: str) -> Path:
    if given.directory is not None:
        return (given.cwd / given.directory).resolve()
    problem = names.spec_name_problem(name, "pipeline")
    if problem:
        raise SpecError([Problem(problem, "NAME" if given.name else None)])
    return (given.cwd / name).resolve()


def _put_source(made: Draft, source: SourceUrl, cwd: Path, place: str) -> None:
    entry: dict[str, Any] = {"kind": source.kind}
    if not made.values.get("sources"):
        made.values["sources"] = {}
    sources = made.values["sources"]
    below = sources.get(source.name) or {}
    if below.get("kind") != source.kind:
        below = of_its_kind({k: v for k, v in below.items() if k not in ("path", "url_env", "schema")}, source.kind)
    if source.path is not None:
        entry["path"] = path_from_root(source.path, cwd, made.target)
    if source.url is not None or source.files is not None:
        made.urls[source.name] = source
    if source.url is not None:
        entry["url_env"] = below.get("url_env") or source.variable
    if isinstance(source.url, PostgresUrl) and source.url.schema:
        entry["schema"] = source.url.schema
    if source.tables:
        entry["tables"] = {table: {} for table in source.tables}
    sources[source.name] = _merged(below, entry)
    made.places[("sources", source.name)] = place


def path_from_root(path: str, cwd: Path, target: Path) -> str:
    """A path as people gave it, from the root of the repository; an absolute one stays, and so does a remote one."""
    if os.path.isabs(path) or _REMOTE.search(path):
        return path
    expanded = os.path.expanduser(path)
    if os.path.isabs(expanded):
        return expanded
    return Path(os.path.relpath(cwd.resolve() / expanded, target)).as_posix()


def path_here(path: str, root: Path) -> str:
    """A path from the root of the repository, which need not be there yet, as this process can open it."""
    return path if _REMOTE.search(path) else os.path.normpath(root / os.path.expanduser(path))


def _put(made: Draft, question: Question, answer: Answer, variable: bool, cwd: Path) -> None:
    place = question.variable if variable else question.flag
    if question.key is not None:
        parts = question.key.split(".")
        made.places[tuple(parts)] = place
        address.put(made.values, parts, list(answer) if question.repeat else answer)
        return
    texts = [answer] if isinstance(answer, str) else list(answer)
    match question.name:
        case "table":
            made.tables = texts
        case "rule":
            made.rules = texts
        case "personal_data":
            made.personal = texts
        case "volume" | "peak":
            for name in made.values.get("sources") or {}:
                made.places[("sources", name, question.name)] = place
                address.put(made.values, ["sources", name, question.name], texts[0])
        case "mart":
            seen: set[str] = set()
            for text in texts:
                name, mart = mart_from_text(text)
                if name in seen:
                    raise UsageError(
                        f"two marts would be called `{name}`", hint="name them in a file: `--answers FILE`"
                    )
                seen.add(name)
                made.places[("marts", name)] = place
                made.values["marts"] = {**(made.values.get("marts") or {}), name: mart}
        case "override":
            for text in texts:
                decision, separator, choice = text.rpartition("=")
                if not separator or not decision or not choice:
                    raise UsageError(
                        f"`{names.shorten(text)}` is not DECISION=CHOICE",
                        hint=f"for example `{question.flag} {question.example}`",
                    )
                made.places[("overrides", decision)] = place
                address.put(made.values, ["overrides", decision], {"choice": choice})
        case "blueprint":
            made.places[("blueprints",)] = place
            made.values["blueprints"] = [_blueprint(text, cwd, made.target) for text in texts]


def _blueprint(text: str, cwd: Path, target: Path) -> dict[str, str]:
    """``SRC`` or ``SRC#REF`` as an entry of ``blueprints:``."""
    source, ref = fetch_url.split_ref(text)
    return {"source": path_from_root(fetch_url.recorded(source), cwd, target), **({"ref": ref} if ref else {})}


def mart_from_text(text: str) -> tuple[str, dict[str, Any]]:
    """``fact:orders``, ``dimension:customers``, ``aggregate:orders by order_date``, ``custom:NAME`` as name and mart.

    Raises:
        UsageError: none of these.
    """
    kind, separator, rest = text.partition(":")
    rest = rest.strip()
    hint = "for example `fact:orders`, `dimension:customers`, `aggregate:orders by order_date`, `custom:churn`"
    if not separator or not rest or kind not in ("fact", "dimension", "aggregate", "custom"):
        raise UsageError(
            f"`{names.shorten(text)}` is no mart",
            hint=names.did_you_mean(kind, ("fact", "dimension", "aggregate", "custom")) or hint,
        )
    if kind == "custom":
        return rest, {"kind": kind, "from": []}
    if kind == "aggregate":
        match = re.fullmatch(r"(\S.*?)\s+by\s+(.+)", rest, flags=re.IGNORECASE | re.DOTALL)
        if not match:
            raise UsageError(
                f"`{names.shorten(text)}` does not say by what", hint="for example `aggregate:orders by order_date`"
            )
        by = _split_commas(match[2])
        stem = "_".join([names.identifier(match[1]), "by", *(names.identifier(b.split(" as ")[-1]) for b in by)])
        return names.mart("", stem), {"kind": kind, "from": match[1], "by": by}
    prefix = "fct" if kind == "fact" else "dim"
    return names.mart(prefix, names.identifier(rest, prefix="t")), {"kind": kind, "from": rest}


def _split_commas(text: str) -> list[str]:
    """Split at commas that stand outside brackets."""
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return [*parts, current.strip()]


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(merged.get(key), Mapping) and isinstance(value, Mapping)
        merged[key] = (
            _merged(merged[key], value) if both else _merged({}, value) if isinstance(value, Mapping) else value
        )
    return merged


def _has(values: Any, at: tuple[str | int, ...]) -> bool:
    node = values
    for part in at:
        if isinstance(node, Mapping) and part in node:
            node = node[part]
        elif isinstance(node, list) and str(part).isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return False
    return True
