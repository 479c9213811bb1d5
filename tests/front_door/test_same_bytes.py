"""The very same bytes again are answered without being read again, and only where that is right."""

import asyncio
import json
import re

import pytest

from server.asked import key
from tests.front_door.partners import CLIENTS, KEY, PEPPER
from tests.front_door.talking import BIKES, PATIENCE_S, Talk, talking

pytestmark = pytest.mark.anyio

OTHERS = "{ bikes(first: 3) { nodes { name } } }"
LEFT = re.compile(rb"ratelimit: [^\r]*r=(\d+)")


def post(query=BIKES, *headers):
    body = json.dumps({"query": query}).encode()
    lines = ["POST /graphql HTTP/1.1", "Host: poche", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


@pytest.fixture
async def talk(tmp_path, monkeypatch):
    async with talking(tmp_path, monkeypatch) as talk:
        await talk.heard_of([post()] * 3)  # made, given again, known
        yield talk


def connection(talk):
    """The server's end of the one connection."""
    [protocol] = talk.server.server_state.connections
    return protocol


async def heard_of(self, reads):
    """The answers to what comes in just these reads, one after the other."""
    answers = []
    while not self.server.server_state.connections:  # noqa: ASYNC110
        await asyncio.sleep(0)  # it is accepted in one of the next turns
    for data in reads:
        connection(self).data_received(data)
        answers.append(await self.heard())
    return answers


Talk.heard_of = heard_of


async def test_they_are_read_once(talk, parsed):
    before = talk.server.server_state.total_requests
    first, second = await talk.heard_of([post(), post()])
    assert parsed == []
    assert first[0].startswith(b"HTTP/1.1 200")
    assert first[1] == second[1]
    assert talk.server.server_state.total_requests == before + 2
    ids = {re.search(rb"x-request-id: ([0-9a-f]{32})\r", top)[1] for top, _ in (first, second)}
    assert len(ids) == 2


async def test_two_that_come_together_are_both_answered(talk, parsed):
    for _ in range(3):
        connection(talk).data_received(post() + post())
        first, second = await talk.heard(), await talk.heard()
        assert first[1] == second[1]
    assert parsed == [post() + post()] * 3


async def test_as_the_body_of_another_request_they_are_its_body(talk, parsed):
    """Else whoever can choose a body could have a proxy take our answers for others' ones."""
    head = f"POST /graphql HTTP/1.1\r\nHost: poche\r\nContent-Length: {len(post())}\r\n"
    head += "Content-Type: application/json\r\n\r\n"
    connection(talk).data_received(head.encode())
    [(top, body)] = await talk.heard_of([post()])
    assert top.startswith(b"HTTP/1.1 400")
    assert b"not JSON" in body
    assert b"bikes" in (await talk.heard_of([post()]))[0][1]  # that was all of it


async def test_after_the_beginning_of_another_head_they_are_more_of_it(talk, parsed):
    for _ in range(3):
        connection(talk).data_received(post() + b"POST /graphql HTTP/1.1\r\nX-Other: ")
        await talk.heard()
        [(top, body)] = await talk.heard_of([post()])
        assert top.startswith(b"HTTP/1.1 200")
        assert b"bikes" in body
    assert len(parsed) == 6


async def test_in_pieces_they_are_put_together(talk, parsed):
    connection(talk).data_received(post()[:50])
    [(_, body)] = await talk.heard_of([post()[50:]])
    assert parsed == [post()[:50], post()[50:]]
    assert b"bikes" in body


async def test_they_wait_for_the_answer_before_them(talk, parsed):
    connection(talk).data_received(b"GET /healthz HTTP/1.1\r\nHost: poche\r\n\r\n")
    connection(talk).data_received(post())
    first, second = await talk.heard(), await talk.heard()
    assert b"bikes" not in first[1]
    assert b"bikes" in second[1]


async def test_who_wants_the_connection_to_end_is_told_so_each_time(talk, parsed):
    bye = post(BIKES, "Connection: close")
    [(top, _)] = await talk.heard_of([bye])
    assert b"\r\nconnection: close\r\n" in top
    async with asyncio.timeout(PATIENCE_S):
        assert await talk.reader.read() == b""
    assert bye not in talk.server.config.app.state.finished.read


async def test_what_is_asked_otherwise_is_answered_otherwise(talk, parsed):
    other = post(OTHERS)
    [(_, body)] = await talk.heard_of([other])
    assert parsed == [other]
    assert len(json.loads(body)["data"]["bikes"]["nodes"]) == 3


async def test_nothing_is_kept_of_what_is_asked_once(talk):
    kept = talk.server.config.app.state.finished.read
    assert list(kept) == [post()]
    await talk.heard_of([post(OTHERS)])
    assert list(kept) == [post()]


async def test_a_connection_in_use_stays_open_and_one_that_is_not_does_not(talk):
    protocol = connection(talk)
    protocol.timeout_keep_alive = 3_600
    protocol.timeout_keep_alive_handler()  # its time is over, but for what was answered since
    await talk.heard_of([post()])
    protocol.timeout_keep_alive = 0
    protocol.timeout_keep_alive_handler()
    async with asyncio.timeout(PATIENCE_S):
        assert await talk.reader.read() == b""


async def test_who_sends_them_pays_for_them(tmp_path, monkeypatch):
    def left(answers):
        return [LEFT.search(top)[1] for top, _ in answers]

    async with talking(tmp_path, monkeypatch, rate=0.001, burst=6) as talk:
        ask = post("{ __typename }")
        assert left(await talk.heard_of([ask] * 4)) == [b"5", b"4", b"3", b"2"]
        host, port = talk.writer.get_extra_info("peername")
        reader, writer = await asyncio.open_connection(host, port, local_addr=("127.0.0.2", 0))
        neighbour = Talk(reader, writer, [], talk.server)
        writer.write(ask)
        assert left([await neighbour.heard()]) == [b"5"]
        writer.transport.abort()
        for address in (b"192.0.2.1", b"192.0.2.2"):
            forwarded = post("{ __typename }", f"X-Forwarded-For: {address.decode()}")
            talk.writer.write(forwarded)
            assert left([await talk.heard()]) == [b"5"]
            talk.writer.write(forwarded)
            assert left([await talk.heard()]) == [b"4"]
        for status in (b"200", b"200", b"429", b"429"):
            talk.writer.write(ask)
            assert (await talk.heard())[0][9:12] == status


async def test_a_key_that_is_withdrawn_is_so_at_once(tmp_path, monkeypatch):
    (tmp_path / "clients.toml").write_text(CLIENTS)
    options = {"clients": tmp_path / "clients.toml", "pepper": PEPPER}
    async with talking(tmp_path, monkeypatch, **options) as talk:
        ask = post(BIKES, f"Authorization: Bearer {KEY}")
        known = await talk.heard_of([ask] * 3)
        assert ask in talk.server.config.app.state.finished.read
        (tmp_path / "clients.toml").write_text("")
        await talk.server.config.app.state.gate.clients.refresh()
        withdrawn = await talk.heard_of([ask] * 3)
        assert ask not in talk.server.config.app.state.finished.read
    assert [top[9:12] for top, _ in known + withdrawn] == [b"200"] * 3 + [b"401"] * 3


async def test_a_server_that_goes_says_so(talk):
    talk.server.server_state.default_headers.append((b"connection", b"close"))
    protocol = connection(talk)
    [(top, _)] = await talk.heard_of([post()])
    assert b"\r\nconnection: close\r\n" in top
    assert protocol.transport.is_closing()


async def test_who_asks_what_is_just_being_made_waits_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr("server.making.JOIN_S", 60)  # however slow the machine is
    async with talking(tmp_path, monkeypatch) as talk:
        await talk.ask(path="/healthz")
        first = connection(talk)
        host, port = talk.writer.get_extra_info("peername")
        reader, writer = await asyncio.open_connection(host, port)
        neighbour = Talk(reader, writer, [], talk.server)
        neighbour.send(path="/healthz")
        await neighbour.heard()
        [second] = talk.server.server_state.connections - {first}
        talk.seen.clear()
        for protocol in (first, second):  # the first has to read a source
            protocol.data_received(post())
        answers = [await talk.heard(), await neighbour.heard()]
        writer.transport.abort()
        counted = talk.server.config.app.state.gate.metrics.registry

    assert answers[0][1] == answers[1][1]
    assert b"bikes" in answers[0][1]
    assert talk.seen == ["/graphql"]
    assert counted.get_sample_value("poche_answers_total", {"origin": "finished"}) == 1


async def test_who_has_waited_in_vain_goes_on_alone(talk):
    other = post(OTHERS)
    head, _, body = other.partition(b"\r\n\r\n")
    headers = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
    named = [(name.lower(), value) for name, value in headers]
    scope = {"method": "POST", "path": "/graphql", "query_string": b"", "headers": named}
    talk.seen.clear()
    with talk.server.config.app.state.finished.making.of(key(scope, body)):
        connection(talk).data_received(other)
        assert talk.seen == []
    _, answer = await talk.heard()
    assert b"bikes" in answer
    assert talk.seen == ["/graphql"]
