"""The shared store's tests run over Valkey and over Debian's Redis."""

from collections.abc import Iterator

import pytest
from keepers import Keeper, Redis, Valkey, running


@pytest.fixture(params=[Valkey, Redis], ids=["valkey", "redis"])
def valkey(request: pytest.FixtureRequest) -> Iterator[Keeper]:
    """Both, unless a test says which: what is promised of one holds for the other."""
    with running(request.param) as server:
        yield server
