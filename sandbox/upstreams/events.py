"""Events: the agendas of both cities, which begin anew each Monday.

Habits kept, in Nantes: a row for each day, an end before the beginning for what goes on past
midnight, none where nobody knows, 00:00 for all day, `.` for no address, one that is nowhere,
one canceled on one of its days, one at two venues, HTML with a script in it. In Bordeaux: a row
for each event, past ones too, its times as JSON within a text, its state as a number.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from sandbox.datasets import BORDEAUX, Dataset, Field, Row
from sandbox.tables import Record, read
from sandbox.timetable import PARIS

TIMES = re.compile(r"(?P<first>-?\d+)(?:\.\.(?P<last>-?\d+))?@(?P<opens>[\d:]+)-(?P<closes>[\d:]*)")
FLAGS = {"cancel": "annule", "postpone": "reporte", "full": "complet"}


def occasions(record: Record, monday: date) -> Iterator[tuple[int, date, str, str]]:
    """The days of an event, as numbers from Monday and as dates, and the hours (`-20..0@11-19`)."""
    for found in TIMES.finditer(record["times"]):
        first, last = int(found["first"]), int(found["last"] or found["first"])
        for number in range(first, last + 1):
            yield number, monday + timedelta(days=number), found["opens"], found["closes"]


def nantes(today: date, _: int) -> list[Row]:
    """One row a day of an event."""
    monday = today - timedelta(days=today.weekday())
    return [
        _nantes(record, monday, *occasion)
        for record in read("nantes/events")
        for occasion in occasions(record, monday)
    ]


def _nantes(record: Record, monday: date, number: int, day: date, opens: str, closes: str) -> Row:
    habit, _, which = record["habit"].partition(" ")
    flags = dict.fromkeys(FLAGS.values(), "non")
    if habit and which in ("", str(number)):
        flags[FLAGS[habit]] = "oui"
    place = {"lon": float(record["lon"]), "lat": float(record["lat"])} if record["lat"] else None
    id_manif = int(f"{monday:%y%V}{record['number']}")
    return {
        "id_manif": id_manif,
        "nom": record["name"],
        "date": str(day),
        "heure_debut": opens,
        "heure_fin": closes or None,
        "description": record["summary"],
        "description_evt": record["html"] or None,
        "lieu": record["venue"],
        "adresse": record["address"],
        "code_postal": int(record["postcode"]),
        "ville": record["commune"],
        "code_insee": int(record["insee"]),
        "latitude": place and place["lat"],
        "longitude": place and place["lon"],
        "location": place,
        "gratuit": record["free"] or None,
        "precisions_tarifs_evt": record["price"] or None,
        "precisions_public": record["audience"],
        "accueil_enfant": record["children"],
        "themes_libelles": record["themes"].split("|"),
        "types_libelles": record["types"].split("|"),
        "media_url": f"https://example.org/agenda/{id_manif}.jpg",
        "lien_agenda": f"https://metropole.nantes.fr/infonantes/agenda/{id_manif}",
        "url_site": None,
        "emetteur": "Ville de Nantes",
        **flags,
    }


def bordeaux(today: date, _: int) -> list[Row]:
    """One row an event."""
    monday = today - timedelta(days=today.weekday())
    return [_bordeaux(record, monday) for record in read("bordeaux/events")]


def _bordeaux(record: Record, monday: date) -> Row:
    times = [
        tuple(datetime.combine(day, time.fromisoformat(hour), PARIS) for hour in (opens, closes))
        for _, day, opens, closes in occasions(record, monday)
    ]
    (first_begin, first_end), (last_begin, last_end) = times[0], times[-1]
    return {
        "uid": record["uid"],
        "slug": re.sub(r"\W+", "-", record["title"].lower()),
        "canonicalurl": f"https://openagenda.com/bordeaux-metropole/events/{record['uid']}",
        "title_fr": record["title"],
        "description_fr": record["summary"],
        "longdescription_fr": record["html"] or None,
        "conditions_fr": record["conditions"],
        "keywords_fr": record["keywords"].split("|"),
        "accessibility_label_fr": [one for one in record["accessibility"].split("|") if one],
        "daterange_fr": f"{first_begin:%d/%m/%Y} - {last_begin:%d/%m/%Y}",
        "firstdate_begin": utc(first_begin),
        "firstdate_end": utc(first_end),
        "lastdate_begin": utc(last_begin),
        "lastdate_end": utc(last_end),
        "timings": json.dumps(
            [{"begin": begin.isoformat(), "end": end.isoformat()} for begin, end in times]
        ),
        "location_name": record["venue"],
        "location_address": record["address"],
        "location_district": record["district"],
        "location_insee": record["insee"],
        "location_postalcode": record["postcode"],
        "location_city": record["city"],
        "location_coordinates": {"lon": float(record["lon"]), "lat": float(record["lat"])},
        "originagenda_title": "Bordeaux Métropole",
        "age_min": int(record["age_min"]) if record["age_min"] else None,
        "age_max": int(record["age_max"]) if record["age_max"] else None,
        "status": int(record["status"]),
        "updatedat": utc(datetime.combine(monday, time(), PARIS)),
    }


def utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"


def fields(rows: list[Row], **types: str) -> tuple[Field, ...]:
    """The columns of some rows, which are texts unless told."""
    return tuple(
        Field(name, name.replace("_", " ").capitalize(), types.get(name, "text"))
        for name in rows[0]
    )


NANTES_AGENDA = Dataset(
    "244400404_agenda-evenements-nantes-metropole_v2",
    "Agenda des événements de Nantes Métropole",
    "events",
    fields(
        nantes(date(2026, 1, 5), 1),
        id_manif="int",
        date="date",
        code_postal="int",
        code_insee="int",
        latitude="double",
        longitude="double",
        location="geo_point_2d",
    ),
    nantes,
)
MET_AGENDA = Dataset(
    "met_agenda",
    "Agenda de Bordeaux Métropole",
    "bordeaux.events",
    fields(
        bordeaux(date(2026, 1, 5), 1),
        firstdate_begin="datetime",
        firstdate_end="datetime",
        lastdate_begin="datetime",
        lastdate_end="datetime",
        location_coordinates="geo_point_2d",
        age_min="int",
        age_max="int",
        status="int",
        updatedat="datetime",
    ),
    bordeaux,
    host=BORDEAUX,
)
