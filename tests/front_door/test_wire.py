"""What the web server under the application answers by itself, and to whom."""

import asyncio
import re
from urllib.parse import quote

import pytest

from tests.front_door.talking import BIKES, PATIENCE_S, talking

pytestmark = pytest.mark.anyio

POOLS = "{ pools { nodes { name address { street } } } }"
OWN = re.compile(rb"\r\n(?:x-request-id|date|ratelimit[a-z-]*): [^\r]*")


@pytest.fixture
async def talk(tmp_path, monkeypatch):
    async with talking(tmp_path, monkeypatch) as talk:
        yield talk


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
    await talk.ask(path="/healthz")  # before its first look at the clock it says no date
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
    _, first = await talk.ask("POST", "/graphql", body)
    _, second = await talk.ask("POST", "/graphql", body)
    _, other = await talk.ask("POST", "/graphql", body[:-1] + b" ")
    assert len(talk.seen) == 2
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
