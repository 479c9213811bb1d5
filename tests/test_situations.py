"""Situations: SIRI's words for a disruption, in XML and in JSON."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from sources.protocols.siri import Siri
from sources.protocols.siri_lite import SiriLite
from tests.asked import broken, read
from tests.test_siri import asked

XML = Siri(url="https://siri.example/services", service="situation-exchange")
JSON = SiriLite(url="https://siri.example/sx.json", service="situation-exchange")
SITUATION = (
    "<PtSituationElement><SituationNumber>S1</SituationNumber>"
    "<ValidityPeriod><StartTime>2026-11-01T05:00:00+01:00</StartTime></ValidityPeriod>"
    "<AlertCause>constructionWork</AlertCause><Keywords/>"
    "<Summary xml:lang='FR'>Travaux</Summary><Summary xml:lang='EN'>Works</Summary>"
    "<InfoLinks><InfoLink><Uri>https://a.example</Uri></InfoLink>"
    "<InfoLink><Uri>https://b.example</Uri></InfoLink></InfoLinks>"
    "<Affects><Networks><AffectedNetwork>"
    "<AffectedLine><LineRef>L1</LineRef><Routes><AffectedRoute><RouteRef>R</RouteRef>"
    "<StopPoints><AffectedStopPoint><StopPointRef>Q1</StopPointRef></AffectedStopPoint>"
    "<AffectedStopPoint><StopPointRef>Q2</StopPointRef></AffectedStopPoint></StopPoints>"
    "</AffectedRoute></Routes></AffectedLine>"
    "<AffectedLine><LineRef>L2</LineRef></AffectedLine></AffectedNetwork></Networks>"
    "<StopPlaces><AffectedStopPlace><StopPlaceRef>P</StopPlaceRef></AffectedStopPlace></StopPlaces>"
    "</Affects><Consequences><Consequence><Condition>diverted</Condition>"
    "<Severity>normal</Severity></Consequence></Consequences></PtSituationElement>"
)
TREE: dict[str, Any] = {
    "SituationNumber": {"value": "S1"},
    "ValidityPeriod": {"StartTime": "2026-11-01T05:00:00+01:00"},
    "AlertCause": "constructionWork",
    "Summary": [{"value": "Travaux", "lang": "FR"}, {"value": "Works", "lang": "EN"}],
    "InfoLinks": {"InfoLink": [{"Uri": "https://a.example"}, {"Uri": "https://b.example"}]},
    "Affects": {
        "Networks": {
            "AffectedNetwork": [
                {
                    "AffectedLine": [
                        {
                            "LineRef": {"value": "L1"},
                            "Routes": {
                                "AffectedRoute": [
                                    {
                                        "RouteRef": {"value": "R"},
                                        "StopPoints": {
                                            "AffectedStopPoint": [
                                                {"StopPointRef": {"value": "Q1"}},
                                                {"StopPointRef": {"value": "Q2"}},
                                            ]
                                        },
                                    }
                                ]
                            },
                        },
                        {"LineRef": {"value": "L2"}},
                    ]
                }
            ]
        },
        "StopPlaces": {"AffectedStopPlace": {"StopPlaceRef": "P"}},
    },
    "Consequences": {"Consequence": [{"Condition": "diverted", "Severity": "normal"}]},
}


def xml(inside: str) -> bytes:
    return (
        "<Siri xmlns='http://www.siri.org.uk/siri'><ServiceDelivery><SituationExchangeDelivery>"
        f"<Situations>{inside}</Situations></SituationExchangeDelivery></ServiceDelivery></Siri>"
    ).encode()


def sx(tree: Any) -> bytes:
    delivery = {"SituationExchangeDelivery": [{"Situations": {"PtSituationElement": tree}}]}
    return json.dumps({"Siri": {"ServiceDelivery": delivery}}).encode()


@pytest.mark.parametrize(
    "rows",
    [list(XML.rows(xml(SITUATION))), list(JSON.rows(sx([TREE]))), list(JSON.rows(sx(TREE)))],
    ids=["XML", "JSON", "JSON of one"],
)
def test_xml_and_json_say_the_same(rows: list[dict[str, Any]]) -> None:
    [row] = rows
    assert row["SituationNumber"] == "S1"
    assert row["ValidityPeriod"] == {"StartTime": "2026-11-01T05:00:00+01:00"}
    assert row["Reason"] == "constructionWork"
    assert (row["Condition"], row["Severity"]) == ("diverted", "normal")
    assert row["Summary"] == TREE["Summary"]
    assert row["Link"] == "https://a.example"
    assert row["Affected"] == [
        {"LineRef": "L1", "StopPointRef": "Q1"},
        {"LineRef": "L1", "StopPointRef": "Q2"},
        {"LineRef": "L2"},
        {"StopPlaceRef": "P"},
    ]


def test_a_situation_that_says_next_to_nothing() -> None:
    [empty, nearly] = XML.rows(
        xml("<PtSituationElement/><PtSituationElement><Version>1</Version></PtSituationElement>")
    )
    assert empty == {}
    assert {name: value for name, value in nearly.items() if value} == {"Version": "1"}
    assert list(XML.rows(xml(""))) == []


def test_it_is_asked_for_by_its_own_request() -> None:
    tree, _ = asked(XML)
    find = {"s": "http://www.siri.org.uk/siri"}
    assert tree.xpath("count(//s:SituationExchangeRequest)", namespaces=find) == 1
    with pytest.raises(ValueError, match="no SituationExchangeDelivery"):
        list(XML.rows(b"<Siri/>"))


@settings(max_examples=300, deadline=None)
@given(broken(xml(SITUATION)), broken(sx([TREE])))
def test_any_bytes_are_rows_or_refused(in_xml: bytes, in_json: bytes) -> None:
    for rows in (read(XML, in_xml), read(JSON, in_json)):
        assert rows is None or len(rows) <= 1
