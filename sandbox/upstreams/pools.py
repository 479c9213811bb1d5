"""Pools: the swimming pools of the metropolis and their hours, one row a slot.

Rows of several periods stand side by side, exceptions carry a date instead of a weekday, a closing
exception has no hours, and 23:59 means midnight.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from sandbox.datasets import Dataset, Field, Row
from sandbox.days import WEEK, Period, days, periods, public_holidays
from sandbox.tables import Record, read

FLAGS = {
    "bassin_sportif": "sportif",
    "bassin_loisir": "loisir",
    "bassin_apprentissage": "apprentissage",
    "pataugeoire": "pataugeoire",
    "toboggan": "toboggan",
    "plongeoir": "plongeoir",
    "solarium": "solarium",
    "libre_service": "libre_service",
    "acces_pmr_equipt": "pmr",
    "accessibilite_handicap": "pmr",
}
EMPTIED, EXTRA, ALL_YEAR = "112", "111", "114"  # a closed week, an extra Sunday, overlapping rows


def pools(_: date, __: int) -> list[Row]:
    """One row a pool; the empty is null."""
    return [
        {
            "idobj": pool["idobj"],
            "nom_complet": pool["name"],
            "nom_usuel": pool["name"].removeprefix("Piscine "),
            "adresse": pool["address"],
            "cp": pool["postcode"],
            "commune": pool["commune"],
            "tel": pool["phone"] or None,
            "web": pool["web"] or None,
            "location": {"lon": float(pool["lon"]), "lat": float(pool["lat"])},
            **{
                flag: "OUI" if word in pool["has"].split() else "NON"
                for flag, word in FLAGS.items()
            },
            "acces_transports_commun": pool["transit"] or None,
            "infos_complementaires": pool["more"] or None,
        }
        for pool in read("pools")
    ]


def hours(today: date, _: int) -> list[Row]:
    """The slots of the periods around today, and the exceptions."""
    around = list(periods(today - timedelta(days=30), today + timedelta(days=60)))
    return [
        row
        for pool in read("pools")
        for row in (*weekly(pool, around, today), *exceptions(pool, around, today))
    ]


def weekly(pool: Record, around: list[Period], today: date) -> Iterator[Row]:
    """The slots that come back every week of a period."""
    for period in around:
        for slots in read("pool_hours"):
            if (slots["week"], slots["period"]) == (pool["hours"], period.kind):
                for day in slots["days"].split():
                    yield from opened(pool, period, slots["slots"], jour=day)
    if pool["idobj"] == ALL_YEAR:
        year = Period(
            f"Horaires annuels {today.year}", "", date(today.year, 1, 1), date(today.year, 12, 31)
        )
        yield from opened(pool, year, "09:00-13:00", jour="dimanche")


def exceptions(pool: Record, around: list[Period], today: date) -> Iterator[Row]:
    """The days that are not like others: public holidays, a week of works, an extra Sunday."""
    monday = today - timedelta(days=today.weekday())
    emptied = list(days(monday, monday + timedelta(days=6))) if pool["idobj"] == EMPTIED else []
    for day in emptied:
        yield slot(pool, "Vidange technique", "Fermeture", date_exception=day)
    for period in around:
        for day in days(period.first, period.last):
            name = public_holidays(day.year).get(day)
            if name is None or day in emptied:
                continue
            if pool["hours"] == "all day":
                yield from opened(pool, period, "10:00-18:00", date_exception=day)
            else:
                yield slot(pool, name, "Fermeture", date_exception=day)
    if pool["idobj"] == EXTRA:
        sunday = next(
            day
            for day in days(today, today + timedelta(days=28))
            if WEEK[day.weekday()] == "dimanche" and day not in public_holidays(day.year)
        )
        yield slot(
            pool,
            "Ouverture exceptionnelle",
            "Ouverture",
            date_exception=sunday,
            heure_debut="09:00",
            heure_fin="13:00",
        )


def opened(pool: Record, period: Period, slots: str, **when: object) -> Iterator[Row]:
    """A row for each slot (`09:00-12:00 14:00-18:00`) of a weekday of the period or of a date."""
    if "jour" in when:
        when |= {"date_debut": period.first, "date_fin": period.last}
    for hours_of in slots.split():
        begins, ends = hours_of.split("-")
        yield slot(pool, period.name, "Ouverture", **when, heure_debut=begins, heure_fin=ends)


def slot(pool: Record, period: str, kind: str, **given: object) -> Row:
    """A row of the hours; what is not given is null."""
    row: Row = dict.fromkeys(field.name for field in HOURS.fields)
    row |= {"idobj": pool["idobj"], "nom_periode": period, "type_horaire": kind}
    return row | {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in given.items()
    }


POOLS = Dataset(
    "244400404_piscines-nantes-metropole",
    "Piscines de Nantes Métropole",
    "pools",
    (
        Field("idobj", "Identifiant"),
        Field("nom_complet", "Nom complet"),
        Field("nom_usuel", "Nom usuel"),
        Field("adresse", "Adresse"),
        Field("cp", "Code postal", facet=True),
        Field("commune", "Commune", facet=True),
        Field("tel", "Téléphone"),
        Field("web", "Site web"),
        Field("location", "Géolocalisation", "geo_point_2d"),
        *(Field(flag, flag.replace("_", " ").capitalize(), facet=True) for flag in FLAGS),
        Field("acces_transports_commun", "Accès transports en commun"),
        Field("infos_complementaires", "Infos complémentaires"),
    ),
    pools,
)

HOURS = Dataset(
    "244400404_piscines-nantes-metropole-horaires",
    "Horaires des piscines de Nantes Métropole",
    "pools.hours",
    (
        Field("idobj", "Identifiant de l'équipement", facet=True),
        Field("nom_periode", "Période", facet=True),
        Field("date_debut", "Date de début", "date"),
        Field("date_fin", "Date de fin", "date"),
        Field("jour", "Jour de la semaine", facet=True),
        Field("date_exception", "Date de l'exception", "date"),
        Field("heure_debut", "Heure de début"),
        Field("heure_fin", "Heure de fin"),
        Field("type_horaire", "Type d'horaire", facet=True),
    ),
    hours,
)
