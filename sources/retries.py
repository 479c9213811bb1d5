"""Retries: whether another try of the same call may help."""

import asyncio

from sources.errors import SourceError
from sources.upstreams import PATIENCE_S

MARGIN_S = 0.1


class Passing(Exception):
    """A failure that another try may mend; `error` is what it is if none does."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(error.detail)
        self.error = error


def never(_: Exception) -> bool:
    """What changes something there is not tried again here: who sent it finds out if it was."""
    return False


def again(limit: asyncio.Timeout, error: Exception) -> bool | float:
    """Whether another try may help: soon, or in the seconds that the upstream asks for.

    `limit` is when the whole call has to end.
    """
    if not isinstance(error, Passing):
        return False
    wait, until = error.error.retry_after_s, limit.when()
    if not wait or until is None:
        return True
    left = until - asyncio.get_running_loop().time()
    return wait + MARGIN_S if wait + MARGIN_S < min(left, PATIENCE_S) else False
