"""Federation: what citizens ask is answered the same behind two routers as without one."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.federation.routers import STARTUP, beside, poche, routers

pytestmark = pytest.mark.usefixtures("_timetables")

QUERIES = sorted((Path(__file__).parent.parent / "queries").glob("*.graphql"))
TRANSIT = "stops,departures,routes,alerts"
REST = "-stops,-departures,-routes,-alerts"


def differing(behind, without):
    """What golden queries are answered otherwise by routers than by a server asked directly.

    Its data: extensions do not pass a router.
    """
    found = {}
    for path in QUERIES:
        query = path.read_text("utf-8")
        expected = behind.post(without.url, query)
        assert "errors" not in expected
        for router in behind.urls:
            answer = behind.ask(router, query)
            if answer != {"data": expected["data"]}:
                found[router, path.stem] = answer
    return found


def test_all_of_it_beside_the_subgraph_of_a_startup():
    query = """{
      school(uai: "0441669A") { name afterSchoolActivities { name weekday } }
      stops(name: "Commerce", first: 1) { nodes { name accessibilityReports { text } } }
      accessibilityReports { id stop { gtfsId name } }
    }"""
    with poche("poche") as ours, beside(STARTUP) as theirs, routers(ours, theirs) as behind:
        assert differing(behind, ours) == {}
        for router in behind.urls:
            data = behind.ask(router, query)["data"]

            names = [one["name"] for one in data["school"].pop("afterSchoolActivities")]
            assert names == ["Atelier radio", "Échecs"]
            assert data["school"] == {"name": "Collège Claude Debussy"}
            [stop] = data["stops"]["nodes"]
            assert stop["name"] == "Commerce"
            assert [one["text"] for one in stop["accessibilityReports"]] == [
                "Le quai B est encombré par des travaux."
            ]


def test_in_two_parts():
    with (
        poche("poche") as whole,
        poche("transit", TRANSIT) as some,
        poche("rest", REST) as others,
        routers(some, others) as behind,
    ):
        assert differing(behind, whole) == {}


def test_a_part_that_is_dead_takes_nothing_else_along():
    query = """{
      school(uai: "0441669A") {
        name stops(first: 1) { name } afterSchoolActivities { name }
      }
      further: school(uai: "0441669A") { name stops(first: 1) { departures { headsign } } }
      stops(first: 1) { nodes { name } }
    }"""
    nobody = f"http://127.0.0.1:{free_port()}/graphql"
    with (
        poche("rest", REST) as ours,
        poche("transit", TRANSIT) as transit,
        beside(STARTUP) as theirs,
        routers(ours, replace(transit, url=nobody), replace(theirs, url=nobody)) as behind,
    ):
        for router in behind.urls:
            answer = behind.ask(router, query)

            assert answer["data"] == {
                "school": {
                    "name": "Collège Claude Debussy",
                    "stops": [{"name": "Lauriers"}],
                    "afterSchoolActivities": None,
                },
                "further": {"name": "Collège Claude Debussy", "stops": [{"departures": None}]},
                "stops": None,
            }
            assert answer["errors"]
