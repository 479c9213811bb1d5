"""Waves: keys that are asked for together, answered together, one batch for each kind.

What `aiodataloader` does for those who wait in tasks, for one who does not: who runs a
whole operation asks for all the keys of a level, and then has them answered. Both share
what is known, so that a key is answered once whoever asks.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from resolvers.eager import begun, outcome
from schema.key import Key

Future = asyncio.Future[Any]
Asked = tuple[list[Key[Any]], list[Future]]


class Waves:
    """One request's; `known` are the futures of all keys, `answer` the call of one batch."""

    def __init__(
        self,
        known: dict[Key[Any], Future],
        answer: Callable[[list[Any]], Coroutine[Any, Any, list[Any]]],
    ) -> None:
        self._known = known
        self._answer = answer
        self._asked: dict[type, Asked] = {}

    def ask(self, key: Key[Any]) -> Future:
        """The future of a key; of one that nobody has asked for yet, after the next `answer`."""
        new = asyncio.get_running_loop().create_future()
        future = self._known.setdefault(key, new)  # which takes its hash once
        if future is new:
            asked = self._asked.get(type(key))
            if asked is None:
                asked = self._asked[type(key)] = [], []
            asked[0].append(key)
            asked[1].append(future)
        return future

    def answer(self) -> None:
        """Have all that was asked for answered: at once, where all it takes is at hand."""
        asked, self._asked = self._asked, {}
        for keys, futures in asked.values():
            batch = begun(self._answer(keys))
            if batch.done():
                _settle(keys, futures, batch)
            else:
                batch.add_done_callback(partial(_settle, keys, futures))


def _settle(
    keys: list[Key[Any]], futures: list[Future], batch: "asyncio.Future[list[Any]]"
) -> None:
    """Hand the answers of a batch to those who wait for its keys."""
    found = outcome(batch)
    if not isinstance(found, BaseException) and len(found) != len(keys):
        found = RuntimeError(f"{len(found)} answers to {len(keys)} {type(keys[0]).__name__}")
    values = [found] * len(keys) if isinstance(found, BaseException) else found
    for future, value in zip(futures, values, strict=True):
        if future.done():  # abandoned
            continue
        if isinstance(value, Exception):
            future.set_exception(value)
            future.exception()  # it is known to us, whether or not a field waits for it
        else:
            future.set_result(value)
