"""Online: a city on a real socket, in the test's own event loop, whose upstreams say news."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from socket import create_server
from typing import Any

import httpx
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from schema.nodes import node_id
from server.app import create_app
from server.live import Live
from server.serving import Server
from server.settings import Settings
from tests.conftest import RECORDINGS, Clock, Replay

GENEROUS_S = 20.0  # a bound for a machine that does ten other things
STOP = node_id("Stop", "nantes", "FR_NAOLIB:StopPlace:20")
QUAY = node_id("Stop", "nantes", "FR_NAOLIB:Quay:94")
DEPARTURES = """subscription ($stop: ID!, $first: Int! = 3) {
  departures(stop: $stop, first: $first) { headsign expectedAt updatedAt }
}"""
NEXT = '{ stop(gtfsId: "FR_NAOLIB:StopPlace:20") { departures(first: 1) { updatedAt } } }'
POOLS = "{ pools(first: 3) { nodes { id name } } }"
NODES = "subscription ($ids: [ID!]!) { nodes(ids: $ids) { id node { ... on Pool { name } } } }"
A_DAY = 86_400


class Socket:
    """One client over WebSocket; all it waits for has to come within reason."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(GENEROUS_S):
            message: dict[str, Any] = json.loads(await self.connection.recv())
            return message

    async def hello(self) -> None:
        await self.say(type="connection_init")
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, name: str, query: str = DEPARTURES, **variables: Any) -> None:
        payload = {"query": query, "variables": variables or {"stop": STOP}}
        await self.say(id=name, type="subscribe", payload=payload)

    async def next(self, name: str) -> dict[str, Any]:
        message = await self.hear()
        assert (message["id"], message["type"]) == (name, "next"), message
        payload: dict[str, Any] = message["payload"]
        return payload

    async def closed(self) -> int | None:
        """The code that the server closes with, whatever it says before."""
        with suppress(ConnectionClosed):
            while True:
                await self.hear()
        return self.connection.close_code


class Online:
    """A running application on a socket."""

    def __init__(
        self, app: Starlette, server: Server, port: int, clock: Clock, replay: Replay
    ) -> None:
        self.live: Live = app.state.live
        self.sources = app.state.editions.sources
        self.server = server
        self.url = f"http://127.0.0.1:{port}"
        self.clock = clock
        self.replay = replay

    @asynccontextmanager
    async def socket(self, **options: Any) -> AsyncIterator[Socket]:
        """A client that has connected, and said nothing yet."""
        options = {"subprotocols": ["graphql-transport-ws"], "compression": None, **options}
        address = self.url.replace("http", "ws") + "/graphql"
        async with connect(address, **options) as connection:
            yield Socket(connection)

    @asynccontextmanager
    async def greeted(self) -> AsyncIterator[Socket]:
        async with self.socket() as socket:
            await socket.hello()
            yield socket

    @asynccontextmanager
    async def stream(
        self, accept: str, query: str = DEPARTURES, **variables: Any
    ) -> AsyncIterator[httpx.Response]:
        body = {"query": query, "variables": variables or {"stop": STOP}}
        async with (
            httpx.AsyncClient(base_url=self.url, timeout=GENEROUS_S) as client,
            client.stream("POST", "/graphql", json=body, headers={"accept": accept}) as response,
        ):
            yield response

    async def ask(self, query: str) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.url, timeout=GENEROUS_S) as client:
            answer: dict[str, Any] = (await client.post("/graphql", json={"query": query})).json()
            return answer

    async def news(self, minute: str) -> None:
        """Real time has been read again: all predictions were made at 10:`minute`."""
        self.replay.broken["departures"] = lambda _: httpx.Response(200, content=predicted(minute))
        self.clock.advance(40)  # beyond its ttl, and its quota's period
        await self.ask(NEXT)  # is answered with what is held, and has it read behind

    async def tomorrow(self, *names: str) -> None:
        """Pools have been read again, and those of these names have another one."""
        self.replay.broken["pools"] = lambda _: httpx.Response(200, content=renamed(*names))
        self.clock.advance(A_DAY)
        await self.ask(POOLS)

    async def unheard(self) -> None:
        """Nobody listens any more, though clients may be there."""
        await until(lambda: not self.live.counts["listeners"])

    async def quiet(self) -> None:
        """Nobody is there any more."""
        await until(lambda: not any(self.live.counts.values()))


def predicted(minute: str) -> bytes:
    """The recorded real time, as if all of it had been predicted in that minute."""
    recorded = gzip.decompress((RECORDINGS / "nantes/departures-1.xml.gz").read_bytes()).decode()
    head, *visits = recorded.split("<RecordedAtTime>")
    changed = [f"2026-11-24T10:{minute}:00+01:00</{v.partition('</')[2]}" for v in visits]
    return "<RecordedAtTime>".join([head, *changed]).encode()


def renamed(*names: str) -> bytes:
    """The recorded pools, those of these names with another one."""
    text = gzip.decompress((RECORDINGS / "nantes/pools-1.json.gz").read_bytes()).decode()
    for name in names:
        text = text.replace(f'"{name}"', f'"{name} bis"')
    return text.encode()


async def until(true: Callable[[], bool]) -> None:
    """Come back as soon as it is true; TimeoutError if that takes far too long."""
    async with asyncio.timeout(GENEROUS_S):
        while not true():  # noqa: ASYNC110 - what goes on inside the server sets no event of ours
            await asyncio.sleep(0.001)


@asynccontextmanager
async def running(replay: Replay, clock: Clock, **options: Any) -> AsyncIterator[Online]:
    settings = Settings(**{"warm": False, "rate": 0, **options})
    app = create_app(
        settings,
        transport=httpx.MockTransport(replay),
        clock=clock,
        ticks=lambda: clock().timestamp(),
    )
    with create_server(("127.0.0.1", 0)) as listener:
        server = Server(app, settings, log_level="warning")
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await until(lambda: server.started)
            yield Online(app, server, listener.getsockname()[1], clock, replay)
        finally:
            server.should_exit = True
            await serving
