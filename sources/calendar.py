"""Calendar: public holidays, and the days without school.

What clients are told is what the nation publishes (`PublicHoliday`, `SchoolHolidays`).
What a city's opening hours mean by holidays is worked out here (`Calendar`), so that no
pool is closed because another source is down; tests hold the two against each other.

Public holidays are then those of the `holidays` library, under their French names.
School holidays are France's, from `vacances-scolaires-france`: it knows 27
October 1990 to 31 August 2028, and is corrected by the ministry's own calendar
(`fr-en-calendrier-scolaire`) where the two differ. The bridge of Ascension is
known only for the years that the library lists it (2027 and 2028 of those to come).
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from threading import Lock
from typing import Self
from zoneinfo import ZoneInfo

from cities import City, CityError
from sources.names import fold
from sources.reading import reads
from sources.row import Row

AUTUMN, CHRISTMAS = "Vacances de la Toussaint", "Vacances de Noël"
WINTER, SPRING, SUMMER = "Vacances d'hiver", "Vacances de printemps", "Vacances d'été"
BRIDGE = "Pont de l'Ascension"
SMALL = frozenset({AUTUMN, CHRISTMAS, WINTER, SPRING, BRIDGE})
ALL = SMALL | {SUMMER}
FRIDAY = 4
ABSENT = {date(2027, 9, 1): SUMMER}  # classes resume on 2 September 2027, in all zones

SEASONS = {
    r"toussaint|automne": AUTUMN,
    r"noel": CHRISTMAS,
    r"hiver|fev(rier)?": WINTER,
    r"printemps|paques|avril": SPRING,
    r"ete|juillet|aout": SUMMER,
}
SIZES = {"petites ": SMALL, "grandes ": frozenset({SUMMER})}
HOLIDAYS = re.compile(r"\b(?P<hors>hors )?(les )?(?P<size>petites |grandes )?vac(s|ances)?\b")
TERM = re.compile(r"\b(?P<hors>hors )?(periodes?|temps|semaines?) scol(aires?)?\b")

PARIS = ZoneInfo("Europe/Paris")  # where the ministry's days begin, whichever académie's they are
LONGEST_DAYS = 100
LOADING = Lock()
PUPILS = {None, "eleves"}  # teachers come back sooner


@dataclass(frozen=True)
class PublicHoliday:
    """What is celebrated on a day."""

    date: date
    name: str


@dataclass(frozen=True)
class SchoolHolidays:
    """Some days in a row without school, from `first` on."""

    first: date
    days: int
    name: str


@reads(PublicHoliday, "date name")
def public_holiday(row: Row) -> PublicHoliday:
    """One public holiday; ValueError without a day or a name."""
    day = row.find_day("date")
    if day is None:
        raise ValueError("no date")
    return PublicHoliday(day, row.text("name"))


@reads(SchoolHolidays, "name start end population", part="school")
def school_holidays(row: Row) -> SchoolHolidays | None:
    """One period of one académie; None for teachers', and for what is neither holidays nor bridge.

    Days are written as the instants at which they begin in Paris. The end is the day when
    classes resume, but for a bridge of one day, which ends as it starts.
    """
    name = row.text("name")
    start, end = row.find_instant("start"), row.find_instant("end")
    if start is None or end is None:
        raise ValueError("no start, or no end")
    first, resumes = start.astimezone(PARIS).date(), end.astimezone(PARIS).date()
    days = (resumes - first).days or 1
    if not 0 < days <= LONGEST_DAYS:
        raise ValueError(f"from {first} to {resumes}")
    pupils = fold(row.find_text("population") or "") or None
    if pupils not in PUPILS or not re.search(r"\b(vacances|pont)\b", fold(name)):
        return None
    return SchoolHolidays(first, days, name)


@dataclass(frozen=True)
class Calendar:
    """One city's days off; ValueError at its first question if the country or region is unknown."""

    country: str
    region: str | None
    school_zone: str | None

    @classmethod
    def of(cls, city: City) -> Self:
        return cls(city.country, city.region, city.school_zone)

    def load(self, day: date) -> None:
        """Ask once, so that nobody waits later; ValueError if the country or region is unknown."""
        with LOADING:  # whoever comes second finds it done
            self.public_holiday(day)
            self.school_holiday(day)
        loaded.add(self)

    async def ready(self, day: date) -> Self:
        """Itself, once it answers at once: the first time it takes half a second, in a thread."""
        if self not in loaded:
            await asyncio.to_thread(self.load, day)
        return self

    def public_holiday(self, day: date) -> str | None:
        """What is celebrated on this day, if all the country, or the city's region, has it off."""
        return _public_holidays(self.country, self.region, day.year).get(day)

    def school_holiday(self, day: date) -> str | None:
        """The school holidays that this day is part of; None in term and where it is not known."""
        return _school_holidays(self.school_zone).get(day) if self.school_zone else None

    def knows_school(self, day: date) -> bool:
        """Whether it is known if there is school: in zones A, B and C, in the years above."""
        if self.school_zone is None:
            return False
        first, last = _known()
        return first <= day <= last

    def agrees(self, period: str | None, day: date) -> bool:
        """Whether a period of this name can be in force on this day.

        Only names that speak of school say anything: `vacances scolaires`,
        `petites vacances`, `vac. Noël`, `période scolaire`, `hors vacances`. They
        agree with no day of which it is not known if there is school.
        """
        spoken = _spoken(period or "")
        if spoken is None:
            return True
        term, holidays = spoken
        found = self.school_holiday(day)
        return self.knows_school(day) and (term if found is None else found in holidays)


loaded: set[Calendar] = set()


@lru_cache(maxsize=1024)
def _spoken(period: str) -> tuple[bool, frozenset[str]] | None:
    """Whether a period's name includes term, and which holidays; None if it speaks of neither."""
    words = fold(period)
    holidays, term = HOLIDAYS.search(words), TERM.search(words)
    if holidays is None and term is None:
        return None
    meant = _holidays_meant(words, holidays["size"] if holidays else None)
    if holidays is None:
        return (False, meant) if term and term["hors"] else (True, frozenset())
    if holidays["hors"]:
        return True, ALL - meant
    return bool(term and not term["hors"]), meant


def _holidays_meant(words: str, size: str | None) -> frozenset[str]:
    of_size = SIZES.get(size or "", ALL)
    named = {name for season, name in SEASONS.items() if re.search(rf"\b({season})\b", words)}
    without = {
        name for season, name in SEASONS.items() if re.search(rf"\bhors ({season})\b", words)
    }
    return frozenset((named - without) & of_size or of_size - without)


@lru_cache(maxsize=128)
def _public_holidays(country: str, region: str | None, year: int) -> Mapping[date, str]:
    from holidays import country_holidays  # a tenth of a second, which most commands do without

    try:
        return dict(country_holidays(country, subdiv=region, years=year, language="fr"))
    except NotImplementedError as error:
        raise ValueError(str(error)) from None


@cache
def _listed() -> Mapping[date, Mapping[str, object]]:
    """Days on which some zone is on holiday; reading them takes a fifth of a second."""
    from vacances_scolaires_france import SchoolHolidayDates

    listed: Mapping[date, Mapping[str, object]] = SchoolHolidayDates().data
    return listed


@cache
def _school_holidays(zone: str) -> Mapping[date, str]:
    known = {
        day: str(facts["nom_vacances"])
        for day, facts in _listed().items()
        if facts[f"vacances_zone_{zone.lower()}"]
    }
    # The bridge is its Friday: the library has, by the year, two to five days of it.
    found = {day: name for day, name in known.items() if name != BRIDGE or day.weekday() == FRIDAY}
    return found | ABSENT


@cache
def _known() -> tuple[date, date]:
    return min(_listed()), max(_listed())


def load_days(cities: Iterable[City], day: date) -> None:
    """Load the days off of each, so that nobody waits; CityError where they are not known."""
    for city in cities:
        try:
            Calendar.of(city).load(day)
        except ValueError as error:
            raise CityError(f"{city.slug}.toml country", str(error)) from None
