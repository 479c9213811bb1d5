"""Serve: the sandbox on a real socket, in the foreground or beside a test."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from sandbox.app import create_app
from sandbox.faults import Fault
from sandbox.world import World


def server(app: ASGIApp, host: str, port: int) -> uvicorn.Server:
    """A server that adds nothing of its own: the date is that of the world."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            lifespan="off",
            log_level="critical",  # a fault that breaks an answer is no news
            date_header=False,
            server_header=False,
        )
    )


def run(
    host: str,
    port: int,
    world: World,
    *,
    siri_period_s: float = 30,
    daily_quota: int = 10_000,
    faults: Iterable[tuple[str, Fault]] = (),
) -> None:
    """Serves until interrupted."""
    app = create_app(world, siri_period_s=siri_period_s, daily_quota=daily_quota, faults=faults)
    server(app, host, port).run()


@contextmanager
def running(
    world: World,
    port: int = 0,
    *,
    control: bool = True,
    siri_period_s: float = 30,
    daily_quota: int = 10_000,
    faults: Iterable[tuple[str, Fault]] = (),
) -> Iterator[str]:
    """Serves in a thread, on any free port for 0, and gives the base URL (`http://127.0.0.1:…`)."""
    app = create_app(
        world,
        control=control,
        siri_period_s=siri_period_s,
        daily_quota=daily_quota,
        faults=faults,
    )
    serving = server(app, "127.0.0.1", port)
    socket = serving.config.bind_socket()
    thread = Thread(target=serving.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not serving.started:
            thread.join(0.01)
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        serving.should_exit = serving.force_exit = True  # an upstream that hangs would wait too
        thread.join()
