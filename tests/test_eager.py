"""Eager work that waits for its turn: no task, until it has to wait for anything else."""

import asyncio
import gc
from contextvars import ContextVar

import pytest

from resolvers.eager import InLine, Turn, begun, gathered

pytestmark = pytest.mark.anyio

said: ContextVar[str] = ContextVar("said", default="")


class Refused(Exception):
    pass


async def stood(turn, then=None):
    """What comes to who stands in line, and was in no task meanwhile."""
    said.set("mine")
    await turn
    assert said.get() == "mine"
    tasks = [asyncio.current_task()]
    if then is not None:
        await then
        tasks.append(asyncio.current_task())
    return tasks


async def test_it_goes_on_as_soon_as_its_turn_comes():
    turn = Turn()
    work = begun(stood(turn))
    assert isinstance(work, InLine)
    assert not work.done()

    turn.come()
    assert work.done()
    assert work.result() == [None]
    assert said.get() == ""


async def test_then_it_is_a_task_where_it_has_to_wait():
    turn, later = Turn(), asyncio.get_running_loop().create_future()
    work = begun(stood(turn, later))
    turn.come()
    assert not work.done()
    later.set_result(None)
    before, after = await work
    assert before is None
    assert after is not None


async def test_it_may_stand_in_line_twice():
    first, second = Turn(), Turn()
    work = begun(stood(first, second))
    first.come()
    second.come()
    assert work.result() == [None, None]


async def test_who_is_refused_is_told_so():
    turn = Turn()
    work = begun(stood(turn))
    turn.come(Refused())
    with pytest.raises(Refused):
        await work


@pytest.mark.parametrize("moved", [False, True], ids=["in line", "as a task"])
async def test_it_is_stopped_where_it_waits(moved):
    turn, never = Turn(), asyncio.get_running_loop().create_future()
    work = begun(stood(turn, never))
    if moved:
        turn.come()
        await asyncio.sleep(0)
    assert work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not work.cancel()


async def test_what_is_stopped_may_come_to_something_all_the_same():
    async def polite(turn):
        try:
            await turn
        except asyncio.CancelledError:
            return "goodbye"

    work = begun(polite(Turn()))
    work.cancel()
    assert await work == "goodbye"


async def test_a_task_waits_for_its_turn_as_for_anything_else():
    turn = Turn()
    task = asyncio.create_task(stood(turn))
    await asyncio.sleep(0)
    turn.come()
    assert await task == [task]


async def test_of_several_that_fail_the_first_is_told_and_the_rest_leave_no_trace():
    told, go = [], asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, said: told.append(said["message"]))

    async def at_once():
        raise LookupError

    async def later():
        await go.wait()
        raise ValueError

    with pytest.raises(LookupError):
        await gathered([later(), at_once()])
    go.set()
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert told == []
