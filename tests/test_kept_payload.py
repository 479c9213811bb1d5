"""A payload that was good is shown after a restart, and nothing else that lies in its place."""

import os

import httpx
import pytest

import cities
from schema.stops import Stop
from sources import Sources
from sources.errors import SourceError, Unavailable
from sources.http import Door
from tests.conftest import NOW, RECORDINGS, Clock, down

pytestmark = pytest.mark.anyio

GOOD = (RECORDINGS / "nantes" / "stops-2.zip").read_bytes()


@pytest.fixture
def place(tmp_path):
    """Where the payload is kept."""
    kept = tmp_path / "nantes" / "stops.payload"
    kept.parent.mkdir()
    return kept


async def stops_of(folder, **changes):
    """The stops, as a server tells them that has just started, and whose upstream is down."""
    nantes = cities.load()["nantes"]
    nantes.bindings["stops"] = nantes.bindings["stops"].model_copy(update=changes)
    async with httpx.AsyncClient(transport=httpx.MockTransport(down)) as client:
        sources = Sources({"nantes": nantes}, Door(client, Clock(), folder=folder))
        try:
            return await sources.collection(Stop, "nantes")
        finally:
            sources.close()


def put(place, content, age_s=60.0):
    place.write_bytes(content)
    os.utime(place, (NOW.timestamp() - age_s,) * 2)


async def test_what_was_good_is_shown_with_its_age(place, tmp_path):
    put(place, GOOD)
    stops = await stops_of(tmp_path)
    assert stops.items
    assert (NOW - stops.fetched_at).total_seconds() == 60


@pytest.mark.parametrize(
    "content", [b"", b"no zip", GOOD[:-1_000], GOOD[:500] + bytes(2_000) + GOOD[2_500:]]
)
async def test_what_is_broken_is_as_nothing(place, tmp_path, content):
    put(place, content)
    with pytest.raises(Unavailable):
        await stops_of(tmp_path)


async def test_what_is_larger_than_an_answer_may_be_is_not_read(place, tmp_path):
    put(place, GOOD)
    assert await stops_of(tmp_path, max_bytes=len(GOOD))
    with pytest.raises(Unavailable):
        await stops_of(tmp_path, max_bytes=len(GOOD) - 1)


async def test_what_is_of_tomorrow_would_never_be_read_again(place, tmp_path):
    put(place, GOOD, age_s=-3_600)
    with pytest.raises(Unavailable):
        await stops_of(tmp_path)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
async def test_what_is_no_file_is_not_waited_for(place, tmp_path, make):
    make(place)
    with pytest.raises(SourceError) as told:
        await stops_of(tmp_path)
    assert told.value.code == "UNAVAILABLE"
