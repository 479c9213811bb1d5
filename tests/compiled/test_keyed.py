"""Keys that are made without a coroutine: of which fields, and how many."""

import gc
import linecache
from types import SimpleNamespace

import pytest

from resolvers import loaders
from schema.key import Key
from schema.stops import DeparturesAt, Stop
from server.compiled.encoded import Encoded
from server.compiled.keyed import KEY, Keys, key_maker
from tests.compiled.conftest import PLANNER, both


class Near(Key[str]):
    city: str
    name: str


class Place:
    city, name = "nantes", "Bouffay"

    async def last(self, info, within=3) -> str:
        """In words, too."""
        if within < 0:
            return "nowhere"
        name = self.name.upper() if within else ""
        return await info.context.load(Near(self.city, name))

    async def twice(self, info):
        await info.context.load(Near(self.city, ""))
        return await info.context.load(Near(self.city, self.name))

    async def with_more(self, info):
        return [await info.context.load(Near(self.city, self.name))]

    async def by_itself(self, info):
        return await self.last(info)

    async def by_its_method(self, info):
        return await info.context.load(self.key())

    async def as_a_whole(self, info):
        return await info.context.load(Near(str(self), ""))

    async def in_a_city(self, info, within=3):
        return await info.context.load(Near(info.context.city(None), self.name * within))

    async def by_the_hour(self, info):
        return await info.context.load(Near(str(info.context.now), self.name))

    async def elsewhere(self, info):
        return await info.other.load(Near(self.city, ""))


def test_a_field_that_ends_in_its_key():
    maker = key_maker(Place.last, "info")
    assert maker.make(Place(), info=None) == Near("nantes", "BOUFFAY")
    assert maker.make(Place(), info=None, within=0) == Near("nantes", "")
    assert maker.make(Place(), info=None, within=-1) == "nowhere"
    assert maker.reads(Place()) == ("nantes", "Bouffay")


@pytest.mark.parametrize(
    "name", ["twice", "with_more", "by_itself", "by_its_method", "as_a_whole", "elsewhere"]
)
def test_others_are_left_as_they_are(name):
    assert key_maker(getattr(Place, name), "info") is None


@pytest.mark.parametrize(
    ("name", "lasts"), [("last", True), ("in_a_city", True), ("by_the_hour", False)]
)
def test_keys_last_that_are_made_of_the_same(name, lasts):
    maker, all_ = key_maker(getattr(Place, name), "info"), Encoded()
    keys, ask = Keys(all_, maker), SimpleNamespace(home="nantes", cities={"nantes": 1})
    key = Near("nantes", "Bouffay")

    assert keys.known(ask, {"within": 1}) is None
    known = keys.known(ask, {"within": 1})
    assert (known is not None) is lasts
    if not lasts:
        return
    keys.keep("Bouffay", key)
    assert keys.known(ask, {"within": 1}) == {"Bouffay": key}
    assert all_.bytes > 0
    for other, within in [
        (ask, 2),
        (SimpleNamespace(home="rennes", cities=ask.cities), 2),
        (SimpleNamespace(home="rennes", cities={"nantes": 2}), 2),
    ]:
        assert keys.known(other, {"within": within}) is None
        assert keys.known(other, {"within": within}) == {}
        assert all_.bytes == 0
        keys.keep("Bouffay", key)
        keys.keep("Bouffay", key)


def test_keys_have_a_bound_and_go_with_their_plan():
    all_ = Encoded(20 * KEY)
    keys = Keys(all_, key_maker(Place.last, "info"))
    for number in range(100):
        keys.keep(number, Near("nantes", str(number)))
        assert all_.bytes <= 20 * KEY
    assert all_.bytes > 0
    del keys
    gc.collect()
    assert all_.bytes == 0


def test_a_file_that_says_something_else_by_now(monkeypatch):
    lines = [line.replace(".upper()", ".lower()") for line in linecache.getlines(__file__)]
    monkeypatch.setattr("linecache.getlines", lambda *_: lines)
    assert key_maker(Place.last, "info") is None


def test_ours_are_such():
    departures = next(
        one.base_resolver.wrapped_func
        for one in Stop.__strawberry_definition__.fields
        if one.name == "departures"
    )
    assert key_maker(departures, "info") is not None


@pytest.mark.usefixtures("_timetables")
def test_objects_that_agree_share_a_key(monkeypatch):
    with both() as executors:
        plan = PLANNER.plan(
            "{ a: stops(first: 3) { nodes { ...D } } b: stops(first: 3) { nodes { ...D } } }"
            "fragment D on Stop { name departures(first: 2) { headsign } }"
        )
        executors.run(plan)
        made, new = [], DeparturesAt.__init__

        def counted(self, *given, **named):
            new(self, *given, **named)
            made.append(self)

        monkeypatch.setattr(DeparturesAt, "__init__", counted)
        answer = loaders.registered[DeparturesAt]
        asked = []

        async def noted(ask, keys):
            asked.extend(keys)
            return await answer(ask, keys)

        monkeypatch.setitem(loaders.registered, DeparturesAt, noted)
        executors.runner.run(executors.executor.run(plan, None, {}))
        assert len(set(asked)) == len(asked) == 3
        assert len(made) <= 6, "three in each list, whatever they have in common"
