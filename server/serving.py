"""Serving: the web server around an application, and how it says goodbye.

SIGTERM: `/readyz` fails from now on, and everything else is answered as before for
`POCHE_DRAIN_S`, each connection once more; by then load balancers send nobody any more.
Then nobody is let in, live updates are told to go elsewhere, and what is under way is
finished. Ctrl-C leaves out the first part, and a second signal ends it.

SIGHUP: the files of cities, clients and documents are read again at once.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from signal import SIGHUP, SIGTERM
from socket import socket
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from server import descriptors
from server.frames import WebSocketProtocol
from server.live import Live
from server.settings import Settings
from server.wire import HttpProtocol
from server.wired import LAST_ANSWER

LET_IN = 8  # new connections of a socket per turn of the loop
GRACE_S = 30  # for requests under way when the server is told to stop


class Server(uvicorn.Server):
    """uvicorn, but those who send us clients, and clients with live updates, are told first."""

    def __init__(self, app: Starlette, settings: Settings, **options: Any) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            http=partial(  # type: ignore[arg-type]
                HttpProtocol,
                finished=app.state.finished,
                shedding=app.state.shedding,
                direct=app.state.direct,
                most=descriptors.clients(),
            ),
            ws=WebSocketProtocol,
            ws_max_size=settings.max_body,
            ws_per_message_deflate=False,  # costs each client more memory than all the rest
            timeout_graceful_shutdown=GRACE_S,
            **options,
        )
        super().__init__(config)
        self._state = app.state
        self._live: Live = app.state.live
        self._drain_s = settings.drain_s
        self._open_until = 0.0

    async def startup(self, sockets: list[socket] | None = None) -> None:
        if current_thread() is main_thread():  # which is the one that hears signals
            asyncio.get_running_loop().add_signal_handler(SIGHUP, self._state.reloading.now)
        await super().startup(sockets and [*heard(sockets)])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == SIGTERM and not self._state.leaving:
            self._open_until = monotonic() + self._drain_s
            self._state.leaving = True
        else:
            self._open_until = 0.0
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        over = await super().on_tick(counter)
        if not over or monotonic() >= self._open_until:
            return over
        if LAST_ANSWER not in self.server_state.default_headers:  # made anew each second
            self.server_state.default_headers.append(LAST_ANSWER)
        return False

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        for server in self.servers:  # nobody new, who would miss the farewell
            server.close()
        await self._live.close()
        await super().shutdown(sockets)


def heard(sockets: Iterable[socket]) -> Iterator[socket]:
    """Sockets that listen, each as often as it may let somebody in per turn of the loop.

    libuv lets in one for each: while a flood makes turns long, all others would wait for it.
    """
    for one in sockets:
        yield one
        for _ in range(LET_IN - 1):
            yield one.dup()


def listening(host: str, port: int) -> socket:
    """A socket that waits for clients; says so, or ends the process if it cannot be had."""
    return uvicorn.Config("", host=host, port=port, log_config=None).bind_socket()


def serve(
    app: Starlette,
    settings: Settings,
    host: str,
    port: int,
    sockets: list[socket] | None = None,
) -> None:
    """Serve until a signal says to stop: at an address, or what listens there already."""
    descriptors.raised()
    server = Server(app, settings, host=host, port=port)
    with suppress(KeyboardInterrupt):  # uvicorn sends it again, when all is done
        server.run(sockets or [listening(host, port)])
    if not server.started:
        sys.exit(3)
