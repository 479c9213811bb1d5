"""Geocoding: from words to a place and back, as France's address base (BAN) is asked.

https://geoservices.ign.fr/documentation/services/services-geoplateforme/geocodage

    url        "https://data.geopf.fr/geocodage"; addok servers, and the older
               "https://api-adresse.data.gouv.fr", say the same under the same names
    lat, lon   what is nearer to there comes first, where a question names no place of its own

It is keyed, by `text@lat,lon`: `rue crebillon@` is searched for, `rue crebillon@47.21,-1.56` as it
is meant around there, and of `@47.21,-1.56` it is asked what is nearest (`reverse`). Texts are a
parameter of the call and nothing else of it, whatever is in them.

Limits: 50 calls a second and address, then 429 with Retry-After and nothing for 5 s; texts of
3 to 200 characters, else 400. Rows are the features' properties, with `geometry` beside them,
best first; nothing found is a list of none. The communes (`citycode`) of Paris, Lyon and
Marseille are their arrondissements.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Self

import msgspec
from pydantic import Field

from sources import geojson
from sources.protocols import Ask, Speaks

LIMIT = 20  # more than anyone shows, for some of them will be of other communes
KEY = re.compile(r"(?P<text>.*)@(?:(?P<lat>-?[0-9.]+),(?P<lon>-?[0-9.]+))?", re.DOTALL)


class Complaint(msgspec.Struct):
    """The body of an error, in the words of either server."""

    message: str | None = None
    detail: list[str] | str | None = None


class Geocoding(Speaks):
    url: str
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    asked: str = ""  # by `one`, never by a city file

    @property
    def keyed(self) -> bool:
        return True

    def one(self, key: str) -> Self:
        return self.but(asked=key)

    async def fetch(self, ask: Ask) -> bytes:
        found = KEY.fullmatch(self.asked)
        if found is None:
            raise ValueError("neither a text nor a place to ask for")
        text, lat, lon = found["text"], found["lat"], found["lon"]
        if lat is None and self.lat is not None and self.lon is not None:
            lat, lon = str(self.lat), str(self.lon)
        params = {"limit": str(LIMIT)}
        if lat is not None:
            params |= {"lat": lat, "lon": lon}
        if text:
            params |= {"q": text, "autocomplete": "1"}
        path = "search" if text else "reverse"
        return (await ask.get(f"{self.url.rstrip('/')}/{path}", params, whole=True)).body

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        return geojson.rows(body)

    def complaint(self, body: bytes) -> str | None:
        try:
            said = msgspec.json.decode(body, type=Complaint)
        except geojson.NOT_JSON:
            return super().complaint(body)
        detail = [said.detail] if isinstance(said.detail, str) else said.detail or []
        return ": ".join(filter(None, (said.message, *detail)))[:200] or super().complaint(body)
