"""Compared: whether what is compiled answers as graphql-core does, on a sample of live traffic."""

from collections import Counter

import orjson
import structlog
from graphql import ExecutionResult

log = structlog.get_logger("server")

ONE_IN = 10  # executions


class Compared:
    """Which executions are done twice, and what that showed."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()  # `same` and `different` ones
        self._executions = 0

    def due(self) -> bool:
        """Whether this execution is one of the sample, of which the first is."""
        self._executions += 1
        return self._executions % ONE_IN == 1

    def right(
        self, compiled: ExecutionResult, other: ExecutionResult, operation: str | None
    ) -> ExecutionResult:
        """The result to give: the compiled one, unless graphql-core's is another."""
        same = alike(compiled) == alike(other)
        self.counts["same" if same else "different"] += 1
        if same:
            return compiled
        log.error("compiled differs", operation=operation, paths=_apart(compiled, other))
        return other


def alike(result: ExecutionResult) -> tuple[bytes, list[bytes]]:
    """What two results that are the same have in common: data as written, errors in any order."""
    errors = (orjson.dumps(error.formatted) for error in result.errors or ())
    return orjson.dumps(result.data), sorted(errors)


def _apart(one: ExecutionResult, other: ExecutionResult) -> list[str]:
    """The root fields that differ; no values, which may be anybody's."""
    mine, theirs = (orjson.loads(orjson.dumps(found.data)) or {} for found in (one, other))
    keys = [key for key in theirs if orjson.dumps(mine.get(key)) != orjson.dumps(theirs[key])]
    return keys or ["errors"]
