"""What is kept as bytes: the same as would be written again, and no longer than its object."""

import gc
from dataclasses import dataclass
from itertools import chain

import orjson
import pytest

from schema.places import Place
from server.compiled import encoded as module
from server.compiled.encoded import Encoded
from tests.compiled.conftest import PLANNER, both


@dataclass
class Thing:
    name: str


def plain(thing):
    return {"name": thing.name}


def write(things):
    return [*map(plain, things)]


def met(all_, selection, thing):
    """What is written of it in an execution of its own."""
    known, written, *_ = selection
    all_.executions += 1
    return known(id(thing)) or written(thing)


def kept(found):
    return isinstance(found, orjson.Fragment)


def test_from_the_second_time_on_it_is_bytes():
    all_ = Encoded()
    selection, thing = all_.selection(write), Thing("here")

    found = [met(all_, selection, thing) for _ in range(4)]

    assert [kept(one) for one in found] == [False, True, True, True]
    assert {orjson.dumps(one) for one in found} == {b'{"name":"here"}'}
    assert found[2] is found[1]


def test_it_goes_with_its_object_whose_place_another_one_may_take():
    all_ = Encoded()
    selection = all_.selection(write)
    for number in range(1_000):
        thing = Thing(str(number))
        for _ in range(3):
            assert orjson.dumps(met(all_, selection, thing)) == b'{"name":"%d"}' % number
        del thing
    assert all_.bytes == 0


def test_all_of_it_goes_with_the_plan():
    all_, things = Encoded(), [Thing(str(number)) for number in range(10)]
    selection = all_.selection(write)
    for _ in range(2):
        for thing in things:
            met(all_, selection, thing)
    assert all_.bytes > 10 * module.OVERHEAD

    del selection
    gc.collect()

    assert all_.bytes == 0


def test_it_has_a_bound():
    most = 20 * module.OVERHEAD
    all_, things = Encoded(most), [Thing(str(number)) for number in range(100)]
    selections = [all_.selection(write) for _ in range(3)]
    for _ in range(3):
        for selection in selections:
            for thing in things:
                assert orjson.loads(orjson.dumps(met(all_, selection, thing))) == plain(thing)
                assert all_.bytes <= most
    assert all_.bytes > 0
    assert not kept(met(Encoded(10), Encoded(10).selection(write), things[0]))


def met_as_list(all_, selection, things):
    """What is known of a list after it was written by some executions."""
    for _ in range(4):
        found = selection[3](things)
        for one in things:
            met(all_, selection, one)
    return found and orjson.loads(orjson.dumps(found))


def test_each_of_a_list_is_as_it_is_alone():
    all_, things = Encoded(), [Thing(str(number)) for number in range(4)]
    _, written, each, *_ = all_.selection(write)
    written(things[0])

    found = [each(things) for _ in range(3)]

    assert list(map(kept, found[0])) == [True, False, False, False]
    assert all(map(kept, found[1] + found[2]))
    assert {orjson.dumps(one) for one in found} == {orjson.dumps(write(things))}
    assert found[2][1] is found[1][1]


def test_what_is_in_a_list_three_times_is_kept_once():
    all_, thing = Encoded(), Thing("here")
    each = all_.selection(write)[2]

    found = [each([thing] * 3) for _ in range(3)]

    assert [orjson.loads(orjson.dumps(one)) for one in found] == [write([thing] * 3)] * 3
    assert all_.bytes == module.OVERHEAD + len(orjson.dumps(plain(thing)))
    del thing
    assert all_.bytes == 0


def test_while_nothing_more_is_kept_the_rest_is_written_in_its_place(monkeypatch):
    monkeypatch.setattr(module._Selection, "enough", 1)
    all_, things = Encoded(), [Thing(str(number)) for number in range(4)]
    each = all_.selection(write)[2]
    passing = Thing("passing")
    for _ in range(2):
        each([things[2], passing])
    del passing

    found = [each(things) for _ in range(3)]

    assert [[*map(kept, one)] for one in found] == [[False, False, True, False]] * 3
    assert {orjson.dumps(one) for one in found} == {orjson.dumps(write(things))}


def met_together(all_, selection, lists):
    """What is known of lists that an execution of its own meets together; None if it is not."""
    known, written, *_, every = selection
    all_.executions += 1
    found = every(lists, True)
    for one in chain.from_iterable(lists):
        known(id(one)) or written(one)
    return found and [orjson.loads(one) for one in found]


def test_lists_that_are_met_together_are_each_as_they_are_alone():
    all_, things = Encoded(), [Thing(str(number)) for number in range(4)]
    selection = all_.selection(write)
    names = write(things)
    for lists, expected in [
        ([things[:2], (), things[2:]], [names[:2], [], names[2:]]),
        ([things[:1], things[1:]], [names[:1], names[1:]]),
        ([things[2:], things[:2]], [names[2:], names[:2]]),
    ]:
        found = [met_together(all_, selection, lists) for _ in range(4)]
        assert found[0] is None
        assert found[3] == expected
    every = selection[4]
    assert [every(things, False) for _ in range(2)] == [None, [*map(orjson.dumps, names)]]
    for odd in ([things[:2], None], [things[:2], [*things[2:], None]], [Thing("new"), things]):
        assert [every(odd, False) for _ in range(3)] == [None] * 3
    for odd in ([things[:2], None], [things[:2], [Thing("new")]], [things, {things[0].name: 1}]):
        assert [every(odd, True) for _ in range(3)] == [None] * 3


def test_what_is_known_of_lists_together_goes_with_any_of_their_objects():
    all_, stays = Encoded(), Thing("stays")
    selection = all_.selection(write)
    for number in range(100):
        lists = [[stays], [Thing(str(number))]]
        found = [met_together(all_, selection, lists) for _ in range(4)]
        assert found[3] == [[plain(stays)], [{"name": str(number)}]]
        del lists
    one = module.OVERHEAD + len(orjson.dumps(plain(stays)))
    assert all_.bytes <= one, "what is known of `stays` alone"
    del selection
    gc.collect()
    assert all_.bytes == 0


def test_lists_that_are_made_anew_each_time_are_soon_left_alone(monkeypatch):
    all_, dumped, dumps = Encoded(), [], orjson.dumps
    monkeypatch.setattr(module.orjson, "dumps", lambda one: dumped.append(one) or dumps(one))
    each = all_.selection(write)[2]
    for _ in range(2_000):
        all_.executions += 1
        each([Thing("passing"), Thing("by")])
    assert len(dumped) <= 2 * module._Selection.enough
    assert all_.bytes == 0


def test_where_hardly_any_is_met_again_nothing_is_kept_for_a_while():
    all_, here = Encoded(), Thing("here")
    selection = all_.selection(write)
    many = [Thing(str(number)) for number in range(module.SEEN)]
    all_.executions += 1
    selection[2](many)

    found = [met(all_, selection, here) for _ in range(module.PAUSE + 1)]

    assert not any(map(kept, found[:-2]))
    assert kept(met(all_, selection, here))


def test_where_some_are_met_again_they_are_kept():
    all_, here = Encoded(), Thing("here")
    each = all_.selection(write)[2]
    some = [Thing(str(number)) for number in range(module.FEW + 1)]
    all_.executions += 1
    for _ in range(2):
        each(some)
    each([Thing(str(number)) for number in range(module.SEEN)])

    assert [kept(each([here])[0]) for _ in range(2)] == [False, True]


def test_so_is_a_list_of_the_same_objects_whoever_made_it():
    all_, things = Encoded(), [Thing(str(number)) for number in range(4)]
    selection = all_.selection(write)
    names = [{"name": str(number)} for number in range(4)]

    assert met_as_list(all_, selection, things) == names
    assert orjson.loads(orjson.dumps(selection[3](tuple(things)))) == names
    assert selection[3](things[:2]) is None
    assert met_as_list(all_, selection, things[::-1]) == names[::-1]


def test_a_list_goes_with_the_first_of_its_objects_and_no_other_list_does():
    all_, things = Encoded(), [Thing(str(number)) for number in range(4)]
    selection = all_.selection(write)
    met_as_list(all_, selection, things[2:])
    before = all_.bytes
    for number in range(100):
        some = [Thing(f"new {number}"), *things[2:]]
        assert met_as_list(all_, selection, some)[0] == {"name": f"new {number}"}
        del some
        assert all_.bytes == before
        assert met_as_list(all_, selection, things[2:]) is not None


def test_an_object_that_does_not_tell_when_it_goes_is_written_each_time():
    all_, thing = Encoded(), ("here",)
    selection = all_.selection(lambda things: [{"name": found[0]} for found in things])
    assert [met(all_, selection, thing) for _ in range(3)] == [{"name": "here"}] * 3
    assert all_.bytes == 0


def test_what_is_made_anew_each_time_is_soon_left_alone(monkeypatch):
    written = []
    all_ = Encoded()
    dumps = orjson.dumps
    monkeypatch.setattr(module.orjson, "dumps", lambda one: written.append(one) or dumps(one))
    selection = all_.selection(write)
    for _ in range(2_000):
        met(all_, selection, Thing("passing"))
    assert len(written) <= 2 * module._Selection.enough


@pytest.fixture(scope="module")
def nantes(_timetables):
    with both() as executors:
        yield executors


QUERY = """query Kept($first: Int!, $more: Boolean!) {
  stops(first: $first) { nodes { id code position { lat lon } } }
  again: stops(first: $first) { nodes { called: id __typename code @include(if: $more) } }
  kinds: pools { nodes { kind name(language: "en") openNow stops(first: 1) { kind } } }
  state: parkings(first: 3) { nodes { kind name state capacity { __typename } stops { id } } }
  some: stops(first: 2) { nodes { id code name departures(first: 1) { headsign } } }
  framed: stops(first: 2) { nodes { id code position { lat } departures(first: 1) { headsign } } }
}"""


@pytest.mark.parametrize("more", [True, False])
def test_over_real_sources_it_is_as_graphql_core_has_it(nantes, more):
    plan = PLANNER.plan(QUERY)
    for _ in range(3):  # each of which executes it twice
        nantes.run(plan, {"first": 5, "more": more})
    assert nantes.encoded.bytes > 10 * module.OVERHEAD


def test_what_sees_nothing_but_the_object_is_asked_once(nantes, monkeypatch):
    asked, word = [], Place.kind_word
    monkeypatch.setattr(Place, "kind_word", lambda self: asked.append(self.id) or word(self))
    plan = PLANNER.plan("{ pools(first: 3) { nodes { id kind openNow } } }")
    known = nantes.executor._known(nantes.compiled, plan, None)
    for _ in range(3):
        assert nantes.runner.run(nantes.compiled.execute(known, nantes.loaders(), None)) is not None
    assert len(asked) == len(set(asked)) == 3
