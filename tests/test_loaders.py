"""What loaders promise: each key once, many keys in one call, and no failure that spreads."""

import asyncio

import pytest

from resolvers import loaders
from resolvers.loaders import Loaders, answers, answers_many
from schema.key import Key
from tests.conftest import NOW

pytestmark = pytest.mark.anyio


class Doubled(Key[int]):
    number: int
    city: str = "nantes"


@pytest.fixture(autouse=True)
def _registry(monkeypatch):
    monkeypatch.setattr(loaders, "registered", {})


@pytest.fixture
def ask():
    return Loaders(sources=None, now=NOW, home="nantes")


async def test_many_keys_make_one_call(ask):
    batches = []

    @answers_many(Doubled, "city")
    async def doubled(ask, keys):
        batches.append(keys)
        return [2 * key.number for key in keys]

    assert await ask.load_many([Doubled(1), Doubled(2), Doubled(1)]) == [2, 4, 2]
    assert batches == [[Doubled(1), Doubled(2)]]


async def test_a_failure_is_that_of_its_own_group(ask):
    @answers_many(Doubled, "city")
    async def doubled(ask, keys):
        if keys[0].city == "atlantis":
            raise ValueError("sunk")
        return [2 * key.number for key in keys]

    keys = [Doubled(1), Doubled(2, "atlantis"), Doubled(3)]
    one, two, three = await asyncio.gather(*map(ask.load, keys), return_exceptions=True)

    assert (one, three) == (2, 6)
    assert isinstance(two, ValueError)


async def test_a_failure_is_that_of_its_own_key(ask):
    @answers(Doubled)
    async def doubled(ask, key):
        return 12 // key.number

    good, bad = await asyncio.gather(
        ask.load(Doubled(6)), ask.load(Doubled(0)), return_exceptions=True
    )

    assert good == 2
    assert isinstance(bad, ZeroDivisionError)


async def test_one_waiter_that_is_cancelled_takes_nobody_along(ask):
    gate = asyncio.Event()

    @answers(Doubled)
    async def doubled(ask, key):
        await gate.wait()
        return 2 * key.number

    impatient = asyncio.create_task(ask.load(Doubled(1)))
    patient = asyncio.create_task(ask.load(Doubled(1)))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    gate.set()

    assert await patient == 2


async def test_a_batch_that_is_cancelled_does_not_leave_its_keys_waiting(ask):
    @answers_many(Doubled, "city")
    async def doubled(ask, keys):
        raise asyncio.CancelledError

    with pytest.raises(RuntimeError):
        async with asyncio.timeout(5):
            await ask.load(Doubled(1))
