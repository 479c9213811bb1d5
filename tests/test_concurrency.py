"""Concurrency: its promises, in the event loop's turns and a clock of the test's own."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.clients import Caller, Client
from server.concurrency import (
    EACH_S,
    FIRST,
    GOOD_S,
    LEAST,
    MOST,
    ROOM,
    SHARE,
    WAIT_S,
    Concurrency,
    Gradient,
    Place,
    Priority,
)
from server.errors import RequestError

pytestmark = pytest.mark.anyio

ANONYMOUS, FIRST_PARTY, PARTNER = Priority
LOOKS = int(WAIT_S / EACH_S)  # at the event loop, for which somebody waits
MANY = Caller(Client(name="many"), "192.0.2.1")


def limited(limit: float = FIRST) -> Concurrency:
    concurrency = Concurrency()
    concurrency.gradient.limit = limit
    return concurrency


async def turns(number: int = 1) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


class Execution:
    """One that goes on until it is let go."""

    def __init__(self, concurrency: Concurrency, priority: Priority, caller: Caller = MANY) -> None:
        self.place = Place(concurrency, priority, caller)
        self.refused: RequestError | None = None
        self.let_go = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    @property
    def runs(self) -> bool:
        return self.place.taken and not self.task.done()

    async def _run(self) -> None:
        try:
            async with self.place:
                await self.let_go.wait()
        except RequestError as error:
            self.refused = error


async def crowd(
    concurrency: Concurrency, priority: Priority, number: int, caller: Caller = MANY
) -> list[Execution]:
    found = [Execution(concurrency, priority, caller) for _ in range(number)]
    await turns(3 * number + 3)
    return found


async def end(*executions: Execution) -> None:
    for one in executions:
        one.task.cancel()
    await asyncio.gather(*(one.task for one in executions), return_exceptions=True)
    await turns(3)


def running(executions: list[Execution]) -> int:
    return sum(one.runs for one in executions)


# The limit


def test_the_limit_grows_while_all_is_well_and_more_is_asked():
    gradient = Gradient()
    for _ in range(200):
        gradient.look(0, int(gradient.limit))
    assert gradient.limit == MOST


def test_the_limit_stays_where_nobody_needs_more():
    gradient = Gradient()
    for _ in range(200):
        gradient.look(GOOD_S / 2, int(gradient.limit / 2) - 1)
    assert gradient.limit == FIRST


def test_the_limit_falls_while_the_loop_is_late_and_comes_back():
    gradient = Gradient()
    gradient.limit = MOST
    looks = 0
    while gradient.limit > LEAST:
        gradient.look(20 * GOOD_S, int(gradient.limit))
        looks += 1
    assert looks < 40  # two seconds
    while gradient.limit < 2 * FIRST:
        gradient.look(0, int(gradient.limit))
        looks += 1
    assert looks < 100  # five


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 2_000))))
def test_the_limit_has_bounds(looks):
    gradient = Gradient()
    for late_s, busiest in looks:
        gradient.look(late_s, busiest)
        assert LEAST <= gradient.limit <= MOST


def test_one_long_turn_is_no_overload():
    gradient = Gradient()
    for late_s in (0, 0, GOOD_S * 2, 0, 0):
        gradient.look(late_s, 5)
    assert gradient.limit == FIRST


# Places


async def test_one_begins_in_each_turn():
    concurrency = limited()
    before, found = 0, [Execution(concurrency, PARTNER) for _ in range(8)]
    while running(found) < 8:
        await turns()
        assert concurrency.running[PARTNER] - before <= 1
        before = concurrency.running[PARTNER]
    await end(*found)
    assert concurrency.running.total() == 0


async def test_who_finds_neither_a_place_nor_one_in_line_is_refused_at_once():
    concurrency = limited(10)
    found = await crowd(concurrency, ANONYMOUS, 100)
    places = int(10 * SHARE[ANONYMOUS])

    assert running(found) == places
    assert concurrency.waiting[ANONYMOUS] == ROOM[ANONYMOUS]
    refused = [one.refused for one in found if one.refused]
    assert len(refused) == concurrency.refused[ANONYMOUS] == 100 - places - ROOM[ANONYMOUS]
    assert {(one.status, one.headers["Retry-After"]) for one in refused} == {(503, "2")}
    assert {one.errors[0].extensions["code"] for one in refused} == {"OVERLOADED"}
    await end(*found)


async def test_a_flood_leaves_places_for_those_above():
    concurrency = limited(10)
    flood = await crowd(concurrency, ANONYMOUS, 50)
    first_party = await crowd(concurrency, FIRST_PARTY, 50)
    partners = await crowd(concurrency, PARTNER, 50)

    assert [running(found) for found in (flood, first_party, partners)] == [6, 2, 2]
    await end(*flood, *first_party, *partners)


async def test_the_highest_comes_first():
    concurrency = limited(10)
    held = await crowd(concurrency, PARTNER, 10)
    waiting = {one: await crowd(concurrency, one, 5) for one in Priority}  # the lowest came first
    for number, one in enumerate(held, start=1):
        one.let_go.set()
        await turns(4)
        assert running(waiting[PARTNER]) == min(5, number)
        assert running(waiting[FIRST_PARTY]) == max(0, number - 5)
        assert running(waiting[ANONYMOUS]) == 0
    await end(*held, *(one for found in waiting.values() for one in found))


async def test_who_waits_too_long_is_refused():
    concurrency = limited(10)
    held = await crowd(concurrency, PARTNER, 10)
    late = Execution(concurrency, PARTNER)
    await turns()
    for _ in range(LOOKS - 1):
        concurrency.look(20 * GOOD_S)  # so late that the limit does not grow
    await turns(3)
    assert not late.task.done()
    concurrency.look(20 * GOOD_S)
    await turns(3)
    assert late.refused is not None
    assert late.refused.status == 503
    assert concurrency.waiting[PARTNER] == 0
    await end(*held)


async def test_a_process_that_stood_still_refuses_nobody_for_it():
    concurrency = limited(10)
    held = await crowd(concurrency, PARTNER, 10)
    waiting = Execution(concurrency, PARTNER)
    await turns()
    concurrency.look(10 * WAIT_S)
    await end(held.pop())
    assert waiting.runs
    await end(*held, waiting)


async def test_a_line_that_cannot_move_takes_no_turns_of_the_loop(monkeypatch):
    concurrency = limited(10)
    held = await crowd(concurrency, PARTNER, 10)
    waiting = await crowd(concurrency, PARTNER, 2)
    looked = []
    monkeypatch.setattr(concurrency, "_turn", lambda: looked.append(1))
    await turns(5)
    assert not looked
    await end(*held, *waiting)


async def test_a_client_has_so_many_at_a_time():
    concurrency = limited()
    greedy = Caller(Client(name="greedy", concurrency=3), "192.0.2.2")
    found = await crowd(concurrency, ANONYMOUS, 5, greedy)
    others = await crowd(concurrency, ANONYMOUS, 1)

    assert [one.refused and one.refused.status for one in found] == [None, None, None, 429, 429]
    assert running(others) == 1
    await end(found[0])
    [again] = await crowd(concurrency, ANONYMOUS, 1, greedy)
    assert again.runs
    await end(*found, again, *others)


@pytest.mark.parametrize("after", range(5))
async def test_who_leaves_the_line_is_passed_over(after):
    """In whichever turn: also in the one that would have been theirs, before they are told."""
    concurrency = limited(10)
    held = await crowd(concurrency, PARTNER, 10)
    gone, next_one = await crowd(concurrency, PARTNER, 2)
    held[0].let_go.set()
    await turns(after)
    gone.task.cancel()
    await turns(5)
    assert next_one.runs
    await end(*held, gone, next_one)
    assert concurrency.running.total() == 0


STEP = st.one_of(
    st.tuples(st.just("come"), st.sampled_from(Priority)),
    st.tuples(st.just("end"), st.integers(0, 200)),
    st.tuples(st.just("cancel"), st.integers(0, 200)),
    st.tuples(st.just("look"), st.floats(0, 0.2)),
    st.tuples(st.just("turn"), st.integers(1, 3)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, max_size=80))
def test_whatever_happens(steps):
    """Lines are bounded, shares are kept, whoever goes leaves nothing, and nobody waits in vain."""

    async def main() -> None:
        concurrency = limited(10)
        executions: list[Execution] = []
        for word, what in steps:
            if word == "come":
                executions.append(Execution(concurrency, what))
            elif word == "turn":
                await turns(what)
            elif word == "look":
                concurrency.look(what)
            elif executions:
                one = executions[what % len(executions)]
                one.let_go.set() if word == "end" else one.task.cancel()
            assert all(number >= 0 for number in concurrency.running.values())
            assert all(concurrency.waiting[one] <= ROOM[one] + MOST for one in Priority)
            assert concurrency.running.total() == sum(concurrency.running[one] for one in Priority)
        await turns(3 * len(executions) + 3)
        if concurrency.waiting[PARTNER]:  # only because all places are taken
            assert concurrency.running.total() >= int(concurrency.gradient.limit)
        for one in executions:
            one.let_go.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.gather(*(one.task for one in executions), return_exceptions=True)
        assert all(one.task.done() for one in executions)
        assert concurrency.running.total() == 0
        assert sum(concurrency.waiting.values()) == 0
        assert not concurrency._accounts

    asyncio.run(main())
