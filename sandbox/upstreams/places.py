"""Places: public places of both cities, a table each, as they stand in `data/*/places`.

Habits kept: a type that only the category tells, communes in capitals, a place that is nowhere,
one that is listed twice, a pump of which nothing is known but where it is, the character that
a dash became on its way. Where tables have shapes, points are Features; areas are squares.
"""

from datetime import date

from sandbox.datasets import BORDEAUX, NANTES, Dataset, Field, Row
from sandbox.tables import Record, read

SUBSTITUTE = "\x1a"
INTEGERS = {"nombre", "age_min", "age_max", "nb_jeux", "capacite"}
SIDE = 0.0001  # degrees


def table(
    dataset: str,
    title: str,
    upstream: str,
    file: str,
    geo: str = "geo_point_2d",
    shape: str | None = None,
    dash: str = "-",
) -> Dataset:
    """A dataset whose rows are those of a file; `geo` is the column of its points, if it has one.

    `shape` is the kind of its geometries, `Point` or `Polygon`, where it has some; `dash` is
    what it has for dashes.
    """
    host = BORDEAUX if upstream.startswith("bordeaux.") else NANTES
    words = [name for name in read(file)[0] if name not in ("lat", "lon")]
    fields = [
        Field(name, name.replace("_", " ").capitalize(), "int" if name in INTEGERS else "text")
        for name in words
    ]
    fields += [Field(geo, "Geo Point", "geo_point_2d")] if geo else []
    fields += [Field("geo_shape", "Geo Shape", "geo_shape")] if shape else []

    def rows(_: date, __: int) -> list[Row]:
        dashed = ({k: v.replace(" - ", f" {dash} ") for k, v in r.items()} for r in read(file))
        return [_row(record, words, geo, shape) for record in dashed]

    return Dataset(dataset, title, upstream, tuple(fields), rows, host=host)


def _row(record: Record, words: list[str], geo: str, shape: str | None) -> Row:
    row: Row = {name: _value(name, record[name]) for name in words}
    lat, lon = ((float(record[name]) if record[name] else None) for name in ("lat", "lon"))
    known = lat is not None and lon is not None
    if geo:
        row[geo] = {"lon": lon, "lat": lat} if known else None
    if shape:
        row["geo_shape"] = _shape(shape, lat, lon) if lat is not None and lon is not None else None
    return row


def _value(name: str, text: str) -> object:
    if not text:
        return None
    return int(text) if name in INTEGERS else text


def _shape(kind: str, lat: float, lon: float) -> dict[str, object]:
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    ring = [[lon + SIDE * east, lat + SIDE * north] for east, north in corners]
    geometry = {"type": kind, "coordinates": [lon, lat] if kind == "Point" else [ring]}
    return {"type": "Feature", "geometry": geometry, "properties": {}}


FACILITIES = table(
    "244400404_equipements-publics-nantes-metropole",
    "Équipements publics de Nantes Métropole",
    "places.facilities",
    "nantes/places/facilities",
    geo="",
    shape="Point",
)
PARKS = table(
    "244400404_parcs-jardins-nantes",
    "Parcs et jardins de Nantes",
    "places.park",
    "nantes/places/parks",
    geo="location",
)
TOILETS = table(
    "244400404_toilettes-publiques-nantes-metropole",
    "Toilettes publiques de Nantes Métropole",
    "places.toilets",
    "nantes/places/toilets",
)
RECYCLING = table(
    "244400404_decheteries-ecopoints-nantes-metropole",
    "Déchèteries et écopoints de Nantes Métropole",
    "places.recycling",
    "nantes/places/recycling",
)
COLUMNS = table(
    "244400404_localisation-des-colonnes-apports-volontaires-de-nantes-metropole",
    "Localisation des colonnes d'apports volontaires de Nantes Métropole",
    "places.recycling_point",
    "nantes/places/columns",
)
COMPOST = table(
    "512042839_composteurs-quartier-nantes-metropole",
    "Composteurs de quartier de Nantes Métropole",
    "places.compost",
    "nantes/places/compost",
)
DEFIBRILLATORS = table(
    "244400404_defibrillateurs-nantes",
    "Défibrillateurs de Nantes",
    "places.defibrillator",
    "nantes/places/defibrillators",
    geo="",
    shape="Point",
)
SHELTERS = table(
    "244400404_abris-velos-nantes-metropole",
    "Abris vélos de Nantes Métropole",
    "places.bike_parking",
    "nantes/places/bike_shelters",
    geo="location",
)
PUMPS = table(
    "244400404_gonfleurs-libre-service-nantes-metropole",
    "Gonfleurs en libre-service de Nantes Métropole",
    "places.bike_pump",
    "nantes/places/bike_pumps",
    geo="location",
    dash=SUBSTITUTE,
)
SIGSANITAIRE = table(
    "bor_sigsanitaire",
    "Toilettes publiques de Bordeaux",
    "bordeaux.places.toilets",
    "bordeaux/places/toilets",
)
FONTAINES = table(
    "bor_fontaines_eau_potable",
    "Fontaines d'eau potable de Bordeaux",
    "bordeaux.places.fountain",
    "bordeaux/places/fountains",
    geo="geom",
)
ARCEAUX = table(
    "st_arceau_p",
    "Arceau",
    "bordeaux.places.bike_parking",
    "bordeaux/places/racks",
)
AIRES_DE_JEUX = table(
    "bor_airejeux",
    "Aires de jeux de Bordeaux",
    "bordeaux.places.playground",
    "bordeaux/places/playgrounds",
    shape="Polygon",
)
