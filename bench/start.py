"""Start: from the command to an open port, and the first query of a document that was known before.

    python -m bench.start [--rounds 5]

`poche serve` in a process of its own, with a manifest of one document, over upstreams that are not
there, with its bytecode compiled. Wall time, and the processor time of all its threads by then; the
least of the rounds, as whatever else the machine does only adds to it.
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
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Took(NamedTuple):
    """Milliseconds."""

    port: float
    worked: float
    first: float
    second: float


def started(folder: Path) -> Took:
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
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if server.poll() is not None:
                    raise SystemExit("it did not start") from None
                time.sleep(0.001)
        opened = time.perf_counter()
        worked = _worked_s(server.pid)
        asked = [_ask(port) for _ in range(2)]
    finally:
        server.terminate()
        server.wait()
    return Took((opened - began) * 1e3, worked * 1e3, *asked)


def _worked_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def _ask(port: int) -> float:
    body = json.dumps({"documentId": digest(KNOWN)}).encode()
    headers = {"content-type": "application/json", "accept": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, headers)
    began = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        assert b'"nantes"' in answer.read()
    return (time.perf_counter() - began) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "documents"
        place.mkdir()
        (place / "known.graphql").write_text(KNOWN)
        took = [started(Path(folder)) for _ in range(options.rounds + 1)][1:]
    table = Table("what", "ms")
    names = ("start to port", "of processor time", "its first query", "the same again")
    for name, figures in zip(names, zip(*took, strict=True), strict=True):
        table.add_row(name, f"{min(figures):.0f}" if name in names[:2] else f"{min(figures):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
