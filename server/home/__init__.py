"""Home: the citizens' page, a screen of tiles that they choose, at `/` and at `/bordeaux`.

It is a client like a partner's: it asks `/graphql` alone, and only the documents of
`generated/persisted-documents.json`, which the server knows from its first moment. The page
comes from npm, is made by `server/frontends.py` when Poche is installed, and needs no other host.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Scope

from cities import City
from server.pages import Endpoint, Immutable, always, page, strict
from server.settings import Settings

HERE = Path(__file__).parent
STATIC = HERE / "static"
DOCUMENTS = HERE / "generated" / "persisted-documents.json"


class CityRoute(Route):
    """The path of each city that there is at the moment, and of no other."""

    def __init__(self, known: Callable[[], Mapping[str, City]], endpoint: Endpoint) -> None:
        super().__init__("/{city}", endpoint, methods=["GET"])
        self._known = known

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        if match is Match.NONE or found["path_params"]["city"] not in self._known():
            return Match.NONE, {}
        return match, found


def routes(known: Callable[[], Mapping[str, City]], settings: Settings) -> list[BaseRoute]:
    """A page for each city, and their files; none where nothing is built, or a key is needed."""
    built = next(STATIC.glob("*/home.js"), None)
    if built is None or settings.anonymous == "off":
        return []
    folder = built.parent
    style = (folder / "style.css").read_text("utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    headers = strict(style_src=f"'sha256-{digest}'", manifest_src="'self'")
    template = Template((HERE / "page.html").read_text("utf-8"))

    async def home(request: Request) -> Response:
        city = known()[request.path_params.get("city", settings.city)]
        html = template.substitute(
            city=escape(city.slug),
            name=escape(city.name),
            timezone=escape(city.timezone),
            script=f"/home/static/{folder.name}/home.js",
            style=style,
        )
        return page(html, headers=headers)

    worker = always((folder / "worker.js").read_text("utf-8"), "text/javascript", headers)
    return [
        Route("/", home, methods=["GET"]),
        CityRoute(known, home),
        Route("/worker.js", worker, methods=["GET"]),  # so high that it may serve every page
        Mount("/home/static", Immutable(directory=STATIC)),
    ]
