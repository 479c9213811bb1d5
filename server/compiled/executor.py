"""Executor: which operations are compiled, and what becomes of those that bail out.

A query has no effects, and its loaders remember what they read: whatever the compiled
program does not know what to make of, graphql-core executes again, over what was read.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
)
from graphql.execution.values import VariableValues

from resolvers import Loaders
from server.compiled.bail import Bail, Unsupported
from server.compiled.generator import Generator
from server.compiled.program import Program
from server.compiled.run import run
from server.compiled.variables import NOTHING, Variables
from sources.tracing import step

log = structlog.get_logger("server")

VARIANTS = 16  # of one operation, by what its @skip and @include depend on
IN_A_ROW = 3  # times that a program bails out before it is left alone
BAILS_TOLD = 10
REST = timedelta(minutes=1)  # for so long
COMPILED = {"poche.executor": "compiled"}  # as traces are told

Bailed = tuple[str, str]  # why, and at which field of the schema


@dataclass
class Compiled:
    """One operation, and what has been compiled of it."""

    operation: OperationDefinitionNode
    fragments: tuple[FragmentDefinitionNode, ...]
    variables: Variables
    flags: tuple[str, ...] = ()  # the variables that its @skip and @include depend on
    refused: str | None = None  # why it is not
    programs: dict[tuple[Any, ...], Program] = field(default_factory=dict)
    bails: Counter[Bailed] = field(default_factory=Counter)
    in_a_row: int = 0
    rests_until: datetime | None = None


class CompiledExecutor:
    """Executes queries of one schema with the programs that they are compiled to."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()  # executions, by executor and reason
        self.bails: Counter[Bailed] = Counter()
        self._schema = schema
        self._generator = Generator(schema)

    def known(self, document: DocumentNode, operation: OperationDefinitionNode) -> Compiled:
        """All there is to know of an operation before its first execution."""
        fragments = [one for one in document.definitions if isinstance(one, FragmentDefinitionNode)]
        variables = Variables(self._schema, operation.variable_definitions or ())
        if operation.operation is not OperationType.QUERY:
            return Compiled(operation, (), variables, refused=operation.operation.value)
        return Compiled(operation, tuple(fragments), variables, _flags([operation, *fragments]))

    async def execute(
        self, compiled: Compiled, context: Loaders, variables: dict[str, Any] | None
    ) -> ExecutionResult | None:
        """The result; None if it is graphql-core that executes this."""
        if compiled.refused is not None:
            return self.leave(compiled.refused)
        if compiled.rests_until is not None and context.now < compiled.rests_until:
            return self.leave("rests")
        values = compiled.variables.values(variables)
        if values is None:
            return self.leave("variables")
        program = self._compiled(compiled, values)
        if program is None:
            return self.leave(compiled.refused or "")
        self._generator.encoded.executions += 1
        try:
            with step("execute", COMPILED):
                result = await run(program, context, values)
        except asyncio.CancelledError:
            context.abandon()
            raise
        except Exception as error:
            self._bailed(compiled, program, error, context.now)
            return self.leave("bailed out")
        compiled.in_a_row = 0
        self.counts["compiled", ""] += 1
        return result

    def prepare(self, compiled: Compiled) -> None:
        """Compile it before anybody asks, for flags that have the values that they default to."""
        values = compiled.variables.values({}) if compiled.flags else NOTHING
        if compiled.refused is None and values is not None:
            self._compiled(compiled, values)

    def _compiled(self, compiled: Compiled, values: VariableValues) -> Program | None:
        """The program for such variables; None if the operation is refused, from now on."""
        try:
            return self.program(compiled, values)
        except Unsupported as unsupported:
            compiled.refused = unsupported.reason
        except Exception:
            log.exception("not compiled")
            compiled.refused = "bug"
        return None

    def program(self, compiled: Compiled, variables: VariableValues) -> Program:
        """The program of an operation for such variables; Unsupported."""
        flags = tuple(variables.coerced.get(name) for name in compiled.flags)
        known = compiled.programs.get(flags)
        if known is None:
            if len(compiled.programs) >= VARIANTS:
                raise Unsupported("variants")
            with step("compile"):
                known = self._generator.program(compiled.operation, compiled.fragments, variables)
            compiled.programs[flags] = known
        return known

    def told(self, compiled: Compiled) -> dict[str, Any]:
        """Of an operation that is explained, for which it is graphql-core's: what else it is."""
        return {
            "by": "graphql-core",
            "because": "explained",
            "otherwise": "compiled" if compiled.refused is None else "graphql-core",
            "refused": compiled.refused,
            "bails": [
                {"reason": reason, "field": about, "times": times}
                for (reason, about), times in compiled.bails.most_common(BAILS_TOLD)
            ],
        }

    def leave(self, reason: str) -> ExecutionResult | None:
        """Nothing: graphql-core executes it, for this reason."""
        self.counts["graphql-core", reason] += 1
        return None

    def _bailed(
        self, compiled: Compiled, program: Program, error: Exception, now: datetime
    ) -> None:
        reason = error.reason if isinstance(error, Bail) else type(error).__name__
        about = error.about if isinstance(error, Bail) else ""
        why = reason, about or program.blamed(error.__traceback__) or "?"
        compiled.bails[why] += 1
        self.bails[why] += 1
        compiled.in_a_row += 1
        if compiled.in_a_row >= IN_A_ROW:
            compiled.rests_until = now + REST


def _flags(
    definitions: Iterable[OperationDefinitionNode | FragmentDefinitionNode],
) -> tuple[str, ...]:
    """The variables that decide on what is executed."""
    found: set[str] = set()
    left: list[Any] = list(definitions)
    while left:
        node = left.pop()
        found.update(_named(node.directives or ()))
        selected = getattr(node, "selection_set", None)
        left.extend(selected.selections if selected else ())
    return tuple(sorted(found))


def _named(directives: Iterable[Any]) -> Iterable[str]:
    for directive in directives:
        for argument in directive.arguments or ():
            if isinstance(argument.value, VariableNode):
                yield argument.value.name.value
