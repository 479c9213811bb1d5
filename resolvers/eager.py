"""Eager: work that has all it needs at hand is done at once; only what has to wait is a task.

Most of what a request reads is in memory. A task for each such read, and a turn of the
event loop for each task, would cost more than the reads. Nor is it one for standing in line.
"""

import asyncio
from asyncio import Task
from asyncio.tasks import _enter_task, _leave_task  # docs.python.org: "Extending asyncio"
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextvars import Context, copy_context
from types import coroutine
from typing import Any, TypeVar, cast

from sources.errors import forget

T = TypeVar("T")


class Turn(asyncio.Future[None]):
    """A turn to come, which work may wait for before it is a task: it goes on when it comes."""

    go_on: Callable[[], None] | None = None

    def come(self, refused: Exception | None = None) -> None:
        """It is here, or never will be."""
        if refused is None:
            self.set_result(None)
        else:
            self.set_exception(refused)
        if self.go_on is not None:
            self.go_on()


class InLine(asyncio.Future[T]):
    """Work that waits for its turn, and is no task unless it has to wait for something else."""

    def __init__(self, work: Coroutine[Any, Any, T], turn: Turn, context: Context) -> None:
        super().__init__()
        self._work = work
        self._context = context
        self._task: Task[T] | None = None
        turn.go_on = self._go_on

    def cancel(self, msg: Any | None = None) -> bool:
        """Stop it where it waits; it may still come to something."""
        if self.done():
            return False
        if self._task is not None:
            return self._task.cancel(msg)
        self._step(self._work.throw, asyncio.CancelledError())
        return True

    def _go_on(self) -> None:
        self._step(self._work.send, None)

    def _step(self, step: Callable[[Any], Any], given: Any) -> None:
        loop = self.get_loop()
        task = asyncio.current_task(loop)
        if task is not None:  # whose turn it was before
            _leave_task(loop, task)
        try:
            waits_for = self._context.run(step, given)
        except StopIteration as end:
            self.set_result(end.value)
        except asyncio.CancelledError:
            super().cancel()
        except Exception as error:
            self.set_exception(error)
        else:
            if isinstance(waits_for, Turn):
                waits_for.go_on = self._go_on
            else:
                self._task = _task(self._work, waits_for, self._context)
                self._task.add_done_callback(self._end)
        finally:
            if task is not None:
                _enter_task(loop, task)

    def _end(self, task: Task[T]) -> None:
        if task.cancelled():
            super().cancel()
        elif (error := task.exception()) is not None:
            self.set_exception(error)
        else:
            self.set_result(task.result())


def begun(work: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
    """Work, in a context of its own: done already, in line, or a task from where it has to wait."""
    [found] = first_steps([work], _waiting)
    if isinstance(found, asyncio.Future):
        return found
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    if isinstance(found, asyncio.CancelledError):
        done.cancel()
    elif isinstance(found, BaseException):
        done.set_exception(found)
    else:
        done.set_result(found)
    return done


def first_steps(
    works: Iterable[Coroutine[Any, Any, T]],
    waiting: Callable[..., Any] | None = None,
) -> "list[T | BaseException | Task[T]]":
    """What each work comes to, or the error that it ends with; a task where it has to wait.

    Until it waits it belongs to no task: what asks for its task (`asyncio.timeout`) must
    have waited for something before, and is told so by a RuntimeError otherwise. It has a
    context of its own from then on; what it changes before, it has to put back. `waiting`
    makes something else than a task of it.
    """
    loop, found = asyncio.get_running_loop(), list[Any]()
    context, task = copy_context(), asyncio.current_task(loop)
    if task is not None:
        _leave_task(loop, task)
    try:
        for work in works:
            try:
                waits_for = context.run(work.send, None)
            except StopIteration as end:
                found.append(end.value)
            except (Exception, asyncio.CancelledError) as error:
                found.append(error)
            else:
                found.append((waiting or _task)(work, waits_for, context))
                context = copy_context()
    finally:
        if task is not None:
            _enter_task(loop, task)
    return found


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> "list[T | BaseException]":
    """What each of them comes to, or the error that it ends with."""
    found = first_steps(works)
    waiting = [one for one in found if isinstance(one, asyncio.Task)]
    if waiting:
        await asyncio.gather(*waiting, return_exceptions=True)
    return [outcome(one) if isinstance(one, asyncio.Task) else one for one in found]


async def gathered(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What each of them comes to; the first error as soon as there is one."""
    found = first_steps(works)
    errors = [one for one in found if isinstance(one, BaseException)]
    for error in errors[1:]:  # of which nobody is told: how they were raised would hold on to all
        forget(error)
    waiting = [one for one in found if isinstance(one, asyncio.Task)]
    if errors:
        asyncio.gather(*waiting, return_exceptions=True)  # they go on, and nobody is told either
        raise errors[0]
    await asyncio.gather(*waiting)
    return [one.result() if isinstance(one, asyncio.Task) else cast("T", one) for one in found]


def outcome(done: "asyncio.Future[Any]") -> Any:
    """The value, or the error, of what is done, which no longer keeps how that was raised."""
    try:
        return done.result()
    except (Exception, asyncio.CancelledError) as error:
        return error
    finally:
        del done


def _waiting(work: Coroutine[Any, Any, T], waits_for: Any, context: Context) -> asyncio.Future[T]:
    """Work that waits for something, perhaps its turn."""
    if isinstance(waits_for, Turn):
        return InLine(work, waits_for, context)
    return _task(work, waits_for, context)


def _task(work: Coroutine[Any, Any, T], waits_for: Any, context: Context) -> Task[T]:
    going_on = _going_on(work, waits_for)
    going_on.send(None)  # a task that is cancelled before it begins would not even tell the work
    return asyncio.get_running_loop().create_task(going_on, context=context)


async def _going_on(work: Coroutine[Any, Any, T], waits_for: Any) -> T:
    """The rest of work whose first step is done, and that waits for something now."""
    return await _steps(work, waits_for)


@coroutine  # which no task takes from Python 3.12 on
def _steps(work: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    step: Callable[[Any], Any] = _given
    given = waits_for
    try:
        yield  # its task has yet to begin
    except BaseException as error:
        step, given = work.throw, error
    while True:
        try:
            waits_for = step(given)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            given = None  # an error keeps this frame, which must not keep the error
        if waits_for is not None:
            waits_for._asyncio_future_blocking = True  # as a future says to whom it is awaited by
        try:
            given = yield waits_for
        except BaseException as error:
            step, given = work.throw, error
        else:
            step = work.send


def _given(first: Any) -> Any:
    return first
