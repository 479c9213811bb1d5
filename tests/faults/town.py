"""Town: the whole application over the sandbox on a real socket, and the bad days it can have."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Set
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Unpack

import httpx

import cities
from sandbox.app import Options
from sandbox.serve import running
from sandbox.world import World
from server import network
from sources.exchange import Answer, Question
from tests.conftest import HERE, Clock, Server, serving

EARLY = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)  # 04:20 in Nantes: little runs, so little is read
# The home screen; with pools that are closed at that hour.
HOME = (HERE / "queries" / "home_screen.graphql").read_text().replace("openNow: true, ", "")
SOURCES = "{ sources { id state ageS lastError } }"
# The fields of the home screen that rest on each upstream.
FIELDS = {
    "stops": {"stops"},
    "departures": {"departures"},
    "pools": {"pools"},
    "pools.hours": {"openNow", "closesAt", "hours"},
    "schools": {"school"},
    "menus": {"menus"},
}
KEPT = {"", "communes", "routes", *FIELDS}
# How often a home screen asks each: GTFS is a record and the file that it names.
CALLS = dict.fromkeys(FIELDS, 1) | {"stops": 2}


def early() -> Clock:
    clock = Clock()
    clock.now = EARLY
    return clock


class Outside:
    """The sandbox, by its own control address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url)

    def suffer(self, upstream: str, fault: str) -> None:
        self._client.put(f"/_control/faults/{upstream}", content=fault).raise_for_status()

    def recover(self) -> None:
        self._client.delete("/_control/faults").raise_for_status()

    def calls(self) -> dict[str, int]:
        """How often each upstream was asked; those that were not are left out."""
        told = self._client.get("/_control").raise_for_status().json()["calls"]
        return {name: tally["count"] for name, tally in told.items() if tally["count"]}

    def times(self, upstream: str) -> list[datetime]:
        """When it was asked, by the clock of its world."""
        told = self._client.get("/_control").raise_for_status().json()["calls"]
        return [datetime.fromisoformat(time) for time in told[upstream]["times"]]

    def forget(self) -> None:
        self._client.post("/_control/calls/reset").raise_for_status()

    def close(self) -> None:
        self._client.close()


@contextmanager
def outside(clock: Clock, **options: Unpack[Options]) -> Iterator[Outside]:
    """The sandbox, on a real socket, in the clock's time."""
    with running(World(clock), **options) as url:
        found = Outside(url)
        try:
            yield found
        finally:
            found.close()


class Network(network.Network):
    """The network as the server has it, but that nobody listens for the tables `unplugged`."""

    def __init__(self, url: str) -> None:
        super().__init__(url, ())
        self.unplugged: set[str] = set()
        self.sent: Counter[str] = Counter()
        self._deaf = socket.socket()  # bound, so that nobody else is; but it does not listen
        self._deaf.bind(("127.0.0.1", 0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = self._wired(request.extensions["binding"].table, request.url)
        return await super().handle_async_request(request)

    @asynccontextmanager
    async def get(self, question: Question) -> AsyncIterator[Answer]:
        url = self._wired(question.binding.table, httpx.URL(question.url))
        async with super().get(question._replace(url=str(url))) as answer:
            yield answer

    def _wired(self, table: str, url: httpx.URL) -> httpx.URL:
        self.sent[table] += 1
        return url.copy_with(port=self._deaf.getsockname()[1]) if table in self.unplugged else url

    async def aclose(self) -> None:
        self._deaf.close()
        await super().aclose()


@asynccontextmanager
async def town(
    world: Outside, clock: Clock, network: Network | None = None, **settings: Any
) -> AsyncIterator[Server]:
    """The application, its upstreams that world."""
    through = network or Network(world.url)
    with TemporaryDirectory() as folder:
        settings = {"cities": nantes(Path(folder), {}), **settings}
        async with serving(through, clock, upstream=world.url, **settings) as server:
            yield server


async def landed() -> None:
    """Come back when nothing is being read, behind or before."""
    reads = [task for task in asyncio.all_tasks() if task.get_name().startswith("read ")]
    await asyncio.gather(*reads, return_exceptions=True)


def nantes(folder: Path, changes: Mapping[str, Mapping[str, str]]) -> Path:
    """A folder with Nantes' city file, some words of some of its tables changed.

    Only what the home screen needs is in it; without the timetable, which stands in
    for real time when that is down.
    """
    lines, table = list[str](), ""
    for line in (cities.HERE / "nantes.toml").read_text("utf-8").splitlines():
        if line.startswith("["):
            table = line.partition("]")[0].strip("[")
        if table.removesuffix(".fields") not in KEPT:
            continue
        if line.startswith("["):
            lines += [line, *(f'{word} = "{new}"' for word, new in changes.get(table, {}).items())]
        elif line.partition(" = ")[0] not in changes.get(table, {}):
            lines.append(line)
    (folder / "nantes.toml").write_text("\n".join(lines), "utf-8")
    return folder


def pruned(data: Any, names: Set[str]) -> Any:
    """The same answer without some fields, however deep they are."""
    if isinstance(data, dict):
        return {name: pruned(value, names) for name, value in data.items() if name not in names}
    return [pruned(one, names) for one in data] if isinstance(data, list) else data


def at(data: Any, path: list[str | int]) -> Any:
    """What an answer has at an error's path."""
    for step in path:
        data = data[step]
    return data
