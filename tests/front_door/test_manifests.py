"""Manifests: every form that a tool writes, read as it is; what is broken, refused whole."""

import json

import pytest

from server.manifests import Entry, Files, ManifestError, digest, read

HOME = "query Home { __typename }"
MAP = "query Map { pools { totalCount } }"
OPERATION = {"id": "a1", "body": HOME, "name": "Home", "type": "query"}
APOLLO = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [OPERATION]}


@pytest.fixture
def manifest(tmp_path):
    def write(content, name="manifest.json"):
        file = tmp_path / name
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return write


@pytest.mark.parametrize(
    ("content", "name", "entries"),
    [
        (APOLLO, "m.json", [Entry("a1", HOME, "Home")]),
        (
            {**APOLLO, "operations": [{**OPERATION, "clientName": "tram-app"}]},
            "m.json",
            [Entry("a1", HOME, "Home", "tram-app")],
        ),
        ({"a1": HOME, "b2": MAP}, "relay.json", [Entry("a1", HOME), Entry("b2", MAP)]),
        ([["a1", HOME], ["b2", MAP]], "relay.json", [Entry("a1", HOME), Entry("b2", MAP)]),
        ({digest(HOME): HOME}, "codegen.json", [Entry(digest(HOME), HOME)]),
        ({"x-acme:home": HOME}, "own.json", [Entry("x-acme:home", HOME)]),
        (HOME, "home.graphql", [Entry("home", HOME, "home")]),
    ],
)
def test_every_form_is_read_as_it_is(manifest, content, name, entries):
    assert read(manifest(content, name)) == entries


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "truncated"),
        ("[" * 100_000, "recurs|overflow"),
        ("3", "neither an Apollo manifest"),
        ({"a1": 3}, "neither an Apollo manifest"),
        ([["a1"]], "neither an Apollo manifest"),
        ({**APOLLO, "version": 2}, "$.version"),
        ({**APOLLO, "format": "another"}, "$.format"),
        ({**APOLLO, "operations": [{"id": "a1"}]}, "body"),
        ([["a1", HOME], ["a1", MAP]], "two documents have the id `a1`"),
        ({digest(MAP): HOME}, "is not the digest of its text"),
        ({"md5:a1": HOME}, "cannot be an id"),
        ({"a 1": HOME}, "cannot be an id"),
        ({"": HOME}, "cannot be an id"),
    ],
)
def test_a_broken_one_is_refused_whole(manifest, content, why):
    with pytest.raises(ManifestError, match=why.replace("$", r"\$")):
        read(manifest(content))


def test_one_that_is_not_text_or_not_there_is_refused(tmp_path):
    (tmp_path / "home.graphql").write_bytes(b"\xff")
    for name in ("home.graphql", "gone.json"):
        with pytest.raises(ManifestError):
            read(tmp_path / name)


def test_only_manifests_are_looked_at(tmp_path, manifest):
    manifest("", "README.md")
    one = manifest({}, "m.json")
    (tmp_path / "tram-app").mkdir()
    other = manifest(HOME, "tram-app/home.graphql")
    assert list(Files(tmp_path).signed()) == [one, other]
    assert list(Files(other).signed()) == [other]
