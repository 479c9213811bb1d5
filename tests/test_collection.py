"""A collection's indexes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sources.collection import Collection

NOW = datetime(2026, 11, 24, tzinfo=UTC)
NOBODYS: Any = None  # no binding


def test_a_group_that_nothing_is_in_is_none_of_them() -> None:
    groups = Collection(NOBODYS, ("tram", "bus", "boat"), 0, NOW).grouped(len)
    with pytest.raises(KeyError):
        groups[5]
    assert groups == {4: ["tram", "boat"], 3: ["bus"]}
