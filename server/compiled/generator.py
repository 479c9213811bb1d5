"""Generator: what is known of a schema for all the programs that are written for it."""

from collections.abc import Sequence

from graphql import FragmentDefinitionNode, GraphQLField, GraphQLSchema, OperationDefinitionNode
from graphql.execution.values import VariableValues

from server.compiled.arguments import Maker
from server.compiled.encoded import Encoded
from server.compiled.fields import Attribute, Way, way
from server.compiled.kinds import Kinds
from server.compiled.program import Program
from server.compiled.writing import Writing


class Generator:
    """Writes programs for queries of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.kinds = Kinds(schema)
        self.maker = Maker(schema)
        self.encoded = Encoded()
        self._ways: dict[int, Way] = {}  # by the field, which the schema keeps alive

    def program(
        self,
        operation: OperationDefinitionNode,
        fragments: Sequence[FragmentDefinitionNode],
        variables: VariableValues,
    ) -> Program:
        """The program of a valid query, for what these variables make of @skip and @include.

        Unsupported if it is left to graphql-core.
        """
        return Writing(self, operation, fragments, variables).program()

    def way(self, field: GraphQLField) -> Way:
        """How a field is resolved; Unsupported."""
        if id(field) not in self._ways:
            self._ways[id(field)] = way(field)
        return self._ways[id(field)]

    def waits(self, field: GraphQLField) -> bool:
        """Whether a field waits for something; Unsupported."""
        way = self.way(field)
        return not isinstance(way, Attribute) and way.waits
