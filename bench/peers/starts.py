"""Starts: from nothing to a port, to the first answer, and to that of a text never seen.

    python -m bench.peers.starts [--rounds 3] [--only ours,tailcall]

Each round starts each server anew on one core; one client on the other asks for the home screen,
read afresh each time. All figures are milliseconds, medians of the rounds. The first answer is
asked as soon as the port is open.
"""

import argparse
import json
from contextlib import ExitStack
from http.client import HTTPConnection
from os import sched_setaffinity
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from bench.peers import upstream, world
from bench.peers.__main__ import HOME
from bench.peers.load import NUMBERS
from bench.peers.running import LOAD_CORE, PATIENCE_S, SERVER_CORE, await_port, running
from bench.peers.servers import COLD, ROOT, Server, interpreter, servers

KNOWN, UNSEEN = 20, 8  # requests of each


class Start(NamedTuple):
    """What a client waits for, in milliseconds."""

    port: float
    work: float  # processor time until then
    first: float
    second: float
    later: float  # the twentieth
    unseen: float  # a text that was never sent before
    after: float  # the same text again


def started(server: Server, expected: world.Json) -> Start:
    """Start a server once; RuntimeError if it answers badly or not at all."""
    hello = expected["hello"]
    others = {name: value for name, value in expected.items() if name != "hello"}
    began = perf_counter()
    log = HOME / "logs" / f"{server.name}.start.log"
    with running(server.command, SERVER_CORE, log, server.folder, server.environment) as process:
        await_port(process, server.port)
        port_ms, work_ms = (perf_counter() - began) * 1e3, process.taken().cpu_s * 1e3
        connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        connection.connect()
        headers = {"Content-Type": "application/json", **server.headers}

        def ask(renamed: str = "hello") -> float:
            body = world.request("home", world.NAME, str(next(NUMBERS)))
            body = body.replace("hello(", f"{renamed}(")
            sent = perf_counter()
            connection.request("POST", server.path, body, headers)
            answer = connection.getresponse().read()
            took_ms = (perf_counter() - sent) * 1e3
            if json.loads(answer).get("data") != {renamed.partition(":")[0]: hello, **others}:
                raise RuntimeError(answer[:300].decode())
            return took_ms

        known = [ask() for _ in range(KNOWN)]
        unseen = [ask(f"hello{number}: hello") for number in range(UNSEEN)]
        again = [ask() for _ in range(UNSEEN)]
    return Start(port_ms, work_ms, known[0], known[1], known[-1], median(unseen), median(again))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", default="", help="servers by the beginning of their names")
    options.add_argument("--python", type=Path, default=interpreter(HOME))
    given = options.parse_args()
    expected = world.write(HOME / "upstream" / "bodies")["home"]
    only = tuple(given.only.casefold().split(","))
    some = [
        one
        for one in servers(HOME, ROOT, given.python)
        if COLD in one.modes and one.name.casefold().startswith(only)
    ]
    sched_setaffinity(0, {int(LOAD_CORE)})
    found: dict[str, list[Start]] = {}
    with ExitStack() as until:
        nginx = upstream.configured(HOME / "upstream")
        until.enter_context(running(nginx, LOAD_CORE, HOME / "logs" / "nginx.log"))
        for number in range(given.rounds):
            for server in some if number % 2 == 0 else some[::-1]:
                try:
                    start = started(server, expected)
                    found.setdefault(server.name, []).append(start)
                except (OSError, RuntimeError, ValueError) as error:
                    print(f"{server.name}: {error}")
    print("| server | port | work | first | second | 20th | unseen text | the known one then |")
    print("| --- |" + " --- |" * 7)
    for name, starts in found.items():
        figures = [median(column) for column in zip(*starts, strict=True)]
        print(f"| {name} | " + " | ".join(f"{figure:,.1f}" for figure in figures) + " |")


if __name__ == "__main__":
    main()
