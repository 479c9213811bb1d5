"""Every service, through the front door: one `queries/<service>.graphql` each.

The answers beside them are written by these tests where there are none, and
then read by a person before they are committed; never with errors in them.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from cities import load
from tests.conftest import changed, down, failing, refusing

QUERIES = sorted((Path(__file__).parent / "queries").glob("*.graphql"))
# How many calls one read of an upstream takes, where that is not one.
CALLS = {"stops": 2, "bikes": 4}  # GTFS: a record and the file it names; GBFS: a list of files
CALLS |= {"addresses": 2}  # keyed: what its query asks for, a text and a point
CALLS_OF = {"bordeaux": {"stops": 1}}  # GTFS: the file has an address that lasts
SAME_PAYLOAD = {"routes": "stops", "stops.timetable": "stops", "pools.attendance": "pools"}
SAME_PAYLOAD_OF = {"nantes": {"places.playground": "places.park"}}
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

    touched = [source["id"].split("/") for source in answer["extensions"]["sources"]]
    same = {city: SAME_PAYLOAD | SAME_PAYLOAD_OF.get(city, {}) for city, _ in touched}
    expected = Counter()
    for city, table in {(city, same[city].get(table, table)) for city, table in touched}:
        expected[table] += (CALLS | CALLS_OF.get(city, {})).get(table, 1)
    assert expected == replay.calls


# Where each service is asked for: in Nantes, or else in the first city that offers it.
OFFERED = {
    binding.table: city.slug
    for city in sorted(load().values(), key=lambda city: city.slug != "nantes", reverse=True)
    for binding in city.bindings.values()
}
# Departures have two sources, and either does without the other: see test_departures.py.
ALONE = OFFERED.keys() - SAME_PAYLOAD.keys() - {"departures"}
SERVICES = [path for path in QUERIES if path.stem in ALONE]
FAILURES = {"UNAVAILABLE": (down, failing), "REFUSED": (refusing,), "CHANGED": (changed,)}


@pytest.mark.parametrize("query", SERVICES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("failure", "code"), [(f, code) for code, failures in FAILURES.items() for f in failures]
)
def test_says_which_source_failed(query, failure, code, graphql, replay, tmp_path):
    replay.broken[query.stem] = failure
    # Of stops and lines the last good edition is shown, even over a restart; nobody has one here.
    nothing_kept = {"data": tmp_path} if query.stem == "stops" else {}

    answer = graphql(query.read_text(), **nothing_kept)

    said = {error["extensions"]["source"]: error["extensions"] for error in answer["errors"]}
    city = OFFERED[query.stem]
    assert f"{city}/{query.stem}" in said
    for extensions in said.values():
        assert extensions["code"] == code
        assert extensions["city"] == city
        assert extensions["service"] == query.stem
