import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from lxml import etree

from sources.protocols.siri import Siri
from tests.asked import Asked, broken, read

NETWORK = Siri(url="https://siri.example/services")
VISIT = (
    "<MonitoredStopVisit><RecordedAtTime>{recorded}</RecordedAtTime>"
    "<MonitoringRef>Q:{quay}</MonitoringRef><MonitoredVehicleJourney>"
    "<LineRef>N:Line:4:LOC</LineRef><DestinationName xml:lang='FR'>Porte</DestinationName>"
    "<DestinationName xml:lang='BR'>Dor</DestinationName>"
    "<PreviousCalls><PreviousCall><AimedDepartureTime>T0</AimedDepartureTime></PreviousCall>"
    "</PreviousCalls><MonitoredCall><AimedDepartureTime>T1</AimedDepartureTime></MonitoredCall>"
    "<OnwardCalls><OnwardCall><ExpectedDepartureTime>T2</ExpectedDepartureTime></OnwardCall>"
    "</OnwardCalls></MonitoredVehicleJourney></MonitoredStopVisit>"
)


def delivery(inside: str, status: str = "<Status>true</Status>") -> bytes:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>"
        "<Siri xmlns='http://www.siri.org.uk/siri'><ServiceDelivery>"
        "<ResponseTimestamp>2026-08-06T22:05:07.459384048+02:00</ResponseTimestamp>"
        f"{status}<StopMonitoringDelivery>{inside}</StopMonitoringDelivery>"
        "</ServiceDelivery></Siri>"
    ).encode()


def visit(quay: int) -> str:
    return VISIT.format(quay=quay, recorded="2026-08-06T22:00:44.03111668+02:00")


def row(quay: int) -> dict[str, str]:
    return {
        "ResponseTimestamp": "2026-08-06T22:05:07.459384048+02:00",
        "RecordedAtTime": "2026-08-06T22:00:44.03111668+02:00",
        "MonitoringRef": f"Q:{quay}",
        "LineRef": "N:Line:4:LOC",
        "DestinationName": "Porte",
        "AimedDepartureTime": "T1",
    }


SOUND = delivery(visit(1) + "<!-- between -->" + visit(2))


def test_a_visit_is_a_flat_row_of_its_own_call() -> None:
    assert list(NETWORK.rows(SOUND)) == [row(1), row(2)]


def test_soap_and_prefixes_change_nothing() -> None:
    body = SOUND.decode().partition("?>")[2]
    inner = body.partition("<StopMonitoringDelivery>")[2].rpartition("</StopMonitoringDelivery>")[0]
    prefixed = inner.replace("</", "</s:").replace("<M", "<s:M").replace("<R", "<s:R")
    for name in ("LineRef", "Destination", "Previous", "Aimed", "Onward", "Expected"):
        prefixed = prefixed.replace(f"<{name}", f"<s:{name}")
    soap = (
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
        "<w:NotifyStopMonitoring xmlns:w='http://wsdl.siri.org.uk' xmlns:s='other'>"
        "<ServiceDeliveryInfo><s:ResponseTimestamp>2026-08-06T22:05:07.459384048+02:00"
        "</s:ResponseTimestamp></ServiceDeliveryInfo><Notification><s:StopMonitoringDelivery>"
        f"{prefixed}</s:StopMonitoringDelivery></Notification></w:NotifyStopMonitoring>"
        "</e:Body></e:Envelope>"
    )
    assert list(NETWORK.rows(soap.encode())) == [row(1), row(2)]


def test_nothing_to_leave_is_no_error() -> None:
    assert list(NETWORK.rows(delivery(""))) == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (SOUND[:-30], "cut off"),
        (SOUND[: len(SOUND) // 2], "cut off"),
        (b"", "not XML"),
        (b"{}", "not XML"),
        (b"<html/>", "no StopMonitoringDelivery"),
        (delivery("", "<Status>false</Status>"), "failed"),
        (
            delivery(
                "<Status>false</Status><ErrorCondition><AccessNotAllowedError>"
                "<ErrorText>who are you</ErrorText></AccessNotAllowedError></ErrorCondition>"
            ),
            "who are you",
        ),
        (
            b"<e:Envelope xmlns:e='soap'><e:Body><e:Fault><faultstring>too many</faultstring>"
            b"</e:Fault></e:Body></e:Envelope>",
            "too many",
        ),
    ],
)
def test_a_failure_is_never_half_a_network(body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        list(NETWORK.rows(body))


ENTITIES = "<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)
)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE Siri>",
        f"<!DOCTYPE Siri [{ENTITIES}]>",
        "<!DOCTYPE Siri [<!ENTITY a11 SYSTEM 'file:///etc/hostname'>]>",
        "<!DOCTYPE Siri SYSTEM 'http://dtd.example/siri.dtd'>",
        "<!DOCTYPE Siri [<!ENTITY % p SYSTEM 'http://dtd.example/p'> %p;]>",
    ],
)
@pytest.mark.parametrize("place", ["text", "attribute"])
def test_document_types_and_their_entities_are_refused(doctype: str, place: str) -> None:
    sound = SOUND.decode()
    if "ENTITY a11" in doctype:
        old, new = (
            (">Q:1<", ">&a11;<")
            if place == "text"
            else ("<ServiceDelivery>", "<ServiceDelivery a='&a11;'>")
        )
        sound = sound.replace(old, new)
    with pytest.raises(ValueError):
        list(NETWORK.rows(sound.replace("?>", f"?>{doctype}", 1).encode()))


def asked(siri: Siri) -> tuple[Any, Any]:
    ask = Asked(SOUND)
    assert asyncio.run(siri.fetch(ask)) == SOUND
    [(url, body, headers)] = ask.calls
    assert url == "https://siri.example/services"
    return etree.fromstring(body), headers


def test_the_whole_network_is_one_request_without_a_stop() -> None:
    tree, headers = asked(NETWORK)
    find = {"s": "http://www.siri.org.uk/siri"}
    assert headers == {"content-type": "application/xml"}
    assert tree.xpath("string(//s:RequestorRef)", namespaces=find) == "poche"
    assert tree.xpath("string(//s:RequestTimestamp)", namespaces=find) == (
        "2026-08-06T20:05:07+00:00"
    )
    assert tree.xpath("count(//s:StopMonitoringRequest)", namespaces=find) == 1
    assert tree.xpath("count(//s:MonitoringRef)", namespaces=find) == 0


def test_several_stops_are_several_requests_in_one_call() -> None:
    stops = ("Q:1", "Q:<&2")
    siri = NETWORK.model_copy(update={"stops": stops, "dataset": "NET", "requestor": "a&b"})
    tree, headers = asked(siri)
    find = {"s": "http://www.siri.org.uk/siri"}
    assert headers["datasetId"] == "NET"
    assert tree.xpath("//s:MonitoringRef/text()", namespaces=find) == list(stops)
    assert tree.xpath("//s:MessageIdentifier/text()", namespaces=find) == ["1", "2"]
    assert tree.xpath("string(//s:RequestorRef)", namespaces=find) == "a&b"


@settings(max_examples=300, deadline=None)
@given(broken(SOUND))
def test_any_bytes_are_rows_or_refused(body: bytes) -> None:
    rows = read(NETWORK, body)
    assert rows is None or len(rows) <= 2
