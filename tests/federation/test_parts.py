"""Parts: what one subgraph of several declares, answers, and leaves to the others."""

import asyncio

import httpx
import pytest
from graphql import build_schema, validate_schema

from cities import CityError
from schema import subgraph
from server import parts
from tests.conftest import serving

TRANSIT = "stops,departures,routes,alerts"
REST = "-stops,-departures,-routes,-alerts"
SDL = {services: parts.built(services).as_str() for services in (None, TRANSIT, REST)}
WHOLE, SOME, OTHERS = (build_schema(sdl, assume_valid_sdl=True) for sdl in SDL.values())
FEDERATION = {"_service", "_entities"}


def fields(known, kind):
    found = known.get_type(kind)
    return set(found.fields) - FEDERATION if found else set()


def owned(services):
    return subgraph.entities(parts.built(services)._schema)


@pytest.mark.parametrize("root", ["Query", "Mutation", "Subscription"])
def test_each_root_field_is_in_one_part(root):
    assert fields(SOME, root) | fields(OTHERS, root) == fields(WHOLE, root)
    assert not fields(SOME, root) & fields(OTHERS, root)


def test_each_entity_is_whole_in_one_part():
    some, others = owned(TRANSIT), owned(REST)

    assert some == {"Alert": ["id"], "Route": ["id", "gtfsId"], "Stop": ["id", "gtfsId"]}
    assert not some.keys() & others.keys()
    assert some | others == owned(None)
    for kind in some:
        assert fields(SOME, kind) == fields(WHOLE, kind)
    for kind in others:
        assert fields(OTHERS, kind) == fields(WHOLE, kind)


def test_of_the_others_it_has_what_interfaces_have():
    assert fields(OTHERS, "Stop") == fields(WHOLE, "Place")
    assert fields(SOME, "Pool") == fields(WHOLE, "Place") | fields(WHOLE, "Opens")
    assert 'type Stop implements Place & Node @key(fields: "id", resolvable: false) {' in SDL[REST]
    assert "stops" in fields(OTHERS, "Pool")


@pytest.mark.parametrize("kind", ["Menu", "Proposal", "Dish", "SearchResult"])
def test_what_no_answer_can_have_is_not_in_it(kind):
    assert WHOLE.get_type(kind) is not None
    assert SOME.get_type(kind) is None


def test_only_parts_share_the_fields_of_places():
    assert "  kind: String! @shareable" in SDL[TRANSIT]
    assert "  kind: String! @shareable" in SDL[REST]
    assert "  kind: String! @shareable" not in SDL[None]
    assert all("type Position @shareable {" in sdl for sdl in SDL.values())


@pytest.mark.parametrize("module", ["pools", "nodes", "reports", "public_places"])
def test_any_module_that_declares_something_is_a_part(module):
    known = build_schema(parts.built(module).as_str(), assume_valid_sdl=True)

    assert validate_schema(known) == []
    assert known.query_type.fields.keys() >= {"_service"}


@pytest.mark.parametrize(
    ("services", "problem"),
    [
        ("stop", "no service `stop`; did you mean `stops`?"),
        ("stops,-pools", "name the services to serve, or those to leave out, not both"),
        (",", "no service ``"),
        ("departures", "`departures` is no part of the schema"),
    ],
)
def test_a_mistake_is_one_sentence(services, problem):
    with pytest.raises(CityError) as error:
        parts.built(services)

    assert problem in str(error.value)


def test_a_part_answers_for_its_own_entities_only(replay):
    query = """query ($all: [_Any!]!) { _entities(representations: $all) { __typename } }"""
    places = [{"__typename": kind, key: "0"} for kind, key in (("Stop", "gtfsId"), ("Pool", "id"))]

    async def main():
        async with serving(httpx.MockTransport(replay), services="pools") as server:
            return await server.ask(query, {"all": places})

    answer = asyncio.run(main())

    assert answer["data"]["_entities"] == [None, None]
    said = [error["extensions"]["argumentPath"] for error in answer["errors"]]
    assert said == [["representations", "__typename"], ["representations"]]


def test_a_part_reads_nothing_of_others_beforehand(replay, tmp_path):
    async def main():
        settings = {"services": "pools", "warm": True, "data": tmp_path}
        async with serving(httpx.MockTransport(replay), **settings) as server:
            while (await server.client.get("/readyz")).status_code == 503:  # noqa: ASYNC110
                await asyncio.sleep(0)  # nobody says when it is ready, so it is asked again

    asyncio.run(main())

    assert {table.partition(".")[0] for table in replay.calls} == {"pools"}
