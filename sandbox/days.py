"""Days: public holidays and the school holidays of zone B, which is that of Nantes."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from typing import NamedTuple

from holidays import country_holidays
from vacances_scolaires_france import SchoolHolidayDates, UnsupportedYearException

WEEK = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


class Period(NamedTuple):
    """Days of one kind, ends included; `kind` is term, holidays or summer."""

    name: str
    kind: str
    first: date
    last: date


def days(first: date, last: date) -> Iterator[date]:
    """Every day, ends included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


@cache
def public_holidays(year: int) -> dict[date, str]:
    """Their French names."""
    return dict(country_holidays("FR", years=year, language="fr"))


@cache
def school_holidays(year: int) -> dict[date, str]:
    """Their names; none for a year that the calendar does not know."""
    try:
        found = SchoolHolidayDates().holidays_for_year_and_zone(year, "B")
    except UnsupportedYearException:
        return {}
    return {day: str(facts["nom_vacances"]) for day, facts in found.items()}


def periods(first: date, last: date) -> Iterator[Period]:
    """The school periods that touch these days, whole."""
    # Far enough on both sides to hold the longest term.
    around = days(first - timedelta(days=120), last + timedelta(days=120))
    for name, group in groupby(around, lambda day: school_holidays(day.year).get(day, "")):
        run = list(group)
        if run[-1] < first or run[0] > last:
            continue
        if not name:
            name = f"Période scolaire du {run[0]:%d/%m/%y} au {run[-1]:%d/%m/%y}"
            yield Period(name, "term", run[0], run[-1])
        else:
            kind = "summer" if "été" in name else "holidays"
            yield Period(name, kind, run[0], run[-1])
