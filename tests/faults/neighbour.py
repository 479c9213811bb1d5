"""Neighbour: a server on this machine that says what it was asked, and little else."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response


class Neighbour:
    """`/moved` redirects to `location`, `/failing` and `/page` say back what they were asked."""

    def __init__(self) -> None:
        self.location = "/"
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            self.asked.append((self._target(request), dict(request.headers)))
            await self._answer(request)(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        match request.url.path:
            case "/moved":
                return RedirectResponse(self.location)
            case "/failing":
                return PlainTextResponse(self._echo(request), 500)
            case "/page":
                return PlainTextResponse(self._echo(request))
        return PlainTextResponse(request.url.path)

    def _echo(self, request: Request) -> str:
        return f"no such thing: {self._target(request)} {dict(request.headers)}"

    def _target(self, request: Request) -> str:
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
