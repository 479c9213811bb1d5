"""A city as it is in production: on a real socket, in a thread with an event loop of its own."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx

from server.app import create_app
from server.serving import Server
from server.settings import Settings
from tests.conftest import Clock, Replay
from tests.live.online import GENEROUS_S

WELL = {"query": "{ pools(first: 1) { totalCount } }"}


@contextmanager
def city(**options) -> Iterator[str]:
    """Its host and port."""
    clock = Clock()
    settings = Settings(**{"warm": False, "rate": 0, **options})
    app = create_app(
        settings,
        transport=httpx.MockTransport(Replay()),
        clock=clock,
        ticks=lambda: clock().timestamp(),
    )
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as listener:
        server = Server(app, settings, log_level="critical", loop="asyncio")
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        address = "{}:{}".format(*listener.getsockname())
        try:
            assert well(address)
            yield address
        finally:
            server.should_exit = True
            thread.join(GENEROUS_S)


def well(address: str) -> bool:
    answer = httpx.post(f"http://{address}/graphql", json=WELL, timeout=GENEROUS_S)
    return answer.json()["data"] == {"pools": {"totalCount": 17}}
