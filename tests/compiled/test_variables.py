"""Variables: whatever a request sends, they are what graphql-core makes of it."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse
from graphql.execution.values import VariableValueSource, get_variable_values

from server.compiled.variables import Variables

SCHEMA = build_schema("type Query { a(b: String, c: Float, d: ID): Int }")
PLAIN = "query($a: Int!, $b: String, $c: Float, $d: ID) { a }"
DEFAULT = "query($a: Int!, $b: String, $c: Float = 2.5, $d: ID) { a }"
NAMES = ("a", "b", "c", "d", "e")


def told(source: VariableValueSource | None) -> tuple[Any, ...] | None:
    return None if source is None else (source.signature.name, source.value)


@pytest.mark.parametrize("text", [PLAIN, DEFAULT])
@pytest.mark.parametrize(
    "given",
    [
        {"a": 1},
        {"a": 1, "b": None, "d": "x"},
        {"a": 1, "b": "x", "c": 1.5, "d": "y", "e": "not declared"},
        {"a": 1, "c": 3},
        {"a": True},
        {},
    ],
)
def test_they_are_as_graphql_core_has_them(text: str, given: dict[str, Any]) -> None:
    [operation] = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    declared = operation.variable_definitions or ()
    ours = Variables(SCHEMA, declared).values(given)
    theirs = get_variable_values(SCHEMA, declared, given)
    if isinstance(theirs, list):
        assert ours is None
        return
    assert ours is not None
    assert ours.coerced == theirs.coerced
    for name in NAMES:
        assert (name in ours.sources) == (name in theirs.sources)
        assert told(ours.sources.get(name)) == told(theirs.sources.get(name))
