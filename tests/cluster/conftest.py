"""A real cluster (`examples/cluster/run.py`) over the sandbox."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from small_city import PEPPER, run, small

from sandbox.serve import running
from sandbox.world import World
from tests.faults.town import Outside


@pytest.fixture(scope="session")
def world() -> Iterator[Outside]:
    with running(World()) as url:
        found = Outside(url)
        yield found
        found.close()


@pytest.fixture(scope="session")
def cluster(world: Outside) -> Iterator[run.Cluster]:
    """One for all tests: each leaves it as it found it, with three replicas that are well."""
    with TemporaryDirectory(prefix="cluster-") as name:
        folder = Path(name)
        (folder / "cities").mkdir()
        settings = {
            "POCHE_CITIES": str(small(folder / "cities")),
            "POCHE_PEPPER": PEPPER,
            "POCHE_RATE": "0",
        }
        try:
            cluster = run.Cluster(folder, world.url, **settings)
        except run.Missing as missing:
            pytest.skip(str(missing))
        with cluster:
            yield cluster


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
