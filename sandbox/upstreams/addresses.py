"""Addresses: France's geocoder, which knows a few streets and where the schools are.

https://geoservices.ign.fr/documentation/services/services-geoplateforme/geocodage

Habits kept: guesses with low scores at the end of every answer, the same street name in another
town, communes of Paris that are arrondissements, nothing found as an empty list in a 200.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from math import cos, hypot, radians
from typing import Any, NamedTuple
from unicodedata import combining, normalize

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.outside import Outside, Upstream
from sandbox.tables import Record, read

GEOPF = "/data.geopf.fr/geocodage"
UPSTREAMS = {
    "addresses": Upstream(
        "addresses and their places (Géoplateforme)", f"{GEOPF}/search?q=rue+crebillon"
    )
}
SYNONYMS = {"st": "saint", "ste": "sainte", "av": "avenue", "bd": "boulevard", "pl": "place"}
LITTLE = {"rue", "avenue", "boulevard", "place", "allee", "cours", "de", "du", "des", "la", "le"}
GUESS, REACH_M, NEAR_M = 0.2, 2_000, 20_000
Json = dict[str, Any]


class Refusal(ValueError):
    """What is wrong with the question."""


class Known(NamedTuple):
    """One address: a kind of the national base, and its words."""

    id: str
    kind: str
    number: str
    street: str
    postcode: str
    insee: str
    commune: str
    lat: float
    lon: float

    @property
    def name(self) -> str:
        return f"{self.number} {self.street}".strip()

    @property
    def label(self) -> str:
        if self.kind == "municipality":
            return self.commune
        return f"{self.name} {self.postcode} {self.commune}"


@cache
def known() -> tuple[Known, ...]:
    """Every address there is: those of the table, the schools', and each commune."""
    found: dict[str, Known] = {}
    for row in read("addresses"):
        add(found, row, row["kind"], row["number"], row["name"])
    communes: dict[str, list[Record]] = defaultdict(list)
    for school in read("schools"):
        if not school["lat"]:
            continue
        number, street = re.fullmatch(r"(?:(\d+[A-Z]?) )?(.+)", school["address"]).groups("")  # type: ignore[union-attr]
        add(found, school, "housenumber" if number else "street", number, street)
        communes[school["insee"]].append(school)
    for schools in communes.values():
        add(found, schools[0], "municipality", "", schools[0]["commune"])
    return tuple(found.values())


def add(found: dict[str, Known], row: Record, kind: str, number: str, street: str) -> None:
    """One more, under an id such as the national base gives."""
    code = sum(map(ord, street)) % 10_000
    key = row["insee"] if kind == "municipality" else f"{row['insee']}_{code:04}"
    if number:
        key += f"_{int(re.sub(r'[^0-9]', '', number)):05}"
    where = float(row["lat"]), float(row["lon"])
    spot = Known(key, kind, number, street, row["postcode"], row["insee"], row["commune"], *where)
    found.setdefault(key, spot)


def search(params: Mapping[str, str]) -> list[Json]:
    """What has the words asked for, best first; the last one may be a beginning."""
    text = params.get("q", "").strip()
    if not 3 <= len(text) <= 200 or not text[0].isalnum():
        raise Refusal("q: must contain between 3 and 200 chars and start with a number or a letter")
    asked, here = words(text), place(params, needed=False)
    scored = []
    for one in known():
        score = likeness(asked, one)
        if score >= GUESS:
            away = NEAR_M if here is None else metres(here, one)
            scored.append((0.96 * score + 0.04 * max(0, 1 - away / NEAR_M), one))
    scored.sort(key=lambda pair: (-pair[0], pair[1].id))
    return [feature(one, score) for score, one in scored]


def reverse(params: Mapping[str, str]) -> list[Json]:
    """What is nearest, as far as it is near at all."""
    here = place(params, needed=True)
    around = [(metres(here, one), one) for one in known() if here and one.kind != "municipality"]
    near = sorted((pair for pair in around if pair[0] <= REACH_M), key=lambda pair: pair[0])
    return [feature(one, 1 - away / 10_000) for away, one in near]


def likeness(asked: list[str], one: Known) -> float:
    """How much of the question it has, and a little, how much of it the question has."""
    name, whole = words(one.name), words(one.label)
    begun = asked[-1]
    had = [word for word in asked[:-1] if word in whole]
    if any(word.startswith(begun) for word in whole):
        had.append(begun)
    of_it = sum(map(weight, had)) / sum(map(weight, name))
    return sum(map(weight, had)) / sum(map(weight, asked)) * (0.8 + 0.2 * min(of_it, 1))


def weight(word: str) -> float:
    return 0.3 if word in LITTLE or word.isdigit() else 1


def words(text: str) -> list[str]:
    plain = "".join(c for c in normalize("NFKD", text.lower()) if not combining(c))
    return [SYNONYMS.get(word, word) for word in re.findall(r"\w+", plain)] or [""]


def place(params: Mapping[str, str], *, needed: bool) -> tuple[float, float] | None:
    if not needed and not ("lat" in params or "lon" in params):
        return None
    try:
        return float(params["lat"]), float(params["lon"])
    except (KeyError, ValueError):
        raise Refusal("lon/lat must be present and valid") from None


def metres(here: tuple[float, float] | None, one: Known) -> float:
    lat, lon = here or (0, 0)
    return 111_195 * hypot(one.lat - lat, (one.lon - lon) * cos(radians(lat)))


def feature(one: Known, score: float) -> Json:
    department = one.insee[:2]
    about = {
        "label": one.label,
        "score": round(score, 4),
        "id": one.id,
        "name": one.name,
        "postcode": one.postcode,
        "citycode": one.insee,
        "city": one.commune,
        "context": department,
        "type": one.kind,
        "importance": 0.6,
    }
    if one.number:
        about |= {"housenumber": one.number, "street": one.street}
    point = {"type": "Point", "coordinates": [one.lon, one.lat]}
    return {"type": "Feature", "geometry": point, "properties": about}


ANSWERS = {"search": search, "reverse": reverse}


def routes(outside: Outside) -> list[Route]:
    """The two questions."""

    async def endpoint(request: Request) -> Response:
        question = request.path_params["question"]

        async def answer(_: datetime, fault: Fault) -> Response:
            params = request.query_params
            try:
                limit = int(params.get("limit", "5" if question == "search" else "1"))
                found = ANSWERS[question](params)[:limit]
            except (KeyError, ValueError) as error:
                failed = {"code": 400, "detail": [str(error)], "message": "Failed parsing query"}
                return JSONResponse(failed, 400)
            for one in found:
                about = one["properties"]
                one["properties"] = {fault.column(name): about[name] for name in about}
            return JSONResponse(
                {
                    "type": "FeatureCollection",
                    "version": "draft",
                    "features": list(fault.rows(found)),
                    "attribution": "BAN",
                    "licence": "ETALAB-2.0",
                    "limit": limit,
                }
            )

        return await outside.call(request, "addresses", answer)

    return [Route(f"{GEOPF}/{{question}}", endpoint)]
