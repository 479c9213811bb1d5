"""Floods over WebSockets and streams: cut off with the protocol's own code, nobody else waits."""

import json
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from tests.hostile.city import city, well
from tests.hostile.stalls import LONGEST_S, turns
from tests.live.online import DEPARTURES, GENEROUS_S, STOP

MANY = 10_000
MEMORY = 16 * 1024 * 1024
INIT = b'{"type": "connection_init"}'
PING = b'{"type": "ping"}'


@pytest.fixture(scope="module")
def address():
    with city() as found:
        yield found


@contextmanager
def connected(address: str, **options) -> Iterator[ClientConnection]:
    url = f"ws://{address}/graphql"
    with connect(
        url,
        subprotocols=["graphql-transport-ws"],
        compression=None,
        open_timeout=GENEROUS_S,
        close_timeout=GENEROUS_S,
        ping_interval=None,
        **options,
    ) as connection:
        yield connection


def poured(connection: ClientConnection, frames: bytes) -> None:
    """All at once, as far as the server takes it."""
    with suppress(OSError):  # it has hung up
        connection.socket.sendall(frames)


def closed(connection: ClientConnection) -> int | None:
    try:
        while True:
            connection.recv(timeout=GENEROUS_S)
    except ConnectionClosed:
        return connection.close_code


def frame(opcode: Opcode, data: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def text(**message) -> bytes:
    return frame(Opcode.TEXT, json.dumps(message).encode())


def subscribe(name: str, query: str = DEPARTURES, **variables) -> bytes:
    payload = {"query": query, "variables": variables or {"stop": STOP}}
    return text(id=name, type="subscribe", payload=payload)


HELLO = frame(Opcode.TEXT, INIT)
FLOODS: dict[str, tuple[Callable[[], bytes], int]] = {
    "pings of the protocol": (lambda: frame(Opcode.TEXT, PING) * MANY, 1008),
    "pongs of the protocol": (lambda: text(type="pong") * MANY, 1008),
    "pings of WebSocket": (lambda: frame(Opcode.PING, b"x" * 125) * MANY, 1008),
    "empty pings of WebSocket": (lambda: frame(Opcode.PING, b"") * MANY, 1008),
    "pongs that nobody asked for": (lambda: frame(Opcode.PONG, b"") * MANY, 1008),
    "a message in 10,000 pieces": (
        lambda: frame(Opcode.TEXT, b'"', fin=False) + frame(Opcode.CONT, b"x", fin=False) * MANY,
        1008,
    ),
    "a message without end": (
        lambda: (
            frame(Opcode.TEXT, b'"', fin=False) + frame(Opcode.CONT, b"x" * 50_000, fin=False) * 20
        ),
        1009,
    ),
    "a frame that is too large": (lambda: frame(Opcode.TEXT, b"x" * 1_000_000), 1009),
    "a frame of 2^62 bytes": (lambda: struct.pack("!BBQ", 0x81, 0xFF, 2**62) + b"xxxx", 1009),
    "a frame that is not masked": (lambda: b"\x81\x02{}" * MANY, 1002),
    "an opcode that there is none of": (lambda: b"\x8b\x80xxxx" * MANY, 1002),
    "bytes that are no UTF-8": (lambda: frame(Opcode.TEXT, b"\xff\xfe"), 1007),
    "binary frames": (lambda: frame(Opcode.BINARY, PING) * 100, 4400),
    "no JSON": (lambda: frame(Opcode.TEXT, b"[" * 100_000), 4400),
    "hello again and again": (lambda: HELLO * 500, 4429),
    "questions before hello": (lambda: subscribe("1") * 500, 4401),
    "one id again and again": (lambda: HELLO + subscribe("1") * 500, 4409),
    "10,000 questions": (
        lambda: HELLO + b"".join(subscribe(str(n), "{ a }") for n in range(MANY)),
        1008,
    ),
    "begun and ended": (
        lambda: HELLO + (subscribe("1") + text(id="1", type="complete")) * (MANY // 2),
        1008,
    ),
    "ends of what never began": (
        lambda: HELLO + b"".join(text(id=str(n), type="complete") for n in range(MANY)),
        1008,
    ),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_the_connection(address, name):
    made, code = FLOODS[name]
    frames = made()
    with connected(address) as connection, turns() as found:
        pouring = Thread(target=poured, args=(connection, frames))
        pouring.start()
        assert closed(connection) == code
        pouring.join(GENEROUS_S)

    assert found.longest < LONGEST_S
    assert well(address)


def test_floods_take_no_memory(address):
    floods = [made() for made, _ in FLOODS.values()]
    tracemalloc.start()
    for frames in floods:
        with connected(address) as connection:
            poured(connection, frames)
            closed(connection)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < MEMORY


def test_messages_in_parts_are_messages(address):
    """Parted between frames, and frames between packets, down to the single byte."""
    parts = [frame(Opcode.TEXT, INIT[:1], fin=False)]
    parts += [frame(Opcode.CONT, INIT[n : n + 1], fin=False) for n in range(1, len(INIT))]
    parts += [frame(Opcode.PING, b"meanwhile"), frame(Opcode.CONT, b"")]
    with connected(address) as connection:
        for byte in b"".join(parts):
            connection.socket.sendall(bytes([byte]))
        assert json.loads(connection.recv(timeout=GENEROUS_S)) == {"type": "connection_ack"}


def test_clients_of_one_address_are_so_many_and_no_more():
    with city(live_per_address=20) as address:
        with ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(connected(address))
            for _ in range(100):
                with pytest.raises(InvalidStatus) as refused, connected(address):
                    pass
                assert refused.value.response.status_code == 429
                assert refused.value.response.headers["retry-after"]
            for accept in STREAMS:
                assert streamed(address, accept).status_code == 429
            assert well(address)
        welcome(address)


def test_sockets_that_never_say_hello_are_closed():
    with city(socket_init_s=0.05, live_per_address=100) as address, ExitStack() as stack:
        sockets = [stack.enter_context(connected(address)) for _ in range(100)]

        assert {closed(connection) for connection in sockets} == {4408}
        assert well(address)


def test_subscriptions_of_one_address_are_so_many_points_and_no_more():
    with (
        city(live_points_per_address=100, live_per_socket=1_000) as address,
        connected(address) as connection,
    ):
        poured(connection, HELLO + b"".join(subscribe(str(n)) for n in range(300)))
        heard = [json.loads(connection.recv(timeout=GENEROUS_S)) for _ in range(301)]
        first = [message for message in heard if message["type"] == "next"]
        refused = [message for message in heard if message["type"] == "error"]

        assert len(first) == 50  # of two points each
        assert len(refused) == 250
        assert {message["payload"][0]["extensions"]["limit"] for message in refused} == {
            "livePoints"
        }
        for accept in STREAMS:
            answer = streamed(address, accept)
            assert answer.status_code == 429
            assert '"limit":"livePoints"' in answer.text
        assert well(address)


def test_subscriptions_of_all_addresses_are_so_many_points_and_no_more():
    with city(live_points=3) as address, connected(address) as connection:
        poured(connection, HELLO + subscribe("1") + subscribe("2"))
        heard = [json.loads(connection.recv(timeout=GENEROUS_S)) for _ in range(3)]

        assert sorted(message["type"] for message in heard) == ["connection_ack", "error", "next"]
        [error] = [one["payload"][0] for one in heard if one["type"] == "error"]
        assert error["extensions"] == {"code": "OVERLOADED", "retryAfter": 5}
        for accept in STREAMS:
            assert streamed(address, accept).status_code == 503


STREAMS = ("text/event-stream", "multipart/mixed;subscriptionSpec=1.0, application/json")


def streamed(address: str, accept: str) -> httpx.Response:
    """The answer to a subscription that is refused; it would not end otherwise."""
    body = {"query": DEPARTURES, "variables": {"stop": STOP}}
    url, headers = f"http://{address}/graphql", {"accept": accept}
    return httpx.post(url, json=body, headers=headers, timeout=GENEROUS_S)


def welcome(address: str) -> None:
    """Come back when a client may come in again: the server has to hear that others have gone."""
    for _ in range(1_000):
        try:
            with connected(address):
                return
        except InvalidStatus:
            continue
    raise TimeoutError
