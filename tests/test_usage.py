"""What an operation names of the schema, found as graphql-core's own visitors find it."""

from pathlib import Path

import pytest
from graphql import (
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    separate_operations,
    validate,
    visit,
)
from graphql.type import is_introspection_type
from hypothesis import given
from hypothesis import strategies as st

from server.usage import used
from tests.compiled.conftest import SCHEMA
from tests.compiled.random_documents import varied
from tests.compiled.test_random import FIELDS, documents, drawn

GOLDEN = sorted(Path(__file__).parent.joinpath("queries").rglob("*.graphql"))
MANY = """
query Many($near: Near = {lat: 1, lon: 2}, $all: Boolean = true) {
  nearest(lat: 47.2, lon: -1.5) { nodes { __typename place { ...Where } } }
  menus(variants: [STANDARD, ALLERGY]) { date } ...Stops @include(if: $all)
  pools(near: $near) { nodes { ...Where ... on Pool { stops(first: 2) { name } } ... { id } } }
  parkings(near: {lat: 3, lon: 4}) { nodes { name } }
  __type(name: "Pool") { fields(includeDeprecated: true) { name } }
}
fragment Stops on Query { again: stops(name: "x") { nodes { ...Where } } }
fragment Where on Place { name(language: "fr") id }
query Other { cities { slug } }
"""


class Finder(Visitor):
    def __init__(self, types):
        super().__init__()
        self.found = set()
        self._types = types

    def enter_field(self, node, *_):
        kind, name = self._types.get_parent_type(), node.name.value
        if not is_introspection_type(kind) and not name.startswith("__"):
            self.found.add(where := f"{kind.name}.{name}")
            self.found.update(f"{where}({one.name.value}:)" for one in node.arguments or ())

    def enter_object_field(self, node, *_):
        self._add(self._types.get_parent_input_type(), node.name.value)

    def enter_enum_value(self, node, *_):
        self._add(self._types.get_input_type(), node.value)

    def _add(self, kind, name):
        self.found.add(f"{get_named_type(kind).name}.{name}")


def compared(text):
    document = parse(text)
    assert validate(SCHEMA, document) == []
    apart = separate_operations(document)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            types = TypeInfo(SCHEMA)
            finder = Finder(types)
            alone = apart[node.name.value if node.name else ""]
            visit(alone, TypeInfoVisitor(types, finder))
            assert used(SCHEMA, document, node) == finder.found


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_of_every_golden_query(file):
    compared(file.read_text("utf-8"))


def test_of_fragments_values_and_several_operations():
    compared(MANY)


def test_of_any_document():
    @drawn(15)
    @given(st.data())
    def compare(data):
        text = data.draw(documents(data.draw(st.sampled_from(FIELDS))))
        text, _ = data.draw(varied(SCHEMA, text))
        if not validate(SCHEMA, parse(text)):
            compared(text)

    compare()
