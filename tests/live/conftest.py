"""A city online, its clock standing still."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Clock, Replay
from tests.live.online import Online, running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def city(replay: Replay, clock: Clock) -> AsyncIterator[Online]:
    async with running(replay, clock) as online:
        yield online
