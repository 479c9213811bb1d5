"""An upstream's key: given to that upstream, and to nobody else in any form."""

import base64
import logging
from typing import Any

import httpx
import pytest
import structlog

from cities import Binding, City
from schema.pools import Pool
from server.network import Network
from sources.errors import SourceError
from sources.feeds import Feed
from sources.http import Door
from sources.protocols.opendatasoft import Opendatasoft
from sources.reading import readers
from sources.tables import Table, Tables
from tests.conftest import Clock, listening
from tests.faults.neighbour import Neighbour

pytestmark = pytest.mark.anyio

KEY = "s3cr+t k&y"
FORMS = (KEY, "s3cr%2Bt", base64.b64encode(f"{KEY}:".encode()).decode())
PLACES = {
    "query": {"place": "query", "name": "apikey"},
    "header": {"place": "header", "name": "authorization", "prefix": "Apikey "},
    "basic": {"place": "basic"},
}
ENVIRONMENT = {"POCHE_KEY_NANTES_POOLS": KEY}
each_place = pytest.mark.parametrize("place", PLACES)


def binding(address: str, place: str) -> Binding:
    return Binding(
        city="nantes",
        service="pools",
        protocol="opendatasoft",
        name="Pools",
        private_network=True,
        key=PLACES[place],
        options={"url": address, "dataset": "pools"},
    )


@pytest.fixture
def neighbour():
    return Neighbour()


@pytest.fixture
def address(neighbour):
    with listening(neighbour) as found:
        yield found


@pytest.fixture
async def door(tmp_path):
    network = Network(None, ())
    async with httpx.AsyncClient(transport=network) as client:
        yield Door(client, Clock(), get=network.get, folder=tmp_path, secrets=ENVIRONMENT)


def asking(door, binding):
    return door.open(binding, lambda body: body.decode())


def shows(text: Any) -> bool:
    return any(form in str(text) for form in FORMS)


@each_place
async def test_the_upstream_gets_it(place, door, neighbour, address):
    await asking(door, binding(address, place)).get(f"{address}/x", {"limit": "1"})
    [(target, headers)] = neighbour.asked
    if place == "query":
        assert target == "/x?limit=1&apikey=s3cr%2Bt+k%26y"
    elif place == "header":
        assert headers["authorization"] == f"Apikey {KEY}"
    else:
        assert headers["authorization"] == f"Basic {FORMS[2]}"


@each_place
async def test_no_other_host_gets_it(place, door, neighbour, address):
    """A payload names a file at another host, at another port, or a redirect leads there."""
    at_home = binding(f"http://localhost:{httpx.URL(address).port}", place)
    await asking(door, at_home).get(f"{address}/file")
    another_port = binding("http://127.0.0.1:1", place)
    await asking(door, another_port).get(f"{address}/file")
    neighbour.location = f"http://localhost:{httpx.URL(address).port}/file"
    with pytest.raises(SourceError):
        await asking(door, binding(address, place)).get(f"{address}/moved")
    elsewhere = [one for one in neighbour.asked if one[0].startswith("/file")]
    assert len(elsewhere) == 2
    assert not shows(elsewhere)


async def test_it_is_not_sent_in_the_clear_where_it_was_not_before(tmp_path):
    """A payload of an `https` upstream that names the same host by `http`."""
    sent = []

    async def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        door = Door(client, Clock(), folder=tmp_path, secrets=ENVIRONMENT)
        home = binding("https://data.example", "query")
        await asking(door, home).get("http://data.example/file")
        await asking(door, home).get("https://data.example/file")
    assert [shows(request.url) for request in sent] == [False, True]


class Echoed(Opendatasoft):
    """Asks for a path of the neighbour's, which says back what it was asked."""

    async def fetch(self, ask) -> bytes:
        return (await ask.get(f"{self.url}/{self.dataset}", whole=True)).body


@each_place
@pytest.mark.parametrize("path", ["failing", "page"])
async def test_nobody_reads_it_in_an_error_or_a_log(place, path, door, neighbour, address, caplog):
    """Even if the upstream says it back, with a failure or with a success that is no data."""
    caplog.set_level(logging.WARNING)  # as the server logs: httpx would tell of every address
    speaks = Echoed(url=address, dataset=path)
    table = Table(binding(address, place), speaks, readers[Pool])
    city = City(slug="nantes", name="Nantes", timezone="Europe/Paris", bindings={})
    feed = Feed(Tables(city, [table], door))
    with structlog.testing.capture_logs() as logs, pytest.raises(SourceError) as caught:
        await feed.collection(Pool)
    feed.cached.close()

    assert shows(neighbour.asked)
    assert logs
    assert not shows((logs, caplog.messages))
    assert not shows((caught.value, caught.value.detail, caught.value.extensions))
    assert not shows(feed.cached.error.detail)
    assert not shows(feed.name)  # which is what replicas share it by
