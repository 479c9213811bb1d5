"""Serving: how a server says goodbye, seen by a load balancer and by who is still there."""

import asyncio
from signal import SIGTERM
from socket import create_connection, create_server
from threading import Thread

import httpx
import pytest
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.app import create_app
from server.serving import Server
from server.settings import Settings
from tests.conftest import Replay

GIVE_UP_S = 30
CALLERS = 64
QUESTION = {"query": "{ cities { name } }"}


@pytest.fixture
def served(tmp_path):
    """A server that drains for as long as the test lasts, and its address."""
    settings = Settings(warm=False, data=tmp_path, drain_s=3_600)
    app = create_app(settings, transport=httpx.MockTransport(Replay()))
    with create_server(("127.0.0.1", 0)) as listener:
        server = Server(app, settings, log_level="warning")
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield server, f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        server.handle_exit(SIGTERM, None)
        server.handle_exit(SIGTERM, None)
        thread.join(GIVE_UP_S)
    assert not thread.is_alive()


def test_after_sigterm_everybody_is_answered_and_nobody_sent(served):
    server, url = served
    with httpx.Client(base_url=url, timeout=GIVE_UP_S) as client:
        assert client.post("/graphql", json=QUESTION).status_code == 200
        server.handle_exit(SIGTERM, None)
        ready = client.get("/readyz")
        alive = client.get("/healthz")
        answer = client.post("/graphql", json=QUESTION)
        while answer.headers.get("connection") != "close":  # said from the next tick on
            answer = client.post("/graphql", json=QUESTION)

    assert (ready.status_code, ready.text) == (503, "about to stop\n")
    assert alive.status_code == 200
    assert answer.json()["data"]["cities"]


def test_the_loop_and_the_parser_are_those_in_c(served):
    server, url = served
    httpx.get(f"{url}/healthz", timeout=GIVE_UP_S)

    assert {type(listener).__module__ for listener in server.servers} == {"uvloop.loop"}
    assert issubclass(server.config.http_protocol_class.func, HttpToolsProtocol)


def test_a_second_signal_ends_it(served):
    server, url = served
    httpx.get(f"{url}/healthz", timeout=GIVE_UP_S)
    server.handle_exit(SIGTERM, None)
    server.handle_exit(SIGTERM, None)
    with pytest.raises(httpx.TransportError):
        ask_for_ever(f"{url}/readyz")


def ask_for_ever(url):
    while True:
        httpx.get(url, timeout=GIVE_UP_S)


def test_many_are_let_in_in_one_turn_of_the_loop(tmp_path):
    settings = Settings(warm=False, data=tmp_path)
    app = create_app(settings, transport=httpx.MockTransport(Replay()))

    async def turns(server, listener):
        loop = asyncio.get_running_loop()
        running = loop.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - turns of the loop are what is counted
            await asyncio.sleep(0)
        callers = [create_connection(listener.getsockname()) for _ in range(CALLERS)]
        number = 0
        while len(server.server_state.connections) < CALLERS:
            number += 1
            await asyncio.sleep(0)
        for caller in callers:
            caller.close()
        server.should_exit = True
        await running
        return number

    with create_server(("127.0.0.1", 0)) as listener:
        server = Server(app, settings, log_level="warning")
        taken = uvloop.new_event_loop().run_until_complete(turns(server, listener))
    assert taken < CALLERS / 2
