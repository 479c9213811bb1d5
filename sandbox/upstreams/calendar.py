"""Calendar: the nation's public holidays, one object of days, and its school holidays, a table.

Habits kept: days of school holidays are midnights in Paris written in UTC, their end is the day
when classes resume, a bridge ends as it starts, and summers are there twice, for pupils and for
teachers.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from holidays import country_holidays
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from vacances_scolaires_france import SchoolHolidayDates, UnsupportedYearException

from sandbox.datasets import EDUCATION, Dataset, Field, Row
from sandbox.faults import Fault
from sandbox.outside import Outside, Upstream, missing
from sandbox.timetable import PARIS

JOURS_FERIES = "/calendrier.api.gouv.fr/jours-feries"
UPSTREAMS = {"calendar": Upstream("public holidays of France", f"{JOURS_FERIES}/metropole.json")}
ZONES = {"metropole": None, "alsace-moselle": "57"}
# As the state writes what the library calls otherwise.
WRITTEN = {
    "Jour de l'an": "1er janvier",
    "Fête du Travail": "1er mai",
    "Fête de la Victoire": "8 mai",
    "Fête nationale": "14 juillet",
    "Armistice": "11 novembre",
    "Noël": "Jour de Noël",
    "Saint-Étienne": "2ème jour de Noël",
}
ACADEMIES = {
    "A": ("Bordeaux", "Lyon"),
    "B": ("Nantes", "Rennes", "Strasbourg"),
    "C": ("Montpellier", "Paris"),
}
TITLES = {
    "Vacances d'hiver": "Vacances d'Hiver",
    "Vacances de printemps": "Vacances de Printemps",
    "Vacances d'été": "Vacances d'Été",
}
FRIDAY = 4
DAY = timedelta(days=1)


def public(zone: str, today: date) -> dict[str, str]:
    """Twenty years of the past and five to come, the last one first."""
    found: dict[str, str] = {}
    for year in range(today.year + 5, today.year - 21, -1):
        days = country_holidays("FR", subdiv=ZONES[zone], years=year, language="fr")
        for day, name in sorted(days.items()):
            found[day.isoformat()] = WRITTEN.get(name, name)
    return found


@cache
def days_off(zone: str, year: int) -> dict[date, str]:
    """Names of holidays by day, from one September to the next August."""
    found: dict[date, str] = {}
    for part in (year, year + 1):
        try:
            days = SchoolHolidayDates().holidays_for_year_and_zone(part, zone)
        except UnsupportedYearException:
            continue
        found |= {day: str(facts["nom_vacances"]) for day, facts in days.items()}
    return {d: name for d, name in found.items() if date(year, 9, 2) <= d <= date(year + 1, 9, 1)}


def periods(zone: str, year: int) -> Iterator[tuple[str, date, date]]:
    """Name, first day, and the day when classes resume."""
    off = days_off(zone, year)
    for first in sorted(off):
        name = off[first]
        if name.startswith("Pont"):
            if first.weekday() == FRIDAY:
                yield name, first, first
        elif off.get(first - DAY) != name:
            resumes = first
            while off.get(resumes) == name:
                resumes += DAY
            yield TITLES.get(name, name), first, resumes


def school(today: date, _: int) -> list[Row]:
    """The last school year, this one and the next."""
    this = today.year if today.month >= 9 else today.year - 1
    rows: list[Row] = []
    for year in (this - 1, this, this + 1):
        for zone, academies in ACADEMIES.items():
            for name, first, resumes in periods(zone, year):
                summer = name == "Vacances d'Été"
                for population in ("Élèves", "Enseignants") if summer else ("-",):
                    back = resumes - DAY if population == "Enseignants" else resumes
                    rows += [
                        {
                            "description": name,
                            "population": population,
                            "start_date": midnight(first),
                            "end_date": midnight(back),
                            "location": academy,
                            "zones": f"Zone {zone}",
                            "annee_scolaire": f"{year}-{year + 1}",
                        }
                        for academy in academies
                    ]
    return rows


def midnight(day: date) -> str:
    return datetime.combine(day, time(), PARIS).astimezone(UTC).isoformat()


SCHOOL = Dataset(
    "fr-en-calendrier-scolaire",
    "Calendrier scolaire",
    "calendar.school",
    (
        Field("description", "Description", facet=True),
        Field("population", "Population", facet=True),
        Field("start_date", "Date de début", "datetime"),
        Field("end_date", "Date de fin", "datetime"),
        Field("location", "Académies", facet=True),
        Field("zones", "Zones", facet=True),
        Field("annee_scolaire", "annee_scolaire", facet=True),
    ),
    school,
    host=EDUCATION,
)


def routes(outside: Outside) -> list[Route]:
    """The public holidays of a zone."""

    async def endpoint(request: Request) -> Response:
        zone = request.path_params["zone"]

        async def answer(now: datetime, fault: Fault) -> Response:
            if zone not in ZONES:
                return missing(f"no zone {zone}")
            days = public(zone, now.astimezone(PARIS).date())
            return JSONResponse({fault.column(day): days[day] for day in fault.rows(list(days))})

        return await outside.call(request, "calendar", answer)

    return [Route(f"{JOURS_FERIES}/{{zone}}.json", endpoint)]
