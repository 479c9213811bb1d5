"""Upstreams: what all tables of one host share, by the sandbox's own count."""

import asyncio
from collections import Counter

import httpx
import pytest

from cities import Binding, Quota, Upstream
from sources.errors import OverQuota
from sources.http import Door
from sources.store import Memory
from sources.upstreams import PATIENCE_S, Upstreams
from tests.conftest import Clock
from tests.faults.town import early, landed, nantes, outside, town

pytestmark = pytest.mark.anyio

PORTAL = "data.nantesmetropole.fr"
PER_DAY = 12
SCREEN = """{ pools { nodes { name openNow } } menus(days: 5) { date }
             stops(name: "Commerce", first: 1) { nodes { name } }
             school(uai: "0441456U") { name } }"""
HOUR_S = 3_600
IMPATIENT = {"ttl": "10min", "stale_while_revalidate": "0s"}


def binding(service: str, concurrency: int = 4, quota: Quota | None = None) -> Binding:
    return Binding(
        city="nantes",
        service=service,
        protocol="opendatasoft",
        name=service,
        concurrency=concurrency,
        quota=quota,
        options={"url": f"https://{PORTAL}"},
    )


async def test_the_tables_of_a_portal_share_its_day(tmp_path):
    """Each has a quota of its own that is larger; the portal would refuse all that is beyond."""
    clock = early()
    folder = nantes(tmp_path, dict.fromkeys(["stops", "pools", "pools.hours", "menus"], IMPATIENT))
    with (folder / "nantes.toml").open("a") as file:
        file.write(f'\n[upstreams."{PORTAL}"]\nquota = "{PER_DAY} per day"\n')
    with outside(clock, siri_period_s=0, daily_quota=PER_DAY) as world:
        async with town(world, clock, cities=folder) as server:
            for _ in range(5):
                answer = await server.ask(SCREEN)
                await landed()
                assert answer["data"]["school"]["name"]  # of another host
                assert "errors" not in answer  # what was read before is shown
                clock.advance(HOUR_S)
            calls = Counter(world.calls())
            assert sum(calls.values()) - calls["schools"] == PER_DAY
            sources = server.app.state.editions.sources
            left = [await sources.vitals(f"nantes/{table}") for table in ("pools", "schools")]
            assert [one.quota_left for one in left] == [0, 499]

            clock.advance(24 * HOUR_S)
            await server.ask(SCREEN)
            assert sum(world.calls().values()) > sum(calls.values())


class Crowded(httpx.AsyncBaseTransport):
    """Counts the calls that are on their way, all of them and by table."""

    def __init__(self) -> None:
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        names = ("all", request.extensions["binding"].table)
        self.now.update(names)
        self.most |= self.now
        for _ in range(5):
            await asyncio.sleep(0)
        self.now.subtract(names)
        return httpx.Response(200, stream=httpx.ByteStream(b"[]"))


@pytest.mark.parametrize(
    ("known", "most"),
    [({}, {"all": 4, "pools": 4, "menus": 1}), ({PORTAL: 2}, {"all": 2, "pools": 2, "menus": 1})],
)
async def test_a_host_has_one_queue_whatever_its_tables_say(known, most, tmp_path):
    network = Crowded()
    upstreams = {host: Upstream(concurrency=places) for host, places in known.items()}
    async with httpx.AsyncClient(transport=network) as client:
        door = Door(client, Clock(), folder=tmp_path, upstreams=upstreams)
        tables = [binding("pools", 9)] * 9 + [binding("menus", 1)] * 9
        asking = [door.open(table, bytes.decode) for table in tables]
        await asyncio.gather(*(one.get(f"https://{PORTAL}/{n}") for n, one in enumerate(asking)))
    assert network.most == most


class Says(Memory):
    """A store that lets calls be made after these waits."""

    def __init__(self, *waits: float) -> None:
        super().__init__()
        self.waits = list(waits)

    async def take(self, source: str, quota: Quota) -> float:
        return self.waits.pop(0)


async def test_a_call_that_is_soon_possible_is_waited_for():
    """And what it waits for us is not held against the source."""
    store = Says(0.01, 0.02, 0.0)
    async with asyncio.timeout(60) as limit:
        before = limit.when()
        pools = binding("pools", quota=Quota(calls=1, period_s=30))
        await Upstreams(store, {}).spend(pools, PORTAL, limit)
        assert limit.when() == pytest.approx(before + 0.03)
    assert store.waits == []


@pytest.mark.parametrize("waits", [[PATIENCE_S + 0.1], [0.01, PATIENCE_S]])
async def test_what_is_not_possible_soon_is_refused_at_once(waits):
    store = Says(*waits)
    async with asyncio.timeout(60) as limit:
        pools = binding("pools", quota=Quota(calls=1, period_s=30))
        with pytest.raises(OverQuota) as refused:
            await Upstreams(store, {}).spend(pools, PORTAL, limit)
    assert refused.value.retry_after_s == waits[-1]


async def test_a_host_that_says_it_is_spent_is_left_alone_by_all_its_tables():
    clock = Clock()
    store = Memory(lambda: clock().timestamp())
    upstreams = Upstreams(store, {PORTAL: Upstream(quota=Quota(calls=9, period_s=60))})
    await upstreams.refused(binding("pools"), PORTAL, 30)
    assert await upstreams.left(binding("menus")) == 0
    clock.advance(31)
    assert await upstreams.left(binding("menus")) == 9
