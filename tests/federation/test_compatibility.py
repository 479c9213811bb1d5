"""Compatibility: what Apollo's tests ask of a subgraph, asked of ours (docs/federation.md)."""

from pathlib import Path

import httpx
import pytest
from graphql import (
    build_schema,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
    print_schema,
    value_from_ast_untyped,
)

from tests.federation.routers import NEIGHBOUR, PATIENCE_S, beside, poche, routers

PUBLISHED = Path(__file__).parent.parent.parent / "schema.graphql"
POOL = "{ pools(first: 1) { nodes { id name phone position { lat } } } }"


@pytest.fixture(scope="module")
def ours():
    with poche("poche") as found:
        yield found


@pytest.fixture(scope="module")
def known(ours):
    return build_schema(ours.sdl, assume_valid_sdl=True)


def asked(subgraph, query, **headers):
    question = {"json": {"query": query}, "headers": headers}
    return httpx.post(subgraph.url, timeout=PATIENCE_S, trust_env=False, **question).json()


def directives(node, name):
    """The arguments of each directive of this name."""
    return [
        {one.name.value: value_from_ast_untyped(one.value) for one in directive.arguments or ()}
        for directive in node.directives or ()
        if directive.name.value == name
    ]


def entities(known):
    return known.type_map["_Entity"].types


def keys(kind):
    """The fields of each of an entity's keys; of a value none."""
    return [given["fields"] for given in directives(kind.ast_node, "key")]


def test_introspection(ours, known):
    published = build_schema(PUBLISHED.read_text("utf-8"), assume_valid_sdl=True)

    assert print_schema(known) == print_schema(published)


def test_specification(ours, known):
    query = """{
      service: __type(name: "_Service") { kind fields { name type { kind ofType { name } } } }
      entity: __type(name: "_Entity") { kind possibleTypes { name } }
      any: __type(name: "_Any") { kind }
    }"""
    data = asked(ours, query)["data"]

    sdl = {"name": "sdl", "type": {"kind": "NON_NULL", "ofType": {"name": "String"}}}
    assert data["service"] == {"kind": "OBJECT", "fields": [sdl]}
    assert data["entity"]["kind"] == "UNION"
    assert {one["name"] for one in data["entity"]["possibleTypes"]} == {
        kind.name for kind in known.type_map.values() if kind.ast_node and keys(kind)
    }
    assert data["any"] == {"kind": "SCALAR"}


def test_link(ours, known):
    [given] = [
        given
        for node in (known.ast_node, *known.extension_ast_nodes)
        for given in directives(node, "link")
        if "/federation/" in given["url"]
    ]
    assert given["url"] == "https://specs.apollo.dev/federation/v2.9"
    for name in given["import"]:
        assert ours.sdl.count(name) > 1, "imported for nothing"


def test_key_single_and_repeatable(known):
    several = {kind.name for kind in entities(known) if len(keys(kind)) > 1}

    assert several == {"City", "Commune", "Route", "School", "Stop"}
    for kind in entities(known):
        for key in keys(kind):
            field = kind.fields[key]  # no key of ours has several fields, or others within
            assert is_non_null_type(field.type)
            assert is_leaf_type(get_named_type(field.type))


def test_shareable(known):
    values = {"Position", "Departure", "Source", "PageInfo"}

    assert not values & {kind.name for kind in entities(known)}
    assert all(directives(known.type_map[name].ast_node, "shareable") for name in values)


def test_federated_tracing_is_not_spoken_and_does_no_harm(ours):
    query = "{ __typename cities { slug } }"

    traced = asked(ours, query, **{"apollo-federation-include-trace": "ftv1"})

    assert traced["data"] == asked(ours, query)["data"]
    assert "ftv1" not in traced.get("extensions", {})


def test_what_others_may_do_to_our_types(ours):
    """`@requires` and `@external`, `@override`, `@shareable`; `@inaccessible` and `@tag`."""
    [pool] = asked(ours, POOL)["data"]["pools"]["nodes"]
    query = "{ clubs { name pool { name phone sign } meetsAt { lat lon } } }"
    with (
        beside(NEIGHBOUR, POOL=pool["id"]) as theirs,
        routers(ours, theirs) as behind,
    ):
        for router in behind.urls:
            answer = behind.ask(router, query)

            club = {
                "name": "Les Dauphins",
                "pool": {
                    "name": pool["name"],
                    "phone": "3117",
                    "sign": f"{pool['name']}, {pool['position']['lat']}° N",
                },
                "meetsAt": {"lat": 47.2, "lon": -1.5},
            }
            assert answer == {"data": {"clubs": [club]}}
            [hidden] = behind.ask(router, "{ clubs { treasurer } }")["errors"]
            assert "treasurer" in hidden["message"]
            # and where nothing of theirs is asked first
            [found] = behind.ask(router, POOL)["data"]["pools"]["nodes"]
            assert found == {**pool, "phone": "3117"}
