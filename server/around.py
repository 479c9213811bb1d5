"""Around: what stands around every answer: its id, compression, other sites' leave to read it."""

from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.clients import Clients
from server.compression import Compression, varying
from server.finished import Again, Finished
from server.logs import RequestIds
from server.parameters import IN_URL
from server.rates import STANDING
from server.settings import Settings

THEIR_HEADERS = (
    "Authorization",
    "Content-Type",
    "X-API-Key",
    "X-Poche-Explain",
    "X-Poche-Sources",
    "X-Request-Id",
)
OUR_HEADERS = (*STANDING, "Retry-After", "X-Request-Id")


def methods(settings: Settings) -> list[str]:
    """What `/graphql` answers; any other method is answered 405, with Allow."""
    return [*IN_URL, "POST", *(["QUERY"] if settings.query_method else [])]


def middleware(settings: Settings, clients: Clients, finished: Finished) -> list[Middleware]:
    """What stands around every answer: its id, compression, other sites' leave to read it."""
    again = Middleware(Again, finished=finished, read_s=settings.read_s)
    found = [Middleware(RequestIds), again, Middleware(Compression)]
    if settings.cors_origins or settings.clients:
        found.append(
            Middleware(
                Sites,
                clients=clients,
                allow_origins=settings.cors_origins,
                allow_methods=methods(settings),
                allow_headers=THEIR_HEADERS,
                expose_headers=OUR_HEADERS,
                max_age=3_600,
            )
        )
    return found


class Sites(CORSMiddleware):
    """Other sites' leave: those of the settings, and those of partners as they are now."""

    def __init__(self, app: ASGIApp, /, *, clients: Clients, **options: Any) -> None:
        super().__init__(app, **options)
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or any(name == b"origin" for name, _ in scope["headers"]):
            await super().__call__(scope, receive, send)
            return

        async def ours(message: Message) -> None:  # the same at a third of the time
            if message["type"] == "http.response.start":
                message = {**message, "headers": varying(message["headers"], b"Origin")}
            await send(message)

        await self.app(scope, receive, ours)

    def is_allowed_origin(self, origin: str) -> bool:
        return super().is_allowed_origin(origin) or origin in self._clients.origins
