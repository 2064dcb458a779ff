"""Which files make up which table: a path (file, folder or glob) as named sets of like files."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipegen.core.errors import SourceError
from pipegen.core.measured import Format
from pipegen.core.names import identifier
from pipegen.probe.source_path import contents, located, not_there

_EXTENSIONS: dict[str, Format] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".tsv.gz": "csv",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson": "jsonl",
    ".ndjson.gz": "jsonl",
    ".parquet": "parquet",
}
SUPPORTED = ".csv, .tsv, .jsonl, .ndjson (each also .gz) and .parquet"
_DATE = r"(?:19|20)\d{2}[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?[0-3]\d(?:[T_-]?\d{2}[-_.:]?\d{2}(?:[-_.:]?\d{2})?Z?)?)?"
_DATED = re.compile(rf"(?P<stem>.*?)(?P<sep>[-_. ]?)(?P<tail>{_DATE}(?:[-_.]\d+)?)")
_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<sep>[-_. ])(?P<tail>\d+(?:[-_.]\d+)*)")
_PART = re.compile(r"(?:part|chunk|data|file|export)?[-_.]?\d+.*")
_GENERIC = frozenset({"", "part", "chunk", "data", "file", "export", "dump"})
_MOST_HEADERS = 50  # of files that may be one table
_LEAST_COLUMNS = 3  # two files of a source's own folder with fewer columns than this are alike by chance

Header = tuple[str, ...]
ReadHeader = Callable[[Path, Format], Header | None]
"""A file's column names: none in an empty file, None where it cannot be read."""


@dataclass(frozen=True)
class FileSet:
    """A table: ``pattern`` is a glob relative to the source's folder that matches just ``files``, in name order."""

    name: str
    pattern: str
    format: Format
    files: tuple[Path, ...]


def format_of(path: Path) -> tuple[str, Format] | None:
    """A file's extension and format, or None where it is not one of ``SUPPORTED``."""
    name = path.name.lower()
    found = [(ext, format_) for ext, format_ in _EXTENSIONS.items() if name.endswith(ext) and len(name) > len(ext)]
    return max(found, key=lambda pair: len(pair[0])) if found else None


def find_filesets(path: str, root: Path, header: ReadHeader) -> tuple[str, list[FileSet]]:
    """The source's folder as ``path`` says it, and its tables in the order of their names.

    Raises:
        SourceError: nothing is there, nothing in it is of a supported format, or two tables have one name.
    """
    full = located(path, root)
    said = path.replace(os.sep, "/")
    if full.is_file():
        found = _one_file(full)
        folder = str(PurePosixPath(said).parent)
    elif full.is_dir():
        found = _Folder(full, header).filesets()
        folder = said.rstrip("/") or said
    elif glob.has_magic(path):
        folder, found = _of_glob(said, root, header)
    else:
        raise not_there(full)
    if not found:
        raise SourceError(f"nothing in `{path}` is of a supported format", hint=f"supported are {SUPPORTED}")
    found.sort(key=lambda f: f.name)
    _refuse_collisions(found)
    return folder, found


def _one_file(path: Path) -> list[FileSet]:
    kind = format_of(path)
    if kind is None:
        if path.suffix == ".json":
            hint = "a JSON file is read one object a line: name such a file .jsonl (jq -c '.[]' data.json > data.jsonl)"
            raise SourceError(f"`{path}` is not of a supported format", hint=hint)
        raise SourceError(f"`{path}` is not of a supported format", hint=f"supported are {SUPPORTED}")
    ext, format_ = kind
    return [FileSet(path.name[: -len(ext)], glob.escape(path.name), format_, (path,))]


def _of_glob(said: str, root: Path, header: ReadHeader) -> tuple[str, list[FileSet]]:
    parts = said.split("/")
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    folder = "/".join(parts[:first]) or ("/" if said.startswith("/") else ".")
    pattern = "/".join(parts[first:])
    base = located(folder, root)
    matches = sorted(Path(m) for m in glob.glob(str(Path(glob.escape(str(base))) / pattern), recursive=True))
    files = [m for m in matches if m.is_file()]
    if not files:
        if not base.is_dir():
            raise not_there(base)
        raise SourceError(f"no file matches `{said}`", hint=contents(base))
    usable = [f for f in files if format_of(f)]
    kinds = {format_of(f) for f in usable}
    headers = headers_of(usable, header)
    if len(kinds) == 1 and len(headers) <= 1 and len(usable) == len(files):
        literal = re.split(r"[*?\[]", parts[-1])[0].rstrip("-_. ")
        folders = [p for p in parts[:-1] if p not in ("", ".", "..") and not glob.has_magic(p)]
        name = literal if literal not in _GENERIC else (folders[-1] if folders else base.resolve().name)
        return folder, [FileSet(name, pattern, next(k for k in kinds if k)[1], tuple(usable))]
    found: list[FileSet] = []
    for parent in sorted({f.parent for f in usable}):
        its = [f for f in usable if f.parent == parent]
        found += _Folder(base, header).grouped(parent, its)
    return folder, found


@dataclass(frozen=True)
class _Folder:
    """A source's folder; patterns are relative to ``base``."""

    base: Path
    header: ReadHeader

    def filesets(self) -> list[FileSet]:
        """Tables of the files in the folder, and of each folder in it."""
        found = self.grouped(self.base, _files(self.base))
        for sub in sorted(p for p in _children(self.base) if p.is_dir()):
            direct = _files(sub)
            deep = sorted(f for f in sub.rglob("*") if f.is_file() and _visible(f, sub) and format_of(f))
            if len(deep) > len(direct) or self._one_table(sub, deep):
                found += self._folder_table(sub, deep)
            else:
                found += self.grouped(sub, direct)
        return found

    def grouped(self, folder: Path, files: list[Path]) -> list[FileSet]:
        """Tables of files in one folder: one for files that differ by a date or number alone, else one a file."""
        if folder == self.base and self._alike_in_base(files):
            return [self._set(_stem_of_folder(folder), folder, f"*{_extension(files[0])}", files)]
        groups: dict[tuple[str, str, str], list[Path]] = {}
        for file in files:
            stem, sep = _without_suffix(file)
            groups.setdefault((stem, sep, _extension(file)), []).append(file)
        found: list[FileSet] = []
        for (stem, sep, ext), its in groups.items():
            pattern = _pattern(stem, sep, ext, its, [f.name for f in _files(folder)])
            numbered = len(its) > 1 or any(_DATED.fullmatch(f.name[: -len(ext)]) for f in its)
            if numbered and pattern and self._alike(its):
                name = stem if stem.lower() not in _GENERIC else _stem_of_folder(folder)
                found.append(self._set(name, folder, pattern, its))
            else:
                found += [self._set(f.name[: -len(ext)], folder, glob.escape(f.name), [f]) for f in its]
        return found

    def _set(self, name: str, folder: Path, pattern: str, files: list[Path]) -> FileSet:
        inside = folder.relative_to(self.base).as_posix()
        kind = format_of(files[0])
        assert kind is not None  # only such files are grouped
        return FileSet(name, pattern if inside == "." else f"{glob.escape(inside)}/{pattern}", kind[1], tuple(files))

    def _folder_table(self, folder: Path, files: list[Path]) -> list[FileSet]:
        exts = sorted({_extension(f) for f in files})
        deep = any(f.parent != folder for f in files)
        found = []
        for ext in exts:
            its = [f for f in files if _extension(f) == ext]
            found.append(self._set(_stem_of_folder(folder), folder, f"**/*{ext}" if deep else f"*{ext}", its))
        return found

    def _one_table(self, folder: Path, files: list[Path]) -> bool:
        """Whether a folder's files are one table named after the folder."""
        if not files or len({_extension(f) for f in files}) > 1:
            return False
        groups = {_without_suffix(f)[0] for f in files}
        named = len(groups) == 1 and next(iter(groups)).lower() not in _GENERIC
        if len(files) == 1 or (named and identifier(next(iter(groups))) != identifier(folder.name)):
            return not named
        return len(self._headers(files)) <= 1 or (len(groups) == 1 and self._alike(files))

    def _alike_in_base(self, files: list[Path]) -> bool:
        if len(files) < 2 or len({_extension(f) for f in files}) > 1:
            return False
        stems = {_without_suffix(f)[0] for f in files}
        if len(stems) == 1:
            return next(iter(stems)).lower() in _GENERIC and self._alike(files)
        headers = [h for h in self._headers(files) if h is not None]
        return len(headers) == len(self._headers(files)) == 1 and len(headers[0]) >= _LEAST_COLUMNS

    def _headers(self, files: list[Path]) -> set[Header | None]:
        return headers_of(files, self.header)

    def _alike(self, files: list[Path]) -> bool:
        """Whether files share at least half of their columns; a table gains and loses some over time."""
        headers = [set(h) for h in self._headers(files) if h is not None]
        known = len(headers) == len(self._headers(files))
        return known and all(2 * len(headers[0] & h) >= min(len(headers[0]), len(h)) for h in headers[1:])


def headers_of(files: Sequence[Path], header: ReadHeader) -> set[Header | None]:
    """The headers of some files, of many of them those of a few from all over; without those of empty files."""
    some = spread(files, _MOST_HEADERS)
    return {header(f, kind[1]) for f in some if (kind := format_of(f))} - {()}


def spread(files: Sequence[Path], most: int) -> Sequence[Path]:
    """At most so many of some files: the first, the last, and others evenly between."""
    if len(files) <= most:
        return files
    if most == 1:
        return files[:1]
    return [files[round(i * (len(files) - 1) / (most - 1))] for i in range(most)]


def _children(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if not p.name.startswith(".")]
    except OSError as error:
        hint = f"chmod +rx '{folder}', or run as its owner"
        raise SourceError(f"folder `{folder}` may not be read: {error.strerror}", hint=hint) from error


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in _children(folder) if format_of(p) and p.is_file())


def _visible(file: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)


def _extension(path: Path) -> str:
    kind = format_of(path)
    return path.name[len(path.name) - len(kind[0]) :] if kind else ""


def _stem_of_folder(folder: Path) -> str:
    name = folder.resolve().name
    return name[: -len(_extension(folder))] if format_of(folder) else name


def _without_suffix(path: Path) -> tuple[str, str]:
    """A file's stem without its date or number, and the separator that stood before that."""
    name = path.name[: len(path.name) - len(_extension(path))]
    if _PART.fullmatch(name):
        return re.split(r"[-_.\d]", name)[0], ""
    for pattern in (_DATED, _NUMBERED):
        match = pattern.fullmatch(name)
        if match:
            return match["stem"], match["sep"]
    return name, ""


def _pattern(stem: str, sep: str, ext: str, files: list[Path], beside: list[str]) -> str | None:
    """A glob for just these files among their neighbours, or None."""
    wanted = {f.name for f in files}
    shape = re.sub(r"\d", "[0-9]", glob.escape(files[0].name))
    for pattern in (
        f"{glob.escape(stem + sep)}[0-9]*{glob.escape(ext)}",
        f"{glob.escape(stem)}*{glob.escape(ext)}",
        shape,
    ):
        if {name for name in beside if fnmatch.fnmatchcase(name, pattern)} == wanted:
            return pattern
    return None


def _refuse_collisions(found: list[FileSet]) -> None:
    seen: dict[str, FileSet] = {}
    for one in found:
        other = seen.setdefault(identifier(one.name, prefix="t"), one)
        if other is not one:
            raise SourceError(
                f"two tables would be called `{identifier(one.name, prefix='t')}`: `{other.pattern}` and `{one.pattern}`",
                hint="rename one of them, or give the path as a glob that leaves one out",
            )
