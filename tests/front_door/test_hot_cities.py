"""City files that change while we run: whole and at once, or not at all, and nobody is cut off."""

import asyncio
import shutil
from contextlib import asynccontextmanager

import httpx
import pytest

import cities
from tests.conftest import Replay, down, serving
from tests.front_door.asking import get

pytestmark = pytest.mark.anyio

BIKES = "{ bikes(first: 1) { nodes { name } } }"
POOLS = "{ pools(first: 1) { nodes { name } } }"
LICENSOR = "Nantes Métropole, réseau Naolib, Licence Ouverte 2.0"
SOURCES = "{ sources { id attribution } }"
CITIES = "{ cities { slug name } }"
WHERE = 'url = "https://data.nantesmetropole.fr"\ndataset = "244400404_piscines-nantes-metropole"\n'
CLISSON = 'name = "Clisson"\ntimezone = "Europe/Paris"\n[calendar]\nlike = "nantes"\n'


class Town:
    """A server over a folder of city files that the test writes."""

    def __init__(self, server, folder, replay):
        self.server, self.folder, self.replay = server, folder, replay

    @property
    def nantes(self):
        return (self.folder / "nantes.toml").read_text()

    async def write(self, text, name="nantes"):
        """Save a file, as an editor does, and have it seen."""
        (self.folder / f"{name}.toml").write_text(text)
        await self.seen()

    async def seen(self):
        await self.server.app.state.editions.refresh()

    async def replace(self, old, new):
        assert old in self.nantes
        await self.write(self.nantes.replace(old, new))

    async def problems(self):
        return (await self.server.client.get("/health")).json()["problems"]

    async def licensor(self):
        return bikes(await self.server.ask(SOURCES))["attribution"]

    async def slugs(self):
        return [city["slug"] for city in (await self.server.ask(CITIES))["data"]["cities"]]


@pytest.fixture
def town(tmp_path, replay):
    @asynccontextmanager
    async def running(transport=None, **settings):
        folder = tmp_path / "cities"
        folder.mkdir()
        shutil.copy(cities.HERE / "nantes.toml", folder)
        known = {"cities": folder, "data": tmp_path / "data", **settings}
        async with serving(transport or httpx.MockTransport(replay), **known) as server:
            yield Town(server, folder, replay)

    return running


async def test_a_city_comes_and_goes_with_its_file(town):
    async with town() as here:
        assert await here.slugs() == ["nantes"]  # which is remembered
        assert (await get(here.server, CITIES)).json()["data"]["cities"][0]["slug"] == "nantes"
        await here.write(CLISSON, "clisson")
        assert await here.slugs() == ["clisson", "nantes"]
        assert len((await get(here.server, CITIES)).json()["data"]["cities"]) == 2
        (here.folder / "clisson.toml").unlink()
        await here.seen()
        assert await here.slugs() == ["nantes"]


async def test_what_is_said_as_before_is_not_read_again(town):
    async with town() as here:
        await here.server.ask(BIKES)
        await here.server.ask(POOLS)
        calls = here.replay.calls.copy()
        await here.write(CLISSON, "clisson")
        await here.replace('name = "Nantes"', 'name = "Nantes" # a remark')
        here.replay.broken = dict.fromkeys(calls, down)
        assert (await here.server.ask(BIKES))["data"]["bikes"]["nodes"]
        assert (await here.server.ask(POOLS))["data"]["pools"]["nodes"]
        assert here.replay.calls == calls


async def test_another_licence_is_shown_at_once_with_what_was_held(town):
    async with town() as here:
        before = await here.server.ask(BIKES)
        calls = here.replay.calls.copy()
        await here.replace(LICENSOR, "Somebody else")
        after = await here.server.ask(BIKES)
        assert (after["data"], await here.licensor()) == (before["data"], "Somebody else")
        assert here.replay.calls == calls


async def test_what_is_asked_elsewhere_is_asked_there(town):
    replay, asked = Replay(), []

    def answer(request):
        asked.append(request.url.host)
        return replay(request)

    async with town(httpx.MockTransport(answer)) as here:
        await here.server.ask(POOLS)
        await here.replace(WHERE, WHERE.replace("data.nantesmetropole.fr", "new.example"))
        await here.server.ask(POOLS)
        assert asked == ["data.nantesmetropole.fr", "new.example"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text[: len(text) // 2] + "\n[half", "nantes.toml: "),
        (lambda text: text + '\n[pool]\nprotocol = "gbfs"\n', "did you mean `pools`?"),
        (lambda text: text.replace("Europe/Paris", "Europe/Pariss", 1), "is not a time-zone"),
        (lambda text: text + f"\nx = {'[' * 90_000}", "cannot be read"),
    ],
    ids=["half", "service", "word", "deep"],
)
async def test_a_mistake_changes_nothing_and_is_told(town, change, why):
    async with town() as here:
        good = here.nantes
        first = await here.server.ask(BIKES)
        await here.write(CLISSON, "clisson")
        (here.folder / "clisson.toml").unlink()  # all or nothing
        await here.write(change(good))
        assert why in (await here.problems())["cities"]
        assert "poche_problems 1.0" in (await here.server.client.get("/metrics")).text
        assert await here.slugs() == ["clisson", "nantes"]
        assert (await here.server.ask(BIKES))["data"] == first["data"]
        await here.write(good)
        assert await here.problems() == {}
        assert await here.slugs() == ["nantes"]


async def test_the_city_that_is_meant_when_none_is_named_stays(town):
    async with town() as here:
        (here.folder / "nantes.toml").rename(here.folder / "nantes.bak")
        await here.seen()
        assert (await here.problems())["cities"] == "POCHE_CITY: no city `nantes`"
        assert await here.slugs() == ["nantes"]


async def test_a_request_ends_with_the_edition_that_it_began_with(town):
    replay, begun, go_on = Replay(), asyncio.Event(), asyncio.Event()

    async def slow(request):
        if request.extensions["binding"].table == "bikes":
            begun.set()
            await go_on.wait()
        return replay(request)

    query = "{ cities { slug } bikes(first: 1) { nodes { name } } sources { id attribution } }"
    async with town(httpx.MockTransport(slow)) as here, asyncio.timeout(20):
        old = asyncio.create_task(here.server.ask(query))
        await begun.wait()
        (here.folder / "clisson.toml").write_text(CLISSON)
        await here.replace(LICENSOR, "Somebody else")
        new = asyncio.create_task(here.server.ask(query))
        go_on.set()
        old, new, again = await old, await new, await here.server.ask(query)

    assert old["data"].pop("cities") == [{"slug": "nantes"}]
    assert bikes(old)["attribution"] == LICENSOR
    for answer in (new, again):
        assert answer["data"].pop("cities") == [{"slug": "clisson"}, {"slug": "nantes"}]
        assert bikes(answer)["attribution"] == "Somebody else"
        assert "errors" not in answer
        assert answer["data"]["bikes"] == old["data"]["bikes"] != {"nodes": []}
    assert "errors" not in old


def bikes(answer):
    return next(one for one in answer["data"]["sources"] if one["id"] == "nantes/bikes")
