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
from json import dumps
from pathlib import Path
from string import Template
from typing import Any

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
MANIFEST = "/manifest.webmanifest"
PAPER = "#f6f4ee"  # as in style.css


class CityRoute(Route):
    """A path of each city that there is at the moment, and of no other."""

    def __init__(
        self, path: str, endpoint: Endpoint, known: Callable[[], Mapping[str, City]]
    ) -> None:
        super().__init__(path, endpoint, methods=["GET"])
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
    style, early = ((folder / name).read_text("utf-8") for name in ("style.css", "early.js"))
    headers = strict(
        style_src=digest(style),
        script_src=f"'self' {digest(early)}",
        manifest_src="'self'",
    )
    template = Template((HERE / "page.html").read_text("utf-8"))

    files = f"/home/static/{folder.name}"

    def asked(request: Request) -> tuple[City, str]:
        """The city, and the path that its page has."""
        slug = request.path_params.get("city")
        return known()[slug or settings.city], f"/{slug or ''}"

    async def home(request: Request) -> Response:
        city, path = asked(request)
        html = template.substitute(
            city=escape(city.slug),
            name=escape(city.name),
            timezone=escape(city.timezone),
            manifest=escape(path.rstrip("/") + MANIFEST),
            files=files,
            style=style,
            early=early,
        )
        return page(html, headers=headers)

    async def manifest(request: Request) -> Response:
        city, path = asked(request)
        return page(dumps(installed(city, path, files)), "application/manifest+json", headers)

    worker = always((folder / "worker.js").read_text("utf-8"), "text/javascript", headers)
    return [
        Route("/", home, methods=["GET"]),
        CityRoute("/{city}", home, known),
        Route(MANIFEST, manifest, methods=["GET"]),
        CityRoute("/{city}" + MANIFEST, manifest, known),
        Route("/worker.js", worker, methods=["GET"]),  # so high that it may serve every page
        Mount("/home/static", Immutable(directory=STATIC)),
    ]


def digest(inline: str) -> str:
    """What a Content-Security-Policy allows of what stands in a page: this, to the letter."""
    return f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'"


def installed(city: City, path: str, files: str) -> dict[str, Any]:
    """The page as an app on a phone: the web application manifest (W3C)."""
    name = f"{city.name} dans ma poche"
    icon = {"src": f"{files}/icon-512.png", "type": "image/png", "sizes": "512x512"}
    return {
        "id": path,
        "start_url": path,
        "scope": path,
        "name": name,
        "short_name": city.name,
        "description": f"{name} : les prochains départs, la piscine, la cantine, d’un coup d’œil.",
        "lang": "fr",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": f"{files}/icon-192.png", "type": "image/png", "sizes": "192x192"},
            icon,
            {**icon, "purpose": "maskable"},  # all that matters stands in its middle
        ],
    }
