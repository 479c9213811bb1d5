"""Pollen: Atmo France's API, which wants an account; any name and any password will do.

Habits kept: a token for a name and a password, wanted as a Bearer; what is asked for is JSON within
the path; days from today on, tomorrow from one o'clock. Its answers are as other clients read
them: no real one is known.
"""

import json
from datetime import date, datetime, time, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.lots import draw
from sandbox.outside import Outside, Upstream
from sandbox.timetable import PARIS

API = "/admindata.atmo-france.org/api"
UPSTREAMS = {"pollen": Upstream("pollen of communes (Atmo Data)", f"POST {API}/login")}
PLANTS = {
    "ambr": "AMBROSIA",
    "arm": "ARTEMISIA",
    "aul": "ALNUS",
    "boul": "BETULA",
    "gram": "GRAMINEE",
    "oliv": "OLEA",
}
FOUND_AT = time(13)  # o'clock in Paris
TOKEN = "jeton-d-un-jour"  # noqa: S105 - nobody's


def day_of(zone: str, day: date, seed: int) -> dict[str, object]:
    """One commune's day."""
    codes = {plant: 1 + int(4 * draw(seed, zone, day, plant) ** 2) for plant in PLANTS}
    worst = max(codes.values())
    return {
        "date_ech": day.isoformat(),
        "code_zone": zone,
        "lib_zone": None,
        "type_zone": "commune",
        "code_qual": worst,
        **{f"code_{plant}": code for plant, code in codes.items()},
        **{f"conc_{plant}": round(code * 2.5, 1) for plant, code in codes.items()},
        "pollen_resp": " ".join(PLANTS[plant] for plant, code in codes.items() if code == worst),
        "alerte": worst >= 4,
        "source": "Air Pays de la Loire",
        "date_maj": f"{day - timedelta(days=1)}T12:05:00.000Z",
    }


def refusal() -> Response:
    return JSONResponse({"code": 401, "message": "Invalid credentials."}, 401)


def routes(outside: Outside) -> list[Route]:
    """The way in, and one index."""

    async def login(request: Request) -> Response:
        body = await request.body()

        async def answer(_: datetime, __: Fault) -> Response:
            try:
                said = json.loads(body)
                entered = bool(said["username"] and said["password"])
            except (ValueError, KeyError, TypeError):
                entered = False
            return JSONResponse({"token": TOKEN}) if entered else refusal()

        return await outside.call(request, "pollen", answer)

    async def index(request: Request) -> Response:
        async def answer(now: datetime, fault: Fault) -> Response:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return refusal()
            wanted = json.loads(request.path_params["wanted"])
            zone, since = wanted["code_zone"]["value"], wanted["date_ech"]["value"]
            local = now.astimezone(PARIS)
            days = [local.date() + timedelta(days=n) for n in range(1 + (local.time() >= FOUND_AT))]
            rows = [
                day_of(zone, day, outside.world.seed) for day in days if day.isoformat() >= since
            ]
            features = [
                {
                    "type": "Feature",
                    "geometry": None,
                    "properties": {fault.column(name): value for name, value in row.items()},
                }
                for row in fault.rows(rows)
            ]
            return JSONResponse({"type": "FeatureCollection", "features": features})

        return await outside.call(request, "pollen", answer)

    return [
        Route(f"{API}/login", login, methods=["POST"]),
        Route(f"{API}/data/122/{{wanted}}", index),
    ]
