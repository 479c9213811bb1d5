"""Alerts out of each kind of source: GTFS-Realtime, SIRI, and the table of Nantes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cities
from cities import Column
from schema.alerts import Alert, AlertStatus
from schema.causes import AlertCause, AlertEffect, AlertSeverityLevel
from schema.languages import Text, spoken
from sources.alerts import alert
from sources.reading import readers
from sources.row import Row

NANTES = cities.load()["nantes"]
PORTAL = NANTES.bindings["alerts"].fields


def columns(**names: str | Column) -> dict[str, Column]:
    return {
        name: column if isinstance(column, Column) else Column(column=column)
        for name, column in names.items()
    }


REALTIME = columns(
    header="header_text",
    description="description_text",
    severity="severity_level",
    periods="active_period",
    entities="informed_entity",
    line="route_id",
    stop="stop_id",
    direction="direction_id",
    trip="trip.trip_id",
)
SIRI = columns(
    id="SituationNumber",
    header="Summary",
    description="Description",
    url="Link",
    cause="Reason",
    effect="Condition",
    severity="Severity",
    periods="ValidityPeriod",
    start="StartTime",
    end="EndTime",
    entities="Affected",
    line=Column(column="LineRef", part=3),
    stop="StopPointRef",
    station="StopPlaceRef",
)


def read(raw: Mapping[str, Any], fields: Mapping[str, Column] = PORTAL) -> Alert:
    found: Alert | None = readers[Alert].read(Row(NANTES, raw, fields))
    assert found is not None
    return found


def portal(**said: Any) -> Alert:
    return read({"code": "1", "intitule": "Travaux", **said})


def touched(found: Alert) -> list[tuple[str | None, str | None]]:
    return [(entity.line, entity.place) for entity in found.entities]


def spans(found: Alert) -> list[tuple[str | None, str | None]]:
    return [
        (
            None if period.start is None else period.start.isoformat(),
            None if period.end is None else period.end.isoformat(),
        )
        for period in found.active_periods
    ]


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ("[TE1/1/-/-];[C6/2/-/-]", [("TE1", None), ("C6", None)]),
        ("[C1/1/-/-][2/2/-/-]", [("C1", None), ("2", None)]),
        ("[97/-/-/-]", [("97", None)]),
        ("[3/1/-/-];[3/2/-/-]", [("3", None)]),
        ("[4/1/COMB1/COMF1]", [("4", "COMB1"), ("4", "COMF1")]),
        ("[-/-/-/-]", []),
        ("[broken", []),
        (None, []),
    ],
)
def test_sections_of_nantes(sections: str | None, expected: list[Any]) -> None:
    assert touched(portal(troncons=sections)) == expected


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ('{"LISTE_ARRETS": ""}', []),
        ('{"LISTE_ARRETS": {"LIGNE": "2", "SENS": "1", "CODES": "A1, B2"}}', ["A1", "B2"]),
        ('{"LIGNE": "2", "SENS": 1, "CODES": "A1"}', ["A1"]),
        ('[{"LIGNE": "2", "CODES": "A1"}, {"LIGNE": "2", "CODES": "B2"}]', ["A1", "B2"]),
        ('{"LISTE_ARRETS": [{"LIGNE": "2", "CODES": ""}, 3]}', []),
        ("{broken", []),
        ("", []),
        (None, []),
    ],
)
def test_stop_lists_of_nantes(lists: str | None, expected: list[str]) -> None:
    assert touched(portal(listes_arrets=lists)) == [("2", code) for code in expected]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (("2026-11-24", "09:00", "2026-11-24", "10:30"), [("24T09:00", "24T10:30")]),
        (("2026-11-24", None, "2026-11-24", None), [("24T00:00", "25T00:00")]),
        (("2026-11-24", "24:00", None, None), [("25T00:00", None)]),
        ((None, None, "2026-11-24", "9h05"), [(None, "24T09:05")]),
        ((None, None, None, None), []),
    ],
)
def test_days_and_hours_are_the_citys_own(days: tuple[Any, ...], expected: list[Any]) -> None:
    names = ("date_debut", "heure_debut", "date_fin", "heure_fin")
    found = spans(portal(**dict(zip(names, days, strict=True))))
    written = [tuple(one and one[8:16] for one in span) for span in found]
    assert written == expected
    assert all(one is None or one.endswith("+01:00") for span in found for one in span)


def test_what_ends_before_it_starts_is_no_alert() -> None:
    with pytest.raises(ValueError, match="ends before"):
        portal(date_debut="2026-11-24", date_fin="2026-11-23")
    with pytest.raises(ValueError, match="no id"):
        read({"intitule": "Travaux"})
    with pytest.raises(ValueError, match="says nothing"):
        read({"code": "1", "intitule": " ", "resume": "<p></p>"})


def test_texts_are_cleaned() -> None:
    found = portal(intitule="A &amp; B\n<b>C</b>", resume="<p>one</p><script>x()</script>two")
    assert spoken(found.headers, None) == "A & B C"
    assert spoken(found.descriptions, None) == "one\ntwo"


def test_gtfs_realtime() -> None:
    found = read(
        {
            "id": "a1",
            "cause": "CONSTRUCTION",
            "effect": "STOP_MOVED",
            "severity_level": "WARNING",
            "active_period": [{"start": 1_764_000_000, "end": 0}, {"end": 1_700_000_000}],
            "header_text": {
                "translation": [
                    {"text": "Travaux", "language": "fr"},
                    {"text": "Works", "language": "en"},
                ]
            },
            "description_text": {"translation": [{"text": "Sans langue"}]},
            "url": {
                "translation": [{"text": "javascript:alert(1)"}, {"text": "https://a.example"}]
            },
            "informed_entity": [
                {"route_id": "R", "direction_id": 1},
                {"stop_id": "S"},
                {"trip": {"trip_id": "T", "route_id": "R"}},
                {"agency_id": "all"},
            ],
        },
        REALTIME,
    )
    assert (found.cause, found.effect) == (AlertCause.CONSTRUCTION, AlertEffect.STOP_MOVED)
    assert found.severity_level is AlertSeverityLevel.WARNING
    assert [spoken(found.headers, one) for one in ("en-GB", "EN", "br", None)] == [
        "Works", "Works", "Travaux", "Travaux",
    ]  # fmt: skip
    assert spoken(found.descriptions, "en") == "Sans langue"
    assert spoken(found.urls, None) == "https://a.example"
    assert spans(found) == [
        (None, "2023-11-14T23:13:20+01:00"),
        ("2025-11-24T17:00:00+01:00", None),
    ]
    assert touched(found) == [("R", None), (None, "S"), (None, None)]
    assert [(one.direction_id, one.trip_id) for one in found.entities] == [
        (1, None), (None, None), (None, "T"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("constructionWork", AlertCause.CONSTRUCTION),
        ("roadworks", AlertCause.CONSTRUCTION),
        ("maintenanceWork", AlertCause.MAINTENANCE),
        ("industrialAction", AlertCause.STRIKE),
        ("signalFailure", AlertCause.TECHNICAL_PROBLEM),
        ("heavySnowFall", AlertCause.WEATHER),
        ("policeRequest", AlertCause.POLICE_ACTIVITY),
        ("serviceDisruption", AlertCause.OTHER_CAUSE),
        ("routeBlockage", AlertCause.OTHER_CAUSE),
        ("unknown", AlertCause.UNKNOWN_CAUSE),
        (None, AlertCause.UNKNOWN_CAUSE),
    ],
)
def test_causes_of_siri(reason: str | None, cause: AlertCause) -> None:
    raw = {"SituationNumber": "1", "Summary": "Travaux", "Reason": reason}
    assert read(raw, SIRI).cause is cause


@pytest.mark.parametrize(
    ("condition", "effect", "severity", "level"),
    [
        ("diverted", AlertEffect.DETOUR, "verySevere", AlertSeverityLevel.SEVERE),
        ("tripCancellation", AlertEffect.REDUCED_SERVICE, "normal", AlertSeverityLevel.WARNING),
        ("cancelled", AlertEffect.NO_SERVICE, "verySlight", AlertSeverityLevel.INFO),
        ("noService", AlertEffect.NO_SERVICE, "noImpact", AlertSeverityLevel.INFO),
        ("normalService", AlertEffect.NO_EFFECT, "undefined", AlertSeverityLevel.UNKNOWN_SEVERITY),
        (None, AlertEffect.UNKNOWN_EFFECT, None, AlertSeverityLevel.UNKNOWN_SEVERITY),
    ],
)
def test_consequences_of_siri(
    condition: str | None, effect: AlertEffect, severity: str | None, level: AlertSeverityLevel
) -> None:
    raw = {"SituationNumber": "1", "Summary": "T", "Condition": condition, "Severity": severity}
    found = read(raw, SIRI)
    assert (found.effect, found.severity_level) == (effect, level)


def test_a_text_is_found_by_language() -> None:
    texts = [Text("one", "fr"), Text("two")]
    assert spoken(texts, "FR-be") == "one"
    assert spoken(texts, "de") == "two"
    assert spoken([], "de") is None


NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, AlertStatus.ACTIVE),
        ({"date_debut": "2026-11-24", "heure_debut": "10:05"}, AlertStatus.ACTIVE),
        ({"date_debut": "2026-11-24", "heure_debut": "10:06"}, AlertStatus.UPCOMING),
        ({"date_fin": "2026-11-24", "heure_fin": "10:05"}, AlertStatus.PAST),
        ({"date_fin": "2026-11-24"}, AlertStatus.ACTIVE),
        ({"date_fin": "2026-11-30", "perturbation_terminee": 1}, AlertStatus.PAST),
        ({"date_debut": "2026-11-30", "perturbation_terminee": 0}, AlertStatus.UPCOMING),
    ],
)
def test_whether_it_holds(said: dict[str, Any], status: AlertStatus) -> None:
    assert portal(**said).status_at(NOW) is status


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 9)), max_size=4))
def test_it_holds_in_any_of_its_periods(spells: list[tuple[int, int]]) -> None:
    at = int(NOW.timestamp())
    periods = [{"start": at + first, "end": at + first + length} for first, length in spells]
    raw = {"id": "1", "header_text": "T", "active_period": periods}
    status = read(raw, REALTIME).status_at(NOW)
    if not spells or any(first <= 0 < first + length for first, length in spells):
        assert status is AlertStatus.ACTIVE
    else:
        later = any(first > 0 for first, _ in spells)
        assert status is (AlertStatus.UPCOMING if later else AlertStatus.PAST)


said = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "value", "lang", "start", "LineRef"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([c.column for c in SIRI.values()]), said))
def test_any_row_is_read_or_dropped(raw: dict[str, Any]) -> None:
    try:
        alert(Row(NANTES, raw, SIRI))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return  # what `read_all` counts as dropped
