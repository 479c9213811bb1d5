"""Nobody waits for Python's own housekeeping."""

import asyncio
import gc
import sys
from dataclasses import dataclass
from threading import Thread

import pytest

from sources.collection import LARGE, PIECE, Collection
from tests.conftest import NOW
from tests.leaping import LeapingLoop, goes_by

pytestmark = pytest.mark.anyio


@dataclass(eq=False)
class Thing:
    """Counts how many of it there are."""

    alive: list[int]

    def __post_init__(self) -> None:
        self.alive[0] += 1

    def __del__(self) -> None:
        self.alive[0] -= 1


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


class Quiet:
    """Processor time that goes on only when it is told to."""

    def __init__(self) -> None:
        self.busy_until = 0.0

    def process_time(self) -> float:
        now = asyncio.get_running_loop().time()
        return min(now, self.busy_until)


@pytest.mark.parametrize(("busy_until", "looked"), [(0.0, 1), (700.0, 1), (710.0, 0)])
def test_everything_is_looked_through_when_nobody_asks(monkeypatch, busy_until, looked):
    from server import interpreter

    quiet, looks = Quiet(), []
    quiet.busy_until = busy_until
    monkeypatch.setattr(interpreter, "time", quiet)
    monkeypatch.setattr(gc, "collect", lambda: looks.append(1))
    usual = gc.get_threshold(), sys.getswitchinterval()

    async def main() -> None:
        python = interpreter.Interpreter()
        assert gc.get_threshold() == interpreter.YOUNG
        assert sys.getswitchinterval() == pytest.approx(interpreter.SWITCH_S)
        await goes_by(interpreter.EACH_S + 105)
        python.close()

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(main())
    assert len(looks) == looked
    assert (gc.get_threshold(), sys.getswitchinterval()) == usual
    assert gc.get_freeze_count() == 0
