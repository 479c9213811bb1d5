"""Serving: the web server around an application, and how it says goodbye."""

import sys
from contextlib import suppress
from socket import socket
from typing import Any

import uvicorn
from starlette.applications import Starlette

from server.live import Live
from server.settings import Settings
from server.wire import HttpProtocol, WebSocketProtocol

GRACE_S = 30  # for requests under way when the server is told to stop


class Server(uvicorn.Server):
    """uvicorn, but clients with live updates are told to go before their connections are cut."""

    def __init__(self, app: Starlette, settings: Settings, **options: Any) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            http=HttpProtocol,
            ws=WebSocketProtocol,
            ws_max_size=settings.max_body,
            ws_per_message_deflate=False,  # costs each client more memory than all the rest
            timeout_graceful_shutdown=GRACE_S,
            **options,
        )
        super().__init__(config)
        self._live: Live = app.state.live

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        for server in self.servers:  # nobody new, who would miss the farewell
            server.close()
        await self._live.close()
        await super().shutdown(sockets)


def serve(app: Starlette, settings: Settings, host: str, port: int) -> None:
    """Serve until a signal says to stop."""
    server = Server(app, settings, host=host, port=port)
    with suppress(KeyboardInterrupt):  # uvicorn sends it again, when all is done
        server.run()
    if not server.started:
        sys.exit(3)
