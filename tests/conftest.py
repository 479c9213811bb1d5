"""A whole application, its upstreams replayed from `recordings/`, its clock standing still."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from cProfile import Profile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import copy2, copytree
from socket import create_server
from tempfile import TemporaryDirectory, gettempdir, mkdtemp
from threading import Thread
from typing import Any

import httpx
import hypothesis
import pytest
import stamina
import uvicorn
from graphql import DocumentNode, GraphQLSchema, validate
from starlette.applications import Starlette

import cities
import schema
from server import parts, planning
from server.app import create_app
from server.introspection import NoIntrospection
from server.settings import Settings
from sources.kept import KeptTimetable

HERE = Path(__file__).parent
RECORDINGS = HERE / "recordings"
WORKER = os.environ.get(
    "PYTEST_XDIST_WORKER", "alone"
)  # another's import must not be seen half-way
DATA = Path(gettempdir()) / f"poche-tests-{os.getuid()}-{WORKER}"  # timetables, imported once
os.environ["POCHE_DATA"] = mkdtemp(prefix="poche-data-")  # of those that have worlds of their own
IMPORTED = Path(mkdtemp(prefix="poche-imported-"))  # what `serving` begins with
# a machine that does ten other things takes longer, and nothing is wrong with that
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)  # a Tuesday, 10:05 in Nantes, in term

Answer = Callable[[httpx.Request], httpx.Response]


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Replay:
    """Stands for every upstream: counts calls, and breaks the tables it is told to."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.broken: dict[str, Answer] = {}
        self._asked: dict[tuple[str, str], list[httpx.URL]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        binding = request.extensions["binding"]
        self.calls[binding.table] += 1
        if binding.table in self.broken:
            return self.broken[binding.table](request)
        files = sorted((RECORDINGS / binding.city).glob(f"{binding.table}-[0-9].*"))
        asked = self._asked.setdefault((binding.city, binding.table), [])
        if request.url not in asked:
            asked.append(request.url)
        file = files[asked.index(request.url) % len(files)]
        zipped = {"content-encoding": "gzip"} if file.suffix == ".gz" else {}
        body = httpx.ByteStream(file.read_bytes())
        return httpx.Response(200, headers=zipped, stream=body)


def down(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there", request=request)


def refusing(_: httpx.Request) -> httpx.Response:
    return httpx.Response(403, text="go away")


def failing(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500, text="oops")


def changed(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text='[{"nothing": "we know"}]')


class Server:
    """A running application that tests talk to as clients do."""

    def __init__(self, app: Starlette, client: httpx.AsyncClient, clock: Clock) -> None:
        self.app = app
        self.client = client
        self.clock = clock

    async def post(self, query: str, variables: dict[str, Any] | None = None) -> httpx.Response:
        body = {"query": query, "variables": variables}
        return await self.client.post("/graphql", json=body)

    async def ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.post(query, variables)).json()
        return answer


@asynccontextmanager
async def serving(
    transport: httpx.AsyncBaseTransport,
    clock: Clock | None = None,
    ticks: Callable[[], float] | None = None,
    **settings: Any,
) -> AsyncIterator[Server]:
    """The application, from its first moment to its last; its seconds pass as on the clock."""
    clock = clock or Clock()
    ticks = ticks or (lambda: clock().timestamp())
    with TemporaryDirectory() as folder:
        copytree(IMPORTED, folder, symlinks=True, copy_function=_linked, dirs_exist_ok=True)
        settings = {"warm": False, "rate": 0, "data": Path(folder), **settings}
        async with _serving(transport, clock, ticks, Settings(**settings)) as server:
            yield server


def _linked(source: str, target: str) -> None:
    """A copy, but that arrays, which never change, are there once."""
    (os.link if source.endswith(".npy") else copy2)(source, target)


@asynccontextmanager
async def _serving(
    transport: httpx.AsyncBaseTransport,
    clock: Clock,
    ticks: Callable[[], float],
    settings: Settings,
) -> AsyncIterator[Server]:
    app = create_app(settings, transport=transport, clock=clock, ticks=ticks)
    inside = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=inside, base_url="http://test") as client,
    ):
        yield Server(app, client, clock)


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """The application on a real socket, in a thread of its own; its address."""
    with create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        host, port = listener.getsockname()  # early visitors wait in the listener's queue
        try:
            yield f"http://{host}:{port}"
        finally:  # a test that fails would wait for its thread for ever
            server.should_exit = True
            thread.join(timeout=20)


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def called(profile: Profile) -> int:
    """How many calls of Python functions it saw.

    What is built in, which Python 3.14 counts whether or not it is told to, has no code but a name.
    """
    return sum(one.callcount for one in profile.getstats() if not isinstance(one.code, str))


def settled(client: httpx.Client) -> httpx.Response:
    """What `/readyz` says once it is ready; connections are refused until the port is open."""
    transport = httpx.HTTPTransport(retries=50)  # backs off from 0.5 s by itself
    with httpx.Client(base_url=client.base_url, transport=transport, timeout=30) as patient:
        while (answer := patient.get("/readyz")).status_code == 503:
            pass
        return answer


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """What is the same in all applications of a process, and takes most of the start of each."""
    valid: set[tuple[GraphQLSchema, str, bool]] = set()

    def validated(built: GraphQLSchema, document: DocumentNode, rules: Any, **more: Any) -> Any:
        text = document.loc.source.body if document.loc else ""
        known = built, text, NoIntrospection in rules
        if known in valid:
            return []
        errors = validate(built, document, rules, **more)
        if not errors:
            valid.add(known)
        return errors

    built, build = cache(parts.built), schema.build
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            parts,
            "built",
            lambda text: (built if schema.build is build else built.__wrapped__)(text),
        )
        patch.setattr(planning, "validate", validated)
        patch.setattr("server.app.Interpreter", Interpreted)
        yield


class Interpreted:
    """In place of an `Interpreter`, which looks through all that a process has."""

    def freeze(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _at_once() -> Any:
    """Retries without their pauses."""
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


@pytest.fixture
def replay() -> Replay:
    return Replay()


@pytest.fixture(scope="session")
def _timetables() -> None:
    """The recorded timetables are imported: nobody's answer waits long for one that is not."""
    kept = KeptTimetable()
    for folder in (IMPORTED, Settings().data):
        for city in cities.load().values():
            for zipped in (RECORDINGS / city.slug).glob("stops-*.zip"):
                kept.keep(kept.made(zipped.read_bytes(), city, folder), city, folder, NOW)


@pytest.fixture
def graphql(replay: Replay, _timetables: None) -> Callable[..., dict[str, Any]]:
    """Ask one query of an application that has just started."""

    def ask(query: str, variables: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
        async def main() -> dict[str, Any]:
            async with serving(httpx.MockTransport(replay), **settings) as server:
                return await server.ask(query, variables)

        return asyncio.run(main())

    return ask


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
