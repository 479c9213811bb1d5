"""Hostile bytes on a real socket: wrong lengths, what never ends, one request inside another."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from server import patience
from tests.hostile.city import city

BODY = b'{"query": "{ __typename }"}'
POST = b"POST /graphql HTTP/1.1\r\nHost: poche\r\nContent-Type: application/json\r\n"
GET = b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: poche\r\n"
READ_S = 0.3


@pytest.fixture(scope="module")
def address():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patience, "HEAD_S", READ_S)
        with city(read_s=READ_S) as found:
            yield f"http://{found}"


def talked(address, said):
    """All that the server says until it closes the connection."""
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port), timeout=5) as peer:
        peer.sendall(said)
        heard = b""
        with suppress(ConnectionResetError):
            while chunk := peer.recv(65_536):
                heard += chunk
        return heard


CLOSE = b"Connection: close\r\n"
TALKS = {
    "well": (POST + CLOSE + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY, b"200"),
    "a body that never ends": (POST + b"Content-Length: 500\r\n\r\n" + BODY, b"408"),
    "a chunked body that never ends": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1b\r\n" + BODY + b"\r\n",
        b"408",
    ),
    "a body that is not there": (POST + b"Content-Length: 27\r\n\r\n", b"408"),
    "a length that is too short": (POST + CLOSE + b"Content-Length: 5\r\n\r\n" + BODY, b"400"),
    "a length that is no number": (POST + b"Content-Length: ten\r\n\r\n" + BODY, b"400"),
    "a length below zero": (POST + b"Content-Length: -1\r\n\r\n" + BODY, b"400"),
    "two lengths": (POST + b"Content-Length: 27\r\nContent-Length: 5\r\n\r\n" + BODY, b"400"),
    "a length of 2^63": (POST + b"Content-Length: 9223372036854775808\r\n\r\n", b"413"),
    "a length and chunks": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0\r\n\r\n",
        b"400",
    ),
    "a length with a sign": (POST + b"Content-Length: +27\r\n\r\n" + BODY, b"400"),
    "a length in hexadecimal": (POST + b"Content-Length: 0x1b\r\n\r\n" + BODY, b"400"),
    "a list of lengths": (POST + b"Content-Length: 27, 27\r\n\r\n" + BODY, b"400"),
    "a length twice": (POST + b"Content-Length: 27\r\nContent-Length: 27\r\n\r\n" + BODY, b"400"),
    "chunks and a length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + b"0\r\n\r\n",
        b"400",
    ),
    "chunks, but not at last": (
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + b"0\r\n\r\n",
        b"400",
    ),
    "no coding that we know": (
        POST + b"Transfer-Encoding: xchunked\r\n\r\n" + b"0\r\n\r\n",
        b"400",
    ),
    "a space before the colon": (
        POST + b"Transfer-Encoding : chunked\r\n\r\n" + b"0\r\n\r\n",
        b"400",
    ),
    "a chunk's size of 2^64": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000000000000000\r\n",
        b"400",
    ),
    "chunks beyond the bound": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b" " * 1_024 + b"\r\n",
        b"408",
    ),
    "a head that never ends": (GET + b"Accept: ", b"408"),
    "a head that has begun": (b"G", b"408"),
    "a head of 100 KB": (GET + b"X: " + b"y" * 100_000, b"431"),
    "a URL of 100 KB": (b"GET /" + b"y" * 100_000, b"431"),
    "101 headers": (GET + b"".join(b"x-%d:\r\n" % n for n in range(100)) + b"\r\n", b"431"),
    "10,000 headers": (GET + b"".join(b"x-%d:\r\n" % n for n in range(10_000)) + b"\r\n", b"431"),
    "a line without its CR": (
        b"GET /healthz HTTP/1.1\nHost: poche\nConnection: close\n\n",
        b"400",
    ),
    "HTTP/2 to our face": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400"),
    "a method of our own": (b"HACK /graphql HTTP/1.1\r\nHost: poche\r\n\r\n", b"400"),
    "chunks of no size": (POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"zz\r\n", b"400"),
    "a NUL in a header": (GET + CLOSE + b"Accept: a\0b\r\n\r\n", b"400"),
    "a header folded": (GET + CLOSE + b"Accept: a,\r\n b\r\n\r\n", b"400"),
    "bytes in Accept": (GET + CLOSE + b"Accept: \xff\xfe\r\n\r\n", b"406"),
    "no request at all": (b"\x16\x03\x01 hello\r\n\r\n", b"400"),
    "bytes in the URL": (b"GET /graphql?query=\xff HTTP/1.1\r\n" + CLOSE + b"\r\n", b"400"),
}


@pytest.mark.parametrize("name", TALKS)
def test_is_refused_and_the_connection_closed(address, name):
    said, status = TALKS[name]

    heard = talked(address, said)

    assert heard.startswith(b"HTTP/1.1 " + status), heard[:300]
    assert httpx.get(f"{address}/graphql?query={{__typename}}").status_code == 200


def test_who_says_nothing_is_told_nothing(address):
    assert talked(address, b"") == b""


def test_a_body_that_nobody_wants_has_an_end_too(address):
    said = b"POST /nowhere HTTP/1.1\r\nHost: poche\r\nContent-Length: 500\r\n\r\n{"

    heard = talked(address, said)

    assert heard.startswith(b"HTTP/1.1 404")
    assert heard.count(b"HTTP/1.1") == 1


def test_requests_one_after_the_other_are_answered_in_order(address):
    heard = talked(address, (GET + b"\r\n") * 3 + GET + CLOSE + b"\r\n")

    assert heard.count(b"HTTP/1.1 200") == 4


def test_but_not_thousands(address):
    heard = talked(address, (GET + b"\r\n") * 5_000)

    assert heard.count(b"HTTP/1.1 200") < 200


def test_heads_that_come_in_pieces_are_heads(address):
    """As from a slow phone; each piece is taken as it comes."""
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port), timeout=5) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GET + CLOSE + b"\r\n":
            peer.sendall(bytes([byte]))
        assert peer.recv(100).startswith(b"HTTP/1.1 200")


def test_many_slow_bodies_keep_nobody_waiting(address):
    url = urlsplit(address)
    slow = [socket.create_connection((url.hostname, url.port), timeout=5) for _ in range(100)]
    try:
        for peer in slow:
            peer.sendall(POST + b"Content-Length: 500\r\n\r\n{")
        answer = httpx.post(f"{address}/graphql", json={"query": "{ __typename }"}, timeout=5)
        assert answer.json() == {"data": {"__typename": "Query"}}
        for peer in slow:
            assert b" 408 " in peer.recv(100)
    finally:
        for peer in slow:
            peer.close()
