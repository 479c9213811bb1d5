"""World: the upstream's answers, the documents, and what must come back. All of it is invented.

`posts` and `posts_users` have the shape of the public graphql-benchmarks; `home` is a phone's
home screen: five services, seven reads, 284 objects, 1,869 leaves.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

Json = Any

MODES = ("tram", "bus", "boat")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORDS = ("quay", "harbour", "station", "square", "street", "bridge", "garden", "market", "mill")
ALLERGENS = ("gluten", "milk", "egg", "nuts", "fish")
DEPARTURE = "line direction mode scheduledAt expectedAt delaySeconds platform realtime"
STOP = "id name lat lon mode zone accessible"

HOME = """\
query Home(
  $name: String!, $key: Int!, $stop: String!, $lat: Float!, $lon: Float!, $school: String!
) {
  hello(name: $name)
  homeStop(id: $stop, key: $key) {
    id name lat lon mode zone accessible
    departures(key: $key) { ...Departure }
  }
  homeNearby(lat: $lat, lon: $lon, key: $key) {
    id name lat lon distance mode zone accessible
    departures(key: $key) { ...Departure }
  }
  homePools(key: $key) {
    id name address lat lon phone open temperature
    hours { day opens closes note }
  }
  homeSchool(id: $school, key: $key) {
    id name address level
    menus { date dishes { name kind vegetarian organic allergens } }
  }
  homeBikes(key: $key) {
    id name lat lon capacity bikes docks electric status updatedAt
  }
}
fragment Departure on HomeDeparture {
  line direction mode scheduledAt expectedAt delaySeconds platform realtime
}
"""
POSTS = "query Posts($name: String!, $key: Int!) { hello(name: $name) posts(key: $key) { title } }"
POSTS_USERS = (
    "query PostsUsers($name: String!, $key: Int!) { hello(name: $name) "
    "posts(key: $key) { id userId title user(key: $key) { id name email } } }"
)
DOCUMENTS = {"greet": "{ greet }", "posts": POSTS, "posts_users": POSTS_USERS, "home": HOME}
PLACE = {"stop": "S0", "lat": 47.2, "lon": -1.55, "school": "E1"}
# As wide as what takes their place while loading, so that every request is as long.
NAME, KEY = "N" * 10, "K" * 10


def request(document: str, name: str, key: str) -> str:
    """The JSON body of one request; `key` is a number's digits."""
    if document == "greet":
        return json.dumps({"query": DOCUMENTS[document]})
    given = {"name": name, "key": KEY, **(PLACE if document == "home" else {})}
    whole = json.dumps({"query": DOCUMENTS[document], "variables": given})
    return whole.replace(f'"{KEY}"', key)


def write(folder: Path) -> dict[str, Json]:
    """Write the upstream's files; the `data` of each document, asked under the name NAME."""
    upstream = _upstream(Random(7))
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in upstream.items():
        (folder / f"{name}.json").write_text(json.dumps(body, separators=(",", ":")), "utf-8")
    return _expected(upstream)


def count(data: Json) -> tuple[int, int]:
    """How many objects and leaves an answer has."""
    if isinstance(data, list):
        inside = [count(one) for one in data]
    elif isinstance(data, dict):
        inside = [(1, 0), *(count(one) for one in data.values())]
    else:
        return 0, 1
    return sum(objects for objects, _ in inside), sum(leaves for _, leaves in inside)


def _upstream(draw: Random) -> dict[str, Json]:
    """What each of the upstream's addresses answers."""

    def words(many: int) -> str:
        return " ".join(draw.choice(WORDS) for _ in range(many))

    def stop(number: int) -> Json:
        return {
            "id": f"S{number}",
            "name": words(2).title(),
            "lat": round(47.2 + number / 1000, 5),
            "lon": round(-1.55 - number / 1000, 5),
            "distance": 40 * number,
            "mode": draw.choice(MODES),
            "zone": "A",
            "accessible": number % 3 > 0,
            "operator": "city",
        }

    def departure(at: str, number: int) -> Json:
        return {
            "stopId": at,
            "line": str(draw.randint(1, 99)),
            "direction": words(3).title(),
            "mode": draw.choice(MODES),
            "scheduledAt": f"2026-11-24T08:{number:02d}:00+01:00",
            "expectedAt": f"2026-11-24T08:{number:02d}:30+01:00",
            "delaySeconds": draw.randint(0, 300),
            "platform": draw.choice(["1", "2", None]),
            "realtime": number % 2 > 0,
            "tripId": f"T{draw.randint(1000, 9999)}",
        }

    def pool(number: int) -> Json:
        hours = [
            {
                "day": day,
                "opens": "07:30",
                "closes": "20:00",
                "note": draw.choice([None, "25 m only"]),
            }
            for day in DAYS
        ]
        return {
            "id": f"P{number}",
            "name": f"Pool {words(1).title()}",
            "address": f"{draw.randint(1, 99)} {words(2)}",
            "lat": 47.21,
            "lon": -1.53,
            "phone": "0240000000",
            "open": number % 2 > 0,
            "temperature": 27.5,
            "hours": hours,
            "lanes": 6,
        }

    def dish(number: int) -> Json:
        return {
            "name": words(5),
            "kind": draw.choice(["starter", "main", "side", "dessert"]),
            "vegetarian": number % 2 > 0,
            "organic": number % 3 > 0,
            "allergens": draw.sample(ALLERGENS, 2),
        }

    def station(number: int) -> Json:
        return {
            "id": f"B{number}",
            "name": words(2).title(),
            "lat": 47.22,
            "lon": -1.56,
            "capacity": 30,
            "bikes": draw.randint(0, 20),
            "docks": draw.randint(0, 20),
            "electric": draw.randint(0, 5),
            "status": "OPEN",
            "updatedAt": "2026-11-24T08:00:00+01:00",
            "banking": True,
        }

    nearby = [stop(number) for number in range(1, 31)]
    here = [departure("S0", number) for number in range(10)]
    around = [departure(one["id"], number) for one in nearby for number in range(3)]
    menus = [
        {"date": f"2026-11-{day}", "dishes": [dish(number) for number in range(6)]}
        for day in range(23, 28)
    ]
    return {
        "posts": [
            {
                "userId": number // 10 + 1,
                "id": number + 1,
                "title": words(7),
                "body": "\n".join(words(7) for _ in range(4)),
            }
            for number in range(100)
        ],
        "users": [
            {
                "id": number + 1,
                "name": words(2).title(),
                "username": words(1),
                "email": f"{words(1)}@city.example",
                "phone": "0240000000",
                "website": "city.example",
            }
            for number in range(10)
        ],
        "stop": stop(0),
        "nearby": nearby,
        "departures_here": here,
        "departures_around": around,
        "departures_all": [*here, *around],
        "pools": [pool(number) for number in range(12)],
        "school": {
            "id": "E1",
            "name": f"School {words(2).title()}",
            "address": f"3 {words(2)}",
            "level": "primary",
            "menus": menus,
            "pupils": 212,
        },
        "bikes": [station(number) for number in range(20)],
    }


def _expected(upstream: dict[str, Json]) -> dict[str, Json]:
    def picked(one: Json, names: str) -> Json:
        return {name: one[name] for name in names.split()}

    def departures(at: str, rows: Iterable[Json]) -> list[Json]:
        return [picked(one, DEPARTURE) for one in rows if one["stopId"] == at]

    def with_departures(one: Json, names: str) -> Json:
        rows = departures(one["id"], upstream["departures_all"])
        return {**picked(one, names), "departures": rows}

    users = {one["id"]: picked(one, "id name email") for one in upstream["users"]}
    hello = {"hello": f"Hello {NAME}!"}
    return {
        "greet": {"greet": "Hello World!"},
        "posts": {**hello, "posts": [picked(one, "title") for one in upstream["posts"]]},
        "posts_users": {
            **hello,
            "posts": [
                {**picked(one, "id userId title"), "user": users[one["userId"]]}
                for one in upstream["posts"]
            ],
        },
        "home": {
            **hello,
            "homeStop": with_departures(upstream["stop"], STOP),
            "homeNearby": [
                with_departures(one, "id name lat lon distance mode zone accessible")
                for one in upstream["nearby"]
            ],
            "homePools": [
                {
                    **picked(one, "id name address lat lon phone open temperature"),
                    "hours": [picked(day, "day opens closes note") for day in one["hours"]],
                }
                for one in upstream["pools"]
            ],
            "homeSchool": picked(upstream["school"], "id name address level menus"),
            "homeBikes": [
                picked(one, "id name lat lon capacity bikes docks electric status updatedAt")
                for one in upstream["bikes"]
            ],
        },
    }
