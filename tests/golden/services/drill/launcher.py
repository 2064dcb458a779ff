"""Run a module of the pipeline with one of its functions replaced:  python -m drill.launcher DEED MODULE [ARGUMENT …]

DEED is `die:module:Name.function` (the process kills itself, as kill -9 would, when the function is called),
`die-after:…` (when it has done its work) or `touch:…=PATH` (a file is written to when the function is called: its time says so).
"""

import importlib
import os
import runpy
import signal
import sys
from collections.abc import Callable
from typing import Any


def find(place: str) -> tuple[Any, str]:
    """The object that has the function, and the function's name there."""
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *parts, name = path.split(".")
    for part in parts:
        owner = getattr(owner, part)
    if not callable(getattr(owner, name)):
        raise TypeError(f"{place} is no function")
    return owner, name


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def install(deed: str) -> None:
    """Put the deed in place of the function, or around it."""
    what, _, rest = deed.partition(":")
    place, _, path = rest.partition("=")
    owner, name = find(place)
    function: Callable[..., Any] = getattr(owner, name)

    def around(*arguments: Any, **named: Any) -> Any:
        if what == "touch":
            os.utime(path)
            return function(*arguments, **named)
        found = function(*arguments, **named)
        die()
        return found

    setattr(owner, name, die if what == "die" else around)


def main() -> None:
    deed, module, *arguments = sys.argv[1:]
    install(deed)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
