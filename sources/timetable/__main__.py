"""The process that imports a feed, within bounds: see `editions`, which starts it."""

import os
import resource
import sys
from argparse import ArgumentParser
from pathlib import Path

import msgspec

from sources.timetable.editions import NOT_WRITTEN
from sources.timetable.importing import import_feed

NICENESS = 10  # requests come first


def main() -> int:
    """The report on standard output, or the reason for refusing the feed on standard error."""
    parser = ArgumentParser("python -m sources.timetable")
    parser.add_argument("zipped", type=Path)
    parser.add_argument("into", type=Path)
    parser.add_argument("--timezone")
    parser.add_argument("--max-cpu-s", type=int, required=True)
    parser.add_argument("--max-memory", type=int, required=True)
    asked = parser.parse_args()
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (asked.max_cpu_s, asked.max_cpu_s))
    resource.setrlimit(resource.RLIMIT_DATA, (asked.max_memory, asked.max_memory))
    try:
        report = import_feed(asked.zipped, asked.into, timezone=asked.timezone)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is how it speaks
        return 1
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return NOT_WRITTEN
    except MemoryError:
        print("it takes too much memory", file=sys.stderr)  # noqa: T201
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
