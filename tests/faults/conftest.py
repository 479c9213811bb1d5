"""A world to suffer in, at an early hour."""

from collections.abc import Iterator

import pytest

from tests.conftest import Clock
from tests.faults.town import Outside, early, outside


@pytest.fixture
def clock() -> Clock:
    return early()


@pytest.fixture
def world(clock: Clock) -> Iterator[Outside]:
    with outside(clock) as found:
        yield found
