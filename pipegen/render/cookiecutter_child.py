"""The process that renders one template and ends: it has no rights that a template could use, and bounds on what it may spend.

The sandbox is what keeps a template from Python; this is what holds if it were left after all, and what ends a template that
loops for ever or fills the memory. Run by :mod:`pipegen.render.cookiecutter`; it reads a request on stdin and answers on stdout.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import sys
from dataclasses import asdict
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError, TemplateSyntaxError

from pipegen.render.code_cache import read_sealed
from pipegen.render.cookiecutter_walk import Render, Request

# What nothing in a render does: files are read by Python's own imports alone.
_REFUSED = (
    "os.",
    "subprocess.",
    "socket.",
    "shutil.",
    "pty.",
    "ctypes.",
    "fcntl.",
    "resource.",
    "tempfile.",
    "sqlite3.",
    "urllib.",
)
_READING = frozenset({"os.listdir", "os.scandir"})
_ZONES = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo")


class KnownCode(BytecodeCache):
    """The code of templates, by their text; what is compiled anew is remembered."""

    def __init__(self, paths: list[str]) -> None:
        self._codes: dict[str, CodeType] = {}
        self.changed = False
        for path in paths:
            body = read_sealed(Path(path))
            if body is not None:
                self._codes |= marshal.loads(body)  # noqa: S302 -- this process is confined, see cookiecutter_code
                break

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return name

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(f"{bucket.key} {bucket.checksum}")

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[f"{bucket.key} {bucket.checksum}"] = bucket.code
        self.changed = True

    def sealed(self) -> bytes:
        """All of it, for :func:`pipegen.render.cookiecutter_code.keep`."""
        return marshal.dumps(self._codes)


def confine(seconds: int, memory: int) -> None:
    """Give up, for the rest of this process, all that a render has no use for."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # a system without them has the watchdog of the parent
        import resource

        for limit, value in (
            (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0),
        ):  # fmt: skip
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(limit, (value, value + 1 if limit == resource.RLIMIT_CPU else value))
    known = [Path(place).absolute() for place in (*sys.path, sys.prefix, sys.base_prefix, *_ZONES) if place]
    places = {*known, *(place.resolve() for place in known)}

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            writes = any(c in (mode or "") for c in "wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes or not isinstance(path, (str, bytes)) or places.isdisjoint(_above(path)):
                raise PermissionError("a template opens no files")
        elif event.startswith(_REFUSED) and event not in _READING:
            raise PermissionError(f"a template may not do this: {event}")

    sys.addaudithook(audit)


def _above(path: str | bytes) -> list[Path]:
    """A path and all folders above it."""
    whole = Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 -- `resolve` would look at the disk
    return [whole, *whole.parents]


def main() -> None:
    """Read a request, render, answer."""
    raw = sys.stdin.buffer.read()
    asked = json.loads(raw)
    limits, paths = asked.pop("limits"), asked.pop("code")
    code = KnownCode(paths)
    confine(limits["seconds"], limits["memory"] + 8 * len(raw))
    del raw
    made = json.dumps(answer(asked, code)).encode()
    sys.stdout.buffer.write(b"%d\n" % len(made) + made)
    if code.changed:
        sys.stdout.buffer.write(code.sealed())


def answer(asked: dict[str, Any], code: KnownCode | None = None) -> dict[str, Any]:
    """What a render made, or what went wrong, as plain values."""
    render = Render(Request(**{**asked, "standins": tuple(asked["standins"])}), code)
    try:
        return {"result": asdict(render.run())}
    except MemoryError:
        return {"error": {"kind": "memory", "at": render.at, "line": None, "message": ""}}
    except Exception as error:
        kind = "sandbox" if isinstance(error, (SecurityError, PermissionError)) else "template"
        at, line = _place(error, render)
        return {"error": {"kind": kind, "at": at, "line": line, "message": _message(error)}}


def _place(error: Exception, render: Render) -> tuple[str, int | None]:
    """The template and its line, as Jinja puts them into the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return error.name or render.at, error.lineno
    place: tuple[str, int | None] = (render.at, None)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name == "<template>" and not render.at.startswith("cookiecutter.json"):
            place = (render.at, trace.tb_lineno)
        elif name in render.request.files or name in render.request.shared:
            place = (name, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _message(error: Exception) -> str:
    text = (error.message or "") if isinstance(error, TemplateSyntaxError) else str(error)
    return text[:1000] or type(error).__name__
