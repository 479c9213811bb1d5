"""Pools: rows of the city's directory and of its table of hours."""

from typing import Any

import pytest

from cities import load
from schema.nodes import node_id
from schema.places import Address, Position
from schema.pools import Pool
from sources.pools import PoolSlot, pool
from sources.reading import read_all, readers
from sources.row import Row

NANTES = load()["nantes"]
ROW = {
    "idobj": "7",
    "nom_complet": "Piscine de l'Île",
    "nom_usuel": "L'Île",
    "adresse": "1 rue de l'Eau",
    "cp": "44800",
    "commune": "ST-HERBLAIN",
    "tel": "02 40 00 00 00",
    "web": "www.example.org",
    "location": {"lon": -1.6, "lat": 47.2},
    "bassin_sportif": "OUI",
    "toboggan": "NON",
}


def read(**columns: Any) -> Pool:
    return pool(Row(NANTES, {**ROW, **columns}, NANTES.bindings["pools"].fields))


def test_a_pool() -> None:
    found = read()
    assert found.id == node_id("Pool", "nantes", "7")
    assert (found.name, found.short_name, found.folded) == (
        "Piscine de l'Île",
        "L'Île",
        "piscine de l ile",
    )
    assert found.position == Position(lat=47.2, lon=-1.6)
    assert found.address == Address(
        street="1 rue de l'Eau", postcode="44800", city="Saint-Herblain", insee="44162"
    )
    assert (found.phone, found.website) == ("02 40 00 00 00", "https://www.example.org")
    assert (found.sports_pool, found.slide, found.wheelchair_accessible) == (True, False, None)


def test_little_is_enough() -> None:
    found = pool(Row(NANTES, {"id": 7, "name": "Piscine"}, {}))
    assert (found.local_id, found.position, found.website, found.notes) == ("7", None, None, None)
    assert found.address == Address(street=None, postcode=None, city=None, insee=None)
    with pytest.raises(ValueError):
        read(nom_complet="")


def test_its_hours() -> None:
    binding = NANTES.bindings["pools.hours"]
    rows = [
        {"idobj": "7", "jour": "lundi", "heure_debut": "07:00", "heure_fin": "09:00"},
        {"idobj": "7", "jour": "jamais", "heure_debut": "07:00", "heure_fin": "09:00"},
        {"idobj": "7", "date_exception": "2026-12-25", "type_horaire": "Fermeture"},
    ]
    slots, dropped = read_all(readers[PoolSlot], rows, NANTES, binding)
    assert dropped == 1
    assert [(type(s), s.weekday, s.opens) for s in slots] == [
        (PoolSlot, 0, 420),
        (PoolSlot, None, None),
    ]
