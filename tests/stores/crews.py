"""Crews: the real command with two workers, each of which can be asked alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import pytest

from tests.conftest import free_port, settled

GIVE_UP_S = 60


class Crew:
    """`poche serve --workers 2`; each worker can be asked alone."""

    def __init__(self, process: subprocess.Popen[Any], port: int, own: list[int]) -> None:
        self.process = process
        self.together = f"http://127.0.0.1:{port}"
        self.alone = [f"http://127.0.0.1:{one}" for one in own]

    @property
    def pids(self) -> list[int]:
        of = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{of}/task/{of}/children").read_text().split()]


@contextmanager
def at_work(store: str, upstream: str, data: Path, **environment: str) -> Iterator[Crew]:
    """Both are ready. They are killed in the end, unless they have been told to stop before."""
    if not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists():
        pytest.skip("who started whom is read off Linux's /proc")
    port, before = free_port(), _two_in_a_row()
    command = [sys.executable, "-m", "server.start", "serve", "--port", str(port)]
    command += ["--workers", "2", "--worker-port", str(before)]
    settings = {"POCHE_STORE": store, "POCHE_UPSTREAM": upstream, "POCHE_DATA": str(data)}
    process = subprocess.Popen(
        command, env={**os.environ, **settings, **environment}, stdout=subprocess.DEVNULL
    )
    made = Crew(process, port, [before + 1, before + 2])
    try:
        for url in made.alone:
            with httpx.Client(base_url=url) as client:
                assert settled(client).status_code == 200
        yield made
    finally:
        process.kill()  # the workers see that, and end by themselves
        process.wait(GIVE_UP_S)


def _two_in_a_row() -> int:
    """A port before two that nobody listens on."""
    while True:
        port = free_port()
        try:
            with closing(create_server(("127.0.0.1", port + 1))):
                return port - 1
        except OSError:
            continue
