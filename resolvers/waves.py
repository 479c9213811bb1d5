"""Waves: keys that are asked for together, answered together, one batch for each kind.

What `aiodataloader` does for those who wait in tasks, for one who does not: who runs a
whole operation asks for all the keys of a level, and then has them answered. Both share
what is known, so that a key is answered once whoever asks.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from resolvers.eager import first_steps, outcome
from schema.key import Key

Future = asyncio.Future[Any]
PENDING: Any = object()


class Known:
    """What became of the keys of one request: PENDING, then the answer, or why there is none.

    Only who waits for one key alone needs a future; who waits for several hears of news.
    """

    def __init__(self) -> None:
        self.values: dict[Key[Any], Any] = {}
        self._pending = 0
        self._failed = False
        self._futures: dict[Key[Any], Future] = {}
        self._waiting: list[Future] = []
        self._settled = False  # once and for all

    @property
    def well(self) -> bool:
        """Whether all that was asked for so far has been answered."""
        return not self._pending and not self._failed

    def ask(self, keys: Iterable[Key[Any]]) -> Iterable[Key[Any]]:
        """Those of them that nobody has asked for yet, which are pending from now on."""
        values, new = self.values, dict.fromkeys(keys, PENDING)
        if not values.keys().isdisjoint(new):
            new = {key: PENDING for key in new if key not in values}
        values.update(new)
        self._pending += len(new)
        return new

    def settle(self, keys: Sequence[Key[Any]], values: Sequence[Any]) -> None:
        """They are answered by these values, or failed with these exceptions."""
        if self._settled:
            return
        self.values.update(zip(keys, values, strict=True))
        self._pending -= len(keys)
        self._failed = self._failed or _failed(values)
        if self._futures:
            for key, value in zip(keys, values, strict=True):
                future = self._futures.get(key)
                if future is not None and not future.done():
                    _finish(future, value)
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    def settle_all(self, error: BaseException) -> None:
        """All that is pending failed with it; what comes after that is ignored."""
        pending = [key for key, value in self.values.items() if value is PENDING]
        self.settle(pending, [error] * len(pending))
        self._settled = True

    def follow(self, key: Key[Any], future: Future) -> None:
        """It is what somebody else finds."""
        self.values[key], self._futures[key] = PENDING, future
        self._pending += 1
        future.add_done_callback(lambda done: self.settle([key], [outcome(done)]))

    def answer(self, key: Key[Any]) -> Any:
        """The answer to a key that has been answered; the exception that it failed with."""
        value = self.values[key]
        if isinstance(value, BaseException):
            self.future(key).result()  # which raises it as it was first raised
        return value

    def future(self, key: Key[Any]) -> Future:
        """Done when a key that was asked for is answered; who waits for it must not cancel it."""
        future = self._futures.get(key)
        if future is None:
            future = self._futures[key] = asyncio.get_running_loop().create_future()
            if (value := self.values[key]) is not PENDING:
                _finish(future, value)
        return future

    async def news(self) -> None:
        """Wait until another key has been answered: who waits for several looks which."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting


class Waves:
    """One request's keys, a level at a time; `answer` is the call of one batch."""

    def __init__(
        self, known: Known, answer: Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]
    ) -> None:
        self.known = known
        self._answer = answer
        self.asked: list[Key[Any]] = []  # to be answered by the next `answer`

    def answer(self) -> None:
        """Have all that was asked for answered: at once, where all it takes is at hand."""
        asked, self.asked = self.known.ask(self.asked), []
        keys: dict[type, list[Key[Any]]] = {}
        for kind, some in groupby(asked, type):
            keys.setdefault(kind, []).extend(some)
        batches = first_steps([self._answer(each) for each in keys.values()])
        done: list[Key[Any]] = []
        values: list[Any] = []
        for batch, each in zip(batches, keys.values(), strict=True):
            if batch.__class__ is list and len(batch) == len(each):
                done += each
                values += batch
            elif isinstance(batch, asyncio.Task):
                batch.add_done_callback(partial(self._later, each))
            else:
                self._settle(each, batch)
        if done:
            self.known.settle(done, values)

    def _later(self, keys: list[Key[Any]], batch: Future) -> None:
        self._settle(keys, outcome(batch))

    def _settle(self, keys: list[Key[Any]], found: Any) -> None:
        """Hand the answers of a batch to those who wait for its keys."""
        if not isinstance(found, BaseException) and len(found) != len(keys):
            found = RuntimeError(f"{len(found)} answers to {len(keys)} {type(keys[0]).__name__}")
        self.known.settle(keys, [found] * len(keys) if isinstance(found, BaseException) else found)


def unanswered(values: Iterable[Any]) -> bool:
    """Whether some are pending, or failed."""
    for value in values:  # noqa: SIM110 - in half the time of `any`
        if value is PENDING or isinstance(value, BaseException):
            return True
    return False


def _failed(values: Sequence[Any]) -> bool:
    return any(issubclass(kind, BaseException) for kind in {*map(type, values)})


def _finish(future: Future, value: Any) -> None:
    if isinstance(value, BaseException):
        future.set_exception(value)
        future.exception()  # it is known to us, whether or not a field waits for it
    else:
        future.set_result(value)
