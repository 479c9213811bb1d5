"""Start: from the command to an open port, the first query of a document that was known before,
and texts that were never seen.

    python -m bench.start [--rounds 5]

`poche serve` in a process of its own, by the interpreter that this is run with, with a manifest of
one document, over upstreams that are not there, with its bytecode compiled. Wall time, and the
processor time of all its threads; the least of the rounds, as whatever else the machine does only
adds to it.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from server.manifests import digest

ROOT = Path(__file__).parents[1]
KNOWN = "query Known { cities { slug name } sources { id state attribution licence } }"
UNSEEN = 5  # texts


class Took(NamedTuple):
    """Milliseconds, of the clock and of the processor."""

    wall: float
    worked: float


Start = tuple[Took, ...]  # of each of STEPS
STEPS = ("start to port", "its first query", "the same again", "a text never seen")


def started(folder: Path) -> Start:
    """What one start took, and the queries after it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = {
        **{k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "POCHE_DATA": str(folder / "data"),
        "POCHE_DOCUMENTS": str(folder / "documents"),
        "POCHE_UPSTREAM": "http://127.0.0.1:9",  # nobody
        "POCHE_WARM": "false",
    }
    began = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "server.start", "serve", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_port(server, port)
        opened = Took((time.perf_counter() - began) * 1e3, _worked_ms(server.pid))
        known = {"documentId": digest(KNOWN)}
        first, second = (_asked(server.pid, port, known) for _ in range(2))
        texts = [KNOWN.replace("slug", f"slug a{number}: name") for number in range(UNSEEN)]
        unseen = [_asked(server.pid, port, {"query": text}) for text in texts]
    finally:
        server.terminate()
        server.wait()
    return opened, first, second, min(unseen)


def _await_port(server: subprocess.Popen[bytes], port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if server.poll() is not None:
                raise SystemExit("it did not start") from None
            time.sleep(0.001)


def _worked_ms(process: int) -> float:
    """Processor time of all threads so far."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e6


def _asked(process: int, port: int, parameters: dict[str, str]) -> Took:
    headers = {"content-type": "application/json", "accept": "application/json"}
    body = json.dumps(parameters).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, headers)
    worked, began = _worked_ms(process), time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        assert b'"nantes"' in answer.read()
    return Took((time.perf_counter() - began) * 1e3, _worked_ms(process) - worked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "documents"
        place.mkdir()
        (place / "known.graphql").write_text(KNOWN)
        took = [started(Path(folder)) for _ in range(options.rounds + 1)][1:]
    table = Table("what", "ms", "of processor time")
    for name, each in zip(STEPS, zip(*took, strict=True), strict=True):
        table.add_row(name, *(f"{min(figures):,.1f}" for figures in zip(*each, strict=True)))
    Console().print(table)


if __name__ == "__main__":
    main()
