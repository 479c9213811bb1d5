"""Eager: work that has all it needs at hand is done at once; only what has to wait is a task.

Most of what a request reads is in memory. A task for each such read, and a turn of the
event loop for each task, would cost more than the reads.
"""

import asyncio
from asyncio.tasks import _enter_task, _leave_task  # docs.python.org: "Extending asyncio"
from collections.abc import Coroutine, Generator, Iterable
from contextvars import copy_context
from functools import partial
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def begun(work: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
    """Work, in a context of its own: done already, or a task from where it has to wait.

    Until then it belongs to no task: what asks for its task (`asyncio.timeout`) must
    have waited for something before, and is told so by a RuntimeError otherwise.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    context, task = copy_context(), asyncio.current_task()
    if task is not None:
        _leave_task(loop, task)
    try:
        waits_for = context.run(work.send, None)
    except StopIteration as end:
        done.set_result(end.value)
    except asyncio.CancelledError:
        done.cancel()
    except Exception as error:
        done.set_exception(error)
    else:
        return loop.create_task(_going_on(work, waits_for), context=context)
    finally:
        if task is not None:
            _enter_task(loop, task)
    return done


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> "list[T | BaseException]":
    """What each of them comes to, or the error that it ends with."""
    going = [begun(work) for work in works]
    waiting = [one for one in going if not one.done()]
    if waiting:
        await asyncio.gather(*waiting, return_exceptions=True)
    return [outcome(one) for one in going]


async def gathered(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What each of them comes to; the first error as soon as there is one."""
    going = [begun(work) for work in works]
    if all(one.done() and not one.cancelled() and one.exception() is None for one in going):
        return [one.result() for one in going]
    return await asyncio.gather(*going)


def outcome(done: "asyncio.Future[Any]") -> Any:
    """The value, or the error, of what is done."""
    if done.cancelled():
        return asyncio.CancelledError()
    error = done.exception()
    return done.result() if error is None else error


async def _going_on(work: Coroutine[Any, Any, T], waits_for: Any) -> T:
    """The rest of work whose first step is done, and that waits for something now."""
    return await _steps(work, waits_for)


@coroutine  # which no task takes from Python 3.12 on
def _steps(work: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    while True:
        if waits_for is not None:
            waits_for._asyncio_future_blocking = True  # as a future says to whom it is awaited by
        try:
            sent = yield waits_for
        except BaseException as error:
            step = partial(work.throw, error)
        else:
            step = partial(work.send, sent)
        try:
            waits_for = step()
        except StopIteration as end:
            value: T = end.value
            return value
