"""Peers: load every server in turn, and write what it could do.

    bench/peers/install.sh && python -m bench.peers
    python -m bench.peers --workloads home,posts_users.memory --only ours,mercurius,tailcall

See README.md for what is compared with what. Each sample is a new load; servers take turns, in
one order and then in the other. About 45 minutes with everything; one core a server.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from bench.peers import plots, results, upstream, world
from bench.peers.load import TOGETHER, Sample, load, question
from bench.peers.running import LOAD_CORE, SERVER_CORE, Process, ask, await_answer, running
from bench.peers.servers import (
    COLD,
    MODES,
    OURS,
    REMEMBERED,
    ROOT,
    STAMPEDE,
    Server,
    interpreter,
    servers,
)

HOME = Path(os.environ.get("POCHE_BENCH", "~/.cache/poche-bench")).expanduser()
GREET = "greet"  # reads nothing, so all are asked in one mode


class Bench:
    """The servers that were started, and what is measured of them."""

    def __init__(self, expected: dict[str, world.Json], clients: int) -> None:
        self.samples: dict[str, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
        self._expected = expected
        self._clients = clients
        self._processes: dict[str, Process] = {}
        self._least: dict[tuple[str, str], int] = {}  # bytes of an answer, by server and document

    def start(self, server: Server, documents: Iterable[str], until: ExitStack) -> None:
        """Start a server and compare its answers; RuntimeError if they are not what they should."""
        log = HOME / "logs" / f"{server.name}.log"
        process = until.enter_context(
            running(server.command, SERVER_CORE, log, server.folder, server.environment)
        )
        hello = world.request(GREET, world.NAME, "0")
        await_answer(process, server.url(GREET), hello, server.headers)
        for document in documents:
            asked = world.request(document, world.NAME, "1" * 10)
            body = ask(server.url(document), asked, server.headers)
            said = json.loads(body)
            if said.get("errors") or said["data"] != self._expected[document]:
                raise RuntimeError(f"{document}: {body[:300]!r}")
            self._least[server.name, document] = len(body)
            if server.name == OURS:
                (HOME / "answers" / f"{document}.json").write_bytes(body)
        self._processes[server.name] = process

    def compare(self, workload: str, some: list[Server], rounds: int, seconds: float) -> None:
        """Load servers in turn, once to warm them up, which does not count."""
        for number in range(rounds + 1):
            for server in some if number % 2 == 0 else some[::-1]:
                try:
                    sample = self._measured(server, workload, seconds)
                except ValueError as error:
                    _say(f"NOT COUNTED: {workload} of {server.name}: {error}")
                    continue
                _say(f"{workload} {number} {server.name}: {sample.per_s:,.0f} a second")
                if number:
                    self.samples[workload][server.name].append(sample)

    def _measured(self, server: Server, workload: str, seconds: float) -> Sample:
        document, mode = _named(workload)
        return load(
            self._processes[server.name],
            server,
            question(server, document, mode),
            clients=TOGETHER if mode == STAMPEDE else self._clients,
            seconds=seconds,
            least=self._least[server.name, document],
        )


def _say(what: str) -> None:
    """At once: a run takes long, and is watched."""
    print(what, flush=True)


def _named(workload: str) -> tuple[str, str]:
    """The document and the mode of `home.cold`."""
    document, _, mode = workload.partition(".")
    return document, mode or REMEMBERED


def _workloads(asked: str) -> list[str]:
    """`home,posts.cold` as `home.cold`, `home.memory` and so on."""
    found = []
    for word in asked.split(","):
        document, _, mode = word.partition(".")
        if document not in world.DOCUMENTS or mode not in ("", *MODES):
            sys.exit(f"no workload `{word}`: {', '.join(world.DOCUMENTS)}; {', '.join(MODES)}")
        modes = [mode] if mode else MODES
        found += [GREET] if document == GREET else [f"{document}.{one}" for one in modes]
    return found


def _suits(server: Server, workload: str) -> bool:
    document, mode = _named(workload)
    return mode in server.modes or (document == GREET and COLD in server.modes)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--workloads", default=",".join(world.DOCUMENTS))
    options.add_argument("--only", default="", help="servers by the beginning of their names")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--clients", type=int, default=64)
    options.add_argument("--checkout", type=Path, default=ROOT, help="ours, as it is there")
    options.add_argument(
        "--python", type=Path, default=interpreter(HOME), help="of all servers in Python"
    )
    options.add_argument("--out", type=Path, default=HOME / "results")
    given = options.parse_args()
    workloads, only = _workloads(given.workloads), tuple(given.only.casefold().split(","))
    for folder in ("logs", "answers", "upstream/bodies"):
        (HOME / folder).mkdir(parents=True, exist_ok=True)
    given.out.mkdir(parents=True, exist_ok=True)
    expected = world.write(HOME / "upstream" / "bodies")
    for document, data in expected.items():  # what the bare server says, unless ours is there
        (HOME / "answers" / f"{document}.json").write_text(json.dumps({"data": data}), "utf-8")
    bench = Bench(expected, given.clients)
    wanted = [
        one
        for one in servers(HOME, given.checkout, given.python)
        if one.name.casefold().startswith(only) and any(_suits(one, word) for word in workloads)
    ]
    with ExitStack() as until:
        nginx = upstream.configured(HOME / "upstream")
        until.enter_context(running(nginx, LOAD_CORE, HOME / "logs" / "nginx.log"))
        documents = sorted({_named(word)[0] for word in workloads} | {GREET})
        started = []
        for server in wanted:
            try:
                bench.start(server, documents, until)
                started.append(server)
            except (OSError, RuntimeError, ValueError) as error:
                _say(f"LEFT OUT: {server.name}: {error}")
        for workload in workloads:
            some = [one for one in started if _suits(one, workload)]
            bench.compare(workload, some, given.rounds, given.seconds)
            results.write(bench.samples, _about(given), given.out / "results.json")
    plots.write(bench.samples, given.out / "plots")
    tables = results.tables(bench.samples)
    (given.out / "tables.md").write_text(tables, "utf-8")
    print(f"\n{tables}\nWritten to {given.out}")


def _version(python: Path) -> str:
    said = "import platform; print(platform.python_version(), *platform.python_build())"
    return subprocess.check_output([python, "-c", said], text=True).strip()


def _about(given: argparse.Namespace) -> dict[str, object]:
    return {
        "rounds": given.rounds,
        "clients": given.clients,
        "seconds": given.seconds,
        "python": _version(given.python),
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    main()
