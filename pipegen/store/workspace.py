"""The folder of a generated repository: read safely, written as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipegen.core.errors import WorkspaceError
from pipegen.core.plan import ChangePlan
from pipegen.store import disk
from pipegen.store.worktree import Folder

SPEC_FILE = "pipegen.yml"


def find_root(start: Path) -> Path:
    """The folder at or above ``start`` that holds pipegen.yml.

    Raises:
        WorkspaceError: there is none.
    """
    here = start.resolve()
    for folder in (here, *here.parents):
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
            disk.sync_folders(target.parent, ["."])
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise


def _write(root: Path, path: str, content: bytes, mode: int) -> None:
    with disk.folder_of(root, path, make={}) as (folder, name):
        disk.write(name, folder, content, mode)


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


@contextlib.contextmanager
def _os_errors(target: Path) -> Iterator[None]:
    """Say what the system refused, in a sentence."""
    try:
        yield
    except OSError as error:
        hints = {
            errno.ENOSPC: "make room on the disk; nothing was written",
            errno.EACCES: "choose another place with `--dir PATH`",
            errno.EROFS: "choose another place with `--dir PATH`",
            errno.ENOTEMPTY: "something else wrote there meanwhile; choose another name",
            errno.EBUSY: "it is a mount point: name a folder in it with `--dir PATH`",
        }
        raise disk.refusal(target, error, hints) from error


def read_file(root: Path, path: str) -> bytes | None:
    """The bytes of a file below ``root``, None where it is not there or is no plain file.

    A path that leads through a symlink is not followed: it could lead out of the repository.
    """
    return Folder(root).read(path)
