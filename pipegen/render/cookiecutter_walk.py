"""cookiecutter's render, in memory: its context, its names of folders and files, its order; nothing is read or written.

Where cookiecutter has a function for a step that needs no disk, it is the one that is used.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cookiecutter.generate import apply_overwrites_to_context, is_copy_only_path
from cookiecutter.prompt import render_variable
from jinja2 import BytecodeCache, Environment

from pipegen.render.cookiecutter_draws import Draws
from pipegen.render.cookiecutter_sandbox import CookiecutterSandbox, MemoryLoader

MOST_TEXT = 256_000_000


@dataclass(frozen=True)
class Request:
    """All that a render needs.

    ``config`` is the text of cookiecutter.json; ``project`` the folder to render by its unrendered name, ``files`` what lies in it
    (a text, a link's target, or neither for what is copied) by path, ``shared`` the texts of ``templates/``; ``set`` what
    cookiecutter adds to the context, ``standins`` those of them that stand for a path of the machine.
    """

    config: str
    answers: Mapping[str, Any]
    project: str
    files: Mapping[str, Mapping[str, str | None]]
    shared: Mapping[str, str | None]
    set: Mapping[str, Any]
    standins: tuple[str, ...]
    seed: str
    time: str


@dataclass
class Output:
    """One file that was rendered: by which template, where to, and its text; None where the template is copied as it is."""

    template: str
    path: str
    text: str | None = None
    target: str | None = None


@dataclass
class Result:
    """What a render made: its files, the line ending that they are to have, and which draws and stand-ins it used."""

    files: list[Output] = field(default_factory=list)
    newline: str | None = None
    drew: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)


class Context(OrderedDict[str, Any]):
    """The ``cookiecutter`` of a template, which remembers the stand-ins that were looked at."""

    watched: frozenset[str] = frozenset()
    used: set[str] = set()  # noqa: RUF012 -- each has its own, see `watching`

    def watching(self, names: Iterable[str]) -> Context:
        self.watched, self.used = frozenset(names), set()
        return self

    def __getitem__(self, key: str) -> Any:
        self.used |= self.watched & {key}
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 -- this is `get`

    def items(self) -> Any:
        self.used |= self.watched
        return super().items()

    def values(self) -> Any:
        self.used |= self.watched
        return super().values()

    def __repr__(self) -> str:
        return repr(OrderedDict(self.items()))


class Render:
    """One render; ``at`` is the template that it is in, for messages."""

    def __init__(self, request: Request, code: BytecodeCache | None = None) -> None:
        self.request = request
        self._code = code
        self.draws = Draws(request.seed, request.time)
        self.at = "cookiecutter.json"
        self.result = Result()
        self._made = {""}
        self._size = 0
        self._inside = _children(request.files)

    def run(self) -> Result:
        """Render everything.

        Raises:
            Exception: whatever the template raises.
        """
        config: OrderedDict[str, Any] = json.loads(self.request.config, object_pairs_hook=OrderedDict)
        apply_overwrites_to_context(config, dict(self.request.answers))
        raw = {key: value for key, value in config.items() if not key.startswith("_")}
        config.update(self._values(CookiecutterSandbox(config, self.draws), config))
        config.update(self.request.set)
        told = Context(config).watching(self.request.standins)
        self._context: dict[str, Any] = {"cookiecutter": told, "_cookiecutter": raw}
        texts = {path: file.get("text") for path, file in self.request.files.items() if file.get("target") is None}
        self._env: Environment = CookiecutterSandbox(config, self.draws, MemoryLoader(texts, self.request.shared))
        self._env.bytecode_cache = self._code
        self._speaks = re.compile("|".join(map(re.escape, _beginnings(self._env))))
        self._project()
        self._folder("", "")
        newline = config.get("_new_lines")
        self.result.newline = newline if isinstance(newline, str) and newline else None
        self.result.drew, self.result.used = sorted(self.draws.drew), sorted(told.used)
        return self.result

    def _values(self, env: Environment, config: OrderedDict[str, Any]) -> dict[str, Any]:
        """The value of every variable: the plain ones in their order, then the mappings, which may speak of any of them."""
        config.pop("__prompts__", None)
        made: OrderedDict[str, Any] = OrderedDict()
        for key, raw in config.items():
            self.at = self.draws.where = f"cookiecutter.json: {key}"
            if key.startswith("_") and not key.startswith("__"):
                made[key] = raw
            elif isinstance(raw, list) and not key.startswith("__"):
                options = [render_variable(env, option, made) for option in raw]
                if not options:
                    raise ValueError("the list of choices is empty")
                made[key] = options[0]
            elif key.startswith("__") or not isinstance(raw, dict):
                made[key] = render_variable(env, raw, made)
        for key, raw in config.items():
            if isinstance(raw, dict) and (key.startswith("__") or not key.startswith("_")):
                self.at = self.draws.where = f"cookiecutter.json: {key}"
                made[key] = render_variable(env, raw, made)
        return made

    def _project(self) -> None:
        """The name of the folder that all goes to: not used, but it must be one."""
        self.at = self.draws.where = self.request.project
        if not _parts(self._rendered(self.request.project)):
            raise ValueError("the name of the project's folder is empty")

    def _rendered(self, text: str) -> str:
        if not self._speaks.search(text):
            return self._plain(text)
        return self._env.from_string(text).render(**self._context)

    def _plain(self, text: str) -> str:
        """What Jinja makes of a text that says nothing to it: its line endings become one."""
        return re.sub(r"\r\n|\r|\n", self._env.newline_sequence, text)

    def _path(self, path: str) -> tuple[str, bool]:
        """Where a path is rendered to, and whether it names nothing: a file whose name is empty."""
        self.at = self.draws.where = path
        rendered = self._rendered(path)
        if rendered.startswith("/"):
            raise ValueError(f"the path is rendered to `{rendered}`, which is not relative")
        return "/".join(_parts(rendered)), not rendered or rendered.endswith("/")

    def _folder(self, root: str, made: str) -> None:
        """Render a folder in cookiecutter's order; ``made`` is where it goes to."""
        folders, files = self._inside.get(root, ((), ()))
        inner = []
        for path in folders:
            if is_copy_only_path(path, self._context):
                self._copied(path, self._path(path)[0])
                continue
            below, _ = self._path(path)
            if below != made:  # a folder whose name is empty is left out, with all that is in it
                self._made.add(below)
                inner.append((path, below))
        for path in files:
            self._file(path)
        for path, below in inner:
            self._folder(path, below)

    def _copied(self, folder: str, made: str) -> None:
        """A folder of ``_copy_without_render``: only its own path is rendered."""
        folders, files = self._inside[folder]
        for path in files:
            to = "/".join([*_parts(made), posixpath.basename(path)])
            self.result.files.append(Output(path, to, target=self.request.files[path].get("target")))
        for path in folders:
            self._copied(path, "/".join([*_parts(made), posixpath.basename(path)]))

    def _file(self, path: str) -> None:
        file = self.request.files[path]
        to, empty = self._path(path)
        if empty or to in self._made:
            return
        target, text = file.get("target"), None
        if target is not None:
            target = self._rendered(target)
        elif file.get("kind") == "text" and not is_copy_only_path(path, self._context):
            raw = file.get("text")
            if raw is not None and not self._speaks.search(raw):
                text = self._plain(raw)
            else:
                text = self._env.get_template(path).render(**self._context)
            self._size += len(text)
            if self._size > MOST_TEXT:
                raise OverflowError(f"the rendered texts are longer than {MOST_TEXT:,} characters")
        self.result.files.append(Output(path, to, text, target))


def _beginnings(env: Environment) -> list[str]:
    """What begins everything that Jinja reads in a text."""
    prefixes = (env.line_statement_prefix, env.line_comment_prefix)
    starts = (env.block_start_string, env.variable_start_string, env.comment_start_string)
    return [*starts, *(prefix for prefix in prefixes if prefix)]


def _children(paths: Iterable[str]) -> dict[str, tuple[list[str], list[str]]]:
    """The folders and the files in each folder, sorted by name, each by its path."""
    folders: dict[str, set[str]] = {"": set()}
    files: dict[str, list[str]] = {}
    for path in sorted(paths):
        files.setdefault(posixpath.dirname(path), []).append(path)
        for above in parents(path):
            folders.setdefault(above, set())
            folders[posixpath.dirname(above)] = folders.get(posixpath.dirname(above), set()) | {above}
    return {folder: (sorted(inner), files.get(folder, [])) for folder, inner in folders.items()}


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def parents(path: str) -> Iterator[str]:
    """The folders above a path."""
    while path := posixpath.dirname(path):
        yield path
