"""City files that change while clients listen, and the signal that has them read again."""

import os
import shutil
from signal import SIGHUP

import pytest

import cities
from tests.live.online import NODES, running, until

pytestmark = pytest.mark.anyio

POOL = "{ pools(first: 1) { nodes { id name } } }"


@pytest.fixture
def folder(tmp_path):
    shutil.copy(cities.HERE / "nantes.toml", tmp_path)
    return tmp_path


async def test_sighup_has_files_read_again_and_who_listens_is_told(folder, replay, clock):
    async with running(replay, clock, cities=folder, data=folder / "data") as city:
        [pool] = (await city.ask(POOL))["data"]["pools"]["nodes"]
        async with city.greeted() as socket:
            await socket.subscribe("1", NODES, ids=[pool["id"]])
            assert named(await socket.next("1")) == pool["name"]
            file = folder / "nantes.toml"
            file.write_text(file.read_text().replace('name = "nom_complet"', 'name = "adresse"'))
            os.kill(os.getpid(), SIGHUP)
            assert named(await socket.next("1")) != pool["name"]


def named(answer):
    [one] = answer["data"]["nodes"]
    return one["node"]["name"]


async def test_sighup_reads_again_what_seems_the_same(folder, replay, clock):
    async with running(replay, clock, cities=folder, data=folder / "data") as city:
        editions = city.server.config.app.state.editions
        first = editions.sources
        os.kill(os.getpid(), SIGHUP)
        await until(lambda: editions.sources is not first)
