"""Schedule: whether a place is open, on any day and at any instant."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from cities import load
from schema.times import Schedule
from sources.calendar import Calendar
from sources.collection import Collection
from sources.hours import WEEK, Slot
from sources.schedule import WeeklySchedule, schedules

NANTES = load()["nantes"]
PARIS = NANTES.zone
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
YEAR = ("2026-01-01", "2026-12-31")
MONDAY, TUESDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 29)


def row(
    when: str,
    hours: str = "",
    period: str | None = None,
    dates: tuple[str | None, str | None] = (None, None),
) -> Slot:
    """`lundi`, `férié` or a date; `09:00-12:00`, or nothing for closed."""
    first, last = (day and date.fromisoformat(day) for day in dates)
    opens, closes = ([_minutes(t) for t in hours.split("-")]) if hours else (None, None)
    return Slot(
        place="7",
        weekday=WEEK.index(when) if when in WEEK else None,
        opens=opens,
        closes=closes,
        from_=first or None,
        until=last or None,
        period=period,
        exception=date.fromisoformat(when) if when[0].isdigit() else None,
    )


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def schedule(*slots: Slot, zone: ZoneInfo = PARIS) -> WeeklySchedule:
    return WeeklySchedule(slots, zone, Calendar.of(NANTES))


def shown(place: Schedule, day: date) -> str | None:
    """`09:00-12:00 14:00-18:00`, `` for closed, None for not published."""
    hours = place.on(day)
    assert hours.date == day
    assert hours.closed is (None if hours.closed is None else not hours.time_spans)
    spans = " ".join(f"{span.from_}-{span.to}" for span in hours.time_spans)
    return None if hours.closed is None else spans


def at(text: str, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def test_an_ordinary_week() -> None:
    place = schedule(
        row("mardi", "14:00-18:00", "Année"),
        row("mardi", "09:00-12:00", "Année"),
        row("mardi", "12:00-13:30", "Année"),
    )
    assert shown(place, TUESDAY) == "09:00-13:30 14:00-18:00"
    assert shown(place, MONDAY) == ""
    assert (place.on(TUESDAY).period, place.on(TUESDAY).reason) == ("Année", None)
    assert place.on(TUESDAY) is place.on(TUESDAY)


def test_nothing_published_is_not_closed() -> None:
    place = schedule(row("lundi", "09:00-12:00", dates=("2026-11-24", "2026-12-24")))
    assert shown(place, MONDAY) is None
    assert place.open_at(at("2026-11-23T10:00")) is None
    assert place.open_at(at("2026-11-24T10:00")) is False
    assert place.opens_at(at("2026-11-23T10:00")) == at("2026-11-30T09:00")
    assert place.opens_at(at("2026-12-21T09:00")) is None


def test_exceptions_win_over_everything() -> None:
    place = schedule(
        row("lundi", "09:00-12:00", "Année"),
        row("férié", "10:00-11:00", "Année"),
        row("2026-11-23", "15:00-16:00", "Année"),
        row("2026-11-30", period="Année"),
        row("2026-12-07", period="Vidange"),
        row("2026-05-01", "08:00-09:00", "Fête de l'eau"),
    )
    assert shown(place, MONDAY) == "15:00-16:00"
    assert place.on(MONDAY).reason == "Horaires exceptionnels"
    assert place.on(MONDAY).period is None
    assert shown(place, date(2026, 11, 30)) == ""
    assert place.on(date(2026, 11, 30)).reason == "Fermeture exceptionnelle"
    assert place.on(date(2026, 12, 7)).reason == "Vidange"
    may = place.on(date(2026, 5, 1))
    assert (may.reason, may.public_holiday) == ("Fête de l'eau", "Fête du Travail")


def test_public_holidays() -> None:
    day = date(2026, 5, 1)
    assert day.weekday() == 4
    plain = schedule(row("vendredi", "09:00-12:00"))
    assert shown(plain, day) == "09:00-12:00"
    assert plain.on(day).public_holiday == "Fête du Travail"
    told = schedule(row("vendredi", "09:00-12:00"), row("férié", "10:00-11:00"))
    assert shown(told, day) == "10:00-11:00"
    assert shown(told, day + 14 * DAY) == "09:00-12:00"
    assert shown(schedule(row("vendredi", "09:00-12:00"), row("férié")), day) == ""
    later = schedule(
        row("vendredi", "09:00-12:00"), row("férié", dates=("2026-06-01", "2026-12-31"))
    )
    assert shown(later, day) == "09:00-12:00"


def test_of_periods_in_force_the_shortest_holds_whole() -> None:
    year = [row(day, "08:00-20:00", "Année", YEAR) for day in ("lundi", "mardi")]
    works = row("mardi", "10:00-12:00", "Travaux", ("2026-11-16", "2026-11-29"))
    place = schedule(*year, works, row("lundi", "01:00-02:00", "Toujours"))
    assert shown(place, TUESDAY) == "10:00-12:00"
    assert shown(place, MONDAY) == ""
    assert shown(place, MONDAY + 7 * DAY) == "08:00-20:00"
    assert shown(place, date(2027, 1, 4)) == "01:00-02:00"


def test_of_equally_short_periods_the_last_to_begin_holds() -> None:
    first = row("lundi", "08:00-09:00", "A", ("2026-11-16", "2026-11-29"))
    second = row("lundi", "10:00-11:00", "B", ("2026-11-23", "2026-12-06"))
    assert shown(schedule(second, first), MONDAY) == "10:00-11:00"
    same = row("lundi", "14:00-15:00", "C", ("2026-11-23", "2026-12-06"))
    assert shown(schedule(second, same), MONDAY) == "10:00-11:00 14:00-15:00"


def test_names_of_school_hold_where_dates_do_not_decide() -> None:
    term, holidays = date(2026, 11, 23), date(2026, 10, 19)
    for dates in ((None, None), YEAR, ("2026-01-01", None)):
        place = schedule(
            row("lundi", "17:00-20:00", "Période scolaire", dates),
            row("lundi", "10:00-20:00", "Petites vacances", dates),
        )
        assert shown(place, term) == "17:00-20:00"
        assert shown(place, holidays) == "10:00-20:00"
    alone = schedule(row("lundi", "17:00-20:00", "Période scolaire", YEAR))
    assert shown(alone, holidays) == "17:00-20:00"
    usual = row("lundi", "10:00-20:00", "Horaires habituels")
    assert shown(
        schedule(usual, row("lundi", "17:00-20:00", "Période scolaire", YEAR)), holidays
    ) == ("17:00-20:00")
    undated = schedule(row("lundi", "17:00-20:00", "Période scolaire"))
    assert shown(undated, holidays) is None


def test_midnight_is_no_closing_where_the_next_day_begins_open() -> None:
    always = schedule(*(row(day, "00:00-24:00") for day in WEEK))
    noon = at("2026-11-23T12:00")
    assert shown(always, MONDAY) == "00:00-24:00"
    assert always.open_at(noon) is True
    assert always.closes_at(noon) is None
    assert always.opens_at(noon) is None
    night = schedule(row("vendredi", "20:00-24:00"), row("samedi", "00:00-02:00"))
    assert night.closes_at(noon) == at("2026-11-28T02:00")
    assert night.opens_at(at("2026-11-27T21:00")) == at("2026-12-04T20:00")
    assert night.open_at(at("2026-11-28T00:00")) is True
    assert night.open_at(at("2026-11-28T02:00")) is False


def test_the_days_when_clocks_change() -> None:
    spring = schedule(row("dimanche", "02:30-04:00"), row("lundi", "02:30-04:00"))
    assert spring.opens_at(at("2026-03-28T12:00")) == at("2026-03-29T03:00")
    assert spring.opens_at(at("2026-03-29T12:00")) == at("2026-03-30T02:30")
    lost = schedule(row("dimanche", "02:10-02:50"))
    assert lost.opens_at(at("2026-03-28T12:00")) == at("2026-04-05T02:10")
    autumn = schedule(row("dimanche", "02:30-02:45"))
    opens = autumn.opens_at(at("2026-10-25T00:00"))
    closes = autumn.closes_at(at("2026-10-25T00:00"))
    assert opens is not None
    assert closes is not None
    assert opens.isoformat() == "2026-10-25T02:30:00+02:00"
    assert closes.isoformat() == "2026-10-25T02:45:00+01:00"


def test_where_clocks_go_back_at_midnight_an_evening_ends_at_the_second() -> None:
    place = schedule(row("samedi", "20:00-24:00"), zone=ZoneInfo("America/Havana"))
    after_the_first = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
    assert place.today(after_the_first) == date(2026, 11, 1)
    assert place.open_at(after_the_first) is True
    assert utc(place.closes_at(after_the_first)) == datetime(2026, 11, 1, 5, tzinfo=UTC)


def test_any_day_can_be_asked_for() -> None:
    place = schedule(row("lundi", "00:00-24:00"))
    assert {shown(place, day) for day in (date.min, date.max)} == {"00:00-24:00", ""}


def test_schedules_of_a_collection_are_made_once() -> None:
    binding = NANTES.bindings["pools.hours"]
    slots = Collection(binding, (row("lundi", "09:00-12:00"),), 0, at("2026-11-23T12:00"))
    found = slots.derived(schedules(NANTES))
    assert shown(found["7"], MONDAY) == "09:00-12:00"
    assert slots.derived(schedules(load()["nantes"])) is found


# Five days around a change of clocks, minute by minute, against what was worked out.

CHANGES = {
    "spring": ("Europe/Paris", date(2026, 3, 27)),
    "autumn": ("Europe/Paris", date(2026, 10, 23)),
    "midnight twice": ("America/Havana", date(2026, 10, 30)),
    "no midnight": ("America/Havana", date(2026, 3, 6)),
    "half an hour": ("Australia/Lord_Howe", date(2026, 4, 3)),
}
Walls = list[tuple[datetime, datetime]]  # every minute, in UTC, with what the clock shows


@cache
def walls(name: str) -> Walls:
    zone, first = ZoneInfo(CHANGES[name][0]), CHANGES[name][1]
    start = datetime.combine(first - DAY, time(), UTC)
    minutes = (start + n * MINUTE for n in range(8 * 1440))
    return [(minute, minute.astimezone(zone).replace(tzinfo=None)) for minute in minutes]


def shows(clock: Walls, wall: datetime, which: int) -> datetime:
    """The first or last minute that shows this time, or the first that shows a later one."""
    found = [minute for minute, shown in clock if shown == wall]
    return found[which] if found else next(minute for minute, shown in clock if shown > wall)


def open_minutes(clock: Walls, day: date, slots: list[tuple[int, int]]) -> Iterator[datetime]:
    midnight = datetime.combine(day, time())
    for opens, closes in slots:
        begin = shows(clock, midnight + opens * MINUTE, 0)
        end = shows(clock, midnight + closes * MINUTE, -1)
        yield from (minute for minute, _ in clock if begin <= minute < end)


TIMES = st.one_of(st.sampled_from([0, 60, 90, 120, 150, 180, 1380, 1440]), st.integers(0, 1440))
SPANS = st.tuples(TIMES, TIMES).filter(lambda span: span[0] < span[1])


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(CHANGES)),
    st.lists(st.lists(SPANS, max_size=3), min_size=5, max_size=5),
    st.lists(st.integers(0, 5 * 1440), min_size=20, max_size=20),
)
def test_against_the_clock(name: str, week: list[list[tuple[int, int]]], asked: list[int]) -> None:
    clock, first = walls(name), CHANGES[name][1]
    zone, last = ZoneInfo(CHANGES[name][0]), first + 4 * DAY
    slots, expected = [row("lundi", "", "Cinq jours", (str(first), str(last)))], set()
    for number, spans in enumerate(week):
        day = first + number * DAY
        expected |= set(open_minutes(clock, day, spans))
        for opens, closes in spans:
            hours = f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"
            slots.append(row(WEEK[day.weekday()], hours, "Cinq jours", (str(first), str(last))))
    place = schedule(*slots, zone=zone)
    starts = sorted(minute for minute in expected if minute - MINUTE not in expected)
    ends = sorted(minute + MINUTE for minute in expected if minute + MINUTE not in expected)
    begin = shows(clock, datetime.combine(first, time()), 0)
    for now in (begin + minutes * MINUTE for minutes in asked):
        assert bool(place.open_at(now)) is (now in expected)
        assert utc(place.opens_at(now)) == next((start for start in starts if start > now), None)
        assert utc(place.closes_at(now)) == next((end for end in ends if end > now), None)


def utc(instant: datetime | None) -> datetime | None:
    """In Python, a time that a clock shows twice equals no time of any other zone."""
    return instant and instant.astimezone(UTC)
