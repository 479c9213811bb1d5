"""Opening hours in OpenStreetMap's syntax: each day against what one reads off by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.calendar import Calendar
from sources.opening_hours import DAYS, MOST_CHARACTERS, OpeningHoursSchedule, find_schedule

PARIS = ZoneInfo("Europe/Paris")
NANTES = Calendar("FR", None, "B")
STRASBOURG = Calendar("FR", "57", "B")
TUESDAY, SATURDAY, SUNDAY = (date(2026, 11, n) for n in (24, 28, 29))
ARMISTICE, AUTUMN = date(2026, 11, 11), date(2026, 10, 20)  # a Wednesday; a Tuesday in the holidays


def on(text: str, day: date, calendar: Calendar = NANTES) -> str:
    """`08:30-12:00 13:30-17:30`, `closed`, or `?` for nobody knows."""
    found = OpeningHoursSchedule(text, PARIS, calendar).on(day)
    spans = " ".join(f"{span.from_}-{span.to}" for span in found.time_spans)
    assert found.date == day
    assert found.closed is (False if spans else found.closed)
    return spans or ("closed" if found.closed else "?")


@pytest.mark.parametrize(
    ("text", "day", "hours"),
    [
        ("Mo-Fr 08:30-12:00,13:30-17:30; Sa 08:30-12:00", TUESDAY, "08:30-12:00 13:30-17:30"),
        ("Mo-Fr 08:30-12:00,13:30-17:30; Sa 08:30-12:00", SATURDAY, "08:30-12:00"),
        ("Mo-Fr 08:30-12:00,13:30-17:30; Sa 08:30-12:00", SUNDAY, "closed"),
        ("24/7", SUNDAY, "00:00-24:00"),
        ("Mo 22:00-02:00", TUESDAY, "00:00-02:00"),
        ("Tu[4] 10:00-12:00", TUESDAY, "10:00-12:00"),
        ("Apr-Sep 08:00-20:00; Oct-Mar 09:00-17:00", TUESDAY, "09:00-17:00"),
        ("Mo-Fr 10:00-18:00; Nov 23-27 off", TUESDAY, "closed"),
        # public holidays
        ("Mo-Fr 10:00-18:00", ARMISTICE, "10:00-18:00"),
        ("Mo-Fr 10:00-18:00; PH off", ARMISTICE, "closed"),
        ("Mo-Fr 10:00-18:00; ph off", ARMISTICE, "closed"),
        ("Mo-Fr 10:00-18:00; PH,Sa,Su 14:00-18:00", ARMISTICE, "14:00-18:00"),
        ("Mo-Fr 10:00-18:00; PH,Sa,Su 14:00-18:00", SUNDAY, "14:00-18:00"),
        ("Mo-Fr 10:00-18:00; PH,Sa,Su 14:00-18:00", TUESDAY, "10:00-18:00"),
        ("Mo-Fr 10:00-18:00; PH Mo-We off", ARMISTICE, "closed"),
        ("Mo-Fr 10:00-18:00; PH Th-Mo off", ARMISTICE, "10:00-18:00"),
        ("PH 22:00-04:00", ARMISTICE + timedelta(days=1), "00:00-04:00"),
        ("PH 22:00-04:00", TUESDAY, "closed"),
        # school holidays, which the library takes for no day at all
        ("Mo-Fr 08:00-18:00; SH off", AUTUMN, "closed"),
        ("Mo-Fr 08:00-18:00; SH off", TUESDAY, "08:00-18:00"),
        ("We 14:00-18:00; SH Mo-Fr 10:00-18:00", AUTUMN, "10:00-18:00"),
        ("We 14:00-18:00; SH Mo-Fr 10:00-18:00", TUESDAY, "closed"),
        ("Mo-Su 10:00-12:00; SH,PH off", ARMISTICE, "closed"),
        ("SH 10:00-12:00", date(2030, 7, 14), "?"),  # not known yet
        ("10:00-12:00", date(1800, 1, 1), "?"),
        # nobody knows
        ('"sur rendez-vous"', TUESDAY, "?"),
        ('Mo-Fr 10:00-12:00 "sur rendez-vous"', TUESDAY, "?"),
        ('Mo-Fr 10:00-12:00 "sur rendez-vous"', SUNDAY, "closed"),
        ('Mo-Fr 10:00-12:00 || "sur rendez-vous"', SUNDAY, "?"),
        ('Mo-Fr 10:00-12:00 open "entrée par la cour; PH off"', ARMISTICE, "10:00-12:00"),
    ],
)
def test_days(text: str, day: date, hours: str) -> None:
    assert on(text, day) == hours


def test_public_holidays_are_those_of_the_region() -> None:
    boxing_day = date(2026, 12, 26)
    assert on("Mo-Sa 10:00-12:00; PH off", boxing_day) == "10:00-12:00"
    assert on("Mo-Sa 10:00-12:00; PH off", boxing_day, STRASBOURG) == "closed"


def test_what_is_said_of_a_day_is_told() -> None:
    schedule = OpeningHoursSchedule('Mo-Fr 10:00-12:00; Nov 24 off "inventaire"', PARIS, NANTES)
    assert schedule.on(TUESDAY).reason == "inventaire"
    assert schedule.on(ARMISTICE).public_holiday is not None


@pytest.mark.parametrize(
    "text",
    [
        "lundi 9h-12h",
        "Mo-Fr 9-18",
        "Mo-Fr SH 10:00-12:00",
        "SH PH off",
        "Mo,PH Tu off",
        "SH Sa [1]",
        "SH We[1][1-3]",
        "Mo-Fr 10:00-18:00; PH -1 day off",
        "sunrise-sunset",
        "Mo-Fr 10:00+",
        'Mo-Fr 10:00-12:00 "sur rendez-vous',
        "24/7" + " " * MOST_CHARACTERS,
        "24/7\x00",
    ],
)
def test_what_cannot_be_understood_is_not_guessed(text: str) -> None:
    assert find_schedule(text, PARIS, NANTES) is None


def test_at_the_minute() -> None:
    schedule = OpeningHoursSchedule(
        'Tu 09:00-12:00, Tu 14:00-16:00 unknown "selon les bénévoles"', PARIS, NANTES
    )
    at = {
        (8, 59): (False, (9, 0)),
        (9, 0): (True, (12, 0)),
        (12, 0): (False, (14, 0)),
        (14, 0): (None, (16, 0)),
        (16, 0): (False, (24, 0)),
    }
    for (hour, minute), (open_, changes) in at.items():
        now = datetime(2026, 11, 24, hour, minute, tzinfo=PARIS)
        midnight = datetime(2026, 11, 24, tzinfo=PARIS)
        assert schedule.open_at(now) is open_
        assert schedule.changes_at(now) == midnight + timedelta(hours=changes[0])
    noon = datetime(2026, 11, 24, 12, tzinfo=PARIS)
    assert schedule.opens_at(noon) == datetime(2026, 12, 1, 9, tzinfo=PARIS)


def test_one_that_never_closes_says_no_end() -> None:
    schedule = OpeningHoursSchedule("24/7", PARIS, NANTES)
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert schedule.open_at(now)
    assert schedule.closes_at(now) is None


hours = st.integers(0, 23)
weekdays = st.sets(st.integers(0, 6))
days = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@settings(max_examples=200, deadline=None)
@given(weekdays.filter(bool), hours, weekdays, weekdays, days)
def test_holidays_are_as_a_simple_reading_has_them(
    usual: set[int], opens: int, public: set[int], school: set[int], day: date
) -> None:
    """Rules of usual weekdays, then of those of school holidays, then of public ones."""

    def named(numbers: set[int]) -> str:
        return ",".join(DAYS[number] for number in sorted(numbers))

    text = f"{named(usual)} {opens:02}:00-{opens + 1:02}:00"
    text += f"; SH {named(school)} {opens:02}:10-{opens:02}:20" if school else ""
    text += f"; PH,{named(public)} off" if public else "; PH off"

    weekday, expected = day.weekday(), "closed"
    if weekday in usual:
        expected = f"{opens:02}:00-{opens + 1:02}:00"
    if NANTES.school_holiday(day) and weekday in school:
        expected = f"{opens:02}:10-{opens:02}:20"
    if NANTES.public_holiday(day) or weekday in public:
        expected = "closed"
    assert on(text, day) == expected


WORDS = '- , ; || " off open unknown 24/7 [1] PH SH 10:00-12:00 22:00-26:00 week Jan-Mar easter +'
PIECES = st.sampled_from([*DAYS, *WORDS.split(), "Nov 11", " "])


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=30) | st.lists(PIECES, max_size=12).map("".join), days)
def test_any_text_is_a_schedule_or_none(text: str, day: date) -> None:
    schedule = find_schedule(text, PARIS, NANTES)
    if schedule is None:
        return
    found = schedule.on(day)
    edges = [edge for span in found.time_spans for edge in (span.from_, span.to)]
    assert edges == sorted(set(edges))
    now = datetime(day.year, day.month, day.day, 12, tzinfo=PARIS)
    assert schedule.changes_at(now) > now
    assert schedule.open_at(now) in (True, False, None)
