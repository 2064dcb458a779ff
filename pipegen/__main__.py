"""The command ``pipegen``; ``--version`` is answered before anything is imported."""

from __future__ import annotations

import gc
import sys

from pipegen import __version__


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"pipegen {__version__}")
        return
    # A run is short, and makes many objects that stay: looking through them for cycles took a tenth of its time.
    gc.set_threshold(200_000, 50, 50)
    from pipegen.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
