"""Hostile bytes on a real socket: wrong lengths, bodies that never end, headers without end."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from server.app import create_app
from server.settings import Settings
from tests.conftest import Clock, Replay, listening

BODY = b'{"query": "{ __typename }"}'
POST = b"POST /graphql HTTP/1.1\r\nHost: poche\r\nContent-Type: application/json\r\n"
GET = b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: poche\r\n"
READ_S = 0.3


@pytest.fixture(scope="module")
def address():
    settings = Settings(warm=False, read_s=READ_S)
    app = create_app(settings, transport=httpx.MockTransport(Replay()), clock=Clock())
    with listening(app) as found:
        yield found


def talked(address, said):
    """All that the server says until it closes the connection."""
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port), timeout=5) as peer:
        peer.sendall(said)
        heard = b""
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


def test_many_headers_are_refused_or_ignored(address):
    headers = {f"x-{n}": "y" * 100 for n in range(2_000)}

    answer = httpx.get(f"{address}/graphql?query={{__typename}}", headers=headers)

    assert answer.status_code in (200, 400, 431)


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
