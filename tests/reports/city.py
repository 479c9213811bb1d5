"""A made-up city with a desk for reports, and the line to it, which can be cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx

from sandbox.app import create_app
from sandbox.world import World
from sources.courier import FILE
from tests.conftest import Clock, Server, serving

CITIES = Path(__file__).parent.parent / "cities"
ISSUE = """mutation ($input: ReportInput!, $key: String!) {
  reportIssue(input: $input, clientKey: $key) { id state number failure name position { lat } }
}"""
STATE = """query ($id: ID!) {
  report(id: $id) { id state number failure name description reportedAt serviceCode }
}"""
CLIENT_KEY = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
SECRETS = ["marie.curie@exemple.fr", "0601020304", "Marie", "Curie"]
CONTACT = {
    "email": "marie.curie@exemple.fr",
    "phone": "0601020304",
    "firstName": "Marie",
    "lastName": "Curie",
}
BROKEN = {
    "service": "002",
    "lat": 47.2144,
    "lon": -1.5584,
    "description": "Le lampadaire de l'entrée clignote.",
    "contact": CONTACT,
}
Failure = Callable[[httpx.Request], None]


class Line(httpx.AsyncBaseTransport):
    """The line to a city's desk, which outlives our servers; it can be cut before or after."""

    def __init__(self, clock: Clock) -> None:
        self._desk = httpx.ASGITransport(create_app(World(clock)))
        self.before: Failure | None = None  # what happens instead of sending
        self.after: Failure | None = None  # what happens instead of an answer to a POST
        self.answer: Callable[[], httpx.Response] | None = None  # instead of the desk's, to a POST
        self.arrived: asyncio.Event | None = None  # set by a POST, which is never answered then
        self.forms: list[dict[str, list[str]]] = []  # that reached the desk
        self.calls: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        if self.before is not None:
            self.before(request)
        if request.method != "POST":
            return await self._desk.handle_async_request(request)
        self.forms.append(parse_qs(request.content.decode()))
        if self.answer is not None:
            return self.answer()
        response = await self._desk.handle_async_request(request)
        if self.arrived is not None:
            self.arrived.set()
            await asyncio.Event().wait()
        if self.after is not None:
            self.after(request)
        return response


def nobody(request: httpx.Request) -> None:
    raise httpx.ConnectError("nobody there", request=request)


def silence(request: httpx.Request) -> None:
    raise httpx.ReadTimeout("no answer", request=request)


class City:
    """A server over the made-up city, and what a citizen does with it."""

    def __init__(self, server: Server, line: Line) -> None:
        self.server = server
        self.line = line
        self.clock = server.clock

    async def issue(self, key: str = CLIENT_KEY, **changes: Any) -> Any:
        body = {"query": ISSUE, "variables": {"input": {**BROKEN, **changes}, "key": key}}
        return (await self.server.client.post("/graphql", json=body)).json()

    async def reported(self, key: str = CLIENT_KEY, **changes: Any) -> str:
        """The id of a report that was taken."""
        answer = await self.issue(key, **changes)
        assert "errors" not in answer, answer
        assert answer["data"]["reportIssue"]["state"] == "RECEIVED"
        return answer["data"]["reportIssue"]["id"]

    async def delivered(self, after_s: float = 0) -> None:
        """Come back when all that is due has been done."""
        self.clock.advance(after_s)
        await self.server.app.state.editions.sources.courier.deliver()

    async def state(self, report: str) -> dict[str, Any]:
        answer = await self.server.ask(STATE, {"id": report})
        assert "errors" not in answer, answer
        return answer["data"]["report"]


@asynccontextmanager
async def open_city(
    folder: Path, line: Line | None = None, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[City]:
    clock = clock or Clock()
    line = line or Line(clock)
    given = {"cities": CITIES, "city": "estuaire", "upstream": "http://sandbox", "data": folder}
    async with serving(line, clock, **{"anonymous_mutations": True, **given, **settings}) as server:
        yield City(server, line)


def visit(folder: Path, use: Callable[[City], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        async with open_city(folder, **settings) as city:
            await use(city)

    asyncio.run(main())


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob(f"{FILE}*"))
