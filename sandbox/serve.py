"""Serve: the sandbox on a real socket, in the foreground or beside a test."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import create_server
from threading import Thread
from typing import Unpack

import uvicorn

from sandbox.app import Options, create_app
from sandbox.world import World


def server(world: World, options: Options) -> uvicorn.Server:
    """A server that adds nothing of its own: the date is that of the world."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(world, **options),
            lifespan="off",
            log_level="critical",  # a fault that breaks an answer is no news
            date_header=False,
            server_header=False,
        )
    )


def run(host: str, port: int, world: World, **options: Unpack[Options]) -> None:
    """Serves until interrupted; the options are those of `create_app`. OSError: port taken."""
    with suppress(KeyboardInterrupt):
        server(world, options).run(sockets=[create_server((host, port))])


@contextmanager
def running(world: World, port: int = 0, **options: Unpack[Options]) -> Iterator[str]:
    """Serves in a thread, on any free port for 0, and gives the base URL (`http://127.0.0.1:8090`).

    The options are those of `create_app`. OSError: port taken.
    """
    listening = create_server(("127.0.0.1", port))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    serving = server(world, options)
    thread = Thread(target=serving.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not serving.started:
            thread.join(0.01)
        yield address
    finally:
        serving.should_exit = serving.force_exit = True  # else it waits for whoever hangs
        thread.join()
