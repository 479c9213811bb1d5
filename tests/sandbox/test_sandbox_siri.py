"""The SIRI gateway: the shape of its answer, its habits, its limit, and the truth behind it."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from lxml import etree

from sandbox.upstreams.siri import SIRI_PATH
from sandbox.world import World
from tests.sandbox.conftest import NOON, Ask, in_memory

SIRI = "{http://www.siri.org.uk/siri}"
COMMERCE = [f"FR_NAOLIB:Quay:{number}" for number in range(90, 96)]

# The elements of a real visit (Commerce, 6 August 2026), in their order; the marked may be absent.
VISIT = ["RecordedAtTime", "ItemIdentifier", "MonitoringRef", "MonitoredVehicleJourney"]
JOURNEY = [
    "LineRef",
    "FramedVehicleJourneyRef",
    "VehicleMode",
    "PublishedLineName?",
    "DirectionName",
    "DestinationRef",
    "DestinationName",
    "FirstOrLastJourney",
    "Monitored",
    "MonitoredCall",
]
CALL = [
    "StopPointRef",
    "Order",
    "VehicleAtStop?",
    "DestinationDisplay",
    "AimedArrivalTime",
    "ExpectedArrivalTime?",
    "ArrivalStatus?",
    "AimedDepartureTime",
    "ExpectedDepartureTime?",
]


def request(*refs: str, whole: bool = False) -> str:
    """A request for these stops, or for the whole network."""
    monitoring = [""] if whole else [f"<MonitoringRef>{ref}</MonitoringRef>" for ref in refs]
    stops = "".join(
        '<StopMonitoringRequest version="2.0"><MessageIdentifier>7</MessageIdentifier>'
        f"{ref}</StopMonitoringRequest>"
        for ref in monitoring
    )
    return (
        '<Siri xmlns="http://www.siri.org.uk/siri" version="2.0"><ServiceRequest>'
        f"<RequestorRef>poche &amp; co</RequestorRef>{stops}</ServiceRequest></Siri>"
    )


def post(ask: Ask, content: str, path: str = SIRI_PATH) -> httpx.Response:
    return ask("POST", path, content=content, headers={"content-type": "application/xml"})


def visits(answer: httpx.Response) -> list[dict[str, Any]]:
    """The text of every element of each visit, by name; all have one of each name."""
    root = etree.fromstring(answer.content)
    found = root.findall(f".//{SIRI}MonitoredStopVisit")
    return [{etree.QName(part).localname: part.text for part in visit.iter()} for visit in found]


@pytest.fixture(scope="module")
def network(world: World) -> httpx.Response:
    """The answer for the whole network."""
    return post(in_memory(world), request(whole=True))


@pytest.fixture(scope="module")
def everywhere(network: httpx.Response) -> list[dict[str, Any]]:
    """Its visits."""
    return visits(network)


def assert_order(element: Any, expected: list[str]) -> None:
    names = [etree.QName(child).localname for child in element]
    assert [name for name in (one.rstrip("?") for one in expected) if name in names] == names
    assert {one for one in expected if not one.endswith("?")} <= set(names)


def test_the_shape_is_that_of_the_real_answer(network: httpx.Response) -> None:
    assert network.headers["content-type"] == "application/xml"
    root = etree.fromstring(network.content)
    assert (root.tag, root.get("version")) == (f"{SIRI}Siri", "2.0")
    assert root.nsmap[None] == "http://www.siri.org.uk/siri"
    [service] = root
    head = ["ResponseTimestamp", "ProducerRef", "ResponseMessageIdentifier", "RequestMessageRef"]
    assert_order(service, [*head, "Status", "StopMonitoringDelivery"])
    delivery = service[-1]
    names = [etree.QName(child).localname for child in delivery]
    assert names[:4] == ["ResponseTimestamp", "SubscriptionRef", "RequestMessageRef", "Status"]
    assert set(names[4:]) == {"MonitoredStopVisit"}
    assert delivery.findtext(f"{SIRI}SubscriptionRef") == "poche & co"
    assert delivery.findtext(f"{SIRI}RequestMessageRef") == "7"
    for visit in list(delivery)[4:]:
        assert_order(visit, VISIT)
        assert_order(visit[-1], JOURNEY)
        assert_order(visit[-1][-1], CALL)


def test_the_whole_network_in_no_order(everywhere: list[dict[str, Any]]) -> None:
    found = everywhere
    assert len({visit["MonitoringRef"] for visit in found}) > 400
    assert {visit["VehicleMode"] for visit in found} == {"tram", "bus", "ferry"}
    assert all(visit["LineRef"].startswith("FR_NAOLIB:Line:") for visit in found)
    assert all(visit["LineRef"].endswith(":LOC") for visit in found)
    aimed = [visit["AimedDepartureTime"] for visit in found]
    falls = sum(here > there for here, there in pairwise(aimed))
    assert 0.4 < falls / len(aimed) < 0.6


def test_the_habits_of_the_gateway(everywhere: list[dict[str, Any]]) -> None:
    found = everywhere
    terminating = [visit for visit in found if visit["DestinationRef"] == visit["MonitoringRef"]]
    assert any(visit["DestinationName"] == "Commerce" for visit in terminating), "a short turn"
    assert 0.01 < len(terminating) / len(found) < 0.1
    assert {len(visit["RecordedAtTime"]) for visit in found} == {
        len("2026-08-06T22:00:44.123456789+02:00")
    }
    hours_old = [
        visit
        for visit in found
        if NOON - datetime.fromisoformat(visit["RecordedAtTime"][:19] + "+01:00")
        > timedelta(hours=1)
    ]
    assert 0 < len(hours_old) / len(found) < 0.15
    for name in ("PublishedLineName", "ExpectedDepartureTime"):
        assert 0 < sum(name not in visit for visit in found) / len(found) < 0.2
    assert any("VehicleAtStop" in visit for visit in found)
    assert set(Counter(visit.get("ArrivalStatus") for visit in found)) == {
        "early",
        "onTime",
        "delayed",
        None,
    }


def test_early_is_to_the_second(everywhere: list[dict[str, Any]]) -> None:
    nearly_on_time = 0
    for visit in everywhere:
        if "ExpectedArrivalTime" in visit:
            aimed, expected = visit["AimedArrivalTime"], visit["ExpectedArrivalTime"]
            status = "delayed" if expected > aimed else "early" if expected < aimed else "onTime"
            assert visit["ArrivalStatus"] == status
            late = datetime.fromisoformat(expected) - datetime.fromisoformat(aimed)
            nearly_on_time += abs(late) < timedelta(minutes=1)
    assert 0.6 < nearly_on_time / len(everywhere) < 0.9


def test_some_quays_in_one_delivery(ask: Ask) -> None:
    answer = post(ask, request(*COMMERCE))
    assert answer.text.count("<StopMonitoringDelivery") == 1
    found = visits(answer)
    assert {visit["MonitoringRef"] for visit in found} == set(COMMERCE)
    codes = {(visit["MonitoringRef"], visit["ItemIdentifier"].split("-")[1]) for visit in found}
    assert ("FR_NAOLIB:Quay:94", "COMB2") in codes
    assert len(codes) == 6
    lines = {visit["LineRef"].split(":")[2] for visit in found}
    assert lines == {"1", "2", "3", "C2", "C3", "C8"}


@pytest.mark.parametrize("ref", ["FR_NAOLIB:Quay:1000000", "FR_NAOLIB:StopPlace:20", "COMM", ""])
def test_an_unknown_stop_is_empty_without_error(ask: Ask, ref: str) -> None:
    answer = post(ask, request(ref))
    assert answer.status_code == 200
    assert visits(answer) == []
    assert "<Status>true</Status>" in answer.text


def test_the_dataset_may_be_in_the_path(ask: Ask) -> None:
    asked = request("FR_NAOLIB:Quay:94")
    assert visits(post(ask, asked, f"{SIRI_PATH}/NAOLIBORG"))
    assert visits(post(ask, asked, f"{SIRI_PATH}/NOWHERE")) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<Siri",
        "<html/>",
        '<Siri xmlns="http://www.siri.org.uk/siri"/>',
        '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    ],
)
def test_what_is_no_request_is_refused(ask: Ask, body: str) -> None:
    assert post(ask, body).status_code == 400


def test_one_call_every_thirty_seconds() -> None:
    world = World(lambda: NOON)
    ask = in_memory(world)
    asked = request("FR_NAOLIB:Quay:94")
    statuses = []
    for seconds in (0, 0, 29, 30, 59, 60):
        world.set_to = NOON + timedelta(seconds=seconds)
        statuses.append(post(ask, asked).status_code)
    assert statuses == [200, 429, 429, 200, 429, 200]


def test_the_answer_is_the_truth(ask: Ask, world: World) -> None:
    for quay in (*COMMERCE, "FR_NAOLIB:Quay:40"):
        listed = [
            (
                visit["LineRef"].split(":")[2],
                visit["DestinationName"],
                visit["AimedDepartureTime"],
                visit.get("ExpectedDepartureTime"),
            )
            for visit in visits(post(ask, request(quay)))
            if visit["DestinationRef"] != visit["MonitoringRef"]
        ]
        truth = [
            (
                one.line,
                one.destination,
                one.aimed.isoformat(),
                one.expected and one.expected.isoformat(),
            )
            for one in world.truth(quay, NOON)
        ]
        assert sorted(listed, key=str) == sorted(truth, key=str)
    assert world.truth("FR_NAOLIB:Quay:94", NOON)


def test_vehicles_move_with_the_clock(world: World) -> None:
    """Each comes nearer, none comes back, and its delay drifts by seconds."""
    quay = "FR_NAOLIB:Quay:93"
    seen: dict[tuple[str, datetime], datetime] = {}
    gone: set[tuple[str, datetime]] = set()
    for minutes in range(91):
        now = NOON + timedelta(minutes=minutes)
        due = {
            (one.line, one.aimed): one.expected
            for one in world.truth(quay, now)
            if one.expected and now - one.recorded < timedelta(minutes=2)
        }
        assert not gone & due.keys()
        gone |= seen.keys() - due.keys()
        for key, expected in due.items():
            assert timedelta(seconds=-60) <= expected - key[1] <= timedelta(seconds=300)
            assert abs(expected - seen.get(key, expected)) < timedelta(seconds=60)
        seen = due
    assert len(gone) > 20


def test_the_night_is_empty_and_the_morning_is_not(world: World) -> None:
    quay = "FR_NAOLIB:Quay:93"
    night = NOON.replace(hour=2)  # three in the morning
    assert world.truth(quay, night) == []
    assert world.truth(quay, night + timedelta(hours=3))
    assert world.truth(quay, NOON.replace(hour=23)), "after midnight it is still the service day"


def test_the_same_instant_gives_the_same_bytes(ask: Ask) -> None:
    again, other = (in_memory(World(lambda: NOON, seed=seed)) for seed in (1, 2))
    asked = request(*COMMERCE)
    assert post(ask, asked).content == post(again, asked).content
    assert post(ask, asked).content != post(other, asked).content
