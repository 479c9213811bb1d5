"""Both executors over one application's sources, its clock standing still."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from graphql import ExecutionResult

import schema
from resolvers import Loaders
from server.compiled.compared import alike
from server.execution import Executor
from server.planning import Plan, Planner
from server.settings import Settings
from sources import Sources
from tests.conftest import NOW, Replay, serving

SCHEMA = schema.build()._schema
SETTINGS = Settings(warm=False, max_tokens=4_000)
PLANNER = Planner(SCHEMA, SETTINGS)


@dataclass
class Both:
    """One city's sources, and who executes over them."""

    runner: asyncio.Runner
    sources: Sources
    city: str
    replay: Replay

    def __post_init__(self) -> None:
        self.executor = Executor(SCHEMA, self.loaders, SETTINGS)
        assert self.executor.compiled is not None
        self.compiled = self.executor.compiled
        self.encoded = self.compiled._generator.encoded
        self.encoded.patient = False  # the second execution uses what the first one kept

    def loaders(self, kind: type[Loaders] = Loaders) -> Loaders:
        return kind(self.sources, NOW, self.city)

    def run(
        self, plan: Plan, variables: dict[str, Any] | None = None, name: str | None = None
    ) -> tuple[ExecutionResult | None, ExecutionResult]:
        """What each of them finds, of loaders of its own; None where the first leaves it."""
        self.runner.run(self._run(plan, variables, name))  # which of two sources failed first
        first, second = self.runner.run(self._run(plan, variables, name))
        (compiled, mine), (interpreted, theirs) = first, second
        if compiled is not None:
            assert alike(compiled) == alike(interpreted)
            assert told(mine) == told(theirs)
            compiled.data = orjson.loads(orjson.dumps(compiled.data))
        return compiled, interpreted

    async def _run(self, plan: Plan, variables: Any, name: str | None) -> Any:
        operation = plan.operation(name)
        key = operation.name.value if operation.name else None
        mine, theirs = self.loaders(), self.loaders()
        known = self.executor._known(self.compiled, plan, key)
        compiled = await self.compiled.execute(known, mine, variables)
        interpreted = await self.executor._interpreted(plan, key, variables, theirs)
        return (compiled, mine), (interpreted, theirs)


def told(context: Loaders) -> dict[str, Any]:
    """What an answer rests on, and until when it holds."""
    return {
        "sources": set(context.touched),
        "keys": {source: set(keys) for source, keys in context.keys.items()},
        "reads": {what for what, _ in context.reads},
        "lacks": context.lacks,
        "until": context.until,
        "spoken": context.spoken,
    }


@contextmanager
def both(city: str = "nantes", broken: Any = None) -> Iterator[Both]:
    """An application of a city, every upstream of which is as `broken` says."""
    replay = Replay()
    if broken is not None:
        replay.broken = _Every(broken)
    with asyncio.Runner() as runner:
        serves = serving(httpx.MockTransport(replay), city=city)
        server = runner.run(serves.__aenter__())
        yield Both(runner, server.app.state.editions.sources, city, replay)
        runner.run(serves.__aexit__(None, None, None))


class _Every(dict[str, Any]):
    """One answer of every table."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self._answer = answer

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, _: str) -> Any:
        return self._answer
