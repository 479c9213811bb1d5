"""A world to suffer in, at an early hour."""

from collections.abc import Iterator
from functools import cache

import pytest

import schema
from tests.conftest import Clock
from tests.faults.town import Outside, early, outside

build = cache(schema.build)  # the same for all the applications that have one bad day each


@pytest.fixture(autouse=True)
def _built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "build", build)


@pytest.fixture
def clock() -> Clock:
    return early()


@pytest.fixture
def world(clock: Clock) -> Iterator[Outside]:
    with outside(clock) as found:
        yield found
