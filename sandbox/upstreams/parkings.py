"""Parkings: the car parks of both cities, fuller by day than by night, told minute by minute.

Habits kept, in Nantes: one that is closed, one for subscribers, one that is invalid, one without
spaces, two silent for forty minutes, one that counts more free spaces than it has, one that is
nowhere. In Bordeaux: those that count nothing, those that stopped counting months ago and still
show a number, one that is free by its word and has no space left, one word that nobody knows.
"""

from datetime import datetime, timedelta
from math import exp

from sandbox.datasets import BORDEAUX, Dataset, Field, Row
from sandbox.lots import draw
from sandbox.tables import Record, read
from sandbox.timetable import PARIS

SILENCE = timedelta(minutes=40)
STATUSES = {"invalid": 0, "closed": 1, "out": 1, "subscribers": 2}
INTEGERS = ("total", "np_total", "np_pmr", "np_pr", "np_velec", "np_veltot")
FARES = ("th_quar", "th_demi", "th_heur", "th_2", "th_3", "th_4", "th_10", "th_24", "th_nuit")
NUMBERS = ("gabari_max", *FARES)
WORDS = ("ident", "nom", "adresse", "insee", "type", "ta_type", "etat", "url", "infor")


def free(parking: str, spaces: int, now: datetime, seed: int) -> int:
    """Free spaces: few in the middle of a working day, another number every two minutes."""
    local = now.astimezone(PARIS)
    hour, slot = local.hour + local.minute / 60, int(now.timestamp() // 120)
    rush = exp(-(((hour - 13.5) / 4) ** 2)) * (0.5 if local.weekday() > 4 else 0.8)
    own = 0.15 * draw(seed, parking, "own") + 0.03 * draw(seed, parking, slot)
    return round(spaces * (1 - min(rush + own, 1)))


def nantes(kind: str, now: datetime, seed: int) -> list[Row]:
    """One row a car park of that list."""
    return [
        _nantes(parking, now, seed)
        for parking in read("nantes/parkings")
        if parking["list"] == kind
    ]


def _nantes(parking: Record, now: datetime, seed: int) -> Row:
    habit, spaces = parking["habit"], int(parking["spaces"])
    status = STATUSES.get(habit, 5)
    left = free(parking["id"], spaces, now, seed)
    left = {"full": 0, "over": spaces + 3}.get(habit, left) if status == 5 else 0
    told = now - timedelta(seconds=now.second) - (SILENCE if habit == "stale" else timedelta())
    point = {"lon": float(parking["lon"]), "lat": float(parking["lat"])}
    return {
        "grp_identifiant": parking["id"],
        "grp_nom": parking["name"],
        "grp_statut": status,
        "grp_pri_aut": 0,
        "grp_disponible": left,
        "grp_exploitation": 0 if habit == "out" else spaces,
        "grp_complet": 2,
        "grp_horodatage": f"{told:%Y-%m-%dT%H:%M:%S+00:00}",
        "idobj": parking["idobj"],
        "location": None if habit == "nowhere" else point,
        "disponibilite": round(100 * left / spaces, 1),
    }


def bordeaux(now: datetime, seed: int) -> list[Row]:
    """One row a car park, whether it counts or not."""
    return [_bordeaux(parking, now, seed) for parking in read("bordeaux/parkings")]


def _bordeaux(parking: Record, now: datetime, seed: int) -> Row:
    habit, lat, lon = parking["habit"], float(parking["lat"]), float(parking["lon"])
    row: Row = {name: parking[name] or None for name in WORDS}
    row |= {name: int(parking[name]) if parking[name] else None for name in INTEGERS}
    row |= {name: float(parking[name]) if parking[name] else None for name in NUMBERS}
    connected = habit not in ("alone", "frozen")
    told = now - timedelta(seconds=int(170 * draw(seed, parking["ident"], "told")))
    if not connected or habit == "stale":
        told = now - (SILENCE if connected else timedelta(days=200))
    left = None
    if connected:
        left = 0 if habit == "full" else free(parking["ident"], int(parking["total"]), now, seed)
    elif habit == "frozen":
        left = int(parking["total"]) // 2
    return row | {
        "etat": "TRAVAUX" if habit == "word" else parking["etat"],
        "geo_point_2d": {"lon": lon, "lat": lat},
        "geo_shape": {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {},
        },
        "libres": left,
        "connecte": int(connected),
        "mdate": f"{told:%Y-%m-%dT%H:%M:%S+00:00}",
    }


FIELDS = (
    Field("grp_identifiant", "Identifiant"),
    Field("grp_nom", "Nom du parking"),
    Field("grp_statut", "Statut", "int"),
    Field("grp_pri_aut", "Priorité", "int"),
    Field("grp_disponible", "Places disponibles", "int"),
    Field("grp_exploitation", "Capacité", "int"),
    Field("grp_complet", "Seuil complet", "int"),
    Field("grp_horodatage", "Horodatage", "datetime"),
    Field("idobj", "Identifiant de l'équipement"),
    Field("location", "Géolocalisation", "geo_point_2d"),
    Field("disponibilite", "Disponibilité", "double"),
)
PARKINGS = Dataset(
    "244400404_parkings-publics-nantes-disponibilites",
    "Disponibilités dans les parkings publics de Nantes Métropole",
    "parkings",
    FIELDS,
    live=lambda now, seed: nantes("public", now, seed),
)
RELAYS = Dataset(
    "244400404_parcs-relais-nantes-metropole-disponibilites",
    "Disponibilités dans les parcs relais de Nantes Métropole",
    "parkings.relays",
    FIELDS,
    live=lambda now, seed: nantes("relay", now, seed),
)
ST_PARK_P = Dataset(
    "st_park_p",
    "Parking hors voirie",
    "bordeaux.parkings",
    (
        Field("geo_point_2d", "Geo Point", "geo_point_2d"),
        Field("geo_shape", "Geo Shape", "geo_shape"),
        *(Field(name, name.upper(), facet=name in ("etat", "type")) for name in WORDS),
        *(Field(name, name.upper(), "int") for name in ("libres", *INTEGERS, "connecte")),
        *(Field(name, name.upper(), "double") for name in NUMBERS),
        Field("mdate", "MDATE", "datetime"),
    ),
    live=bordeaux,
    host=BORDEAUX,
)
