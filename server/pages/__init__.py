"""Pages: what a browser meets first, and the headers that every page of Poche carries."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

Endpoint = Callable[[Request], Awaitable[Response]]

HERE = Path(__file__).parent

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # Monaco places its lines with inline styles
    "font-src": "'self' data:",
    "img-src": "'self' data:",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}


def strict(**directives: str) -> dict[str, str]:
    """The headers of a page; `style_src="'self'"` changes what its policy says of styles."""
    policy = POLICY | {name.replace("_", "-"): value for name, value in directives.items()}
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


HEADERS = strict()


def routes() -> list[BaseRoute]:
    """The page for developers, its style sheet, and the icon of all pages."""
    return [
        _file("/", "index.html", "text/html"),  # where there is no home
        _file("/developers", "index.html", "text/html"),
        _file("/style.css", "style.css", "text/css"),
        _file("/favicon.svg", "favicon.svg", "image/svg+xml"),
    ]


def page(
    content: str, media_type: str = "text/html", headers: Mapping[str, str] = HEADERS
) -> Response:
    """A page as it is answered, with the headers that all of them carry."""
    return Response(
        content, media_type=media_type, headers={**headers, "Cache-Control": "no-cache"}
    )


def always(
    content: str, media_type: str = "text/html", headers: Mapping[str, str] = HEADERS
) -> Endpoint:
    """The same page for everybody; made anew each time, since middleware changes its headers."""

    async def answer(_: Request) -> Response:
        return page(content, media_type, headers)

    return answer


class Immutable(StaticFiles):
    """Files that may be kept for ever, because their folder is named after what made them."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _file(path: str, name: str, media_type: str) -> Route:
    content = (HERE / name).read_text(encoding="utf-8")
    return Route(path, always(content, media_type), methods=["GET"])
