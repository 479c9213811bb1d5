"""A shared store that holds, or answers, what is not ours: all is answered all the same."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import msgspec
import pytest
from keepers import over_valkey

from server.manifests import digest as document_id
from sources.envelope import MOST, opened, sealed
from sources.shared_link import Link
from sources.shared_scripts import key
from sources.shared_store import Shared
from sources.store import Payload, digest
from tests.conftest import NOW, Replay, serving

pytestmark = pytest.mark.anyio

NOW_S = NOW.timestamp()
QUERY = "{ pools(first: 1) { totalCount nodes { name openNow } } bikes { totalCount } }"
APOLLO = {"persistedQuery": {"version": 1, "sha256Hash": document_id("{ __typename }")[7:]}}
ZEROES = sealed(Payload(bytes(1 << 20), NOW_S))
# Records of a feed, by what is wrong with them.
RECORDS = {
    "empty": b"",
    "no msgpack": b"\x80\x04garbage",
    "another version's": msgspec.msgpack.encode((0, Payload(b"old", NOW_S))),
    "other types": msgspec.msgpack.encode((1, ["text", "soon", None])),
    "of the year 5138": sealed(Payload(b"[]", 1e11)),
    "of no time": sealed(Payload(b"[]", float("nan"))),
    "of an hour ahead": sealed(Payload(b"[]", NOW_S + 3_600)),
    "another body": sealed(Payload(b"<html>not what we know</html>", NOW_S)),
    "half a zip": ZEROES[: len(ZEROES) // 2],
    "no zip": b"\x78garbage",
}
# What a server that is no store says to whatever it is told.
REPLIES = {
    "fine": b"+OK\r\n",
    "nothing": b"$-1\r\n",
    "a number": b":-1\r\n",
    "much": b":9223372036854775807\r\n",
    "text": b"$5\r\n\xff\xfe\x00ab\r\n",
    "a list": b"*2\r\n:1\r\n*1\r\n$-1\r\n",
    "an error": b"-WRONGTYPE what did you expect\r\n",
    "another protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}
COMMAND = re.compile(rb"\*\d+\r\n\$")
NO_PAYLOADS = {REPLIES[name] for name in ("fine", "a list", "an error")}


@asynccontextmanager
async def impostor(path: Any, reply: bytes) -> AsyncIterator[str]:
    """A server that gives one reply to each command that it hears, at once."""
    peers: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.add(writer)
        with suppress(ConnectionError):  # whoever asks may go without listening
            while heard := await reader.read(65_536):
                writer.write(reply * len(COMMAND.findall(heard)))

    server = await asyncio.start_unix_server(answer, path)
    try:
        yield f"unix://{path}"
    finally:
        server.close()
        for peer in peers:
            peer.close()


async def well(server: Any) -> None:
    """Two clients ask; both are answered, and by text and by id."""
    for _ in range(2):
        answer = await server.ask(QUERY)
        assert "errors" not in answer, answer["errors"]
        assert answer["data"]["pools"]["totalCount"] == 17
        server.clock.advance(1)
    body = {"query": "{ __typename }", "extensions": APOLLO}
    assert (await server.client.post("/graphql", json=body)).json()["data"]
    again = await server.client.post("/graphql", json={"extensions": APOLLO})
    assert again.status_code == 200
    assert (await server.client.get("/health")).status_code == 200


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
async def test_whatever_it_replies_all_is_answered(
    reply: bytes, tmp_path: Any, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Link.__init__.__kwdefaults__, "patience_s", 0.05)
    if reply in NO_PAYLOADS:  # each time anew: it would go on alone at once
        monkeypatch.setattr(Shared, "alone", property(lambda _: False, lambda *_: None))
    async with (
        impostor(tmp_path / "socket", reply) as url,
        serving(httpx.MockTransport(replay), store=url, rate=100) as server,
    ):
        await well(server)


@over_valkey
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
async def test_whatever_it_holds_is_read_from_the_upstream(
    record: bytes, valkey: Any, replay: Replay
) -> None:
    async with serving(httpx.MockTransport(replay), store=valkey.url) as server:
        await planted(server, valkey, {"at": "1e12", "size": len(record), "record": record})
        await well(server)
        assert replay.calls["pools"] == 1
        assert not server.app.state.editions.sources._door.store.alone


@over_valkey
@pytest.mark.parametrize("size", ["-1e9", "1e300", "nan", "much", str(MOST + 1)])
async def test_a_size_that_cannot_be_is_not_waited_for(
    size: str, valkey: Any, replay: Replay
) -> None:
    async with serving(httpx.MockTransport(replay), store=valkey.url) as server:
        await planted(server, valkey, {"at": "1e12", "size": size, "record": b"x"})
        await well(server)


async def planted(server: Any, valkey: Any, values: dict[str, Any]) -> None:
    """For every feed there is, and leases that never end."""
    for feed in server.app.state.editions.sources._feeds.values():
        valkey.client.hset(key("feed", digest(feed.name)), mapping=values)
        valkey.client.set(key("lease", digest(feed.name)), "nobody's")


@over_valkey
async def test_a_document_that_is_not_the_one_that_was_named_is_none(valkey: Any) -> None:
    async with serving(httpx.MockTransport(Replay()), store=valkey.url) as server:
        name, shelf = document_id("{ __typename }"), digest("anonymous")
        for text in (b"{ pools { totalCount } }", b"\xff\xfe"):
            valkey.client.hset(key("texts", shelf), name, text)
            answer = (await server.client.post("/graphql", json={"extensions": APOLLO})).json()
            assert answer["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


def test_a_payload_is_small_and_comes_back() -> None:
    for body in (b"", b"x" * 3_000, b'{"name": "Pool"}' * 10_000, bytes(range(256)) * 20):
        payload = Payload(body, 1.5, {"https://x/": {"if-none-match": '"é"'}})
        assert opened(sealed(payload)) == payload
    assert len(sealed(Payload(b'{"name": "Pool"}' * 10_000, 1.5))) < 2_000


@pytest.mark.parametrize("headers", [{"host": "x"}, {"if-none-match": "a\r\nb"}, {"etag": "x"}])
def test_an_upstream_is_asked_with_no_header_that_is_not_ours(headers: dict[str, str]) -> None:
    found = opened(sealed(Payload(b"x", 1.0, {"https://x/": headers})))
    assert found == Payload(b"x", 1.0)
