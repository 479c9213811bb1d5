"""Start: the `poche` command's first step."""

import gc


def main() -> None:
    """Load the command, and run it.

    What is loaded stays: to look through it for cycles again and again takes a fifth of a start.
    """
    gc.disable()
    from server.cli import main as command

    gc.freeze()
    gc.enable()
    command()


if __name__ == "__main__":
    main()
