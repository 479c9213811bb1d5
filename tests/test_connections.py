"""Connections: what a GET says and hears over sockets that are kept open."""

import asyncio
import shutil
import ssl
import subprocess
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import connection, connections
from server.connection import Connection
from server.connections import Connections
from sources.exchange import Unconnected

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n"
)
TO_THE_END = b"HTTP/1.1 200 OK\r\n\r\nuntil the end"
LARGE = 3 * connection.MOST_WAITING


class Host:
    """Answers each question with the next of its lines; `None` hangs up."""

    def __init__(self, *says):
        self.says = list(says)
        self.asked = []
        self.visits = 0
        self.heard = asyncio.Event()
        self.left = asyncio.Event()  # somebody has hung up

    async def visited(self, reader, writer):
        self.visits += 1
        try:
            while True:
                self.asked.append(await reader.readuntil(b"\r\n\r\n"))
                self.heard.set()
                said = self.says.pop(0)
                if said is not None:
                    writer.write(said)
                    await writer.drain()
                if said is None or said in (TO_THE_END, CUT_OFF):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.close()


CUT_OFF = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nonly so far"


async def nobody(host, port):
    raise OSError(f"{host} has no public address")


@asynccontextmanager
async def serving(host, tls=None):
    """That host, and connections to it; the address of the one."""
    server = await asyncio.start_server(host.visited, "127.0.0.1", 0, ssl=tls)
    found = Connections(nobody)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"http{'s' if tls else ''}://127.0.0.1:{port}", found
    finally:
        found.close()
        server.close()


async def got(found, url, headers=None):
    async with found.get(url, headers or {}) as answer:
        return answer.status, b"".join([piece async for piece in answer.chunks])


async def test_one_connection_carries_one_question_after_the_other():
    host = Host(OK, CHUNKED, OK)
    async with serving(host) as (url, found):
        told = {"accept": "text/plain", "user-agent": "poche"}
        assert await got(found, f"{url}/a?b=c#d", told) == (200, b"hi")
        assert await got(found, url) == (200, b"hello there")
        assert await got(found, f"{url}?b=c") == (200, b"hi")
    assert host.visits == 1
    [first, second, third] = [asked.decode().splitlines() for asked in host.asked]
    assert first[0] == "GET /a?b=c HTTP/1.1"
    assert sorted(first[1:-1]) == [
        "accept: text/plain",
        f"host: {url.removeprefix('http://')}",
        "user-agent: poche",
    ]
    assert second[0] == "GET / HTTP/1.1"
    assert "accept: */*" in second
    assert third[0] == "GET /?b=c HTTP/1.1"


async def test_at_the_same_time_each_has_its_own():
    host = Host(*[OK] * 8)
    async with serving(host) as (url, found):
        assert await asyncio.gather(*(got(found, url) for _ in range(8))) == [(200, b"hi")] * 8
    assert host.visits == 8


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + CHUNKED,
        b"HTTP/1.1 304 Not Modified\r\netag: x\r\ncontent-length: 9\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\netag: x\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
    ],
)
async def test_of_any_form_nothing_is_left_for_the_next(said):
    host = Host(said, OK)
    async with serving(host) as (url, found):
        await got(found, url)
        async with found.get(url, {}) as answer:
            assert (answer.status, answer.reason) == (200, "OK")
            assert dict(answer.headers) == {"content-length": "2"}
            assert [piece async for piece in answer.chunks] == [b"hi"]
    assert host.visits == 1


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (TO_THE_END, (200, b"until the end")),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + OK, (200, b"hi")),
        (b"HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n", (304, b"")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 503 \r\ncontent-length: 0\r\n\r\n", (503, b"")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % LARGE + b"x" * LARGE, None),
    ],
)
async def test_whatever_form_an_answer_has(said, heard):
    async with serving(Host(said)) as (url, found):
        assert await got(found, url) == (heard or (200, b"x" * LARGE))


async def test_headers_are_found_in_any_case():
    said = b"HTTP/1.1 200 Fine\r\nContent-Length: 0\r\nETag: \xc3\xa9\r\n\r\n"
    async with serving(Host(said)) as (url, found), found.get(url, {}) as answer:
        assert (answer.reason, answer.headers["etag"], answer.headers.get("ETAG")) == (
            "Fine",
            "é",
            "é",
        )


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        OK + b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfor a foe",
    ],
)
async def test_what_is_not_to_be_used_again_is_not(said):
    host = Host(said, OK)
    async with serving(host) as (url, found):
        assert await got(found, url) == (200, b"hi")
        assert await got(found, url) == (200, b"hi")
    assert host.visits == 2


async def test_a_body_that_nobody_takes_is_not_heard_by_the_next():
    host = Host(CUT_OFF, OK)
    async with serving(host) as (url, found):
        async with found.get(url, {}) as answer:
            assert answer.status == 200
        assert await got(found, url) == (200, b"hi")


async def test_whoever_gives_up_takes_the_connection_along():
    host = Host(b"", OK)
    async with serving(host) as (url, found):
        asking = asyncio.create_task(got(found, url))
        await host.heard.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await host.left.wait()
        assert await got(found, url) == (200, b"hi")


async def test_whoever_gives_up_gives_the_place_to_the_next(monkeypatch):
    monkeypatch.setattr(connections, "MOST", 1)
    host = Host(b"", OK)
    async with serving(host) as (url, found):
        first = asyncio.create_task(got(found, url))
        await host.heard.wait()
        second = asyncio.create_task(got(found, url))
        first.cancel()
        assert await second == (200, b"hi")


async def test_a_host_that_hangs_up_has_not_heard():
    async with serving(Host(None)) as (url, found):
        with pytest.raises(Unconnected):
            await got(found, url)


async def test_one_that_hung_up_in_between_is_asked_again():
    """An idle connection may be closed at the moment when we use it."""
    host = Host(OK, None, OK)
    async with serving(host) as (url, found):
        assert await got(found, url) == (200, b"hi")
        assert await got(found, url) == (200, b"hi")
    assert (host.visits, len(host.asked)) == (2, 3)


@pytest.mark.parametrize(
    "said",
    [
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * connection.MOST_HEAD + b"\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi!",
    ],
)
async def test_what_is_no_answer_is_a_failure(said):
    async with serving(Host(said)) as (url, found):
        with pytest.raises(ValueError, match=r"HTTP|head"):
            await got(found, url)


async def test_an_answer_that_is_cut_off_is_a_failure():
    async with serving(Host(CUT_OFF)) as (url, found):
        with pytest.raises(ConnectionError):
            await got(found, url)


@pytest.mark.parametrize("url", ["", "/x", "ftp://127.0.0.1/", "http:///x"])
async def test_what_is_no_address_is_not_asked(url):
    with pytest.raises(ValueError, match="address"):
        await got(Connections(nobody), url)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/a b", {}),
        ("/a\r\nhost: else", {}),
        ("/é", {}),
        ("/", {"if-none-match": "x\r\nhost: else.example"}),
        ("/", {"if-none-match": "x\ny: z"}),
    ],
)
async def test_nothing_is_said_beside_what_is_asked(path, headers):
    host = Host(OK)
    async with serving(host) as (url, found):
        with pytest.raises(ValueError, match="line"):
            await got(found, f"{url}{path}", headers)
    assert host.asked == []


async def test_a_name_that_leads_to_nobody():
    with pytest.raises(Unconnected, match="no public address"):
        await got(Connections(nobody), "http://rebound.example/")


async def test_an_account_in_an_address_is_shown_to_its_host():
    host = Host(OK)
    async with serving(host) as (url, found):
        await got(found, url.replace("//", "//me:p%40ss@"))
    asked = host.asked[0].decode().splitlines()
    assert "authorization: Basic bWU6cEBzcw==" in asked
    assert not any("me:" in line for line in asked)


async def test_what_is_not_used_is_closed(monkeypatch):
    monkeypatch.setattr(connections, "IDLE_S", 0.0)
    host = Host(OK)
    async with serving(host) as (url, found):
        await got(found, url)
        await host.left.wait()


@pytest.fixture
def certificate(tmp_path):
    """Of a host that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "certificate.pem"]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    return tmp_path


async def test_a_host_shows_who_it_is(certificate):
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    async with serving(Host(OK), theirs) as (url, found):
        with pytest.raises(Unconnected, match="certificate"):
            await got(found, url)
        trusting = await found._context()
        trusting.load_verify_locations(certificate / "certificate.pem")
        assert await got(found, url) == (200, b"hi")


class Ear:
    """A transport to nowhere, which notes when it is to be still."""

    def __init__(self):
        self.told = []

    def write(self, data):
        pass

    def pause_reading(self):
        self.told.append("pause")

    def resume_reading(self):
        self.told.append("resume")


async def test_no_more_is_taken_in_than_somebody_takes():
    one, ear = Connection(), Ear()
    one.connection_made(ear)
    asking = asyncio.create_task(one.ask(b""))
    await asyncio.sleep(0)
    one.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % LARGE)
    one.data_received(b"x" * (LARGE - 2))
    assert ear.told == ["pause"]
    one.data_received(b"x")
    chunks = (await asking).chunks
    assert len(await anext(chunks)) == LARGE - 2
    assert ear.told == ["pause", "resume"]
    one.data_received(b"x")
    assert [await anext(chunks), await anext(chunks)] == [b"x", b"x"]
    assert [piece async for piece in chunks] == []
    assert one.reusable


@given(st.lists(st.integers(1, len(CHUNKED) - 1), max_size=8))
def test_it_comes_in_any_pieces(cuts):
    async def heard():
        one = Connection()
        one.connection_made(Ear())
        asking = asyncio.create_task(one.ask(b""))
        await asyncio.sleep(0)
        places = [0, *sorted(cuts), len(CHUNKED)]
        for first, last in pairwise(places):
            if first < last:
                one.data_received(CHUNKED[first:last])
        answer = await asking
        return b"".join([piece async for piece in answer.chunks]), one.reusable

    assert asyncio.run(heard()) == (b"hello there", True)
