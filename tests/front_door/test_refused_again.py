"""Who was refused and asks the same again, but for its variables, is refused at once."""

import asyncio
import json
import re
from math import inf

import pytest

from server.plain import before_variables, read
from server.refused import Refused
from tests.front_door.partners import CLIENTS, KEY, PEPPER
from tests.front_door.talking import talking
from tests.front_door.test_same_bytes import connection

pytestmark = pytest.mark.anyio

TEXT = "query Some($n: Int) { pools(first: $n) { nodes { name } } }"
OTHER = "query Others($n: Int) { pools(first: $n) { nodes { id } } }"


def post(body, *headers, path="/graphql"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: poche", "Content-Type: application/json"]
    lines += ["Accept: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def asked(n, text=TEXT, **more):
    return {"query": text, **more, "variables": {"n": n}}


@pytest.fixture
async def talk(tmp_path, monkeypatch):
    """A connection; the doors are shut and open again as `shut` is set, and known to be."""
    monkeypatch.setattr("server.shedding.EACH_S", 600.0)
    (tmp_path / "clients.toml").write_text(CLIENTS)
    partners = {"clients": tmp_path / "clients.toml", "pepper": PEPPER}
    async with talking(tmp_path, monkeypatch, **partners) as talk:
        concurrency, room = talk.server._state.gate.concurrency, []
        monkeypatch.setattr(concurrency, "room", lambda _: 0 if room else 1)
        monkeypatch.setattr(concurrency, "full", lambda _: bool(room))

        async def shut(are_they):
            room[:] = [True] * are_they
            await asyncio.sleep(0)  # one turn finds out once

        talk.shut = shut
        while not talk.server.server_state.connections:  # noqa: ASYNC110
            await asyncio.sleep(0)
        yield talk


@pytest.fixture
def again(monkeypatch):
    """What was refused again at once."""
    found, honest = [], Refused.again

    def noted(self, data):
        done = honest(self, data)
        if done:
            found.append(data)
        return done

    monkeypatch.setattr(Refused, "again", noted)
    return found


async def sent(talk, data):
    """The status of the answer to what one read brings; and the answer."""
    connection(talk).data_received(data)
    top, body = await talk.heard()
    return int(top[9:12]), top, body


async def planned(talk, *bodies):
    """It is known what they ask; then the doors are shut, and the first of others refused: one
    that is parsed, and two by their bytes, of which the second is like the first."""
    for body in bodies:
        assert (await sent(talk, post(body)))[0] == 200
    await talk.shut(True)
    for number in (6, 7, 9):
        assert (await sent(talk, post(asked(number))))[0] == 503


async def test_with_other_variables_they_are_refused_as_before(talk, again, parsed):
    await planned(talk, asked(1))
    parsed.clear()
    requests = talk.server.server_state.total_requests
    answers = [await sent(talk, post(asked(n))) for n in (2, 3, 2)]

    assert [status for status, *_ in answers] == [503] * 3
    assert again == [post(asked(n)) for n in (2, 3, 2)]
    assert parsed == []
    assert talk.server.server_state.total_requests == requests + 3
    assert talk.server._state.shedding._networks == {"127.0.0.0/24": 6}
    tops = {re.sub(rb"x-request-id: [0-9a-f]{32}\r\n", b"", top) for _, top, _ in answers}
    assert len(tops) == 1
    assert len({top for _, top, _ in answers}) == 3  # each has an id of its own
    for _, top, body in answers:
        assert b"\r\nretry-after: 2\r\n" in top
        assert json.loads(body)["errors"][0]["extensions"]["code"] == "OVERLOADED"


async def test_what_is_remembered_is_given(talk, again):
    await planned(talk, asked(1))
    assert (await sent(talk, post(asked(2))))[0] == 503
    assert again
    assert (await sent(talk, post(asked(1))))[0] == 200


async def test_what_was_finished_is_given_even_if_it_is_not_remembered(talk, again, monkeypatch):
    await planned(talk, asked(1), asked(1))  # now its bytes are known
    monkeypatch.setattr(talk.server._state.shedding._remembered, "has", lambda *_: False)
    assert (await sent(talk, post(asked(1))))[0] == 200
    assert again == []


async def test_while_there_is_room_they_are_let_in(talk, again):
    await planned(talk, asked(1))
    await sent(talk, post(asked(2)))
    again.clear()
    await talk.shut(False)
    assert (await sent(talk, post(asked(3))))[0] == 200
    assert again == []


async def test_who_was_let_in_meanwhile_is_known_again(talk, again):
    await planned(talk, asked(1))
    known = connection(talk)._refused
    await talk.shut(False)
    assert (await sent(talk, post(asked(3))))[0] == 200
    await talk.shut(True)
    for number in (4, 5):
        assert (await sent(talk, post(asked(number))))[0] == 503
    assert connection(talk)._refused is known
    assert again == [post(asked(4)), post(asked(5))]


async def test_what_is_published_since_is_not_refused(talk, again, monkeypatch):
    await planned(talk, asked(1))
    await sent(talk, post(asked(2)))
    again.clear()
    monkeypatch.setattr(talk.server._state.gate.documents, "version", 99)
    await asyncio.sleep(0)
    assert (await sent(talk, post(asked(3))))[0] == 503
    assert again == []


async def test_the_last_answer_says_so(talk, again):
    await planned(talk, asked(1))
    talk.server.server_state.default_headers.append((b"connection", b"close"))
    again.clear()
    _, top, _ = await sent(talk, post(asked(3)))
    assert b"connection: close" in top
    assert again == []


OTHERS = {  # as long as what was refused before, where that is possible
    "with a key": post(asked(8), f"Authorization: Bearer {KEY}"),
    "a published document's id": post({**asked(8), "documentId": "x"}),
    "another text": post(asked(8, OTHER)),
    "another path": post(asked(8), path="/graphqk"),
    "no variables": post({"query": TEXT}),
    "null for variables": post({"query": TEXT, "variables": None}),
    "variables in a list": post(b'{"query": "%b", "variables": [1, 2,3]}' % TEXT.encode()),
    "more behind them": post(b'{"query": "%b", "variables": {},"a":1}' % TEXT.encode()),
    "no end": post(b'{"query": "%b", "variables": {"n": 8}]' % TEXT.encode()),
    "no JSON": post(b'{"query": "%b", "variables": {"n": x}}' % TEXT.encode()),
    "two at once": post(asked(8)) * 2,
    "a part": post(asked(8))[:-1],
    "less than its head says": post(asked(8)).replace(b'"n": 8', b'"n":8'),
}


@pytest.mark.parametrize("data", OTHERS.values(), ids=OTHERS)
async def test_what_else_is_said_is_read(talk, again, data):
    await planned(talk, asked(1))
    await sent(talk, post(asked(2)))
    assert again
    again.clear()
    connection(talk).data_received(data)
    assert again == []


async def test_a_connection_is_closed_when_it_has_said_nothing_for_long(talk, again):
    await planned(talk, asked(1))
    protocol = connection(talk)
    protocol._refused.at_s = protocol._answered_at = -inf
    await sent(talk, post(asked(2)))
    protocol.timeout_keep_alive = 3_600
    protocol.timeout_keep_alive_handler()  # its time is over, but for what was refused since
    assert not protocol.transport.is_closing()
    protocol.timeout_keep_alive = 0
    protocol.timeout_keep_alive_handler()
    assert protocol.transport.is_closing()


async def test_what_is_sent_once_is_not_remembered(talk, again):
    await planned(talk, asked(1))
    for client in "ab":
        await sent(talk, post(asked(2), f"User-Agent: {client}"))
        assert connection(talk)._refused is None


async def test_who_takes_no_answers_is_sent_none_so(talk, again):
    await planned(talk, asked(1))
    connection(talk).flow.write_paused = True
    connection(talk).data_received(post(asked(2)))
    assert again == []


@pytest.mark.parametrize(
    ("body", "begins"),
    [
        (b'{"query": "a", "variables": {"b": 1}}', b'{"query": "a", "variables": '),
        (
            b'{"variables": {}, "query": "a", "variables":{}}',
            b'{"variables": {}, "query": "a", "variables":',
        ),
        (b'{"query": "a", "variables": {"variables": {"b": 1}}}', None),
        (b'{"query": "a", "variables": {"b": {"variables": 1}}}', None),
        (b'{"variables": {"b": 1}, "query": "a"}', None),
        (b'{"query": "a", "variables": {"b": 1}, "c": "variables", "d": {}}', None),
        (b'{"query": "a", "variables": {"probe": 0}, "c": "variables", "d": {}}', None),
        (b'{"query": "a", "variables": null, "d": {}}', None),
        (b'{"query": "a \\"variables\\"", "d": {}}', None),
        (b'{"query": "a"}', None),
        (b"{}", None),
    ],
)
def test_what_a_body_begins_with_is_all_but_its_variables(body, begins):
    assert before_variables(body, read(body)) == begins
