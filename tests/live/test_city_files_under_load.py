"""City files that are written badly while people ask: nobody notices, but who looks after them."""

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from itertools import count
from signal import SIGHUP

import httpx
import pytest

import cities
from tests.cluster.people import AT_ONCE, people
from tests.live.online import GENEROUS_S, running

pytestmark = pytest.mark.anyio

BEFORE = ("Nantes", "Nantes Métropole, réseau Naolib, Licence Ouverte 2.0")
AFTER = ("Naoned", "Somebody else")
FACTS = "query N%d { cities { name } sources { id attribution } pools(first: 1) { totalCount } }"


class Witness:
    """Asks two things that one file says, all the time: which pairs of them there were."""

    def __init__(self, client):
        self.client = client
        self.seen = []
        self._news = asyncio.Condition()

    async def ask_for_ever(self):
        for number in count():
            answer = await self.client.get("/graphql", params={"query": FACTS % number})
            assert answer.status_code == 200, answer.text
            data = answer.json()["data"]
            [city] = data["cities"]
            [bikes] = [one for one in data["sources"] if one["id"] == "nantes/bikes"]
            async with self._news:
                self.seen.append((city["name"], bikes["attribution"]))
                self._news.notify_all()

    async def sees(self, pair):
        async with asyncio.timeout(GENEROUS_S), self._news:
            await self._news.wait_for(lambda: self.seen and self.seen[-1] == pair)

    async def told(self, problem):
        """`/health` says this of the city files, or nothing."""
        async with asyncio.timeout(GENEROUS_S):
            while problem not in await self.problem():
                await self.sees(BEFORE)

    async def problem(self):
        problems = (await self.client.get("/health")).json()["problems"]
        return problems.get("cities", "")


@asynccontextmanager
async def watching(city):
    async with httpx.AsyncClient(base_url=city.url, timeout=GENEROUS_S) as client:
        witness = Witness(client)
        asking = asyncio.create_task(witness.ask_for_ever())
        await witness.sees(BEFORE)
        yield witness
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


@pytest.mark.parametrize("told", [True, False], ids=["by SIGHUP", "by looking"])
async def test_half_a_file_is_noticed_by_nobody_who_asks(told, replay, clock, tmp_path):
    file = tmp_path / "nantes.toml"
    shutil.copy(cities.HERE / "nantes.toml", file)
    text = file.read_text("utf-8")
    for old, new in zip(BEFORE, AFTER, strict=True):
        assert old in text
        text = text.replace(f'"{old}"', f'"{new}"')

    def write(part):
        file.write_text(part, "utf-8")
        if told:
            os.kill(os.getpid(), SIGHUP)

    async with (
        running(replay, clock, cities=tmp_path, data=tmp_path / "data") as city,
        people(city.url) as crowd,
        watching(city) as witness,
    ):
        half = text[: text.index("[pools]") + len("[poo")]
        for part, why in (("", "nantes.toml name: Field required"), (half, "nantes.toml: ")):
            write(part)
            await witness.told(why)
            await crowd.answered(2 * AT_ONCE)
            await witness.sees(BEFORE)
        write(text)
        await witness.sees(AFTER)
        assert await witness.problem() == ""
        await crowd.answered(2 * AT_ONCE)

    assert crowd.failures == {}
    turned = witness.seen.index(AFTER)
    assert set(witness.seen[:turned]) == {BEFORE}
    assert set(witness.seen[turned:]) == {AFTER}
