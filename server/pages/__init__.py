"""Pages: what a browser meets first, and the headers that every page of Poche carries."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

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
    """A whole answer, the same for everybody: a Response is an ASGI app, so it is the endpoint."""
    headers = {**HEADERS, "Cache-Control": "no-cache"}
    return Response(content, media_type=media_type, headers=headers)


def _file(path: str, name: str, media_type: str) -> Route:
    content = (HERE / name).read_text(encoding="utf-8")
    return Route(path, page(content, media_type), methods=["GET"])
