"""Render a plain cookiecutter template: in a sandbox, or by cookiecutter itself where somebody vouches for the template's code."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipegen.core.errors import BlueprintError
from pipegen.core.names import shorten
from pipegen.core.spec.template_answers import CHOOSER
from pipegen.core.tree import MODE_EXECUTABLE, MODE_FILE, MODE_LINK, FileTree, RenderedFile
from pipegen.render.cookiecutter_chosen import Chosen
from pipegen.render.cookiecutter_code import place
from pipegen.render.cookiecutter_process import Limits, confined, trusted
from pipegen.render.cookiecutter_source import CONFIG, MOST_BYTES, MOST_FILES, Entry, links_out

TEMPLATE = "template"
"""The name of a template in its repository's lock: the same wherever it is fetched from, so that files are found again."""
_OWN = frozenset({"pipegen.yml", ".pipegen"})


@dataclass(frozen=True)
class Asked:
    """What a render depends on beside the template: answers, the draws, and what stands for the paths of a machine.

    ``name`` is the template's name for people, ``source`` where it came from (None for a folder or a file of this machine).
    ``digests`` are those of the template and of its version before, whose compiled texts are used; the result does not depend on it.
    """

    answers: Mapping[str, Any]
    seed: str
    time: str
    name: str
    source: str | None = None
    ref: str | None = None
    digests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rendered:
    """The files, which of ``seed`` and ``now`` were drawn on, and what is worth telling."""

    tree: FileTree
    drew: frozenset[str]
    notes: tuple[str, ...] = ()


def render(chosen: Chosen, asked: Asked, *, trust: bool = False, limits: Limits = Limits()) -> Rendered:
    """Render a template.

    Raises:
        BlueprintError: it needs code that nobody vouches for, does not render, or renders what cannot be written.
    """
    code = chosen.code()
    if code and not trust:
        raise BlueprintError(
            f"the template `{chosen.template.origin}` runs code of its own: {', '.join(map(shorten, code[:5]))}",
            hint="read it, then say `--trust`: cookiecutter will render it, hooks and extensions and all",
        )
    made = _by_cookiecutter(chosen, asked) if trust else _in_the_sandbox(chosen, asked, limits)
    _refuse_taken(made.tree, chosen.template.origin)
    return made


def _in_the_sandbox(chosen: Chosen, asked: Asked, limits: Limits) -> Rendered:
    project = chosen.project()
    files = _files(chosen, project)
    name = f"{asked.name}/{chosen.base}".rstrip("/")
    given = {"_template": asked.source or name, "_output_dir": ".", "_repo_dir": name, "_checkout": asked.ref}
    standins = [key for key in ("_template", "_output_dir", "_repo_dir") if key != "_template" or asked.source is None]

    def request() -> dict[str, Any]:
        return {
            "config": chosen.template.resolved(f"{chosen.base}{CONFIG}").text,
            "answers": {key: value for key, value in asked.answers.items() if key != CHOOSER or key in chosen.config},
            "project": project,
            "files": {path: _sent(chosen, project, path, entry) for path, entry in files.items()},
            "shared": {path: entry.text for path, entry in _shared(chosen).items()},
            "set": given,
            "standins": standins,
            "seed": asked.seed,
            "time": asked.time,
        }

    code = [path for digest in asked.digests if (path := place(digest, chosen.config)) is not None]
    result = confined(request, limits, chosen.template.origin, code)
    tree = FileTree()
    for output in result["files"]:
        entry = files[output["template"]]
        content, mode = _content(output, entry, result["newline"], chosen.template.origin)
        tree.add(RenderedFile(output["path"], content, f"{TEMPLATE}:{output['template']}", TEMPLATE, mode))
    notes = [
        f"the template writes `{key}`, for which `{given[key]}` stands: a path of this machine would differ at the next update"
        for key in result["used"]
    ]
    return Rendered(tree, frozenset(result["drew"]), tuple(notes))


def _files(chosen: Chosen, project: str) -> dict[str, Entry]:
    """What lies in the project's folder. A symlink stays one where it leads to something in it; a file elsewhere in the template
    takes its place where it leads there, as with cookiecutter.

    Raises:
        BlueprintError: a symlink leads to anything else.
    """
    start = f"{chosen.base}{project}/"
    found = {}
    for path, entry in chosen.template.below(start).items():
        if entry.is_link and not f"{chosen.template.target(start + path)}/".startswith(start):
            try:
                entry = chosen.template.resolved(start + path)
            except KeyError:
                raise BlueprintError(
                    f"{chosen.template.origin}: the symlink `{shorten(start + path)}` leads out of the project's folder"
                ) from None
        found[path] = entry
    return found


def _sent(chosen: Chosen, project: str, path: str, entry: Entry) -> dict[str, str | None]:
    """A file as the renderer is told of it."""
    if entry.is_link:
        return {"target": entry.content.decode("utf-8", "replace")}
    from binaryornot.check import is_binary

    binary = is_binary(str(chosen.template.folder / chosen.base / project / path))
    return {"kind": "binary"} if binary else {"kind": "text", "text": entry.text}


def _shared(chosen: Chosen) -> dict[str, Entry]:
    """The texts of ``templates/``, which a template includes, imports and extends."""
    folder = f"{chosen.base}templates"
    if folder in chosen.template.entries:
        folder = chosen.template.target(folder)
    found = {}
    for path in chosen.template.below(f"{folder}/"):
        try:
            found[path] = chosen.template.resolved(f"{folder}/{path}")
        except KeyError:
            continue  # a symlink that leads nowhere, or to a folder
    return found


def _content(output: Mapping[str, Any], entry: Entry, newline: str | None, origin: str) -> tuple[bytes, int]:
    """The bytes and the mode of a file that was rendered."""
    if output["target"] is not None:
        if links_out(output["path"], output["target"]):
            raise BlueprintError(
                f"{origin}: the symlink `{shorten(output['path'])}` leads out of the project, to `{shorten(output['target'])}`"
            )
        return os.fsencode(output["target"]), MODE_LINK
    if output["text"] is None:
        return entry.content, entry.mode
    buffer = io.BytesIO()
    try:
        writer = io.TextIOWrapper(buffer, encoding="utf-8", newline=newline or entry.newline or "\n")
        writer.write(output["text"])
        writer.flush()
    except ValueError as error:
        raise BlueprintError(f"{origin}: {shorten(output['template'])}: {error}") from None
    return buffer.getvalue(), entry.mode


def _by_cookiecutter(chosen: Chosen, asked: Asked) -> Rendered:
    with tempfile.TemporaryDirectory(prefix="pipegen-template-") as name:
        temporary = Path(name).resolve()
        folder = chosen.template.folder.resolve()
        request = {
            "template": str(folder / chosen.base if chosen.given else folder),
            "answers": {key: value for key, value in asked.answers.items() if key != CHOOSER or key in chosen.config},
            "output": str(temporary / "output"),
            "seed": asked.seed,
            "time": asked.time,
        }
        (temporary / "output").mkdir()
        answer = trusted(request, temporary)
        if "error" in answer:
            raise BlueprintError(
                f"cookiecutter could not render `{chosen.template.origin}`: {shorten(answer['error'], 400)}",
                hint="nothing was written; what its hooks said is above",
            )
        tree = _read(Path(answer["project"]), answer["templates"], chosen.template.origin)
        return Rendered(tree, frozenset(answer["drew"]), tuple(_machine_paths(tree, temporary, folder)))


def _read(project: Path, templates: Mapping[str, str], origin: str) -> FileTree:
    """What cookiecutter and the hooks wrote, but for the repository that a hook may have made of it."""
    tree = FileTree()
    size = 0
    for folder, names, files in os.walk(project):
        links = [name for name in names if (Path(folder) / name).is_symlink()]
        names[:] = sorted(n for n in names if n not in links and n not in (".git", "__pycache__"))
        for name in sorted([*files, *links]):
            file = Path(folder) / name
            path = file.relative_to(project).as_posix()
            content, mode = _written(file, path, origin)
            size += len(content)
            if len(tree) > MOST_FILES or size > MOST_BYTES:
                raise BlueprintError(
                    f"`{origin}` wrote more than {MOST_FILES:,} files, or {MOST_BYTES // 1_000_000} MB"
                )
            tree.add(RenderedFile(path, content, f"{TEMPLATE}:{templates.get(path, path)}", TEMPLATE, mode))
    return tree


def _written(file: Path, path: str, origin: str) -> tuple[bytes, int]:
    status = file.lstat()
    if stat.S_ISLNK(status.st_mode):
        target = str(file.readlink())
        if links_out(path, target):
            raise BlueprintError(
                f"{origin}: the symlink `{shorten(path)}` leads out of the project, to `{shorten(target)}`"
            )
        return os.fsencode(target), MODE_LINK
    if not stat.S_ISREG(status.st_mode):
        raise BlueprintError(f"{origin}: `{shorten(path)}` is neither a file nor a symlink")
    return file.read_bytes(), MODE_EXECUTABLE if status.st_mode & 0o100 else MODE_FILE


def _machine_paths(tree: FileTree, *paths: Path) -> list[str]:
    """What to tell of files that name a folder of this machine."""
    found = [file.path for file in tree if any(os.fsencode(str(path)) in file.content for path in paths)]
    many = f" and {len(found) - 3} more" if len(found) > 3 else ""
    names = ", ".join(f"`{shorten(path)}`" for path in found[:3])
    return (
        [f"{names}{many}: the template wrote a path of this machine there, which the next update changes"]
        if found
        else []
    )


def _refuse_taken(tree: FileTree, origin: str) -> None:
    """Refuse what is pipegen's own, and a path that is a file and a folder at once."""
    for file in tree:
        if file.path.split("/")[0].casefold() in _OWN:
            raise BlueprintError(
                f"`{origin}` renders `{shorten(file.path)}`, which is pipegen's own", hint="rename it in the template"
            )
        above = file.path
        while "/" in above:
            above = above.rpartition("/")[0]
            if above in tree:
                raise BlueprintError(f"`{origin}` renders `{shorten(above)}` as a file and as a folder")
