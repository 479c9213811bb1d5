"""Roads: traffic in both cities, minute by minute, what is announced, and the lift bridge.

Habits kept, in Nantes: -1 where nothing is measured, and one `Indéterminé` with numbers. In
Bordeaux: a road in two pieces, one that told last months ago, a bridge that opens the next day.
"""

from datetime import date, datetime, timedelta
from math import exp

from sandbox.datasets import BORDEAUX, Dataset, Field, Row
from sandbox.lots import draw
from sandbox.tables import Record, read
from sandbox.timetable import PARIS

FREE_KMH = 45
STATES = (("3", "Fluide"), ("4", "Dense"), ("5", "Saturé"), ("6", "Bloqué"))
UNSURE = ("2", "Indéterminé")
WORDS = ("FLUIDE", "DENSE", "EMBOUTEILLE", "EMBOUTEILLE")
WORST = {"busy": 0.45, "jammed": 0.7, "blocked": 0.95}
MONTHS = timedelta(days=120)


def jam(road: Record, now: datetime, seed: int) -> float:
    """From 0, nothing slows traffic down, to 1, nothing moves: another number every minute."""
    local = now.astimezone(PARIS)
    hour = local.hour + local.minute / 60
    rush = max(exp(-(((hour - at) / 1.2) ** 2)) for at in (8.3, 17.8))
    own = 0.1 * draw(seed, road["id"], int(now.timestamp() // 60))
    return max(WORST.get(road["habit"], 0), 0.3 * rush) + own


def state(jam: float) -> int:
    """How bad it is, from 0 to 3."""
    return sum(jam >= least for least in (0.35, 0.65, 0.9))


def nantes(now: datetime, seed: int) -> list[Row]:
    """One row a segment, all of the same minute."""
    minute = now.replace(second=0, microsecond=0).astimezone(PARIS) - timedelta(minutes=2)
    return [_nantes(road, now, minute, seed) for road in read("nantes/roads")]


def _nantes(road: Record, now: datetime, minute: datetime, seed: int) -> Row:
    jammed, length = jam(road, now, seed), int(road["length"])
    colour, word = UNSURE if road["habit"] in ("silent", "unsure") else STATES[state(jammed)]
    speed = max(4, round(FREE_KMH * (1 - jammed)))
    measured = {
        "mf1_debit": round(900 * (1 - jammed / 2)),
        "mf1_taux": round(100 * min(jammed, 1), 1),
        "mf1_vit": speed,
        "tc1_temps": round(3.6 * length / speed),
    }
    if road["habit"] == "silent":
        measured = dict.fromkeys(measured, -1)
    line = points(road["line"])
    return {
        "cha_id": int(road["id"]),
        "cha_lib": road["name"],
        "cha_long": length,
        "mf1_hd": minute.isoformat(),
        **measured,
        "couleur_tp": colour,
        "etat_trafic": word,
        "geo_point_2d": middle(line),
        "geo_shape": feature({"type": "LineString", "coordinates": line}),
    }


def bordeaux(now: datetime, seed: int) -> list[Row]:
    """One row a segment, each with its own minute."""
    return [_bordeaux(road, now, seed) for road in read("bordeaux/roads")]


def _bordeaux(road: Record, now: datetime, seed: int) -> Row:
    lines = [points(line) for line in road["lines"].split("|")]
    silent = road["habit"] == "silent"
    told = now - (MONTHS if silent else timedelta(seconds=int(55 * draw(seed, road["id"], "told"))))
    several: Row = {"type": "MultiLineString", "coordinates": lines}
    one: Row = {"type": "LineString", "coordinates": lines[0]}
    return {
        "geo_point_2d": middle(lines[0]),
        "geo_shape": feature(several if len(lines) > 1 else one),
        "gml_id": f"ci_trafi_l.{road['id']}",
        "gid": road["id"],
        "typevoie": road["kind"],
        "etat": WORDS[state(jam(road, now, seed))],
        "commune": road["commune"],
        "mdate": f"{told:%Y-%m-%dT%H:%M:%S+00:00}",
    }


def points(text: str) -> list[list[float]]:
    """`lon lat;lon lat` as GeoJSON has it."""
    return [[float(number) for number in point.split()] for point in text.split(";")]


def middle(line: list[list[float]]) -> Row:
    lon, lat = line[len(line) // 2]
    return {"lon": lon, "lat": lat}


def feature(geometry: Row) -> Row:
    return {"type": "Feature", "geometry": geometry, "properties": {}}


def announced(today: date, _: int) -> list[Row]:
    """What drivers in Nantes are told."""
    return [
        {
            "nom": event["name"],
            "detail": event["detail"],
            "secteur": event["area"],
            "date_notification": str(today - timedelta(days=int(event["ago"]))),
        }
        for event in read("nantes/road_events")
    ]


def closures(today: date, _: int) -> list[Row]:
    """When the bridge of Bordeaux is closed, around today."""
    return [
        {
            "bateau": passage["vessel"],
            "date_passage": str(today + timedelta(days=int(passage["day"]))),
            "fermeture_a_la_circulation": passage["closes"],
            "re_ouverture_a_la_circulation": passage["opens"],
            "type_de_fermeture": passage["kind"],
            "fermeture_totale": passage["total"],
        }
        for passage in read("bordeaux/bridge")
    ]


FLOW = Dataset(
    "244400404_fluidite-axes-routiers-nantes-metropole",
    "Fluidité des axes routiers de Nantes Métropole",
    "roads",
    (
        Field("cha_id", "Identifiant", "int"),
        Field("cha_lib", "Nom du tronçon"),
        Field("cha_long", "Longueur", "int"),
        Field("mf1_hd", "Horodatage", "datetime"),
        Field("mf1_debit", "Débit", "int"),
        Field("mf1_taux", "Taux d'occupation", "double"),
        Field("mf1_vit", "Vitesse", "int"),
        Field("tc1_temps", "Temps de parcours", "int"),
        Field("couleur_tp", "Couleur", facet=True),
        Field("etat_trafic", "État du trafic", facet=True),
        Field("geo_point_2d", "Geo Point", "geo_point_2d"),
        Field("geo_shape", "Geo Shape", "geo_shape"),
    ),
    live=nantes,
)
ALERTS = Dataset(
    "244400404_alertes-info-trafic-nantes-metropole",
    "Alertes info trafic de Nantes Métropole",
    "roads.events",
    (
        Field("nom", "Nom"),
        Field("detail", "Détail"),
        Field("secteur", "Secteur", facet=True),
        Field("date_notification", "Date de notification", "date"),
    ),
    announced,
)
CI_TRAFI_L = Dataset(
    "ci_trafi_l",
    "État du trafic en temps réel",
    "bordeaux.roads",
    (
        Field("geo_point_2d", "Geo Point", "geo_point_2d"),
        Field("geo_shape", "Geo Shape", "geo_shape"),
        Field("gml_id", "GML_ID"),
        Field("gid", "GID"),
        Field("typevoie", "TYPEVOIE", facet=True),
        Field("etat", "ETAT", facet=True),
        Field("commune", "COMMUNE", facet=True),
        Field("mdate", "MDATE", "datetime"),
    ),
    live=bordeaux,
    host=BORDEAUX,
)
BRIDGE = Dataset(
    "previsions_pont_chaban",
    "Prévisions de fermeture du pont Chaban-Delmas",
    "bordeaux.roads.closures",
    (
        Field("bateau", "Bateau", facet=True),
        Field("date_passage", "Date de passage", "date"),
        Field("fermeture_a_la_circulation", "Fermeture à la circulation"),
        Field("re_ouverture_a_la_circulation", "Réouverture à la circulation"),
        Field("type_de_fermeture", "Type de fermeture"),
        Field("fermeture_totale", "Fermeture totale", facet=True),
    ),
    closures,
    host=BORDEAUX,
)
