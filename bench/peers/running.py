"""Running: processes on the cores they belong to, what they take, and their end."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection
from typing import NamedTuple

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SERVER_CORE, LOAD_CORE = "0", "1"
PATIENCE_S = 60
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"  # of what is installed it is kept, so servers start with it


class Taken(NamedTuple):
    """Of a process and its children so far: processor time, and memory."""

    cpu_s: float
    memory: int


class Core(NamedTuple):
    """What a core did so far: its busy seconds, and those that its host took from it."""

    busy_s: float
    stolen_s: float


class Process:
    """A program with all that it starts, pinned to a core."""

    def __init__(
        self, command: list[str], core: str, log: Path, folder: Path, environment: Mapping[str, str]
    ) -> None:
        ours = {k: v for k, v in os.environ.items() if k != NO_BYTECODE}
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                ["taskset", "-c", core, *command],
                cwd=folder,
                env={**ours, **environment},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self.log = log

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def taken(self) -> Taken:
        cpu, memory = 0, 0
        for pid in self._tree():
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                cpu += int(fields[11]) + int(fields[12])
                memory += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return Taken(cpu / TICKS_PER_S, memory * os.sysconf("SC_PAGE_SIZE"))

    def stop(self) -> None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(3)
                return

    def _tree(self) -> list[int]:
        pids = [self._process.pid]
        for pid in pids:
            with suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    pids += map(int, (task / "children").read_text().split())
        return pids


@contextmanager
def running(
    command: list[str],
    core: str,
    log: Path,
    folder: Path = Path("/"),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Process]:
    process = Process(command, core, log, folder, environment or {})
    try:
        yield process
    finally:
        process.stop()


def ask(url: str, body: str, headers: Mapping[str, str]) -> bytes:
    """The body of one answer, to a GET where nothing is posted; OSError unless it is a good one."""
    headers = {"Content-Type": "application/json", **headers}
    asked = urllib.request.Request(url, body.encode() or None, headers)
    with urllib.request.urlopen(asked, timeout=20) as reply:
        found: bytes = reply.read()
    return found


def await_answer(process: Process, url: str, body: str, headers: Mapping[str, str]) -> None:
    """Return as soon as the server answers; RuntimeError if it does not."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and not process.ended:
        with suppress(OSError):
            ask(url, body, headers)
            return
        time.sleep(0.1)
    raise RuntimeError(f"does not answer; see {process.log}")


def await_port(process: Process, port: int) -> None:
    """Return as soon as it is open; RuntimeError if it does not open."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and not process.ended:
        with suppress(OSError):
            create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.002)
    raise RuntimeError(f"no port; see {process.log}")


def core(number: str) -> Core:
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{number}":
            user, nice, system, _, _, irq, soft, stolen = map(int, fields[:8])
            busy = user + nice + system + irq + soft
            return Core(busy / TICKS_PER_S, stolen / TICKS_PER_S)
    raise ValueError(f"no core {number}")
