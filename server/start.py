"""Start: the `poche` command's first step."""

import gc
import sys


def main() -> None:
    """Load the command, and run it.

    What is loaded stays: to look through it for cycles again and again takes a fifth of a start.
    """
    gc.disable()
    _load_without({"pygments", "rich"}, "structlog", "httpx")
    if sys.argv[1:2] == ["serve"]:
        from server.serve import main as command
    else:
        from server.cli import main as command
    gc.freeze()
    gc.enable()
    command()


def _load_without(unwanted: set[str], *modules: str) -> None:
    """Load modules as they are where others, which they can do without, are not installed.

    These draw tracebacks, which our logs do not want, and a command line that is not ours.
    """
    sys.modules |= dict.fromkeys(unwanted)  # type: ignore[arg-type]
    for module in modules:
        __import__(module)
    for name in unwanted:
        del sys.modules[name]


if __name__ == "__main__":
    main()
