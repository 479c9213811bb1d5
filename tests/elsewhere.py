"""Elsewhere: the golden queries of Nantes, asked in another city.

A server whose city it is answers the same text; only what the text names is of Nantes.
"""

import re

import cities
from cities import City
from schema.nodes import node_id

CITIES = cities.load()
# What is there instead: words as the queries quote them.
NAMES = {
    "bordeaux": {
        "FR_NAOLIB:StopPlace:20": "SA50",
        "FR_NAOLIB:Quay:94": "3684",
        "FR_NAOLIB:Line:1": "59",
        "commerce": "quinconces",
        "c3": "tram b",
        "0441456U": "0331203D",
        "10 r. Crébillon": "21 r. Ste-Catherine",
        "10 rue Crébillon": "rue Ste-Catherine",
        "2 bd St-Aignan, Nantes": "place St-Pierre, Bordeaux",
    },
    "angers": {"10 r. Crébillon": "r. V. Hugo"},
}


def asked_in(city: str, query: str) -> str:
    """A golden query with places, communes and names of another city for those of Nantes."""
    if city == "nantes":
        return query
    there, nantes = CITIES[city], CITIES["nantes"]
    for said, instead in NAMES[city].items():
        query = query.replace(f'"{said}"', f'"{instead}"')
    for code in nantes.communes:
        query = query.replace(f'"{code}"', f'"{_capital(there)}"')
    for kind, number in (("VehicleRentalStation", "30"), ("VehicleParking", "284")):
        query = query.replace(node_id(kind, "nantes", number), node_id(kind, city, number))
    (lat, lon), (from_lat, from_lon) = _centre(there), _centre(nantes)
    query = re.sub(r"\b(lat|\w+Lat): ([\d.-]+)", rf"\1: §{lat - from_lat} \2§", query)
    query = re.sub(r"\b(lon|\w+Lon): ([\d.-]+)", rf"\1: §{lon - from_lon} \2§", query)
    return re.sub("§(.*?)§", lambda two: f"{sum(map(float, two[1].split())):.5f}", query)


def _capital(city: City) -> str:
    return next(code for code, name in city.communes.items() if name == city.name)


def _centre(city: City) -> tuple[float, float]:
    options = city.bindings["addresses"].options
    return float(options["lat"]), float(options["lon"])
