"""Attendance: how many people are in the pools of Bordeaux, zone by zone, told minute by minute.

Habits kept: a counter that has drifted below zero, one that told last three hours ago.
"""

from datetime import datetime, timedelta
from math import exp

from sandbox.datasets import BORDEAUX, Dataset, Field, Row
from sandbox.lots import draw
from sandbox.tables import Record, read
from sandbox.timetable import PARIS

SILENCE = timedelta(hours=3)


def zones(now: datetime, seed: int) -> list[Row]:
    """One row a zone."""
    listed = enumerate(read("bordeaux/pool_zones"), start=1)
    return [_zone(number, zone, now, seed) for number, zone in listed]


def _zone(number: int, zone: Record, now: datetime, seed: int) -> Row:
    capacity, habit = int(zone["capacity"]), zone["habit"]
    local = now.astimezone(PARIS)
    rush = sum(exp(-((local.hour + local.minute / 60 - at) ** 2) / 4) for at in (12.5, 18))
    slot = int(now.timestamp() // 120)
    people = round(capacity * min(1, 0.1 + 0.5 * rush + 0.2 * draw(seed, number, slot)))
    told = now - timedelta(seconds=int(100 * draw(seed, number, "told")))
    if habit == "silent":
        told -= SILENCE
    current = -4 if habit == "drifts" else people
    return {
        "etablissement_etalib": zone["pool"],
        "fmizonnum": number,
        "fmizonlib": zone["zone"],
        "fmizonmax": capacity,
        "fmicourante": current,
        "entree": current,
        "datemiseajour": f"{told:%Y-%m-%dT%H:%M:%S+00:00}",
    }


ATTENDANCE = Dataset(
    "bor_frequentation_piscine_tr",
    "Fréquentation des piscines de Bordeaux en temps réel",
    "bordeaux.pools",
    (
        Field("etablissement_etalib", "Établissement", facet=True),
        Field("fmizonnum", "Numéro de zone", "int"),
        Field("fmizonlib", "Zone"),
        Field("fmizonmax", "Fréquentation maximale", "int"),
        Field("fmicourante", "Fréquentation courante", "int"),
        Field("entree", "Entrées", "int"),
        Field("datemiseajour", "Date de mise à jour", "datetime"),
    ),
    live=zones,
    host=BORDEAUX,
)
