"""Execution: how a document becomes a plan, once, and a plan an answer, many times."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import uuid4

import structlog
from cachebox import LRUCache
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
    parse,
    validate,
)

from resolvers import Loaders
from server.errors import argument_path
from sources.cache import deadline

log = structlog.get_logger("server")

MAX_ERRORS = 100  # of validation; graphql-core keeps 50 of coercion
PLANS = 1_000


class RequestError(Exception):
    """A request that never executes: its HTTP status and the errors to show."""

    def __init__(self, status: int, *errors: GraphQLError) -> None:
        super().__init__(errors[0].message if errors else "")
        self.status = status
        self.errors = errors


@dataclass(frozen=True)
class Plan:
    """A document that may be executed, and the operations in it by name."""

    document: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The one to execute; RequestError (422) if that cannot be told."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            known = ", ".join(f"`{word}`" for word in self.operations if word) or "none named"
            message = f"`operationName` must say which operation is meant: {known}."
            raise RequestError(422, _coded(message, "OPERATION_RESOLUTION_FAILURE"))
        return self.operations[name]


class Planner:
    """Plans by document text: parsed and validated once, then remembered."""

    def __init__(self, schema: GraphQLSchema, *, max_tokens: int, max_source: int) -> None:
        self._schema = schema
        self._max_tokens = max_tokens
        self._max_source = max_source
        self._plans: LRUCache[str, Plan | RequestError] = LRUCache(PLANS)

    def plan(self, text: str) -> Plan:
        """The plan of a document; RequestError (400 unreadable, 422 invalid)."""
        known = self._plans.get(text)
        if known is None:
            try:
                known = self._made(text)
            except RequestError as error:
                known = error
            self._plans[text] = known
        if isinstance(known, RequestError):
            raise RequestError(known.status, *known.errors)
        return known

    def _made(self, text: str) -> Plan:
        try:
            document = parse(
                text,
                allow_empty_selection_sets=False,
                max_lexical_tokens=self._max_tokens,
                max_comments=self._max_tokens,
                max_source_length=self._max_source,
            )
        except GraphQLError as unreadable:
            unreadable.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            raise RequestError(400, unreadable) from None
        errors = validate(
            self._schema, document, max_errors=MAX_ERRORS, allow_empty_selection_sets=False
        )
        for error in errors:
            path = argument_path(document, error)
            code = {"code": "BAD_USER_INPUT", "argumentPath": path} if path else None
            error.extensions = code or {"code": "GRAPHQL_VALIDATION_FAILED"}
        if errors:
            raise RequestError(422, *errors)
        operations = {
            node.name.value if node.name else None: node
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        }
        return Plan(document, operations)


@dataclass(frozen=True)
class Executor:
    """Runs plans over one schema, each with loaders of its own."""

    schema: GraphQLSchema
    loaders: Callable[[], Loaders]
    deadline_s: float

    async def run(
        self, plan: Plan, operation_name: str | None, variables: dict[str, Any] | None
    ) -> tuple[ExecutionResult, Loaders]:
        """Execute one operation of a plan; RequestError (422) if it cannot begin."""
        operation = plan.operation(operation_name)
        context = self.loaders()
        started = perf_counter()
        deadline.set(asyncio.get_running_loop().time() + self.deadline_s)
        result = execute(
            self.schema,
            plan.document,
            context_value=context,
            variable_values=variables,
            operation_name=operation.name.value if operation.name else None,
        )
        if not isinstance(result, ExecutionResult):
            result = await result
        if result.data is None and result.errors and result.errors[0].path is None:
            for error in result.errors:  # variables that cannot be coerced
                error.extensions = {**_variable(error), **(error.extensions or {})}
            raise RequestError(422, *result.errors)
        for error in result.errors or ():
            _mask(error)
        log.info(
            "operation",
            name=operation.name.value if operation.name else None,
            ms=round((perf_counter() - started) * 1000, 1),
            errors=[(e.extensions or {}).get("code") for e in result.errors or ()],
            sources=sorted(context.touched),
        )
        return result, context


def is_mutation(operation: OperationDefinitionNode) -> bool:
    return operation.operation is OperationType.MUTATION


def _coded(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def _variable(error: GraphQLError) -> dict[str, Any]:
    names = [node.variable.name.value for node in error.nodes or () if hasattr(node, "variable")]
    return {"code": "BAD_USER_INPUT", "argumentPath": [f"${name}" for name in names]}


def _mask(error: GraphQLError) -> None:
    """An error of ours is for the log; a client gets an id to report it by."""
    cause = error.original_error
    if cause is None or "code" in (error.extensions or {}):
        return
    number = uuid4().hex[:12]
    log.error("bug", id=number, path=error.path, exc_info=cause)
    error.message = f"Something went wrong on our side ({number})."
    error.extensions = {"code": "INTERNAL", "id": number}
