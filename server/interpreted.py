"""Interpreted: an operation as graphql-core executes it, whole or in parts."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLError,
    GraphQLSchema,
    experimental_execute_incrementally,
)
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.execution.incremental.incremental_executor import IncrementalExecutor

from resolvers import Loaders
from server.errors import RequestError, shorten
from server.explain import Explained
from sources.tracing import step

InParts = ExperimentalIncrementalExecutionResults
T = TypeVar("T")


async def executed(
    schema: GraphQLSchema,
    document: DocumentNode,
    name: str | None,
    variables: dict[str, Any] | None,
    context: Loaders,
    *,
    hide: bool,
    parts: bool = False,
) -> ExecutionResult | InParts:
    """The result, or its first part and those to come; RequestError (422).

    It is whole but with `parts`, and then, too, if the variables say that nothing is to come
    later. What comes later is begun at once, for its sources to be asked together with the others.
    `hide` suggestions in errors.
    """
    with step("execute", {"poche.executor": "graphql-core"}):
        result = experimental_execute_incrementally(  # `execute` refuses one that has `@defer`
            schema,
            document,
            context_value=context,
            variable_values=variables,
            operation_name=name,
            hide_suggestions=hide,
            middleware=context.watching if isinstance(context, Explained) else None,
            executor_class=IncrementalExecutor if parts else ExecutorThrowingOnIncremental,
            enable_early_execution=parts,
        )
        if not isinstance(result, ExecutionResult | ExperimentalIncrementalExecutionResults):
            result = await _finished(result, context)
    if isinstance(result, ExecutionResult):
        _check(result)
    return result


async def _finished(executing: Awaitable[T], context: Loaders) -> T:
    """What comes of it, unless whoever asked goes.

    Then it is not cancelled but runs dry: graphql-core would leave coroutines behind
    that it has made and not begun, each with a warning.
    """
    task = asyncio.ensure_future(executing)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        context.abandon()
        await asyncio.wait((task,))
        begun = None if task.cancelled() or task.exception() else task.result()
        if isinstance(begun, ExperimentalIncrementalExecutionResults):
            await begun.subsequent_results.aclose()
        raise


def _check(result: ExecutionResult) -> None:
    """RequestError (422) if it could not begin: variables that cannot be coerced."""
    if result.data is None and result.errors and result.errors[0].path is None:
        for error in result.errors:
            shorten(error)
            error.extensions = {**_variable(error), **(error.extensions or {})}
        raise RequestError(422, *result.errors)


def _variable(error: GraphQLError) -> dict[str, Any]:
    names = [node.variable.name.value for node in error.nodes or () if hasattr(node, "variable")]
    return {"code": "BAD_USER_INPUT", "argumentPath": [f"${name}" for name in names]}
