"""Executors: what graphql-core and the compiled executor take for the same, in one run.

    python -m bench.executor [query ...]      golden queries of Nantes; some of them if none

Everything is in memory and the clock stands still. Of each query: the CPU time of one
execution by either, their ratio, and of that by the compiled executor what is left when
each of its keys has been answered before (`code`: the generated code and its steps, without
the answers' own work); and how long it takes to plan the document and to compile it.
Medians of alternating rounds. The two answers are compared before anything is measured.
"""

import asyncio
import gc
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import httpx
import structlog

import schema
from resolvers import Loaders
from server.compiled.compared import alike
from server.execution import Executor
from server.planning import Plan, Planner
from server.settings import Settings
from sources.timetable import Timetable
from tests.conftest import HERE, Replay, serving

ROUNDS, EACH_S = 7, 0.05
SOME = ("home_screen", "pools", "stops", "departures", "menus", "vehicles", "places", "routes")
SETTINGS = Settings(warm=False)


async def main(names: list[str]) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    built = schema.build()._schema
    folder = Path(tempfile.mkdtemp(prefix="poche-bench-"))
    print(f"{'':22}{'graphql-core':>14}{'compiled':>10}{'ratio':>7}{'code':>8}{'ratio':>7}"
          f"{'plan':>9}{'compile':>9}")  # fmt: skip
    async with serving(httpx.MockTransport(Replay()), data=folder) as server:

        def loaders(kind: type[Loaders]) -> Loaders:
            return kind(server.app.state.editions.sources, server.clock(), "nantes")

        await loaders(Loaders).collection(Timetable, "nantes")  # which is still being made
        executor = Executor(built, loaders, SETTINGS)
        for name in names:
            await _measured(name, executor, loaders)


async def _measured(
    name: str, executor: Executor, loaders: Callable[[type[Loaders]], Loaders]
) -> None:
    text = (HERE / "queries" / f"{name}.graphql").read_text("utf-8")
    planner, compiled = Planner(executor.schema, SETTINGS), executor.compiled
    assert compiled is not None
    plan = planner.plan(text)
    operation = plan.operation(None)
    key = operation.name.value if operation.name else None
    known = compiled.known(plan.document, operation)

    async def interpreted() -> Any:
        return await executor._interpreted(plan, key, None, loaders(Loaders))

    async def by_code(context: Loaders | None = None) -> Any:
        return await compiled.execute(known, context or loaders(Loaders), None)

    await interpreted()
    assert alike(await interpreted()) == alike(await by_code())
    answered = loaders(Loaders)
    await by_code(answered)
    times: dict[str, list[float]] = {"core": [], "compiled": [], "code": []}
    for _ in range(ROUNDS):
        times["core"].append(await _each_us(interpreted))
        times["compiled"].append(await _each_us(by_code))
        times["code"].append(await _each_us(lambda: by_code(answered)))
    core, whole, code = (median(some) for some in times.values())
    plan_ms, compile_ms = _first_ms(planner, executor, text)
    print(f"{name:22}{core:11.0f} us{whole:7.0f} us{core / whole:7.1f}{code:5.0f} us"
          f"{core / code:7.1f}{plan_ms:6.1f} ms{compile_ms:6.1f} ms")  # fmt: skip


async def _each_us(work: Callable[[], Awaitable[Any]]) -> float:
    """Microseconds of CPU that it takes, with the collector of cycles off."""
    gc.collect()
    gc.disable()
    count, began = 0, process_time()
    while (took := process_time() - began) < EACH_S:
        await work()
        count += 1
    gc.enable()
    return took / count * 1e6


def _first_ms(planner: Planner, executor: Executor, text: str) -> tuple[float, float]:
    """Milliseconds of CPU for a text never seen before: to plan it, and to compile it."""
    planned, compiled = [], []
    for turn in range(1, ROUNDS + 1):
        began = process_time()
        plan: Plan = planner.plan(text + " " * turn)
        planned.append(process_time() - began)
        began = process_time()
        assert executor.compiled is not None
        known = executor.compiled.known(plan.document, plan.operation(None))
        values = known.variables.values({})
        assert values is not None
        executor.compiled.program(known, values)
        compiled.append(process_time() - began)
    return median(planned) * 1e3, median(compiled) * 1e3


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or list(SOME)))
