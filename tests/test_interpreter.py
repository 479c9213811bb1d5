"""Nobody waits for Python's own housekeeping."""

import asyncio
import gc
import sys
from collections import deque
from dataclasses import dataclass
from threading import Thread

import httpx
import pytest

from server import interpreter
from sources.collection import LARGE, PIECE, Collection
from tests.conftest import NOW, serving
from tests.leaping import LeapingLoop, goes_by

pytestmark = pytest.mark.anyio
TIMES = 3_000
UNSEEN = 1_000  # objects in cycles, at least, that planning a new document leaves (graphql-core)


@dataclass(eq=False)
class Thing:
    """Counts how many of it there are."""

    alive: list[int]

    def __post_init__(self) -> None:
        self.alive[0] += 1

    def __del__(self) -> None:
        self.alive[0] -= 1


def in_a_cycle(alive: list[int]) -> None:
    one = Thing(alive)
    one.itself = one  # type: ignore[attr-defined]


def collection(many: int, alive: list[int]) -> Collection[Thing]:
    return Collection(None, tuple(Thing(alive) for _ in range(many)), 0, NOW)


async def test_what_was_large_goes_a_few_at_a_time():
    alive, most = [0], 0
    held = collection(LARGE + 1, alive)
    del held
    before = alive[0]
    assert before == LARGE + 1 - PIECE
    while alive[0]:
        await asyncio.sleep(0)
        most, before = max(most, before - alive[0]), alive[0]
    assert most == PIECE


async def test_what_somebody_else_still_shows_stays():
    alive = [0]
    held = collection(LARGE + 1, alive)
    shown = held.items[0]
    del held
    for _ in range(LARGE // PIECE + 1):
        await asyncio.sleep(0)
    assert shown.alive == [1]


def test_in_a_thread_it_goes_there():
    alive = [0]
    held = [collection(LARGE + 1, alive)]
    thread = Thread(target=held.clear)
    thread.start()
    thread.join()
    assert alive == [0]


class Worked:
    """Processor time, which goes on with the loop's until everybody has what they asked for."""

    def __init__(self) -> None:
        self.until = float("inf")
        self.asked = 0

    def process_time(self) -> float:
        self.asked += 1
        return min(asyncio.get_running_loop().time(), self.until)


@pytest.fixture
def worked(monkeypatch):
    worked = Worked()
    monkeypatch.setattr(interpreter, "time", worked)
    return worked


@pytest.fixture
def looks():
    """Of each time that Python looked at what is new: at how many objects."""
    seen = []
    yield seen
    gc.callbacks[:] = [one for one in gc.callbacks if one.__name__ != "noted"]


def run(main, looks=None):
    """In a loop whose time leaps, with Python as the server sets it."""

    def noted(phase, look):
        if phase == "start" and look["generation"] == 0:
            looks.append(len(gc.get_objects(0)))

    async def kept():
        python = interpreter.Interpreter()
        if looks is not None:
            gc.callbacks.append(noted)  # behind the interpreter's own
        try:
            await main()
        finally:
            python.close()

    usual = gc.get_threshold(), sys.getswitchinterval()
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(kept())
    assert (gc.get_threshold(), sys.getswitchinterval()) == usual
    assert gc.get_freeze_count() == 0
    assert not any(
        isinstance(getattr(one, "__self__", None), interpreter.Interpreter) for one in gc.callbacks
    )


@pytest.mark.parametrize(
    ("busy_until", "grows", "looked"),
    [
        (0.0, 0, 1),
        (700.0, 0, 1),
        (710.0, 0, 0),
        (710.0, interpreter.GROWN, 0),
        (710.0, interpreter.GROWN + 1, 1),
    ],
)
def test_everything_is_looked_at_when_nobody_asks_or_memory_grows(
    busy_until, grows, looked, worked, monkeypatch
):
    held, found = [10**9], []
    monkeypatch.setattr(interpreter, "_held", lambda: held[0])
    monkeypatch.setattr(gc, "collect", lambda generation=2: found.append(generation))
    worked.until = busy_until

    async def main():
        assert gc.get_threshold() == interpreter.NEW
        assert sys.getswitchinterval() == pytest.approx(interpreter.SWITCH_S)
        await goes_by(1)
        held[0] += grows
        await goes_by(interpreter.EACH_S - 2)
        assert found.count(2) == 0
        await goes_by(106)

    run(main)
    assert found.count(2) == looked


def test_what_is_old_is_found_when_everything_is_looked_at():
    alive = [0]

    async def main():
        in_a_cycle(alive)
        gc.freeze()
        gc.collect(0)
        assert alive == [1]
        gc.collect()
        assert alive == [0]
        assert gc.get_freeze_count() > len(gc.get_objects())

    run(main)


@pytest.mark.parametrize("forgotten", [0, 50], ids=["all of it kept", "as much forgotten"])
def test_who_leaves_a_cycle_each_time_holds_little_memory(forgotten, worked):
    alive, most, kept = [0], 0, deque([] for _ in range(forgotten * TIMES))

    async def main():
        nonlocal most
        for _ in range(TIMES):
            in_a_cycle(alive)
            kept.extend([] for _ in range(50))
            for _ in range(forgotten):
                kept.popleft()
            most = max(most, alive[0])
            await goes_by(0.001)

    run(main)
    assert most < TIMES / 10


def test_where_nothing_is_found_few_are_looked_at(worked, looks):
    kept, alive = [], [0]

    async def main():
        for number in range(2 * TIMES):
            kept.append([[] for _ in range(50)])
            if number >= TIMES:
                in_a_cycle(alive)
            await goes_by(0.001)
            if number == TIMES - 1:
                in_vain, looks[:] = list(looks), []
                assert len(in_vain) - in_vain.count(0) <= 4 + len(in_vain) / interpreter.PASSED_OVER

    run(main, looks)
    assert looks.count(0) <= interpreter.PASSED_OVER < len(looks) / 2


def test_never_are_too_many_looked_at(worked, looks):
    old = deque([] for _ in range(50_000))

    async def main():
        for _ in range(50_000):  # which Python does not count, as many are forgotten
            old.append([])
            old.popleft()
        old.extend([] for _ in range(interpreter.NEW[0]))
        await goes_by(1)

    run(main, looks)
    assert looks
    assert max(looks) <= interpreter.MOST


def test_who_is_asked_for_nothing_seldom_wakes_up(worked):
    worked.until = 0.0
    run(lambda: goes_by(60))
    assert worked.asked <= 2 * (60 / interpreter.SELDOM_S + 1)


def test_new_documents_leave_little_behind(replay, monkeypatch):
    """Who sends another text each time makes us validate it; graphql-core leaves its visitors."""
    monkeypatch.setattr("server.app.Interpreter", interpreter.Interpreter)
    times, left = 150, 0

    async def main():
        nonlocal left
        async with serving(httpx.MockTransport(replay)) as server:
            gc.collect()
            for number in range(times):
                text = f"{{ another{number}: pools(first: 1) {{ nodes {{ name }} }} }}"
                assert "errors" not in await server.ask(text)
            left = gc.collect()

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(main())
    assert left < times * UNSEEN / 3
