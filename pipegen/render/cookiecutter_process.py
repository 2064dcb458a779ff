"""Starting the processes in which a cookiecutter template is rendered: a confined one, or cookiecutter itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipegen.core.errors import BlueprintError
from pipegen.core.names import shorten
from pipegen.render.cookiecutter_code import keep

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from pipegen.render import {0}; {0}.main()"
_TRUST = "`--trust` lets cookiecutter itself render it: only for a template whose code you have read"


@dataclass(frozen=True)
class Limits:
    """What one render may spend: seconds of computing, and bytes of memory."""

    seconds: int = 20
    memory: int = 1_000_000_000


def confined(
    request: Callable[[], Mapping[str, Any]], limits: Limits, origin: str, code: Sequence[Path] = ()
) -> dict[str, Any]:
    """Render in a process that can do nothing else; it starts while ``request`` is put together.

    Compiled templates are read from the first of ``code`` that is there, and kept in the first.

    Raises:
        BlueprintError: the template does not render, tries to leave the sandbox, or does not end.
    """
    known = [str(path) for path in code if path.exists()]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        _command("cookiecutter_child"), stdin=pipe, stdout=pipe, stderr=pipe, cwd="/", env=_bare_environment()
    ) as process:
        try:
            settings = {"limits": {"seconds": limits.seconds, "memory": limits.memory}, "code": known}
            said, _ = process.communicate(json.dumps({**request(), **settings}).encode(), timeout=15 * limits.seconds)
        except subprocess.TimeoutExpired:
            raise _endless(limits, origin) from None
        finally:
            process.kill()
    if process.returncode in (-getattr(signal, "SIGXCPU", 0), -getattr(signal, "SIGKILL", 0)):
        raise _endless(limits, origin)
    try:
        length, _, rest = said.partition(b"\n")
        answer = json.loads(rest[: int(length)])
    except ValueError:
        raise BlueprintError(
            f"`{origin}` brought its renderer down (exit code {process.returncode})",
            hint="a template that is too large or too deep",
        ) from None
    if len(rest) > int(length) and "result" in answer:
        keep(code[0] if code else None, rest[int(length) :])
    return result_of(answer, limits, origin)


def result_of(answer: Mapping[str, Any], limits: Limits, origin: str) -> dict[str, Any]:
    """What a render made, of the renderer's answer; raises as :func:`confined` does."""
    if "error" in answer:
        raise _error(answer["error"], origin, limits)
    result: dict[str, Any] = answer["result"]
    return result


def trusted(request: Mapping[str, Any], temporary: Path) -> dict[str, Any]:
    """Let cookiecutter render, hooks and all; what these say goes to stderr.

    Returns:
        Its answer: ``project``, ``templates`` and ``drew``, or ``error``.
    """
    answer = temporary / "answer.json"
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}
    asked = json.dumps({**request, "answer": str(answer)}).encode()
    done = subprocess.run(
        _command("cookiecutter_trusted"), input=asked, stdout=2, check=False, env=environment, cwd=temporary
    )  # fmt: skip
    try:
        read: dict[str, Any] = json.loads(answer.read_bytes())
    except (OSError, ValueError):
        return {"error": f"cookiecutter ended with exit code {done.returncode}"}
    return read


def _command(module: str) -> list[str]:
    paths = json.dumps([str(Path(path).absolute()) for path in sys.path])
    return [sys.executable, "-s", "-P", "-c", _START.format(module), paths]


def _bare_environment() -> dict[str, str]:
    """Nothing of the person's, and what would make two renders differ set to one value."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {
        **kept,
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }


def _endless(limits: Limits, origin: str) -> BlueprintError:
    return BlueprintError(
        f"`{origin}` was not rendered after {limits.seconds} seconds of computing, so it was stopped",
        hint="a template that loops without an end; the whole project is rendered in one go",
    )


def _error(error: Mapping[str, Any], origin: str, limits: Limits) -> BlueprintError:
    line = f":{error['line']}" if error["line"] else ""
    where = f"{origin}: {shorten(str(error['at']), 200)}{line}"
    if error["kind"] == "memory":
        return BlueprintError(
            f"{where}: the template fills more than {limits.memory // 1_000_000:,} MB of memory, so it was stopped"
        )
    message = shorten(str(error["message"]), 300)
    if error["kind"] == "sandbox":
        return BlueprintError(f"{where}: the template does what no template needs: {message}", hint=_TRUST)
    return BlueprintError(f"{where}: {message}")
