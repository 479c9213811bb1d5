"""Waste: the days of collection of both cities, and where things go in Nantes.

Habits kept, in Nantes: a street in several rows, house numbers and days in free French, communes
by codes of their own, yellow bags that go with the blue ones. In Bordeaux: days as a list, a type
of waste that nobody has heard of, areas whose shape is missing.
"""

from datetime import date

from sandbox.datasets import BORDEAUX, Dataset, Field, Row
from sandbox.tables import Record, read

PHOTOS = "https://metropole.nantes.fr/banque/public/images/dechets/media"


def streets(_: date, __: int) -> list[Row]:
    """One row a street, or a part of one."""
    return [
        {
            "libelle": row["street"],
            "commune": row["commune"],
            "prestation_collecte": row["service"],
            "type_collecte": row["kind"],
            "obs_prestation_collecte": row["numbers"] or None,
            "bleu_jour_collecte": row["blue"] or None,
            "jaune_jour_collecte": row["yellow"] or None,
            "obs_jour_collecte": row["notes"] or None,
        }
        for row in read("nantes/waste")
    ]


def guide(_: date, __: int) -> list[Row]:
    """One row a thing."""
    return [
        {
            "description": row["name"],
            "reponse1": row["goes_to"],
            "commentaire": row["comment"] or None,
            "nom_image": f"{PHOTOS}/{number}.jpg",
        }
        for number, row in enumerate(read("nantes/sorting"))
    ]


def areas(_: date, __: int) -> list[Row]:
    """One row an area and a type of waste."""
    return [
        {
            "commune": row["commune"],
            "type": row["type"],
            "jour_col": row["days"].split("|"),
            "geo_shape": shape(row),
        }
        for row in read("bordeaux/waste")
    ]


def shape(row: Record) -> object:
    """A rectangle, as a feature; None where the portal has lost it."""
    if not row["west"]:
        return None
    west, south, east, north = (float(row[side]) for side in ("west", "south", "east", "north"))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "geometry": geometry, "properties": {}}


STREETS = Dataset(
    "244400404_jours-collectes-dechets-nantes",
    "Jours de collecte des déchets à Nantes",
    "waste",
    (
        Field("libelle", "Libellé"),
        Field("commune", "Commune", facet=True),
        Field("prestation_collecte", "Prestation de collecte", facet=True),
        Field("type_collecte", "Type de collecte", facet=True),
        Field("obs_prestation_collecte", "Observations sur la prestation"),
        Field("bleu_jour_collecte", "Jour de collecte bleu"),
        Field("jaune_jour_collecte", "Jour de collecte jaune"),
        Field("obs_jour_collecte", "Observations sur les jours"),
    ),
    streets,
)
GUIDE = Dataset(
    "244400404_jeter-dechet-nantes-metropole",
    "Où jeter mes déchets à Nantes Métropole",
    "waste.sorting",
    (
        Field("description", "Description"),
        Field("reponse1", "Réponse 1"),
        Field("commentaire", "Commentaire"),
        Field("nom_image", "Nom de l'image"),
    ),
    guide,
)
AREAS = Dataset(
    "en_frcol_s",
    "Fréquence de collecte",
    "bordeaux.waste",
    (
        Field("commune", "Commune", facet=True),
        Field("type", "Type", facet=True),
        Field("jour_col", "Jours de collecte"),
        Field("geo_shape", "Geo Shape", "geo_shape"),
    ),
    areas,
    host=BORDEAUX,
)
