"""Promises that every service and every city keeps, checked for all of them at once."""

from importlib import import_module
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from graphql import GraphQLEnumType, GraphQLNonNull, is_introspection_type

import cities
import schema
from resolvers.loaders import registered
from schema.key import Key
from schema.reports import SubmitReport
from sources.reading import readers

ROOT = Path(__file__).parent.parent
BINDINGS = [b for city in cities.load().values() for b in city.bindings.values()]
SERVICES = sorted({binding.service for binding in BINDINGS})
TYPES = schema.build()._schema.type_map.values()
FEDERATION = {"_Service", "_Any", "_Entity", "_FieldSet", "link__Import", "link__Purpose"}
OURS = [t for t in TYPES if not is_introspection_type(t) and t.name not in FEDERATION]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("folder", ["schema", "resolvers", "sources"])
def test_same_name_in_every_folder(service, folder):
    assert (ROOT / folder / f"{service}.py").exists()
    doc = import_module(f"{folder}.{service}").__doc__ or ""
    assert doc.startswith(f"{service.capitalize()}: ")


@pytest.mark.parametrize("service", SERVICES)
def test_has_a_golden_query(service):
    assert (ROOT / "tests/queries" / f"{service}.graphql").exists()


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: binding.source)
def test_every_source_can_be_attributed(binding):
    assert binding.licence
    assert binding.attribution
    assert binding.licence in binding.attribution
    assert binding.page.startswith("https://")
    assert binding.quota is not None


def _keys(base=Key):
    for key in base.__subclasses__():
        yield key
        yield from _keys(key)


def test_every_key_is_answered():
    schema.build()
    ours = {key for key in _keys() if key.__module__.startswith("schema.")}

    assert ours == set(registered)


def test_every_key_is_frozen_and_says_what_comes_back():
    for key in _keys():
        [promised] = get_args(key.__orig_bases__[0])
        assert promised is not None
        assert key.__struct_config__.frozen, key


def test_the_key_of_a_report_tells_nothing_of_it():
    words = repr(SubmitReport("nantes", "its-client-key", issue="A cellar is flooded"))

    assert not any(told in words for told in ("its-client-key", "flooded"))


def test_every_reader_is_typed():
    for reader in readers.values():
        if reader.keeps is not None:
            continue
        assert get_type_hints(reader.read)["return"], reader


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.name)
def test_everything_is_described(kind):
    if kind.name not in ("String", "Int", "Float", "Boolean", "ID"):
        assert kind.description, kind.name
    if isinstance(kind, GraphQLEnumType):
        for name, value in kind.values.items():
            assert value.description, f"{kind.name}.{name}"
    for name, field in getattr(kind, "fields", {}).items():
        if name.startswith("_"):
            continue
        assert field.description, f"{kind.name}.{name}"
        for argument, about in getattr(field, "args", {}).items():
            assert about.description, f"{kind.name}.{name}({argument}:)"


def test_fields_that_cross_to_a_source_are_nullable():
    """One that is not would take its whole object along when the source fails."""
    city_wide = {"nodes", "_service", "_entities"}  # lists whose items are nullable
    city_wide |= {"cities"}  # out of their files, no source
    for name, field in schema.build()._schema.query_type.fields.items():
        assert name in city_wide or not isinstance(field.type, GraphQLNonNull), name


def test_schema_is_the_one_we_published():
    published = (ROOT / "schema.graphql").read_text()
    assert schema.build().as_str() + "\n" == published, "run `make schema`, and read the difference"
