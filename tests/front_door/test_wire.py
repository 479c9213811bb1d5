"""The web server under the application: what it answers by itself, and who takes too long."""

import asyncio
import re
import socket
from contextlib import asynccontextmanager
from unittest.mock import Mock
from urllib.parse import quote

import httpx
import pytest
import uvicorn
from graphql import get_introspection_query
from uvicorn.server import ServerState

from server import wire
from server.app import create_app
from server.finished import Again
from server.serving import Server
from server.settings import Settings
from tests.conftest import Clock, Replay

pytestmark = pytest.mark.anyio

BIKES = "{ bikes(first: 2) { nodes { name availableSpaces } } }"
POOLS = "{ pools { nodes { name address { street } } } }"
PATH = f"/graphql?query={quote(BIKES)}"
OWN = re.compile(rb"\r\n(?:x-request-id|date|ratelimit[a-z-]*): [^\r]*")
PATIENCE_S = 20  # for what happens at once


class Talk:
    """One connection, and the requests that the application had to see."""

    def __init__(self, reader, writer, seen):
        self.reader, self.writer, self.seen = reader, writer, seen
        self.began = asyncio.Event()

    def send(self, method="GET", path=PATH, body=b"", **headers):
        lines = [f"{method} {path} HTTP/1.1", "Host: poche"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    async def heard(self, *, head=False):
        async with asyncio.timeout(PATIENCE_S):
            top = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"\r\ncontent-length: (\d+)", top)
            body = b"" if head or not length else await self.reader.readexactly(int(length[1]))
        return top, body

    async def ask(self, *args, **options):
        self.send(*args, **options)
        return await self.heard(head=args[:1] == ("HEAD",))


@asynccontextmanager
async def talking(tmp_path, monkeypatch, **options):
    seen, again = [], Again.__call__

    async def noted(self, scope, receive, send):
        seen.append(scope["path"])
        talk.began.set()
        await again(self, scope, receive, send)

    monkeypatch.setattr(Again, "__call__", noted)
    settings = Settings(**{"warm": False, "rate": 0, "data": tmp_path, **options})
    app = create_app(settings, transport=httpx.MockTransport(Replay()), clock=Clock())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(app, settings, log_level="error")
        running = asyncio.create_task(server.serve(sockets=[listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        talk = Talk(reader, writer, seen)
        yield talk
        writer.close()
        server.should_exit = True
        await running


@pytest.fixture
async def talk(tmp_path, monkeypatch):
    async with talking(tmp_path, monkeypatch) as talk:
        yield talk


# What it answers by itself


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"Accept_Encoding": "br"}),
        ("HEAD", {"Accept_Encoding": "gzip"}),
        ("GET", {"If_None_Match": "*"}),
    ],
)
async def test_what_is_asked_again_is_answered_the_same_without_the_application(
    talk, method, headers
):
    path = f"/graphql?query={quote(POOLS)}"
    await talk.ask(path=path)  # reads a source, which ends what is kept
    first = await talk.ask(method, path, **headers)
    second = await talk.ask(method, path, **headers)
    third = await talk.ask("GET", path, Accept="application/json")

    assert len(talk.seen) == 3
    assert OWN.sub(b"", second[0]) == OWN.sub(b"", first[0])
    assert second[1] == first[1]
    assert third[0].startswith(b"HTTP/1.1 200")
    assert b"\r\ncontent-type: application/json" in third[0]


async def test_so_is_a_post_also_where_it_comes_in_pieces(talk):
    body = b'{"query": "%b"}' % BIKES.encode()
    await talk.ask()  # reads a source, which ends what is kept
    _, first = await talk.ask("POST", "/graphql", body)
    _, second = await talk.ask("POST", "/graphql", body)
    _, other = await talk.ask("POST", "/graphql", body[:-1] + b" ")
    assert len(talk.seen) == 3
    assert first == second
    assert b"errors" in other

    talk.began.clear()
    head = f"POST /graphql HTTP/1.1\r\nHost: poche\r\nContent-Length: {len(body)}\r\n"
    talk.writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body[:9])
    async with asyncio.timeout(PATIENCE_S):
        await talk.began.wait()  # the application waits for the rest
    talk.writer.write(body[9:])
    _, third = await talk.heard()
    assert third == first


async def test_requests_sent_at_once_are_answered_in_order(talk):
    ways = [{}, {"Accept": "application/json"}] * 4
    for headers in ways:
        talk.send(**headers)
    types = [re.search(rb"content-type: ([^;]*)", (await talk.heard())[0])[1] for _ in ways]

    assert types == [b"application/graphql-response+json", b"application/json"] * 4


async def test_each_has_an_id_is_counted_charged_and_refused(tmp_path, monkeypatch):
    body = b'{"query": "{ __typename }"}'
    async with talking(tmp_path, monkeypatch, rate=1, burst=3) as talk:
        answers = [
            (await talk.ask("POST", "/graphql", body, X_Request_Id=f"id-{n}"))[0] for n in range(4)
        ]
        metrics = (await talk.ask("GET", "/metrics"))[1].decode()
        seen = list(talk.seen)

    assert [one[9:12] for one in answers] == [b"200", b"200", b"200", b"429"]
    assert [re.search(rb"ratelimit: [^\r]*r=(\d)", one)[1] for one in answers[:3]] == [
        b"2", b"1", b"0",
    ]  # fmt: skip
    assert [re.search(rb"x-request-id: ([^\r]*)", one)[1] for one in answers] == [
        b"id-0", b"id-1", b"id-2", b"id-3",
    ]  # fmt: skip
    assert seen == ["/graphql", "/graphql", "/metrics"]  # the first, and the one that was refused
    assert re.search(r'poche_requests_total{.*outcome="OK"} 3.0', metrics)
    assert re.search(r'poche_requests_total{.*outcome="RATE_LIMITED"} 1.0', metrics)
    assert re.search(r'poche_answers_total{origin="finished"} 2.0', metrics)


async def test_it_charges_who_is_behind_a_proxy(tmp_path, monkeypatch):
    body = b'{"query": "{ __typename }"}'
    async with talking(tmp_path, monkeypatch, rate=1, burst=3) as talk:
        left = [
            re.search(
                rb"ratelimit: [^\r]*r=(\d)",
                (await talk.ask("POST", "/graphql", body, X_Forwarded_For=address))[0],
            )[1]
            for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.9, 192.0.2.2")
        ]
        seen = len(talk.seen)

    assert left == [b"2", b"1", b"2", b"1"]
    assert seen == 1


async def test_a_connection_that_is_to_end_ends(talk):
    await talk.ask()
    top, _ = await talk.ask(Connection="close")
    assert b"\r\nconnection: close\r\n" in top
    async with asyncio.timeout(PATIENCE_S):
        assert await talk.reader.read() == b""


# Who takes too long


class Far(asyncio.Transport):
    """A client that takes what it is let take."""

    def __init__(self):
        super().__init__()
        self.waiting, self.cut, self.closed = 0, False, False

    def get_extra_info(self, name, default=None):
        return default

    def write(self, data):
        self.waiting += len(data)

    def get_write_buffer_size(self):
        return self.waiting

    def is_closing(self):
        return self.closed or self.cut

    def close(self):
        self.closed = True

    def abort(self):
        self.cut = True


class Later:
    """A loop that calls when its clock is told to go on."""

    def __init__(self):
        self.now, self.calls = 0.0, {}

    def call_later(self, in_s, call, *args):
        handle = Mock()
        handle.cancel = lambda: self.calls.pop(handle, None)
        self.calls[handle] = self.now + in_s, call, args
        return handle

    def advance(self, seconds):
        self.now += seconds
        for handle, (at, call, args) in tuple(self.calls.items()):
            if at <= self.now:
                del self.calls[handle]
                call(*args)


@pytest.fixture
def slow():
    """A connection that a request has come over, its client, and its time."""
    later, far = Later(), Far()
    config = uvicorn.Config(Mock(), log_config=None, interface="asgi3")
    config.load()
    protocol = wire.HttpProtocol(config, ServerState(), {}, later, finished=None)
    protocol.connection_made(far)
    protocol._in_time()
    return protocol, far, later


async def test_who_takes_nothing_is_cut_off(slow):
    protocol, far, later = slow
    far.write(b"x" * 100_000)
    protocol.pause_writing()
    later.advance(wire.TAKE_S + 100_000 / wire.TAKE_BYTES_PER_S - 1)
    assert not far.cut
    later.advance(2)
    assert far.cut


async def test_who_takes_all_in_time_is_not(slow):
    protocol, far, later = slow
    for _ in range(3):  # one answer after the other
        far.write(b"x" * 100_000)
        protocol.pause_writing()
        later.advance(wire.TAKE_S)
        far.waiting = 0
        protocol.resume_writing()
    later.advance(1_000)
    assert not far.cut


async def test_a_small_answer_that_nobody_takes_does_not_hold_a_connection_for_ever(slow):
    protocol, far, later = slow
    far.write(b"x" * 1_000)  # too little to wait for: the next request may come
    protocol.timeout_keep_alive_handler()
    assert far.closed
    later.advance(wire.TAKE_S + 1)
    assert far.cut


async def test_who_trickles_to_the_last_bytes_does_not_either(slow):
    protocol, far, later = slow
    far.write(b"x" * 100_000)
    protocol.pause_writing()
    far.close()  # as HTTP/1.0 has it: the answer is the last one
    far.waiting = 10
    protocol.resume_writing()
    later.advance(wire.TAKE_S + 1)
    assert far.cut


async def test_so_it_is_on_a_real_socket(tmp_path, monkeypatch):
    """A client that asks for some megabytes, and reads none of them."""
    monkeypatch.setattr(wire, "TAKE_S", 0)
    monkeypatch.setattr(wire, "TAKE_BYTES_PER_S", 1 << 30)  # at once, however slow the machine is
    gone, lost = asyncio.Event(), wire.HttpProtocol.connection_lost

    def told(self, exc):
        lost(self, exc)
        gone.set()

    async with talking(tmp_path, monkeypatch) as talk:
        everything = f"/graphql?query={quote(get_introspection_query())}"
        _, whole = await talk.ask("GET", everything)  # who reads it gets it
        assert len(whole) > 1 << 17
        talk.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        talk.writer.transport.pause_reading()
        monkeypatch.setattr(wire.HttpProtocol, "connection_lost", told)
        for _ in range(wire.MAX_WAITING):
            talk.send("GET", everything)
        async with asyncio.timeout(PATIENCE_S):
            await gone.wait()
