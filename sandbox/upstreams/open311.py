"""Open311: the desk of a city that takes what citizens report, by GeoReport v2.

https://wiki.open311.org/GeoReport_v2/. No French city is known to have such a server, so this is
a made-up one; tests have a city file for it (`tests/cities/`).

Habits kept: codes such as 001, which is no JSON; coordinates as texts; `address_string` for
`address`; a service whose reports get a token first (`batch`), one whose are never listed
(`blackbox`), and one that asks for more (`metadata`); what was reported is listed with the mail
address that somebody wrote into it.
"""

import json
import re
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.outside import Outside, Upstream

DESK = "/signaler.estuaire.example/georeport/v2"
UPSTREAMS = {
    "reports": Upstream("what citizens report (Open311)", f"{DESK}/requests.json"),
    "reports.services": Upstream("what can be reported (Open311)", f"{DESK}/services.json"),
    "reports.definitions": Upstream(
        "what else is asked of one kind of report (Open311)", f"{DESK}/services/005.json"
    ),
}
SERVICES = (
    ("001", "Dépôt sauvage", "Déchets laissés sur la voie publique.", "realtime", "Propreté"),
    ("002", "Éclairage public", "Lampadaire éteint, ou allumé le jour.", "realtime", "Rue"),
    ("003", "Nid-de-poule", "Trou dans la chaussée ou le trottoir.", "batch", "Rue"),
    ("004", "Nuisances", "Bruit et odeurs.", "blackbox", "Tranquillité"),
    ("005", "Véhicule abandonné", "Épave sur la voie publique.", "realtime", "Rue"),
)
MAKES = [{"key": 1, "name": "Voiture"}, {"key": 2, "name": "Deux-roues"}]
DAMAGE = [{"key": "VITRES", "name": "Vitres"}, {"key": "ROUES", "name": "Roues"}]
TYPES = {code: kind for code, _, _, kind, _ in SERVICES}
NAMES = {code: name for code, name, *_ in SERVICES}
CODE = re.compile(r'"service_code": "(\d+)"')
GIVEN = re.compile(r"attribute\[(\w+)\](?:\[\])?")
Row = dict[str, object]


def attribute(code: str, datatype: str, label: str, order: int, **more: object) -> Row:
    """One question of a form."""
    usual: Row = {"variable": True, "required": False, "datatype_description": None}
    said: Row = {"code": code, "datatype": datatype, "description": label, "order": order}
    return usual | said | more


# What the form of a service asks for besides, out of its order.
DEFINITIONS = {
    "005": [
        attribute("DEGATS", "multivaluelist", "Quels dégâts ?", 4, values=DAMAGE),
        attribute("GENRE", "singlevaluelist", "Quel véhicule ?", 2, required=True, values=MAKES),
        attribute("PREVENIR", "text", "Sur une voie privée, voyez le syndic.", 1, variable=False),
        attribute("PLAQUE", "string", "Immatriculation", 3, datatype_description="AA-123-AA"),
        attribute("ROUES", "number", "Combien de roues ?", 5),
        attribute("DEPUIS", "datetime", "Depuis quand ?", 6),
        attribute("NOTES", "text", "Autre chose ?", 7),
    ]
}


class Desk:
    """What has been reported, the newest first; `received` is every form that came."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self.listed: list[Row] = []
        self.tokens: dict[str, str] = {}

    def take(self, form: dict[str, str], now: datetime) -> Row:
        """One more: its receipt."""
        self.received.append(form)
        number = f"{1000 + len(self.received)}-{now.year}"
        code = form["service_code"]
        if TYPES[code] != "blackbox":
            self.listed.insert(0, entry(number, code, "open", form, now))
        if TYPES[code] == "batch":
            token = f"jeton-{len(self.received)}"
            self.tokens[token] = number
            return {"token": token}
        return {"service_request_id": number, "service_notice": "Merci de votre signalement."}


def entry(number: str, code: str, status: str, form: dict[str, str], at: datetime) -> Row:
    """A report as it is listed: nobody's name, but all that was written."""
    return {
        "service_request_id": number,
        "status": status,
        "service_code": code,
        "service_name": NAMES[code],
        "description": form["description"],
        "requested_datetime": at.isoformat(timespec="seconds"),
        "updated_datetime": at.isoformat(timespec="seconds"),
        "address_string": form.get("address_string"),
        "lat": form.get("lat"),
        "long": form.get("long"),
    }


def old(now: datetime) -> list[Row]:
    """What has been there for days."""
    words = {
        "description": "Un canapé devant le 12. Appelez-moi : 06 12 34 56 78, jean@exemple.fr",
        "address_string": "12 rue Crébillon, 44000 Nantes",
        "lat": "47.21309",
        "long": "-1.56077",
    }
    lamp = {"description": "Le lampadaire ne s'allume plus.", "lat": "47.2144", "long": "-1.5584"}
    return [
        entry("998-2026", "002", "open", lamp, now - timedelta(days=1, hours=2)),
        entry("997-2026", "001", "closed", words, now - timedelta(days=4)),
    ]


def refusals(form: dict[str, str]) -> str | None:
    """What is wrong with a report, if anything is."""
    if form.get("service_code") not in TYPES:
        return "service_code was not valid"
    if not form.get("description"):
        return "description was not provided"
    if not ({"lat", "long"} <= form.keys() or "address_string" in form):
        return "no location was provided"
    given = {found[1] for name in form if (found := GIVEN.fullmatch(name))}
    for asked in DEFINITIONS.get(form["service_code"], ()):
        if asked["required"] and asked["code"] not in given:
            return f"attribute {asked['code']} was not provided"
    return None


def said(rows: list[Row], status: int = 200) -> Response:
    """Rows as this server writes them: codes are not quoted."""
    text = CODE.sub(r'"service_code": \1', json.dumps(rows, ensure_ascii=False))
    return Response(text, status, media_type="application/json")


def error(status: int, description: str) -> Response:
    return said([{"code": status, "description": description}], status)


def routes(outside: Outside) -> list[Route]:
    """Services, reports, tokens."""
    desk = Desk()

    async def services(request: Request) -> Response:
        async def answer(_: datetime, fault: Fault) -> Response:
            names = ("service_code", "service_name", "description", "type", "group")
            rows: list[Row] = [
                {"metadata": s[0] in DEFINITIONS, **dict(zip(names, s, strict=True))}
                for s in SERVICES
            ]
            renamed: list[Row] = [{fault.column(name): row[name] for name in row} for row in rows]
            return said(list(fault.rows(renamed)))

        return await outside.call(request, "reports.services", answer)

    async def definitions(request: Request) -> Response:
        async def answer(_: datetime, fault: Fault) -> Response:
            code = request.path_params["code"]
            if code not in DEFINITIONS:
                return error(404, "service_code was not found")
            asked = fault.rows(DEFINITIONS[code])
            renamed = [{fault.column(name): one[name] for name in one} for one in asked]
            return JSONResponse({"service_code": code, "attributes": renamed})

        return await outside.call(request, "reports.definitions", answer)

    async def reports(request: Request) -> Response:
        body = (await request.body()).decode()

        async def answer(now: datetime, fault: Fault) -> Response:
            if request.method == "POST":
                form = dict(parse_qsl(body))
                wrong = refusals(form)
                return error(400, wrong) if wrong else said([desk.take(form, now)])
            rows = desk.listed + old(now)
            renamed = [{fault.column(name): row[name] for name in row} for row in rows]
            return said(list(fault.rows(renamed)))

        return await outside.call(request, "reports", answer)

    async def tokens(request: Request) -> Response:
        async def answer(_: datetime, __: Fault) -> Response:
            token = request.path_params["token"]
            if token not in desk.tokens:
                return error(404, "token was not found")
            return said([{"service_request_id": desk.tokens[token], "token": token}])

        return await outside.call(request, "reports", answer)

    return [
        Route(f"{DESK}/services.json", services),
        Route(f"{DESK}/services/{{code}}.json", definitions),
        Route(f"{DESK}/requests.json", reports, methods=["GET", "POST"]),
        Route(f"{DESK}/tokens/{{token}}.json", tokens),
    ]
