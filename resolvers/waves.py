"""Waves: keys that are asked for together, answered together, one batch for each kind.

What `aiodataloader` does for those who wait in tasks, for one who does not: who runs a
whole operation asks for all the keys of a level, and then has them answered. Both share
what is known, so that a key is answered once whoever asks.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from resolvers.eager import first_steps, outcome
from schema.key import Key

Future = asyncio.Future[Any]
PENDING: Any = object()


class News:
    """That some key of a request has been answered: who waits for several looks which."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Future] = []

    async def come(self) -> None:
        """Wait for the next."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def tell(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                if not one.done():
                    one.set_result(None)


class Outcome:
    """What becomes of a key that was asked for: PENDING, then its answer, or why there is none.

    Only who waits for it alone needs a future.
    """

    value: Any = PENDING
    _future: Future | None = None

    def settle(self, value: Any) -> None:
        """It is this, or the exception that it failed with; what comes after that is ignored."""
        if self.value is not PENDING:  # abandoned
            return
        self.value = value
        if self._future is not None and not self._future.done():
            _finish(self._future, value)

    def answer(self) -> Any:
        """The answer to a key that has been answered; the exception that it failed with."""
        if isinstance(self.value, BaseException):
            self.waited_for().result()  # which raises it as it was first raised
        return self.value

    def follow(self, future: Future, news: News) -> None:
        """It is what somebody else finds."""

        def found(done: Future) -> None:
            self.settle(outcome(done))
            news.tell()

        self._future = future
        future.add_done_callback(found)

    def waited_for(self) -> Future:
        """Done when it is settled; who waits for it must not cancel it."""
        if self._future is None:
            self._future = asyncio.get_running_loop().create_future()
            if self.value is not PENDING:
                _finish(self._future, self.value)
        return self._future


class Waves:
    """One request's; `known` are the outcomes of all keys, `news` is told when there are others.

    `answer` is the call of one batch.
    """

    def __init__(
        self,
        known: dict[Key[Any], Outcome],
        news: News,
        answer: Callable[[list[Any]], Coroutine[Any, Any, list[Any]]],
    ) -> None:
        self.news = news
        self._known = known
        self._answer = answer
        self._asked: dict[type, tuple[list[Key[Any]], list[Outcome]]] = {}

    def ask(self, keys: Sequence[Key[Any]]) -> list[Outcome]:
        """The outcome of each key; of those that nobody has asked for yet, after the `answer`."""
        new = [Outcome() for _ in keys]
        known = list(map(self._known.setdefault, keys, new))  # which takes a hash once
        for key, one, mine in zip(keys, known, new, strict=True):
            if one is mine:
                asked = self._asked.get(key.__class__)
                if asked is None:
                    asked = self._asked[key.__class__] = [], []
                asked[0].append(key)
                asked[1].append(one)
        return known

    def answer(self) -> None:
        """Have all that was asked for answered: at once, where all it takes is at hand."""
        asked, self._asked = self._asked, {}
        batches = first_steps([self._answer(keys) for keys, _ in asked.values()])
        for batch, (keys, outcomes) in zip(batches, asked.values(), strict=True):
            if isinstance(batch, asyncio.Task):
                batch.add_done_callback(partial(self._later, keys, outcomes))
            else:
                _settle(keys, outcomes, batch)
        self.news.tell()

    def _later(self, keys: list[Key[Any]], outcomes: list[Outcome], batch: Future) -> None:
        _settle(keys, outcomes, outcome(batch))
        self.news.tell()


def _settle(keys: list[Key[Any]], outcomes: list[Outcome], found: Any) -> None:
    """Hand the answers of a batch to those who wait for its keys."""
    if not isinstance(found, BaseException) and len(found) != len(keys):
        found = RuntimeError(f"{len(found)} answers to {len(keys)} {type(keys[0]).__name__}")
    values = [found] * len(keys) if isinstance(found, BaseException) else found
    for one, value in zip(outcomes, values, strict=True):
        one.settle(value)


def _finish(future: Future, value: Any) -> None:
    if isinstance(value, BaseException):
        future.set_exception(value)
        future.exception()  # it is known to us, whether or not a field waits for it
    else:
        future.set_result(value)
