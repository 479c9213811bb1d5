"""Execution: how a document becomes a plan, once, and a plan an answer, many times."""

import asyncio
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from cachebox import LRUCache
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)

from resolvers import Loaders
from server.actual import actual
from server.compiled.compared import Compared
from server.compiled.executor import Compiled, CompiledExecutor
from server.cost import Estimate, Estimator
from server.deferring import DEFER, STREAM, inlined
from server.errors import RequestError, argument_path, mask, shorten
from server.explain import Explained
from server.interpreted import InParts, executed
from server.introspection import NoIntrospection
from server.limits import Asked, asked, bounds, over
from server.settings import Settings
from sources.cache import deadline
from sources.tracing import step

MAX_ERRORS = 100  # of validation; graphql-core keeps 50 of coercion
PLANS = 500_000  # characters of documents kept: some 100 MB of plans at worst, 500 home screens


@dataclass(frozen=True)
class Plan:
    """A document that may be executed; its operations, and what they ask, by name."""

    document: DocumentNode
    digest: bytes  # of its text
    operations: Mapping[str | None, OperationDefinitionNode]
    asked: Mapping[str | None, Asked]
    estimates: dict[str | None, Estimate] = field(default_factory=dict)  # of those known for good
    coordinates: dict[str | None, frozenset[str]] = field(default_factory=dict)  # usage.py's
    telling: dict[str | None, Mapping[str, GraphQLNamedType]] = field(default_factory=dict)  # too
    compiled: dict[str | None, Compiled] = field(default_factory=dict)
    in_parts: DocumentNode | None = None  # as it was sent, if it says what may come later

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
    """Plans by document text: parsed, counted and validated once, then remembered."""

    def __init__(self, schema: GraphQLSchema, settings: Settings) -> None:
        self._schema = schema
        self._settings = settings
        self._bounds = bounds(settings)
        self._hidden = settings.introspection == "off"
        self._rules = (*specified_rules, NoIntrospection) if self._hidden else specified_rules
        self._estimator = Estimator(schema, settings)
        self._plans: LRUCache[str, Plan | RequestError] = LRUCache(
            max(PLANS, settings.max_query), getsizeof=lambda text, _: len(text)
        )

    def plan(self, text: str) -> Plan:
        """The plan of a document; RequestError (400 unreadable, 422 invalid)."""
        known = self._plans.get(text)
        if known is None:
            try:
                known = self._made(text)
            except RequestError as error:
                known = error
            if len(text) <= self._settings.max_query:
                self._plans[text] = known
        if isinstance(known, RequestError):
            raise RequestError(known.status, *known.errors)
        return known

    def knows(self, text: str) -> bool:
        """Whether this was planned before, for good or not."""
        return text in self._plans

    @property
    def max_cost(self) -> float:
        """Points that one operation may take."""
        return self._settings.max_cost

    def estimate(
        self, plan: Plan, operation_name: str | None, variables: dict[str, Any] | None
    ) -> Estimate:
        """What one operation will take; with None, at most, whatever its variables will be."""
        operation = plan.operation(operation_name)
        name = operation.name.value if operation.name else None
        known = plan.estimates.get(name)
        if known is None:
            known = self._estimator.estimate(operation, plan.asked[name], variables)
            if not known.varies:
                plan.estimates[name] = known
        return known

    def actual(
        self,
        plan: Plan,
        operation_name: str | None,
        data: Mapping[str, Any] | None,
        waited: Container[str],
    ) -> float:
        """What one operation took: by its answer, and the fields that waited for an upstream."""
        operation = plan.operation(operation_name)
        name = operation.name.value if operation.name else None
        root = self._schema.get_root_type(operation.operation)
        if root is None or data is None:
            return 0.0
        weights = self._estimator.weights
        return actual(self._schema, weights, root, plan.asked[name], data, waited)

    def check(self, estimate: Estimate) -> None:
        """RequestError (422) if that is more than one operation may take."""
        self._estimator.check(estimate)

    def _made(self, text: str) -> Plan:
        with step("parse"):
            document = self._parsed(text)
        wanted = asked(document, self._bounds)  # before validation, which is slow on bombs
        with step("validate"):
            errors = validate(
                self._schema,
                document,
                self._rules,
                max_errors=MAX_ERRORS,
                hide_suggestions=self._hidden,
                allow_empty_selection_sets=False,
            )
        for error in errors:
            shorten(error)
            path = argument_path(document, error)
            code = {"code": "BAD_USER_INPUT", "argumentPath": path} if path else None
            error.extensions = code or {"code": "GRAPHQL_VALIDATION_FAILED"}
        if errors:
            raise RequestError(422, *errors)
        at_once = inlined(document, DEFER, STREAM)
        operations = {
            node.name.value if node.name else None: node
            for node in at_once.definitions
            if isinstance(node, OperationDefinitionNode)
        }
        in_parts = None if at_once is document else document
        return Plan(at_once, sha256(text.encode()).digest(), operations, wanted, in_parts=in_parts)

    def _parsed(self, text: str) -> DocumentNode:
        tokens, characters = self._settings.max_tokens, self._settings.max_query
        if len(text) > characters:
            raise RequestError(400, over("characters", len(text), characters))
        try:
            return parse(
                text,
                allow_empty_selection_sets=False,
                max_lexical_tokens=tokens,
                max_comments=tokens,
            )
        except GraphQLError as unreadable:
            if "Document contains more than" in unreadable.message:  # it has no code of its own
                unreadable = over("tokens", tokens + 1, tokens)
            else:
                unreadable.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            raise RequestError(400, unreadable) from None


@dataclass(frozen=True)
class Executor:
    """Runs plans over one schema, each with loaders of its own."""

    schema: GraphQLSchema
    loaders: Callable[[type[Loaders]], Loaders]
    settings: Settings

    async def run(
        self,
        plan: Plan,
        operation_name: str | None,
        variables: dict[str, Any] | None,
        *,
        deadline_s: float | None = None,
        explained: bool = False,
    ) -> tuple[ExecutionResult, Loaders]:
        """Execute one operation of a plan; RequestError (422) if it cannot begin."""
        operation = plan.operation(operation_name)
        context = self._begun(Explained if explained else Loaders, deadline_s)
        name = operation.name.value if operation.name else None
        result = None
        if self.compiled is not None and not explained:
            known = self._known(self.compiled, plan, name)
            result = await self.compiled.execute(known, context, variables)
        if result is None:
            result = await self._interpreted(plan, name, variables, context)
        elif self.settings.executor == "both" and self.compared.due():
            again = await self._interpreted(plan, name, variables, context)
            result = self.compared.right(result, again, name)
        for error in result.errors or ():
            mask(error)
        return result, context

    async def begin(
        self,
        plan: Plan,
        operation_name: str | None,
        variables: dict[str, Any] | None,
        *,
        deadline_s: float | None = None,
        streamed: bool = True,
    ) -> tuple[ExecutionResult | InParts, Loaders]:
        """Execute what may come in parts until the first of them is there; RequestError (422).

        Lists are whole if they are not to be `streamed`.
        """
        document = plan.in_parts or plan.document
        if not streamed:
            document = inlined(document, STREAM)
        context = self._begun(Loaders, deadline_s)
        result = await executed(
            self.schema, document, operation_name, variables, context, hide=self._hides, parts=True
        )
        if isinstance(result, ExecutionResult):
            for error in result.errors or ():
                mask(error)
        return result, context

    def _begun(self, kind: type[Loaders], deadline_s: float | None) -> Loaders:
        """The loaders of an execution that begins now."""
        seconds = deadline_s or self.settings.deadline_s
        deadline.set(asyncio.get_running_loop().time() + seconds)
        return self.loaders(kind)

    def prepare(self, plan: Plan) -> None:
        """Compile its operations, as far as that can be done before any variables are known."""
        if self.compiled is not None:
            for name in plan.operations:
                self.compiled.prepare(self._known(self.compiled, plan, name))

    @cached_property
    def compiled(self) -> CompiledExecutor | None:
        """Who executes what can be compiled, unless graphql-core is to execute everything."""
        return None if self.settings.executor == "graphql-core" else CompiledExecutor(self.schema)

    @cached_property
    def compared(self) -> Compared:
        return Compared()

    def told(self, plan: Plan, operation_name: str | None) -> dict[str, Any]:
        """For who has an operation explained: who executed it, and who would have otherwise."""
        if self.compiled is None:
            return {"by": "graphql-core", "because": "POCHE_EXECUTOR", "bails": []}
        operation = plan.operation(operation_name)
        name = operation.name.value if operation.name else None
        return self.compiled.told(self._known(self.compiled, plan, name))

    def _known(self, compiled: CompiledExecutor, plan: Plan, name: str | None) -> Compiled:
        """What has been compiled of an operation."""
        if name not in plan.compiled:
            plan.compiled[name] = compiled.known(plan.document, plan.operation(name))
        return plan.compiled[name]

    async def _interpreted(
        self, plan: Plan, name: str | None, variables: dict[str, Any] | None, context: Loaders
    ) -> ExecutionResult:
        """The result as graphql-core finds it; RequestError (422)."""
        result = await executed(
            self.schema, plan.document, name, variables, context, hide=self._hides
        )
        if not isinstance(result, ExecutionResult):  # it says nothing of parts
            raise TypeError(result)
        return result

    @property
    def _hides(self) -> bool:
        return self.settings.introspection == "off"


def is_mutation(operation: OperationDefinitionNode) -> bool:
    return operation.operation is OperationType.MUTATION


def _coded(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})
