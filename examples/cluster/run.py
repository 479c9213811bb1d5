"""Cluster: three replicas of Poche, the Valkey that they share, HAProxy in front: on one machine.

    python examples/cluster/run.py [--upstream http://127.0.0.1:8090]

Each is a process of its own; they end with this one. Without `--upstream` the sandbox plays all
upstreams. While it runs, `r` restarts the replicas one after the other, as a release would.
Needs `haproxy`, and `valkey-server` or `redis-server`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from socket import create_server
from types import TracebackType
from typing import NamedTuple

import httpx

HERE = Path(__file__).parent
NAMES = ("one", "two", "three")
DRAIN_S = 2.0  # HAProxy notices within half a second
PATIENCE_S = 90.0
SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
BALANCER = shutil.which("haproxy", path=SBIN)
KEEPER = shutil.which("valkey-server", path=SBIN) or shutil.which("redis-server", path=SBIN)


class Missing(Exception):
    """A program that the cluster needs is not installed."""


class Process:
    """A program that may be stopped, killed and started again."""

    def __init__(self, command: list[str], log: Path, **environment: str) -> None:
        self._command = command
        self._log = log
        self._environment = {**os.environ, **environment}
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log
            )

    def end(self, word: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to stop, and wait until it has."""
        if self._running is not None:
            self._running.send_signal(word)
            self._running.wait(PATIENCE_S)
            self._running = None

    @property
    def running(self) -> bool:
        return self._running is not None and self._running.poll() is None


class Replica(NamedTuple):
    """One Poche: its name in HAProxy, its process, its own address."""

    name: str
    process: Process
    url: str


class Cluster:
    """All of it, in a folder of its own: `clients.toml` and `documents/` are the operator's.

    `environment` is what the replicas are started with besides. Missing: a program is.
    """

    def __init__(self, folder: Path, upstream: str, **environment: str) -> None:
        if BALANCER is None or KEEPER is None:
            raise Missing("haproxy, and valkey-server or redis-server, are needed here")
        city, operators, store, *ports = free_ports(3 + len(NAMES))
        self.folder = folder
        self.url = f"http://127.0.0.1:{city}"
        self.operators = f"http://127.0.0.1:{operators}"
        self._documents = folder / "documents"
        self._documents.mkdir(exist_ok=True)
        self._clients = folder / "clients.toml"
        self._clients.touch()
        kept = ["--appendonly", "yes", "--dir", str(folder)]  # what it was told survives it
        command = [KEEPER, "--bind", "127.0.0.1", "--port", str(store), *kept]
        self.keeper = Process(command, folder / "valkey.log")
        settings = {
            "POCHE_STORE": f"redis://127.0.0.1:{store}",
            "POCHE_UPSTREAM": upstream,
            "POCHE_CLIENTS": str(self._clients),
            "POCHE_DOCUMENTS": str(self._documents),
            "POCHE_DRAIN_S": str(DRAIN_S),
            "POCHE_LOG": "json",
            **environment,
        }
        self.replicas = [
            self._replica(name, port, settings) for name, port in zip(NAMES, ports, strict=True)
        ]
        addresses = {f"CLUSTER_{one.name.upper()}": one.url[7:] for one in self.replicas}
        self.balancer = Process(
            [BALANCER, "-db", "-f", str(HERE / "haproxy.cfg")],
            folder / "haproxy.log",
            CLUSTER_CITY=f"127.0.0.1:{city}",
            CLUSTER_OPERATORS=f"127.0.0.1:{operators}",
            **addresses,
        )

    def _replica(self, name: str, port: int, settings: dict[str, str]) -> Replica:
        data = self.folder / name
        data.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "server.start", "serve", "--port", str(port)]
        process = Process(command, data / "log", **settings, POCHE_DATA=str(data))
        return Replica(name, process, f"http://127.0.0.1:{port}")

    def __enter__(self) -> Cluster:
        self.keeper.start()
        for one in self.replicas:
            one.process.start()
        self.balancer.start()
        try:
            self.settle()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.balancer.end()
        for one in self.replicas:  # all at once, and nobody is sent there any more
            one.process.end(signal.SIGKILL)
        self.keeper.end()

    def restart(self) -> None:
        """One replica after the other, each when the one before it is there again."""
        for one in self.replicas:
            one.process.end()
            one.process.start()
            self.settle()

    def settle(self) -> None:
        """Come back when HAProxy sends clients to every replica that runs; TimeoutError."""
        expected = {one.name for one in self.replicas if one.process.running}
        give_up = time.monotonic() + PATIENCE_S
        while self.up() != expected:
            if time.monotonic() > give_up:
                raise TimeoutError(f"{expected - self.up()} did not get ready")
            time.sleep(0.05)

    def up(self) -> set[str]:
        """The replicas that HAProxy sends clients to."""
        try:
            rows = httpx.get(f"{self.operators}/;csv").text.splitlines()
        except httpx.TransportError:
            return set()
        names = rows[0].removeprefix("# ").split(",")
        states = [dict(zip(names, row.split(","), strict=False)) for row in rows[1:]]
        return {
            one["svname"]
            for one in states
            if one["pxname"] == "replicas" and one["status"].startswith("UP")
        } - {"BACKEND"}


def free_ports(number: int) -> list[int]:
    """Ports of this machine that nobody listens on at the moment."""
    with ExitStack() as all_of_them:
        found = [all_of_them.enter_context(create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [int(one.getsockname()[1]) for one in found]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--upstream", help="where all upstreams are; the sandbox without it")
    given = options.parse_args()
    with ExitStack() as ending:
        if given.upstream is None:
            from sandbox.serve import running
            from sandbox.world import World

            given.upstream = ending.enter_context(running(World()))
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="cluster-")))
        print("Three replicas read their sources for the first time …")
        cluster = ending.enter_context(Cluster(folder, given.upstream))
        print(f"The city    {cluster.url}/graphiql")
        print(f"HAProxy     {cluster.operators}/")
        print(f"Replicas    {' '.join(one.url for one in cluster.replicas)}")
        print(f"Files       {folder}")
        print("r and Enter restart the replicas one after the other; Ctrl-C stops.")
        try:
            for line in sys.stdin:
                if line.strip() == "r":
                    cluster.restart()
                    print("All three are there again.")
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    try:
        main()
    except Missing as error:
        sys.exit(f"cluster: {error}")
