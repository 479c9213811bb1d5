"""Who takes what was sent to them too slowly, or not at all, holds no connection for ever."""

import asyncio
import socket
from unittest.mock import Mock
from urllib.parse import quote

import pytest
import uvicorn
from graphql import get_introspection_query
from uvicorn.server import ServerState

from server import patience, wire
from tests.front_door.talking import PATIENCE_S, talking

pytestmark = pytest.mark.anyio


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

    def time(self):
        return self.now

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
    given = {"finished": None, "shedding": None, "direct": None}
    protocol = wire.HttpProtocol(config, ServerState(), {}, later, **given)
    protocol.connection_made(far)
    protocol._in_time()
    return protocol, far, later


async def test_who_takes_nothing_is_cut_off(slow):
    protocol, far, later = slow
    far.write(b"x" * 100_000)
    protocol.pause_writing()
    later.advance(patience.TAKE_S + 100_000 / patience.TAKE_BYTES_PER_S - 1)
    assert not far.cut
    later.advance(2)
    assert far.cut


async def test_who_takes_all_in_time_is_not(slow):
    protocol, far, later = slow
    for _ in range(3):  # one answer after the other
        far.write(b"x" * 100_000)
        protocol.pause_writing()
        later.advance(patience.TAKE_S)
        far.waiting = 0
        protocol.resume_writing()
    later.advance(1_000)
    assert not far.cut


async def test_a_small_answer_that_nobody_takes_does_not_hold_a_connection_for_ever(slow):
    protocol, far, later = slow
    far.write(b"x" * 1_000)  # too little to wait for: the next request may come
    protocol.timeout_keep_alive_handler()
    assert far.closed
    later.advance(patience.TAKE_S + 1)
    assert far.cut


async def test_who_trickles_to_the_last_bytes_does_not_either(slow):
    protocol, far, later = slow
    far.write(b"x" * 100_000)
    protocol.pause_writing()
    far.close()  # as HTTP/1.0 has it: the answer is the last one
    far.waiting = 10
    protocol.resume_writing()
    later.advance(patience.TAKE_S + 1)
    assert far.cut


async def test_so_it_is_on_a_real_socket(tmp_path, monkeypatch):
    """A client that asks for some megabytes, and reads none of them."""
    monkeypatch.setattr(patience, "TAKE_S", 0)
    at_once = 1 << 30  # however slow the machine is
    monkeypatch.setattr(patience, "TAKE_BYTES_PER_S", at_once)
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
