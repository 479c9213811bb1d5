"""Pages: what a browser meets first, and the headers that every page of Poche carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

Endpoint = Callable[[Request], Awaitable[Response]]

HERE = Path(__file__).parent

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",  # Monaco places its lines with inline styles
            "font-src 'self' data:",
            "img-src 'self' data:",
            "worker-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def routes() -> list[BaseRoute]:
    """The landing page, its style sheet, and the icon of all pages."""
    return [
        _file("/", "index.html", "text/html"),
        _file("/style.css", "style.css", "text/css"),
        _file("/favicon.svg", "favicon.svg", "image/svg+xml"),
    ]


def page(content: str, media_type: str = "text/html") -> Response:
    """A page as it is answered, with the headers that all of them carry."""
    headers = {**HEADERS, "Cache-Control": "no-cache"}
    return Response(content, media_type=media_type, headers=headers)


def always(content: str, media_type: str = "text/html") -> Endpoint:
    """The same page for everybody; made anew each time, since middleware changes its headers."""

    async def answer(_: Request) -> Response:
        return page(content, media_type)

    return answer


def _file(path: str, name: str, media_type: str) -> Route:
    content = (HERE / name).read_text(encoding="utf-8")
    return Route(path, always(content, media_type), methods=["GET"])
