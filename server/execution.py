"""Execution: how a plan becomes an answer, many times."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)

from resolvers import Loaders
from server.compiled.compared import Compared
from server.compiled.executor import Compiled, CompiledExecutor
from server.deferring import STREAM, inlined
from server.errors import mask
from server.explain import Explained
from server.interpreted import InParts, executed
from server.planning import Plan
from server.settings import Settings
from sources.cache import deadline


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
        if self.compiled is not None:
            self.compiled.leave("defer")
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
