"""Hostile documents: no word of a client's is in the code that its document becomes."""

import ast
import keyword

import pytest

from server.compiled import program
from tests.compiled.conftest import PLANNER, both

# Names that GraphQL allows, and that would mean something to Python, or to the code itself.
NAMES = [
    *(word for word in keyword.kwlist if word not in ("True", "False", "None")),
    "__import__",
    "__class__",
    "Bail",
    "info",
    "run",
    "o",
    "v",
    "v1",
    "to",
    "targets",
    "done1",
]
STRINGS = ['"', "'", "\\", "\n", "\0" + "0", "{0}", "%s", '"""', "'); raise SystemExit #", "\ud7ff"]


@pytest.fixture
def texts(monkeypatch):
    """All code that is made from now on."""
    found = []
    compiled = program.Text.compiled

    def seen(self):
        found.append("\n".join(self.lines))
        return compiled(self)

    monkeypatch.setattr(program.Text, "compiled", seen)
    return found


@pytest.fixture(scope="module")
def nantes(_timetables):
    with both() as executors:
        yield executors


def test_names(nantes, texts):
    for some in (NAMES[at : at + 15] for at in range(0, len(NAMES), 15)):
        fields = " ".join(f"{name}: slug" for name in some)
        document = f"query {some[0]} {{ {some[1]}: city {{ {fields} ...{some[2]} }} }}"
        fragment = f"fragment {some[2]} on City {{ name services {{ {some[3]}: name }} }}"
        compiled, _ = nantes.run(PLANNER.plan(f"{document} {fragment}"), None, some[0])

        assert compiled is not None
        assert list(compiled.data[some[1]]) == [*some, "name", "services"]


def test_strings(nantes, texts):
    query = "query ($text: String) { stops(name: $text, first: 1) { totalCount } }"
    for text in STRINGS:
        literal = "".join(f"\\u{ord(letter):04x}" for letter in text)
        alone = f'{{ stops(name: "{literal}", first: 1) {{ totalCount }} }}'
        assert nantes.run(PLANNER.plan(alone))[0] is not None
        assert nantes.run(PLANNER.plan(query), {"text": text})[0] is not None


def test_no_word_of_a_client_is_in_the_code(nantes, texts):
    document = """query Zebra($quagga: Int = 2) {
      okapi: stops(name: "giraffe", first: $quagga) { tapir: nodes { ...Gnu } } }
    fragment Gnu on Stop { eland: name hyrax: departures(first: 1) { ibex: headsign } }"""
    nantes.run(PLANNER.plan(document))

    [code] = texts
    for word in ["Zebra", "quagga", "okapi", "giraffe", "tapir", "Gnu", "eland", "hyrax", "ibex"]:
        assert word not in code
    constants = {
        node.value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert all(one.startswith("\0") for one in constants), "only what stands for a client's words"
