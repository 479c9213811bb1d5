"""Subscribers: how soon so many clients hear of news, and what each of them costs.

`python -m bench.subscribers` runs one worker over replayed upstreams and 2,000
WebSocket clients of 200 stops on the loopback interface. Every poll of the
(faked) network brings other predictions for all stops; the time runs from the
moment the upstream has answered until the last client has the update.
"""

import argparse
import asyncio
import gzip
import json
import logging
import re
import resource
import tempfile
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from socket import create_server
from statistics import quantiles
from time import monotonic, process_time

import httpx
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

import cities
from schema.nodes import node_id
from tests.conftest import NOW, RECORDINGS, Replay

TTL_S = 5
SUBSCRIPTION = """subscription Board($stop: ID!) { departures(stop: $stop, first: 5) {
  headsign expectedAt scheduledAt realtime platformCode updatedAt
  route { shortName mode color }
} }"""


def serve(parent: Connection) -> None:
    """The worker: tells its port, then when each poll was answered and how much memory it has."""
    from server.app import create_app
    from server.serving import Server
    from server.settings import Settings

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    began, replay = monotonic(), Replay()
    text = gzip.decompress((RECORDINGS / "nantes/departures-1.xml.gz").read_bytes()).decode()
    head, *visits = text.split("<RecordedAtTime>")

    def upstream(_: httpx.Request) -> httpx.Response:
        at = (NOW + timedelta(seconds=monotonic() - began)).isoformat(timespec="seconds")
        body = "<RecordedAtTime>".join([head, *(at + "</" + v.partition("</")[2] for v in visits)])
        parent.send((at, monotonic()))
        return httpx.Response(200, content=body.encode())

    def clock() -> datetime:
        return NOW + timedelta(seconds=monotonic() - began)

    replay.broken["departures"] = upstream
    with tempfile.TemporaryDirectory() as folder, create_server(("127.0.0.1", 0)) as listener:
        toml = (cities.HERE / "nantes.toml").read_text("utf-8")
        before, table, after = toml.partition("[departures]\n")
        after = re.sub('ttl = "[^"]+"', f'ttl = "{TTL_S}s"', after, count=1)
        after = re.sub('quota = "[^"]+"', 'quota = "1 per 1s"', after, count=1)
        (Path(folder) / "nantes.toml").write_text(before + table + after, "utf-8")
        all_from_here = {"live_per_address": 100_000, "live_points_per_address": 1_000_000}
        settings = Settings(cities=Path(folder), warm=False, rate=0, **all_from_here)
        app = create_app(settings, transport=httpx.MockTransport(replay), clock=clock)
        parent.send(listener.getsockname()[1])
        Server(app, settings, log_level="error").run(sockets=[listener])


def stops(many: int) -> list[str]:
    """Quays that something leaves from."""
    text = gzip.decompress((RECORDINGS / "nantes/departures-1.xml.gz").read_bytes()).decode()
    quays = dict.fromkeys(re.findall("<MonitoringRef>([^<]+)", text))
    return [node_id("Stop", "nantes", quay) for quay in list(quays)[:many]]


class Heard:
    """All clients: when each of them was told what."""

    def __init__(self) -> None:
        self.first = 0
        self.at: dict[datetime, list[float]] = {}  # by when the predictions were made

    async def listen(self, connection: ClientConnection) -> None:
        seen: set[datetime | None] = set()
        async for text in connection:
            now = monotonic()
            message = json.loads(text)
            assert message["type"] == "next", message
            made = [d["updatedAt"] for d in message["payload"]["data"]["departures"]]
            newest = max((datetime.fromisoformat(at) for at in made if at), default=None)
            if not seen:
                self.first += 1
            elif newest is not None and newest not in seen:
                self.at.setdefault(newest, []).append(now)
            seen.add(newest)

    async def by(self, many: int) -> None:
        """So many have their first answer."""
        while self.first < many:  # noqa: ASYNC110 - two lines, and it is not what is measured
            await asyncio.sleep(0.05)


async def subscriber(
    port: int, stop: str, heard: Heard
) -> tuple[ClientConnection, asyncio.Task[None]]:
    connection = await connect(
        f"ws://127.0.0.1:{port}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        compression=None,
    )
    await connection.send('{"type": "connection_init"}')
    await connection.recv()
    payload = {"query": SUBSCRIPTION, "variables": {"stop": stop}}
    await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    return connection, asyncio.create_task(heard.listen(connection))


def memory(pid: int) -> float:
    """Resident MiB of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    [resident] = re.findall(r"VmRSS:\s+(\d+)", status)
    return int(resident) / 1024


def cpu(pid: int) -> float:
    """Seconds of processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def measure(clients: int, many: int, polls: int, pid: int, parent: Connection) -> None:
    port, heard = parent.recv(), Heard()
    asked: list[tuple[str, float]] = []  # polls: when they were made, and answered
    boards = stops(many)
    warm = [await subscriber(port, stop, heard) for stop in boards]
    await heard.by(len(boards))
    before = memory(pid)
    rest = [
        await subscriber(port, boards[n % len(boards)], heard) for n in range(clients - len(warm))
    ]
    await heard.by(clients)
    print(f"{clients} subscribers of {len(boards)} stops")
    each = (memory(pid) - before) * 1024 / len(rest)
    heard.at.clear()
    while parent.poll():
        parent.recv()
    busy, mine = cpu(pid), process_time()
    while len(asked) < polls:
        while parent.poll():
            asked.append(parent.recv())
        await asyncio.sleep(0.05)
    await asyncio.sleep(3)
    each_poll = [seconds / len(asked) for seconds in (cpu(pid) - busy, process_time() - mine)]
    print(
        f"processor time for each poll: worker {each_poll[0]:.2f} s, clients {each_poll[1]:.2f} s"
    )
    for made, answered in asked[:polls]:
        told = [at - answered for at in heard.at.get(datetime.fromisoformat(made), ())]
        if len(told) < 2:
            continue
        p50, p99 = (quantiles(told, n=100)[at] for at in (49, 98))
        print(f"poll: {len(told)} told, p50 {p50:.2f} s, p99 {p99:.2f} s, last {max(told):.2f} s")
    print(f"memory: {before:.0f} MiB with {len(warm)} clients, {each:.1f} KiB for each further one")
    print(f"        {memory(pid):.0f} MiB in the end")
    for connection, task in warm + rest:
        task.cancel()
        connection.transport.abort()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clients", type=int, default=2_000)
    options.add_argument("--stops", type=int, default=200)
    options.add_argument("--polls", type=int, default=5)
    given = options.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, given.clients + 500)), hard))
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=serve, args=(theirs,), daemon=True)
    worker.start()
    try:
        asyncio.run(
            asyncio.wait_for(
                measure(given.clients, given.stops, given.polls, worker.pid or 0, ours), 240
            )
        )
    finally:
        worker.terminate()
        worker.join(10)


if __name__ == "__main__":
    main()
