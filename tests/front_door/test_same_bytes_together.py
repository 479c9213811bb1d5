"""The very same bytes, sent by several at once: read once, and each is answered all the same."""

import asyncio

import pytest

from tests.front_door.talking import PATIENCE_S, Talk, talking
from tests.front_door.test_same_bytes import OTHERS, post

pytestmark = pytest.mark.anyio


@pytest.fixture
async def together(tmp_path, monkeypatch, parsed):
    """Two clients, and the server's ends of their connections; the first has just asked."""
    monkeypatch.setattr("server.making.JOIN_S", 60)  # however slow the machine is
    async with talking(tmp_path, monkeypatch) as talk:
        await talk.ask(path="/healthz")
        [first] = talk.server.server_state.connections
        reader, writer = await asyncio.open_connection(*talk.writer.get_extra_info("peername"))
        neighbour = Talk(reader, writer, [], talk.server)
        neighbour.send(path="/healthz")
        await neighbour.heard()
        [second] = talk.server.server_state.connections - {first}
        parsed.clear()
        first.data_received(post())  # it has to read a source
        yield talk, neighbour, first, second
        writer.transport.abort()


def finished(talk):
    counted = talk.server.config.app.state.gate.metrics.registry
    return counted.get_sample_value("poche_answers_total", {"origin": "finished"})


async def test_they_are_parsed_once(together, parsed):
    talk, neighbour, _, second = together
    second.data_received(post())
    answers = [await talk.heard(), await neighbour.heard()]
    assert parsed == [post()]
    assert answers[0][1] == answers[1][1]
    assert answers[0][0] != answers[1][0]  # each has an id of its own
    assert finished(talk) == 1
    assert not talk.server.config.app.state.finished.making.read


async def test_what_follows_is_answered_after_them(together, parsed):
    _, neighbour, _, second = together
    second.data_received(post())
    second.data_received(post(OTHERS))
    (_, one), (_, other) = await neighbour.heard(), await neighbour.heard()
    assert (one.count(b'"name"'), other.count(b'"name"')) == (2, 3)
    assert parsed == [post(), post(), post(OTHERS)]


async def test_if_the_first_goes_the_others_are_answered(together):
    talk, neighbour, first, second = together
    second.data_received(post())
    first.transport.abort()
    assert b"bikes" in (await neighbour.heard())[1]
    assert finished(talk) is None


async def test_who_goes_is_not_answered(together):
    talk, _, _, second = together
    second.data_received(post())
    second.transport.abort()
    assert b"bikes" in (await talk.heard())[1]
    assert finished(talk) is None


async def test_a_server_that_ends_answers_them_first(together):
    _, neighbour, _, second = together
    second.data_received(post())
    second.shutdown()
    top, body = await neighbour.heard()
    assert b"\r\nconnection: close\r\n" in top
    assert b"bikes" in body
    async with asyncio.timeout(PATIENCE_S):
        assert await neighbour.reader.read() == b""


async def test_they_are_no_idle_connection(together):
    _, neighbour, _, second = together
    second.data_received(post())
    second.timeout_keep_alive_handler()  # its time since the answer before is over
    assert b"bikes" in (await neighbour.heard())[1]
