"""No file descriptors left: newcomers are told so at once, those who are there are served."""

import os
import resource
import select
import socket
import subprocess
import sys

import httpx
import pytest

from sandbox.serve import running
from sandbox.world import World
from tests.conftest import free_port, settled
from tests.live.online import GENEROUS_S

FILES = 128  # that the server may open
POOLS = {"query": "{ pools(first: 1) { totalCount } }"}
SCHOOLS = {"query": "{ schools(first: 1) { totalCount } }"}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server of its own that may open few files, over real upstreams."""
    port = free_port()
    with running(World()) as upstream:
        told = {
            "POCHE_UPSTREAM": upstream,
            "POCHE_DATA": str(tmp_path_factory.mktemp("data")),
            "POCHE_WARM": "false",
            "POCHE_RATE": "0",
        }
        limits = (FILES // 2, FILES)  # it takes what it may
        process = subprocess.Popen(
            [sys.executable, "-m", "server.start", "serve", "--port", str(port)],
            env=os.environ | told,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits),
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                settled(client)
            yield "127.0.0.1", port
        finally:
            process.terminate()
            process.wait(GENEROUS_S)


def crowd(address, many):
    """So many who connect, and say nothing."""
    return [socket.create_connection(address, timeout=GENEROUS_S) for _ in range(many)]


def turned_away(peers):
    """What those were told who were not let in; all of them have been by when this is back."""
    told = {}
    while len(told) < len(peers) - FILES // 2:
        found, _, _ = select.select(set(peers) - told.keys(), [], [], GENEROUS_S)
        assert found
        told |= {peer: peer.recv(1_000) for peer in found}
    return list(told.values())


def test_those_who_are_there_are_served_and_it_recovers(address):
    url = "http://{}:{}".format(*address)
    with httpx.Client(base_url=url, timeout=GENEROUS_S) as known:
        assert known.post("/graphql", json=POOLS).json()["data"]["pools"]["totalCount"]
        peers = crowd(address, 2 * FILES)
        try:
            for told in turned_away(peers):
                assert told.startswith(b"HTTP/1.1 503 ")
                assert b"\r\nretry-after: 1\r\n" in told
            answer = known.post("/graphql", json=SCHOOLS).json()  # which nobody has asked for yet
            assert "errors" not in answer
            assert answer["data"]["schools"]["totalCount"]
            assert httpx.get(f"{url}/healthz").status_code == 503
        finally:
            for peer in peers:
                peer.close()
        while (again := httpx.get(f"{url}/healthz")).status_code == 503:  # till it has seen them go
            pass
        assert again.status_code == 200
