"""The folder of a generated repository: read safely, written as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pipegen.core.errors import WorkspaceError
from pipegen.core.paths import unsafe_because
from pipegen.core.plan import ChangePlan

SPEC_FILE = "pipegen.yml"


def find_root(start: Path) -> Path:
    """The folder at or above ``start`` that holds pipegen.yml.

    Raises:
        WorkspaceError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / SPEC_FILE).is_file():
            return folder
    raise WorkspaceError(
        f"no {SPEC_FILE} here or in a folder above",
        hint="go into a generated repository, name it with `-C DIR`, or make one with `pipegen new`",
    )


def check_target(target: Path) -> None:
    """Refuse a target that a new repository may not be written to: it must be absent, or an empty folder.

    Raises:
        WorkspaceError: it holds something, is no folder, or its parent cannot be written.
    """
    with _os_errors(target):
        _check_target(target)


def _check_target(target: Path) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise WorkspaceError(f"`{target}` is there and is no folder", hint="choose another name, or `--dir PATH`")
    if target.is_dir():
        if (target / SPEC_FILE).exists():
            raise WorkspaceError(
                f"`{target}` is a generated repository already",
                hint="change it with its pipegen.yml, or choose another name",
            )
        if any(target.iterdir()):
            raise WorkspaceError(f"`{target}` is not empty", hint="choose another name, or `--dir PATH`")
    above = next(p for p in (target, *target.parents) if p.exists())
    if not above.is_dir():
        raise WorkspaceError(f"`{above}` is no folder", hint="choose another place with `--dir PATH`")
    if not os.access(above, os.W_OK | os.X_OK):
        raise WorkspaceError(f"`{above}` cannot be written", hint="choose another place with `--dir PATH`")


def write_new(target: Path, plan: ChangePlan) -> None:
    """Write a new repository: into a sibling folder, which is renamed when it is whole.

    A kill at any moment leaves no target, or a whole one; what a killed run left beside it is removed by the next.

    Raises:
        WorkspaceError: the target is taken, or the disk or its permissions forbid it; nothing is left behind.
    """
    check_target(target)
    with _os_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.new-{os.getpid()}-", dir=target.parent))
        try:
            for action in plan.actions:
                if action.content is not None:
                    _write(staging, action.path, action.content, action.mode)
            staging.chmod(0o755)
            staging.rename(target)  # takes the place of an empty folder
            _sync_folder(target.parent)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise


def _write(root: Path, path: str, content: bytes, mode: int) -> None:
    because = unsafe_because(path)
    if because:
        raise WorkspaceError(f"`{path[:120]}` cannot be written: {because}")
    folder = root
    for part in path.split("/")[:-1]:
        folder = folder / part
        if not folder.is_dir():
            folder.mkdir()
            folder.chmod(0o755)  # mkdir's mode is cut by the umask
    file = root / path
    with file.open("xb") as handle:
        handle.write(content)
    file.chmod(mode)


def _remove_leftovers(target: Path) -> None:
    """Staging folders of runs that were killed: their process is gone."""
    for folder in target.parent.iterdir():
        if not folder.name.startswith(f".{target.name}.new-"):
            continue
        pid = folder.name.rsplit("-", 2)[-2]
        if pid.isdecimal() and not _alive(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _os_errors(target: Path) -> Iterator[None]:
    """Say what the system refused, in a sentence."""
    try:
        yield
    except OSError as error:
        hints: dict[int, str] = {
            errno.ENOSPC: "make room on the disk; nothing was written",
            errno.EACCES: "choose another place with `--dir PATH`",
            errno.EROFS: "choose another place with `--dir PATH`",
            errno.ENAMETOOLONG: "choose a shorter name",
            errno.ENOTEMPTY: "something else wrote there meanwhile; choose another name",
            errno.EBUSY: "it is a mount point: name a folder in it with `--dir PATH`",
        }
        raise WorkspaceError(
            f"`{target}` cannot be written: {error.strerror}", hint=hints.get(error.errno or 0)
        ) from error


def read_file(root: Path, path: str) -> bytes | None:
    """The bytes of a file below ``root``, None where it is not there or is no plain file.

    A path that leads through a symlink is not followed: it could lead out of the repository.
    """
    if unsafe_because(path):
        return None
    here = root
    for part in path.split("/"):
        here = here / part
        if here.is_symlink():
            return None
    return here.read_bytes() if here.is_file() else None


def walk(root: Path, skip: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Every plain file below ``root`` by relative path, folders that ``skip`` names left out."""
    for folder, names, files in os.walk(root):
        relative = Path(folder).relative_to(root).as_posix()
        names[:] = sorted(n for n in names if not skip(n if relative == "." else f"{relative}/{n}"))
        for name in sorted(files):
            file = Path(folder) / name
            if not file.is_symlink() and file.is_file():
                yield (name if relative == "." else f"{relative}/{name}"), file.read_bytes()
