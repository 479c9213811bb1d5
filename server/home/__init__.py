"""Home: the citizens' page, a screen of tiles that they choose, at `/` and at `/bordeaux`.

It is a client like a partner's: it asks `/graphql` alone, and only the documents of
`generated/persisted-documents.json`, which the server knows from its first moment. The page
comes from npm, is made by `server/frontends.py` when Poche is installed, and needs no other host.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from starlette.routing import BaseRoute, Mount, Route

from cities import City
from server.pages import Immutable, always, strict
from server.settings import Settings

HERE = Path(__file__).parent
STATIC = HERE / "static"
DOCUMENTS = HERE / "generated" / "persisted-documents.json"


def routes(cities: Mapping[str, City], settings: Settings) -> list[BaseRoute]:
    """A page for each city, and their files; none where nothing is built, or a key is needed."""
    built = next(STATIC.glob("*/home.js"), None)
    if built is None or settings.anonymous == "off":
        return []
    folder = built.parent
    style = (folder / "style.css").read_text("utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    headers = strict(style_src=f"'sha256-{digest}'", manifest_src="'self'")
    template = Template((HERE / "page.html").read_text("utf-8"))

    def at(path: str, city: City) -> Route:
        html = template.substitute(
            city=escape(city.slug),
            name=escape(city.name),
            timezone=escape(city.timezone),
            script=f"/home/static/{folder.name}/home.js",
            style=style,
        )
        return Route(path, always(html, headers=headers), methods=["GET"])

    worker = always((folder / "worker.js").read_text("utf-8"), "text/javascript", headers)
    return [
        at("/", cities[settings.city]),
        *(at(f"/{slug}", city) for slug, city in cities.items()),
        Route("/worker.js", worker, methods=["GET"]),  # so high that it may serve every page
        Mount("/home/static", Immutable(directory=STATIC)),
    ]
