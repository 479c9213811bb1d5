"""Where a call may go: only to public addresses, only to the host that was meant."""

from socket import AF_INET, SOCK_STREAM

import httpx
import pytest

from cities import Binding
from server.network import Network, PublicOnly
from sources.errors import Changed, Refused, Unavailable
from sources.http import Door
from tests.conftest import Clock, listening
from tests.faults.neighbour import Neighbour

pytestmark = pytest.mark.anyio

OURS = [
    "http://127.0.0.1:6379/",
    "http://127.8.8.8/",
    "http://10.0.0.1/",
    "http://172.16.0.1/x",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://0.0.0.0:8000/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://localhost/",
    "http://LOCALHOST:8000/",
    "http://redis.localhost/",
]
SPELT_OTHERWISE = ["127.1", "2130706433", "0x7f.0.0.1", "017700000001", "localhost."]
NO_ADDRESS = [
    "file:///etc/passwd",
    "gopher://data.example/",
    "//data.example/x",
    "data.example",
    "",
]


def binding(**words):
    return Binding(city="nantes", service="pools", protocol="x", name="Pools", timeout=5, **words)


@pytest.fixture
async def door(tmp_path):
    """The door as the server has it, without a sandbox behind it."""
    network = Network(None, ())
    async with httpx.AsyncClient(transport=network) as client:
        yield Door(client, Clock(), get=network.get, folder=tmp_path)


async def get(door, url, binding):
    return await door.open(binding, lambda body: None).get(url)


@pytest.mark.parametrize("url", OURS)
async def test_a_payload_cannot_send_us_to_our_neighbours(door, url):
    with pytest.raises(Refused):
        await get(door, url, binding())


@pytest.mark.parametrize("host", SPELT_OTHERWISE)
async def test_nor_by_another_spelling(door, host):
    """Whatever the system's resolver makes of it, if anything."""
    with listening(Neighbour()) as address:
        port = httpx.URL(address).port
        with pytest.raises((Refused, Unavailable)):
            await get(door, f"http://{host}:{port}/", binding())


@pytest.fixture
def resolve(monkeypatch):
    """Ours, by a name server in the hands of somebody else."""
    ours = PublicOnly({"trusted.example"})

    async def looked_up(host, port):
        hosts = ["10.0.0.7", "8.8.8.8"] if host == "mixed.example" else ["127.0.0.1"]
        return [(AF_INET, SOCK_STREAM, 0, "", (one, port)) for one in hosts]

    monkeypatch.setattr(ours, "_looked_up", looked_up)
    return ours


def hosts(addresses):
    return [where[0] for *_, where in addresses]


async def test_nor_by_a_name_that_resolves_to_one(resolve):
    with pytest.raises(OSError, match="no public address"):
        await resolve("rebound.example", 80)


async def test_of_several_addresses_only_the_public_are_tried(resolve):
    assert hosts(await resolve("mixed.example", 80)) == ["8.8.8.8"]


async def test_a_host_that_the_operator_names_may_be_anywhere(resolve):
    assert hosts(await resolve("trusted.example", 80)) == ["127.0.0.1"]


async def test_nor_by_what_is_no_plain_get():
    """That goes over httpx's transport, by the same names."""
    neighbour = Neighbour()
    with listening(neighbour) as address:
        url = address.replace("127.0.0.1", "localhost")
        async with httpx.AsyncClient(transport=Network(None)) as client:
            with pytest.raises(httpx.TransportError):
                await client.post(url)
        assert neighbour.asked == []
        async with httpx.AsyncClient(transport=Network(url)) as client:
            assert (await client.post(f"{url}/here")).text == "/here"


async def test_a_city_file_can_allow_a_private_network(door):
    with listening(Neighbour()) as address:
        reply = await get(door, f"{address}/here", binding(private_network=True))
    assert reply.body == b"/here"


@pytest.mark.parametrize("url", NO_ADDRESS)
async def test_what_is_no_address_is_not_asked(door, url):
    with pytest.raises(Changed):
        await get(door, url, binding())


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}/elsewhere",  # another host, if the same machine
        "http://127.0.0.1:1/another-port",
        "https://169.254.169.254/",
        "//maintenance.example/",
    ],
)
async def test_a_redirect_to_another_host_is_refused(door, location):
    neighbour = Neighbour()
    with listening(neighbour) as address:
        neighbour.location = location.format(port=httpx.URL(address).port)
        with pytest.raises(Refused, match="refuses"):
            await get(door, f"{address}/moved", binding(private_network=True))
    assert [path for path, _ in neighbour.asked] == ["/moved"]


async def test_a_redirect_within_the_host_is_followed(door):
    neighbour = Neighbour()
    neighbour.location = "/here"
    with listening(neighbour) as address:
        reply = await get(door, f"{address}/moved", binding(private_network=True))
    assert reply.body == b"/here"


async def test_a_redirect_in_a_circle_ends(door):
    neighbour = Neighbour()
    neighbour.location = "/moved"
    with listening(neighbour) as address, pytest.raises(Changed):
        await get(door, f"{address}/moved", binding(private_network=True))
    assert len(neighbour.asked) == 4
