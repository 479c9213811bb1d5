"""Random documents of our schema, with what hypothesis-graphql leaves out.

It writes fields, arguments, aliases and inline fragments. Here some of the selections become
fragments, some of the literals variables, some fields are aliased, asked for twice, skipped or
included.
"""

from dataclasses import replace
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    ConstDirectiveNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    is_composite_type,
    parse,
    parse_type,
    print_ast,
    value_from_ast_untyped,
    visit,
)
from hypothesis import strategies as st

MOST = 6  # changes of one document


@st.composite
def varied(draw: st.DrawFn, schema: GraphQLSchema, text: str) -> tuple[str, dict[str, Any]]:
    """A document that asks much the same in another way, and its variables."""
    types = TypeInfo(schema)
    changing = _Changing(draw, types)
    document: DocumentNode = visit(parse(text), TypeInfoVisitor(types, changing))
    definitions = []
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            one = replace(one, variable_definitions=tuple(changing.definitions))
        definitions.append(one)
    document = replace(document, definitions=(*definitions, *changing.fragments))
    return print_ast(document), changing.variables


class _Changing(Visitor):
    def __init__(self, draw: st.DrawFn, types: TypeInfo) -> None:
        super().__init__()
        self.fragments: list[FragmentDefinitionNode] = []
        self.definitions: list[VariableDefinitionNode] = []
        self.variables: dict[str, Any] = {}
        self._draw = draw
        self._types = types
        self._left = MOST

    def leave_argument(self, node: ArgumentNode, *_: Any) -> Any:
        about = self._types.get_argument()
        if about is None or not self._chance():
            return None
        name = self._declared(str(about.type), value_from_ast_untyped(node.value))
        return ArgumentNode(name=node.name, value=name)

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> Any:
        kind = self._types.get_parent_type()
        if not is_composite_type(kind) or not self._chance():
            return None
        name = f"F{len(self.fragments)}"
        on = NamedTypeNode(name=NameNode(value=kind.name))
        self.fragments.append(
            FragmentDefinitionNode(
                name=NameNode(value=name),
                type_condition=on,
                selection_set=node,
                variable_definitions=(),
                directives=(),
            )
        )
        spread = FragmentSpreadNode(name=NameNode(value=name), directives=self._directives())
        again = [*node.selections[:1]] if self._draw(st.booleans()) else []
        typename = FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())
        return SelectionSetNode(selections=(*again, spread, typename))

    def leave_field(self, node: FieldNode, *_: Any) -> Any:
        if not self._chance():
            return None
        return replace(node, directives=self._directives())

    def _directives(self) -> tuple[ConstDirectiveNode | DirectiveNode, ...]:
        if not self._draw(st.booleans()):
            return ()
        yes = self._draw(st.booleans())
        value: ValueNode = BooleanValueNode(value=yes)
        if self._draw(st.booleans()):
            value = self._declared("Boolean!", yes)
        word = self._draw(st.sampled_from(["skip", "include"]))
        condition = ArgumentNode(name=NameNode(value="if"), value=value)
        return (DirectiveNode(name=NameNode(value=word), arguments=(condition,)),)

    def _declared(self, kind: str, value: Any) -> VariableNode:
        name = f"v{len(self.definitions)}"
        variable = VariableNode(name=NameNode(value=name))
        self.definitions.append(
            VariableDefinitionNode(
                variable=variable, type=parse_type(kind), default_value=None, directives=()
            )
        )
        self.variables[name] = value
        return variable

    def _chance(self) -> bool:
        if not self._left or self._draw(st.integers(0, 3)):
            return False
        self._left -= 1
        return True
