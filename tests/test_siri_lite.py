"""SIRI Lite: the dialects of JSON that networks speak, as the rows that XML gives."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings

import cities
from sources.departures import departure
from sources.protocols.siri_lite import SiriLite
from sources.row import Row
from tests.asked import Asked, broken, read

NANTES = cities.load()["nantes"]
ALL = SiriLite(url="https://lite.example/stop-monitoring.json")
STOP = ALL.model_copy(
    update={"params": {"MonitoringRef": "net:StopPoint:BP:{id}:LOC", "PreviewInterval": "PT90M"}}
)
WRAPPED: dict[str, Any] = {
    "RecordedAtTime": "2026-11-24T09:04:00Z",
    "MonitoringRef": {"value": "Q:1"},
    "MonitoredVehicleJourney": {
        "LineRef": {"value": "net:Line:4:LOC"},
        "DestinationName": [{"value": "Porte", "lang": "FR"}, {"value": "Dor", "lang": "BR"}],
        "PreviousCall": [{"AimedDepartureTime": "T0"}],
        "MonitoredCall": {"AimedDepartureTime": "2026-11-24T09:10:00Z", "Order": 3},
        "OnwardCalls": {"OnwardCall": [{"ExpectedDepartureTime": "T2"}]},
    },
}
FLAT = {
    "RecordedAtTime": "2026-11-24T09:04:00Z",
    "MonitoringRef": "Q:1",
    "LineRef": "net:Line:4:LOC",
    "DestinationName": "Porte",
    "AimedDepartureTime": "2026-11-24T09:10:00Z",
    "Order": 3,
    "ResponseTimestamp": "2026-11-24T09:05:00Z",
}


def plain(tree: Any) -> Any:
    """The same visit as networks write it that wrap nothing; first of several."""
    if isinstance(tree, list):
        return plain(tree[0])
    if isinstance(tree, dict):
        return tree["value"] if "value" in tree else {k: plain(v) for k, v in tree.items()}
    return tree


def lower(tree: Any) -> Any:
    if isinstance(tree, list):
        return [lower(one) for one in tree]
    if isinstance(tree, dict):
        return {name[0].lower() + name[1:]: lower(one) for name, one in tree.items()}
    return tree


def delivery(*visits: Any, siri: bool = True, **about: Any) -> dict[str, Any]:
    service = {
        "ResponseTimestamp": "2026-11-24T09:05:00Z",
        "StopMonitoringDelivery": [{"Status": True, "MonitoredStopVisit": list(visits), **about}],
    }
    return {"Siri": {"ServiceDelivery": service}} if siri else {"ServiceDelivery": service}


def body(tree: Any) -> bytes:
    return json.dumps(tree).encode()


SOUND = body(delivery(WRAPPED, plain(WRAPPED)))


@pytest.mark.parametrize(
    "tree",
    [
        delivery(WRAPPED),
        delivery(WRAPPED, siri=False),
        delivery(plain(WRAPPED)),
        delivery(WRAPPED, Status="true"),
        lower(delivery(WRAPPED)),
    ],
    ids=["wrapped", "no Siri around it", "plain", "status as text", "lower case"],
)
def test_every_dialect_gives_the_same_row(tree: Any) -> None:
    assert list(ALL.rows(body(tree))) == [FLAT]
    assert list(ALL.rows(b"\xef\xbb\xbf" + body(tree))) == [FLAT]


def test_the_columns_of_xml_serve_for_json() -> None:
    [row] = ALL.rows(body(delivery(WRAPPED)))
    found = departure(Row(NANTES, row, NANTES.bindings["departures"].fields))
    assert found is not None
    assert (found.stop_id, found.line, found.headsign) == ("Q:1", "4", "Porte")


def test_nothing_to_leave_is_no_error() -> None:
    assert list(ALL.rows(body(delivery()))) == []
    assert list(ALL.rows(body({"ServiceDelivery": {"StopMonitoringDelivery": []}}))) == []


def test_a_visit_that_is_no_object_is_an_empty_row() -> None:
    assert list(ALL.rows(body(delivery(WRAPPED, "visit", 3)))) == [FLAT, {}, {}]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (SOUND[:-30], "cut off"),
        (b"<html/>", "not JSON"),
        (b"[]", "no StopMonitoringDelivery"),
        (b"42", "no StopMonitoringDelivery"),
        (b'{"message": "no Route matched with those values"}', "no Route matched"),
        (body(delivery(Status=False, ErrorCondition="unknown stop")), "unknown stop"),
        (
            body(
                delivery(
                    Status="false",
                    ErrorCondition={
                        "OtherError": {"ErrorText": "BAD_PARAMETER"},
                        "Description": [{"value": "no such stop"}],
                    },
                )
            ),
            "BAD_PARAMETER no such stop",
        ),
        (body(delivery(WRAPPED, Status=False)), "does not say why"),
        (
            b'{"Siri": {"ServiceDelivery": {"Status": false, "ErrorCondition": "no key", '
            b'"StopMonitoringDelivery": []}}}',
            "no key",
        ),
        (b'{"Siri":' + b"[" * 100_000, "nested|cut off"),
    ],
)
def test_a_failure_inside_a_200_is_one(said: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        list(ALL.rows(said))


def test_an_error_is_told_in_its_own_words() -> None:
    assert ALL.complaint(b'{"message": "no Route matched"}') == "no Route matched"
    assert ALL.complaint(b"<h1>502</h1>") == "<h1>502</h1>"
    assert ALL.complaint(b"") is None


def test_one_stop_is_asked_for_by_a_parameter_and_its_visits_know_it() -> None:
    assert (ALL.keyed, STOP.keyed) == (False, True)
    one = STOP.one("3648&x=1")
    unnamed = {name: value for name, value in WRAPPED.items() if name != "MonitoringRef"}
    ask = Asked(body(delivery(unnamed)))
    answer = asyncio.run(one.fetch(ask))
    [(url, params, headers)] = ask.calls
    assert url == ALL.url
    assert params["MonitoringRef"] == "net:StopPoint:BP:3648&x=1:LOC"  # escaped by the door
    assert headers == {"accept": "application/json"}
    [row] = one.rows(answer)
    assert row["MonitoringRef"] == "net:StopPoint:BP:3648&x=1:LOC"
    assert one.feed() != STOP.one("2").feed()
    assert not one.keyed


def test_messages_and_discoveries() -> None:
    messages = ALL.model_copy(update={"service": "general-message"})
    message = {
        "InfoMessageIdentifier": {"value": "m1"},
        "Content": {
            "LineRef": [{"value": "L1"}, {"value": "L2"}],
            "StopPointRef": [],
            "Message": [{"MessageText": [{"value": "Travaux", "lang": "FR"}]}],
        },
    }
    tree = {"Siri": {"ServiceDelivery": {"GeneralMessageDelivery": [{"InfoMessage": [message]}]}}}
    [row] = messages.rows(body(tree))
    assert row["InfoMessageIdentifier"] == "m1"
    assert row["Message"] == {"value": "Travaux", "lang": "FR"}
    assert row["Affected"] == [{"LineRef": "L1"}, {"LineRef": "L2"}]

    stops = ALL.model_copy(update={"service": "stoppoints-discovery"})
    point = {"StopPointRef": {"value": "S"}, "Location": {"latitude": 44.8, "longitude": -0.5}}
    [row] = stops.rows(body({"Siri": {"StopPointsDelivery": {"AnnotatedStopPointRef": [point]}}}))
    assert (row["StopPointRef"], row["Latitude"], row["Longitude"]) == ("S", 44.8, -0.5)


@settings(max_examples=300, deadline=None)
@given(broken(SOUND))
def test_any_bytes_are_rows_or_refused(said: bytes) -> None:
    for service in ("stop-monitoring", "general-message", "situation-exchange"):
        rows = read(ALL.model_copy(update={"service": service}), said)
        assert rows is None or len(rows) <= 2
