"""Lists that are known to be as they were, but for what is asked of each of their objects."""

import gc
from dataclasses import dataclass

import orjson
import pytest

from resolvers import loaders
from schema.stops import DeparturesAt
from server.compiled import encoded as module
from server.compiled.encoded import Encoded
from server.compiled.patterns import Gaps, dumps
from sources.errors import Unavailable
from tests.compiled.conftest import PLANNER, both
from tests.elsewhere import CITIES


@dataclass
class Thing:
    name: str
    of: int


def write(things):
    return [{"name": one.name, "of": None, "size": 1, "by": None} for one in things]


FIELDS = ("by", lambda thing: thing.name), ("of", lambda thing: thing.of)
THINGS = [Thing('one"\n', 1), Thing("two", 2), Thing("one too", 1)]


def met(all_, frame, things):
    """How they are written by an execution of its own; None if the list was not known."""
    known, written, _, again, _ = frame
    all_.executions += 1
    rope = again(things)
    for one in things:
        known(id(one)) or written(one)
    return rope


def known(all_, frame, things):
    return [met(all_, frame, things) for _ in range(4)][-1]


def filled(rope):
    """The list, with what each key stands for in its gaps."""
    for key, _ in FIELDS:
        groups = rope.alike(key)
        for read, row, [hole] in zip(groups.reads, groups.rows, groups.targets, strict=True):
            hole[key] = orjson.Fragment(dumps([read, groups.objects[row].name]))
    return orjson.loads(dumps({"all": rope}))["all"]


def test_what_is_found_goes_where_it_belongs():
    all_ = Encoded()
    rope = known(all_, all_.frame(write, FIELDS), THINGS)
    assert filled(rope) == [
        {"name": 'one"\n', "of": [1, 'one"\n'], "size": 1, "by": ['one"\n', 'one"\n']},
        {"name": "two", "of": [2, "two"], "size": 1, "by": ["two", "two"]},
        {"name": "one too", "of": [1, 'one"\n'], "size": 1, "by": ["one too", "one too"]},
    ]


def test_an_execution_leaves_nothing_to_the_next():
    all_ = Encoded()
    frame = all_.frame(write, FIELDS)
    known(all_, frame, THINGS)
    first = met(all_, frame, THINGS)
    filled(first)
    second = met(all_, frame, THINGS)
    assert {one["of"] for one in orjson.loads(dumps(second))} == {None}


def test_what_an_execution_adds_to_an_object_is_in_no_other():
    all_ = Encoded()
    _, written, *_ = all_.frame(write, FIELDS)
    for _ in range(4):
        all_.executions += 1
        found = written(THINGS[0])
        assert found["of"] is None
        found["of"] = "added"
    assert all_.bytes > 0, "it is kept"


def test_another_list_is_another_one():
    all_ = Encoded()
    frame = all_.frame(write, FIELDS)
    known(all_, frame, THINGS)
    assert met(all_, frame, THINGS[::-1]) is None
    assert met(all_, frame, THINGS[:2]) is None
    assert [one["name"] for one in filled(known(all_, frame, THINGS[1:]))] == ["two", "one too"]


def test_it_goes_with_any_of_its_objects():
    all_ = Encoded()
    frame = all_.frame(write, FIELDS)
    stays = Thing("stays", 0)
    for number in range(100):
        things = [Thing(str(number), number), stays]
        assert filled(known(all_, frame, things))[0]["name"] == str(number)
        del things
    assert all_.bytes == module.OVERHEAD + 4 * module.ENTRY, "what is known of `stays` alone"
    del frame
    gc.collect()
    assert all_.bytes == 0


def test_it_has_a_bound():
    most = 30 * module.OVERHEAD
    all_, things = Encoded(most), [Thing(str(number), number % 3) for number in range(40)]
    frame = all_.frame(write, FIELDS)
    for _ in range(4):
        for at in range(0, 40, 4):
            rope = met(all_, frame, things[at : at + 4])
            assert rope is None or [one["name"] for one in filled(rope)] == [
                str(number) for number in range(at, at + 4)
            ]
            assert all_.bytes <= most


QUERY = """query Board($far: Int!) {
  stops(first: 4) { nodes { id code departures(first: $far) { headsign scheduledAt } } }
  again: stops(first: 3) { nodes { a: departures(first: 1) { headsign } code id quays { id } } }
}"""


@pytest.fixture(scope="module")
def nantes(_timetables):
    with both() as executors:
        yield executors


@pytest.fixture
def ropes(monkeypatch):
    """Those that are made."""
    made, new = [], module.Rope.__init__

    def counted(self, *given):
        new(self, *given)
        made.append(self)

    monkeypatch.setattr(module.Rope, "__init__", counted)
    return made


def test_over_real_sources_it_is_as_graphql_core_has_it(nantes, ropes):
    plan = PLANNER.plan(QUERY)
    for far in (1, 3, 1):
        compiled, _ = nantes.run(plan, {"far": far})
        assert any(len(one["departures"]) == far for one in compiled.data["stops"]["nodes"])
    assert len(ropes) >= 6


def test_what_was_found_before_for_all_of_a_list_is_put_in_at_once(nantes, monkeypatch):
    filled, fill = [], Gaps.fill

    def counted(self, found):
        found = [*found]
        filled.append(found)
        fill(self, found)

    monkeypatch.setattr(Gaps, "fill", counted)
    plan = PLANNER.plan(
        """{ stops(first: 6) { nodes { id code name quays { id name } parentStation { id } } }
             again: stops(first: 5) { nodes { code name quays { id name code } } } }"""
    )
    for _ in range(3):  # each of which executes it twice
        compiled, _ = nantes.run(plan)
    of_each = [orjson.dumps(one["quays"]) for one in compiled.data["again"]["nodes"]]
    assert filled[-1] == of_each
    assert len({*of_each}) > 1


def test_what_fails_has_its_place(nantes, ropes, monkeypatch):
    """A key that two lists share and one that only one of them has."""
    plan, asked = PLANNER.plan(QUERY.replace("first: 1", "first: $far")), []
    answer = loaders.registered[DeparturesAt]
    down = Unavailable("down", next(iter(CITIES["nantes"].bindings.values())))

    async def partly(ask, keys):
        asked.extend(one for one in keys if one not in asked)
        failing = asked[1:4:2]
        found = zip(keys, await answer(ask, keys), strict=True)
        return [down if key in failing else what for key, what in found]

    monkeypatch.setitem(loaders.registered, DeparturesAt, partly)
    compiled, _ = nantes.run(plan, {"far": 2})
    assert ropes
    assert sorted(error.path for error in compiled.errors) == [
        ["again", "nodes", 1, "a"],
        ["stops", "nodes", 1, "departures"],
        ["stops", "nodes", 3, "departures"],
    ]
