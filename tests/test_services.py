"""Every service, through the front door: one `queries/<service>.graphql` each.

The answers beside them are written by these tests where there are none, and
then read by a person before they are committed; never with errors in them.
"""

import json
from pathlib import Path

import pytest

from tests.conftest import changed, down, failing, refusing

QUERIES = sorted((Path(__file__).parent / "queries").glob("*.graphql"))
# What each golden query may ask of each upstream: GTFS is a record and the file it names.
CALLS = {"stops": 2, "departures": 1, "pools": 1, "pools.hours": 1, "schools": 1, "menus": 1}
CALLS |= {"alerts": 1, "alerts.planned": 1, "vehicles": 1}
CALLS |= {"parkings": 1, "parkings.relays": 1}
CALLS |= {"bikes": 4}  # GBFS is a list of files, and those that are read
SAME_PAYLOAD = {"routes": "stops", "stops.timetable": "stops"}
each_query = pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)


@each_query
def test_answers_what_we_published(query, graphql):
    answer, expected = graphql(query.read_text()), query.with_suffix(".json")
    assert "errors" not in answer
    if not expected.exists():
        expected.write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
        pytest.fail(f"wrote {expected.name}: read it, then commit it")

    assert json.loads(expected.read_text()) == answer


@each_query
def test_asks_each_upstream_once(query, graphql, replay):
    answer = graphql(query.read_text())

    touched = {source["id"].partition("/")[2] for source in answer["extensions"]["sources"]}
    touched = {SAME_PAYLOAD.get(table, table) for table in touched}
    assert {table: CALLS[table] for table in touched} == replay.calls


# Departures have two sources, and either does without the other: see test_departures.py.
SERVICES = [path for path in QUERIES if path.stem in CALLS and path.stem != "departures"]
ELSEWHERE = {"vehicles": "bordeaux"}  # what Nantes does not offer
FAILURES = {"UNAVAILABLE": (down, failing), "REFUSED": (refusing,), "CHANGED": (changed,)}


@pytest.mark.parametrize("query", SERVICES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("failure", "code"), [(f, code) for code, failures in FAILURES.items() for f in failures]
)
def test_says_which_source_failed(query, failure, code, graphql, replay):
    replay.broken[query.stem] = failure

    answer = graphql(query.read_text())

    said = {error["extensions"]["source"]: error["extensions"] for error in answer["errors"]}
    city = ELSEWHERE.get(query.stem, "nantes")
    assert f"{city}/{query.stem}" in said
    for extensions in said.values():
        assert extensions["code"] == code
        assert extensions["city"] == city
        assert extensions["service"] == query.stem
