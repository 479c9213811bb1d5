"""Events: a row for each day, or one with all times: when they take place, and whether they do."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cities
from schema.events import Event, EventStatus
from sources.events import MOST_TIMES, event, whole
from sources.reading import read_all, readers
from sources.row import Row

CITIES = cities.load()
DAY = {
    "id_manif": 12,
    "nom": "Concert",
    "date": "2026-11-28",
    "heure_debut": "20:30",
    "heure_fin": "22:00",
    "lieu": "Stereolux",
    "adresse": ".",
    "code_postal": 44200,
    "ville": "NANTES",
    "latitude": 47.2058,
    "longitude": "-1.5641",
    "themes_libelles": ["Culture - Loisirs"],
    "types_libelles": ["Concert", "Culture - Loisirs"],
    "gratuit": "oui",
    "annule": "non",
}
TIMES = {
    "uid": "81",
    "title_fr": "Bal",
    "timings": '[{"begin": "2026-11-28T20:00:00+01:00", "end": "2026-11-28T23:00:00+01:00"}]',
    "firstdate_begin": "2026-11-28T19:00:00+00:00",
    "firstdate_end": "2026-11-28T22:00:00+00:00",
    "lastdate_begin": "2026-11-29T19:00:00+00:00",
    "lastdate_end": "2026-11-29T22:00:00+00:00",
    "location_coordinates": {"lon": -0.57, "lat": 44.84},
}


def nantes(**changes: Any) -> Event:
    return event(Row(CITIES["nantes"], DAY | changes, CITIES["nantes"].bindings["events"].fields))


def bordeaux(**changes: Any) -> Event:
    fields = CITIES["bordeaux"].bindings["events"].fields
    return event(Row(CITIES["bordeaux"], TIMES | changes, fields))


def told(found: Event) -> list[tuple[str, str | None, bool, str]]:
    """Each occurrence: start, end, all day, and until when it is not over."""
    return [
        (f"{one.start:%d %H:%M}", one.end and f"{one.end:%d %H:%M}", one.all_day,
         f"{one.over_at.astimezone(one.start.tzinfo):%d %H:%M}")
        for one in found.every
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        ("20:30", "22:00", ("28 20:30", "28 22:00", False, "28 22:00")),
        ("20h30", "22h", ("28 20:30", "28 22:00", False, "28 22:00")),
        ("23:00", "05:00", ("28 23:00", "29 05:00", False, "29 05:00")),
        ("20:00", "00:00", ("28 20:00", "29 00:00", False, "29 00:00")),
        ("21:00", None, ("28 21:00", None, False, "29 00:00")),
        ("21:00", "21:00", ("28 21:00", None, False, "29 00:00")),
        ("00:00", "02:00", ("28 00:00", "28 02:00", False, "28 02:00")),
        ("00:00", "00:00", ("28 00:00", "29 00:00", True, "29 00:00")),
        ("00:00", "23:59", ("28 00:00", "29 00:00", True, "29 00:00")),
        ("00:00", None, ("28 00:00", "29 00:00", True, "29 00:00")),
        (None, None, ("28 00:00", "29 00:00", True, "29 00:00")),
    ],
)
def test_a_day_with_its_hours(opens, closes, expected):
    assert told(nantes(heure_debut=opens, heure_fin=closes)) == [expected]


def test_hours_are_those_of_the_clock_on_the_wall():
    """In the night of 25 October 2026 the hour from two to three comes twice."""
    [night] = nantes(date="2026-10-24", heure_debut="23:00", heure_fin="05:00").every

    assert (night.start.isoformat(), night.end.isoformat()) == (
        "2026-10-24T23:00:00+02:00",
        "2026-10-25T05:00:00+01:00",
    )


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "SCHEDULED"),
        ({"annule": "oui"}, "CANCELED"),
        ({"reporte": "oui"}, "POSTPONED"),
        ({"complet": "oui"}, "FULL"),
        ({"annule": "oui", "reporte": "oui", "complet": "oui"}, "CANCELED"),
    ],
)
def test_flags(changes, status):
    assert nantes(**changes).every[0].status is EventStatus[status]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (1, "SCHEDULED"),
        ("4", "POSTPONED"),
        ('{"id": 6, "label": {"fr": "Annulé"}}', "CANCELED"),
        ({"id": 5, "label": {"fr": "Complet"}}, "FULL"),
        (None, "SCHEDULED"),
        (9, "SCHEDULED"),
        ("16", "SCHEDULED"),
    ],
)
def test_openagenda_has_numbers(said, status):
    assert bordeaux(status=said).every[0].status is EventStatus[status]


def test_times_are_json_within_a_text():
    timings = [
        {"begin": "2026-11-29T20:00:00+01:00", "end": "2026-11-29T23:00:00+01:00"},
        {"begin": "2026-11-28T19:00:00Z", "end": "2026-11-28T19:00:00Z"},
        {"begin": "2026-11-28T19:00:00Z", "end": "2026-11-28T19:00:00Z"},
    ]

    found = bordeaux(timings=json.dumps(timings))

    assert told(found) == told(bordeaux(timings=timings)) == [
        ("28 20:00", None, False, "29 00:00"),
        ("29 20:00", "29 23:00", False, "29 23:00"),
    ]  # fmt: skip


@pytest.mark.parametrize("said", [None, "", "[]"])
def test_without_times_there_are_the_first_and_the_last(said):
    assert [start for start, *_ in told(bordeaux(timings=said))] == ["28 20:00", "29 20:00"]


def test_once_is_once():
    once = bordeaux(timings=None, lastdate_begin=TIMES["firstdate_begin"])

    assert len(once.every) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"title_fr": " "},
        {"uid": None},
        {"timings": "[{"},
        {"timings": '[{"end": "2026-11-28T20:00:00Z"}]'},
        {"timings": '[{"begin": "2026-11-28T20:00:00"}]'},  # of which clock?
        {"timings": '[{"begin": "2026-11-28T20:00:00Z", "end": "2026-11-27T20:00:00Z"}]'},
        {"timings": "[" * 100_000},
        {"timings": '[{"begin": "9999-12-31T20:00:00Z", "end": null}]'},
        {"timings": None, "firstdate_begin": None},
    ],
)
def test_what_takes_place_at_no_time_is_dropped_and_counted(changes):
    binding = CITIES["bordeaux"].bindings["events"]

    found = read_all(readers[Event], [TIMES | changes, TIMES], CITIES["bordeaux"], binding)

    assert ([one.name for one in found[0]], found[1]) == (["Bal"], 1)


def test_no_more_times_than_anyone_reads():
    timings = [
        {"begin": f"2026-01-01T{n // 60 % 24:02}:{n % 60:02}:{n // 1440:02}Z", "end": None}
        for n in range(2 * MOST_TIMES)
    ]

    assert len(bordeaux(timings=json.dumps(timings)).every) == MOST_TIMES


def test_rows_of_one_event_are_one_event():
    rows = [
        nantes(date="2026-11-30"),
        nantes(),
        nantes(id_manif="12", annule="oui", date="2026-11-29"),
        nantes(id_manif=13),
        nantes(date="2026-11-28"),
    ]

    found = whole(rows)

    assert [(one.local_id, len(one.every)) for one in found] == [("12", 3), ("13", 1)]
    assert [one.status.name for one in found[0].every] == ["SCHEDULED", "CANCELED", "SCHEDULED"]
    assert found[0].leaves_map_at() == found[0].every[-1].over_at


def test_one_that_tours_is_one_at_each_venue_whatever_the_order():
    tour = [nantes(), nantes(date="2026-11-29", lieu="Théâtre municipal", latitude=47.19)]

    for rows in (tour, tour[::-1]):
        ids = {one.venue: one.local_id for one in whole(rows)}
        assert ids == {"Stereolux": "12", "Théâtre municipal": "12@theatre municipal"}


def test_texts_are_plain():
    found = nantes(
        description_evt="<p>Un <b>bal</b> &amp; plus<script>x()</script></p><p>Fin</p>",
        precisions_tarifs="<p>5 &euro;</p>",
        description="<br>",
    )

    assert (found.description, found.price, found.summary) == ("Un bal & plus\nFin", "5 €", None)


@pytest.mark.parametrize(
    ("said", "themes"),
    [
        (["jazz", "jazz", " Île  de Nantes "], ["jazz", "Île de Nantes"]),
        ("jazz, danse;cirque | rue", ["jazz", "danse", "cirque", "rue"]),
        (None, []),
        ([], []),
        (["x"] * 9 + [f"t{n}" for n in range(1_000)], ["x", *(f"t{n}" for n in range(11))]),
    ],
)
def test_themes_are_a_list_or_a_text(said, themes):
    assert bordeaux(keywords_fr=said).themes == themes


@pytest.mark.parametrize(
    ("said", "free"),
    [("Gratuit", True), ("Entrée libre", True), ("Gratuit pour les enfants", None), (None, None)],
)
def test_free_is_free_for_all(said, free):
    assert bordeaux(conditions_fr=said).free_of_charge is free
    assert nantes(gratuit="non").free_of_charge is False


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("https://example.org/a?b=1", "https://example.org/a?b=1"),
        ('[{"type": "link", "value": "https://example.org/r"}]', "https://example.org/r"),
        ("javascript:alert(1)", None),
        ('[{"type": "email", "value": "someone@example.org"}]', None),
    ],
)
def test_only_web_addresses_are_passed_on(said, address):
    assert bordeaux(registration=said).booking_url == address


@pytest.mark.parametrize(
    ("said", "wheelchair"),
    [(["Handicap moteur"], True), (["Handicap visuel"], None), ([], None), (None, None)],
)
def test_wheelchairs(said, wheelchair):
    assert bordeaux(accessibility_label_fr=said).wheelchair_accessible is wheelchair


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["oui"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(sorted(DAY)), JUNK),
    st.dictionaries(st.sampled_from(sorted(TIMES)), JUNK),
)
def test_no_row_gets_past_what_is_dropped_and_counted(day, times):
    for city, row in (("nantes", DAY | day), ("bordeaux", TIMES | times)):
        binding = CITIES[city].bindings["events"]
        found, dropped = read_all(readers[Event], [row], CITIES[city], binding)
        assert len(found) + dropped == 1
        for one in found:
            assert one.every
            assert all(each.start < each.over_at for each in one.every)
