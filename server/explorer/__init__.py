"""Explorer: GraphiQL, where a developer sees what a city can be asked, and asks it.

The page comes from npm, is made by `server/frontends.py` when Poche is installed, and needs no
other host. Every file of `examples/` opens in a tab of its own, in the order of their names.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from server.pages import HEADERS, Immutable, always

HERE = Path(__file__).parent
STATIC = HERE / "static"

UNBUILT = "The explorer is not built here. Build it with: pip install -e .\n"


def routes(endpoint: str = "/graphql") -> list[BaseRoute]:
    """`/graphiql` and its files, asking `endpoint`; 503 and the way out where nothing is built."""
    built = next(STATIC.glob("*/explorer.js"), None)
    if built is None:
        return [Route("/graphiql", _unbuilt, methods=["GET"])]
    html = Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        assets=f"/graphiql/static/{built.parent.name}",
        endpoint=escape(endpoint),
        examples=escape(json.dumps(examples())),
    )
    return [
        Route("/graphiql", always(html), methods=["GET"]),
        Mount("/graphiql/static", Immutable(directory=STATIC)),
    ]


async def _unbuilt(_: Request) -> Response:
    return PlainTextResponse(UNBUILT, status_code=503, headers=HEADERS)


def examples() -> list[str]:
    """The queries that a new visitor finds open."""
    return [file.read_text("utf-8") for file in sorted((HERE / "examples").glob("*.graphql"))]
