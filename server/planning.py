"""Planning: how a document becomes a plan, once."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cachebox import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)

from server.actual import actual
from server.compiled.executor import Compiled
from server.cost import Estimate, Estimator
from server.deferring import DEFER, STREAM, inlined
from server.errors import RequestError, argument_path, shorten
from server.introspection import NoIntrospection
from server.limits import Asked, asked, bounds, over
from server.settings import Settings
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


def _coded(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})
