"""What a feed promises: one payload for all its kinds, swapped whole, and no bad one for a good."""

import asyncio
import json
from operator import attrgetter

import httpx
import pytest

import cities
from schema.pools import Pool
from schema.provenance import SourceState
from sources import Sources
from sources.calendar import PublicHoliday
from sources.errors import Changed
from sources.http import Door
from sources.pools import PoolSlot
from sources.reading import reader_of
from sources.shrinking import acceptance
from tests.conftest import Clock

pytestmark = pytest.mark.anyio

BY_ID = attrgetter("id")
TTL_S = 6 * 3_600  # of [pools] in nantes.toml


class Portal:
    """An Opendatasoft portal that says what it is told to."""

    def __init__(self):
        self.rows = [{"idobj": str(n), "nom_complet": f"Piscine {n}"} for n in range(10)]
        self.asked = []
        self.etag = None

    def __call__(self, request):
        self.asked.append(request)
        if self.etag and request.headers.get("if-none-match") == self.etag:
            return httpx.Response(304)
        headers = {"etag": self.etag} if self.etag else {}
        body = self.rows if isinstance(self.rows, bytes) else json.dumps(self.rows).encode()
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))


@pytest.fixture
def portal():
    return Portal()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def sources(portal, clock, tmp_path):
    nantes = {"nantes": cities.load()["nantes"]}
    async with httpx.AsyncClient(transport=httpx.MockTransport(portal)) as client:
        found = Sources(
            nantes, Door(client, clock, ticks=lambda: clock().timestamp(), folder=tmp_path)
        )
        yield found
        found.close()


def pools(sources):
    return next(s for s in sources.report("nantes") if s.id == "nantes/pools")


async def test_one_call_says_how_it_went(sources, portal):
    portal.rows.append({"nom_complet": "no id"})

    found = await sources.collection(Pool, "nantes")

    assert len(found.items) == 10
    report = pools(sources)
    assert (report.state, report.rows_read, report.rows_dropped) == (SourceState.LIVE, 10, 1)
    assert len(portal.asked) == 1


async def test_what_did_not_change_is_not_sent_again(sources, portal, clock):
    portal.etag = '"v1"'
    first = await sources.collection(Pool, "nantes")
    clock.advance(TTL_S + 86_400 + 1)

    second = await sources.collection(Pool, "nantes")

    assert portal.asked[1].headers["if-none-match"] == '"v1"'
    assert second.items is first.items
    assert second.fetched_at == clock.now
    assert pools(sources).state is SourceState.LIVE


async def test_the_very_bytes_of_last_time_are_the_same_things(sources, portal, clock):
    async def read():
        clock.advance(TTL_S + 86_400 + 1)
        return await sources.collection(Pool, "nantes")

    first, second, third = [await read() for _ in range(3)]

    assert third.items is second.items == first.items
    assert third.by(BY_ID) is second.by(BY_ID)
    assert third.fetched_at == clock.now
    assert pools(sources).state is SourceState.LIVE
    assert len(portal.asked) == 3

    portal.rows[0]["nom_complet"] = "Piscine rebaptisée"
    changed = await read()
    assert [one.name for one in changed.items] != [one.name for one in third.items]
    assert (await read()).items is changed.items

    portal.rows = b"<html>sorry</html>"
    assert (await read()).items is changed.items
    assert pools(sources).last_error


async def test_what_is_shown_instead_of_what_is_not_believed_is_not_taken_for_it(
    sources, portal, clock
):
    """Of one payload, parks are read well, and half of the playgrounds are gone."""
    parks, playgrounds = (reader_of(f"places.{part}").kind for part in ("park", "playground"))
    rows = [{**row, "location": [47.2, -1.5], "jeux_enfants": "oui"} for row in portal.rows]
    fewer = [{**row, "jeux_enfants": "non"} for row in rows[:5]] + rows[5:]
    found = []
    for portal.rows in (rows, rows, fewer, fewer, fewer, fewer, rows):
        clock.advance(30 * 86_400)
        read = [await sources.collection(kind, "nantes") for kind in (parks, playgrounds)]
        found.append([len(one.items) for one in read])

    assert found == [[10, 10]] * 4 + [[10, 5]] * 2 + [[10, 10]]


async def test_a_payload_that_was_refused_is_not_asked_about(sources, portal, clock):
    portal.rows, portal.etag = b"[", '"broken"'
    with pytest.raises(Changed):
        await sources.collection(Pool, "nantes")
    clock.advance(10)
    with pytest.raises(Changed):
        await sources.collection(Pool, "nantes")

    assert "if-none-match" not in portal.asked[1].headers


@pytest.mark.parametrize("rest", [0, 5])
async def test_half_the_rows_gone_is_not_believed_at_once(sources, portal, clock, rest):
    await sources.collection(Pool, "nantes")
    portal.rows = portal.rows[:rest]
    for _ in range(2):
        clock.advance(TTL_S + 86_400 + 1)
        found = await sources.collection(Pool, "nantes")
        assert len(found.items) == 10
        report = pools(sources)
        assert report.state is SourceState.STALE
        assert report.last_error == f"suspect: {rest} rows, where 10 were"

    clock.advance(TTL_S + 86_400 + 1)
    found = await sources.collection(Pool, "nantes")

    assert len(found.items) == rest
    assert pools(sources).last_error is None


async def test_half_the_rows_gone_is_believed_when_the_operator_says_so(
    sources, portal, clock, tmp_path
):
    await sources.collection(Pool, "nantes")
    portal.rows = portal.rows[:5]
    word = acceptance(tmp_path, sources.binding(Pool, "nantes"))
    word.parent.mkdir()
    word.touch()
    clock.advance(TTL_S + 86_400 + 1)

    assert len((await sources.collection(Pool, "nantes")).items) == 5
    assert not word.exists()


async def test_what_is_not_believed_makes_the_last_good_one_stale_at_once(sources, portal, clock):
    """Read again before its time, as a feed in use is."""
    await sources.collection(Pool, "nantes")
    portal.rows = portal.rows[:5]
    clock.advance(TTL_S - 60)
    with pytest.raises(Changed):
        await sources._feed(Pool, "nantes").cached.read()

    assert len((await sources.collection(Pool, "nantes")).items) == 10
    assert pools(sources).state is SourceState.STALE


async def test_a_row_less_is_believed(sources, portal, clock):
    await sources.collection(Pool, "nantes")
    portal.rows.pop()
    clock.advance(TTL_S + 86_400 + 1)

    assert len((await sources.collection(Pool, "nantes")).items) == 9


async def test_what_cannot_be_read_leaves_the_last_good_one(sources, portal, clock):
    await sources.collection(Pool, "nantes")
    portal.rows = b"<html>sorry</html>"
    clock.advance(TTL_S + 86_400 + 1)

    assert len((await sources.collection(Pool, "nantes")).items) == 10
    report = pools(sources)
    assert report.state is SourceState.STALE
    assert report.last_error


async def test_each_part_of_a_service_is_a_source_of_its_own(sources, portal):
    await sources.collection(Pool, "nantes")
    with pytest.raises(Changed):
        await sources.collection(PoolSlot, "nantes")

    assert {request.url.path.split("/")[-3] for request in portal.asked} == {
        "244400404_piscines-nantes-metropole",
        "244400404_piscines-nantes-metropole-horaires",
    }


async def test_two_cities_that_read_one_payload_ask_once(clock, tmp_path):
    asked = []

    def holidays(request):
        asked.append(request)
        return httpx.Response(200, json={"2026-12-25": "Jour de Noël"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(holidays)) as client:
        door = Door(client, clock, ticks=lambda: clock().timestamp(), folder=tmp_path)
        found = Sources(cities.load(), door)
        reads = (found.collection(PublicHoliday, city) for city in ("nantes", "bordeaux"))
        both = await asyncio.gather(*reads)
        found.close()

    assert [len(one.items) for one in both] == [1, 1]
    assert len(asked) == 1
