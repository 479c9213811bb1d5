"""Writing: from an operation that is valid to the text of the functions that answer it.

Each selection becomes a dict that is written where its object is met. Fields that wait for
keys are left open in it: the objects of all selections of one place are gathered, each such
field is asked of all of them, and a function of its own goes on with what was found. Code is
written for values of just the type that the schema says; what else there is bails out.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationDefinitionNode,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues

from server.compiled import leaves
from server.compiled.bail import Unsupported
from server.compiled.drafting import Asked
from server.compiled.fields import Attribute, Call
from server.compiled.keeping import Keeping
from server.compiled.keyed import Keys
from server.compiled.lasting import TYPENAME
from server.compiled.program import Program
from server.compiled.selections import Collected, Selections

if TYPE_CHECKING:
    from server.compiled.generator import Generator


ROOT = "o"  # what the root is called, in the code


class Writing(Keeping):
    """One program's."""

    def __init__(
        self,
        generator: "Generator",
        operation: OperationDefinitionNode,
        fragments: Sequence[FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        super().__init__(generator, Selections(generator, operation, fragments, variables))
        self._ropes: str | None = None  # of lists of the object that is written next

    def program(self) -> Program:
        root, found = self._selections.root()
        self._function("root", "run", lambda: self._root(root, found))
        made = self._written()
        return Program(made["root"], tuple(self._text.about), tuple(self._makers))

    # Functions

    def _root(self, root: GraphQLObjectType, found: Collected) -> None:
        self._line(1, f"{ROOT} = None")
        self._line(1, f"run.data = {self._selection(root, found, ROOT, 1)}")

    def _going_on(self, kind: GraphQLOutputType, asked: Asked, *, item: bool = False) -> None:
        """The function that goes on with what a field found, or with items of a list."""
        self._about = asked.about
        target, key = ("to, i", "i") if item else ("to", self._text.constant(asked.key))
        self._at_a_time(kind, asked.details)
        self._line(1, "for v, places in zip(values, targets):")
        self._value(kind, asked.details, "v", 2)
        self._line(2, f"for {target} in places: to[{key}] = v")

    def _at_a_time(self, kind: GraphQLOutputType, details: FieldDetailsList) -> None:
        """Fill the gaps of a list with what is kept of all that was found for them, if it is."""
        inner = _nullable(kind)
        lists = is_list_type(inner)
        kept = self._whole(_nullable(inner.of_type) if is_list_type(inner) else inner, details)
        if kept is None:
            return
        self._line(1, f"if targets.__class__ is Gaps and (v := {kept.every}(values, {lists})):")
        self._line(2, "targets.fill(v)")
        self._line(2, "return")

    # Fields

    def _selection(
        self, kind: GraphQLObjectType, found: Collected, o: str, indent: int, told: str = ""
    ) -> str:
        """What is selected of an object, as the code of a dict; `told` is its type's name."""
        entries: list[str] = []
        waiting: list[Asked] = []
        ropes, self._ropes = self._ropes, None
        made = self._framed(kind, found, o, indent)
        outer = self._about
        for key, details in found.items():
            name = details[0].node.name.value
            entry = self._text.constant(key)
            if name == TYPENAME:
                entries.append(f"{entry}: {told or self._text.constant(kind.name)}")
                continue
            field = kind.fields.get(name)
            if field is None:
                raise Unsupported("introspection")
            asked = Asked(field, key, details, f"{kind.name}.{name}")
            lasts = self._lasting.field(kind, details)
            if self._generator.waits(field):
                waiting.append(asked)
                entries.append(f"{entry}: None")
            elif made is None:
                left = self._framing and not lasts
                entries.append(f"{entry}: {None if left else self._at_once(asked, o, indent)}")
            elif not lasts:
                self._line(indent, f"{made}[{entry}] = {self._at_once(asked, o, indent)}")
        display = made or "{" + ", ".join(entries) + "}"
        if waiting and not self._framing:
            objects, dicts = self._list_of("objects"), self._list_of("dicts")
            if made is None:
                made = self._fresh()
                self._line(indent, f"{made} = {display}")
            self._line(indent, f"{objects}.append({o}); {dicts}.append({made})")
            self._end(1, f"if {objects} or {ropes}:" if ropes else f"if {objects}:")
            for asked in waiting:
                self._ask(asked, objects, dicts, ropes, made if o == ROOT else None)
            display = made
        self._about = outer
        return display

    def _at_once(self, asked: Asked, o: str, indent: int) -> str:
        """The name of the value of a field that waits for nothing."""
        self._about = asked.about
        value, way = self._fresh(), self._generator.way(asked.field)
        if isinstance(way, Attribute):
            self._line(indent, f"{value} = {o}.{way.name}")
        elif isinstance(way, Call):
            function = self._text.named("call", way.function)
            given = [o] if way.source else []
            self._line(
                indent, f"{value} = {function}({', '.join(given + self._given(asked, way))})"
            )
        else:
            function = self._text.named("call", way.function)
            self._line(indent, f"{value} = {function}({o}, info)")
        mixed = not isinstance(way, Attribute) and not (isinstance(way, Call) and way.sees_no_more)
        self._value(asked.field.type, asked.details, value, indent, mixed=asked if mixed else None)
        return value

    def _ask(
        self, asked: Asked, objects: str, dicts: str, ropes: str | None, root: str | None
    ) -> None:
        """Ask a field that waits of all objects that were gathered, and in ropes; or of the root,
        of which nothing is read."""
        self._about = asked.about
        way = self._generator.way(asked.field)
        assert not isinstance(way, Attribute)  # noqa: S101 - for mypy
        spot = self._spot(asked, asked.field.type, asked.key)
        done = self._text.fresh("done")
        body = partial(self._going_on, asked.field.type, asked)
        self._todo.append(partial(self._function, done, "run, values, targets", body))
        if isinstance(way, Call) and way.key is not None:
            keys = self._text.named("keys", Keys(self._generator.encoded, way.key))
            arguments = self._arguments(asked, way)
            if root:
                self._end(2, f"run.ask_key({spot}, {done}, {keys}, {arguments}, {root})")
                return
            groups = f"alike({keys}.reads, {objects}, {dicts})"
            if ropes:
                key = self._text.constant(asked.key)
                groups = f"*([{groups}] if {objects} else ()), "
                groups += f"*[one.alike({key}) for one in {ropes}]"
            self._end(2, f"run.ask_keys({spot}, {done}, {keys}, {arguments}, {groups})")
            return
        function = self._text.named("call", way.function)
        if isinstance(way, Call):
            given = self._given(asked, way)
            if way.source:
                whole = f"partial({', '.join([function, *given])})" if given else function
                works = f"map({whole}, {objects})"
            else:
                works = f"({function}({', '.join(given)}) for _ in {objects})"
        else:
            works = f"({function}(o, info) for o in {objects})"
        self._end(2, f"run.ask({spot}, {done}, {works}, {dicts})")

    # Values

    def _value(
        self,
        kind: GraphQLOutputType,
        details: FieldDetailsList,
        v: str,
        indent: int,
        *,
        nullable: bool = True,
        mixed: Asked | None = None,
    ) -> None:
        """Put in place of a value what is written of it; a `mixed` one may have to be awaited."""
        if is_non_null_type(kind):
            self._value(kind.of_type, details, v, indent, nullable=False, mixed=mixed)
        elif is_leaf_type(kind):
            self._line(indent, leaves.line(self._text, kind, v, nullable=nullable))
        elif (kept := self._whole(kind, details)) is not None:
            some = f"None if {v} is None else " if nullable else ""
            self._line(indent, f"{v} = {some}{kept.of(v)}")
        else:
            if nullable:
                self._line(indent, f"if {v} is not None:")
                indent += 1
            if is_list_type(kind):
                self._list(kind.of_type, details, v, indent, mixed)
            else:
                self._object(kind, details, v, indent)

    def _object(
        self, kind: GraphQLOutputType, details: FieldDetailsList, v: str, indent: int
    ) -> None:
        if is_abstract_type(kind):
            self._abstract(kind, details, v, indent)
        elif is_object_type(kind):
            checker = self._generator.kinds.checker(kind)
            known, check = map(self._text.named, ("known", "check"), checker)
            self._line(indent, f"if {v}.__class__ not in {known}: {check}({v})")
            found = self._selections.below(kind, details)
            self._line(indent, f"{v} = {self._selection(kind, found, v, indent)}")

    def _list(
        self,
        kind: GraphQLOutputType,
        details: FieldDetailsList,
        v: str,
        indent: int,
        mixed: Asked | None,
    ) -> None:
        items, item = self._fresh(), self._fresh()
        self._line(
            indent, f"if {v}.__class__ is not list and {v}.__class__ is not tuple: raise Bail"
        )
        inner = _nullable(kind)
        if mixed is None and (kept := self._whole(inner, details)) is not None:
            each = f"{kept.each}({v})"
            if inner is kind:  # of which some may be None
                each = f"[None if {item} is None else {kept.of(item)} for {item} in {v}]"
            self._line(indent, f"{v} = {kept.again}({v}) or {each}")
            return
        if mixed is None and (again := self._again(inner, details)) is not None:
            self._ropes = self._list_of("ropes")
            rope = self._fresh()
            self._line(indent, f"{rope} = {again}({v})")
            self._line(indent, f"if {rope} is not None: {self._ropes}.append({rope}); {v} = {rope}")
            self._line(indent, "else:")
            indent += 1
        self._line(indent, f"{items} = []")
        self._line(indent, f"for {item} in {v}:")
        if mixed is not None and is_composite_type(inner):
            works, places = self._list_of("works"), self._list_of("places")
            self._line(indent + 1, f"if {item}.__class__ in WORK:")
            self._line(
                indent + 2, f"{works}.append({item}); {places}.append(({items}, len({items})))"
            )
            self._line(indent + 2, f"{items}.append(None)")
            self._line(indent + 2, "continue")
            spot, done = self._spot(mixed, kind, None), self._text.fresh("done")
            body = partial(self._going_on, kind, mixed, item=True)
            self._todo.append(partial(self._function, done, "run, values, targets", body))
            self._end(1, f"if {works}: run.ask({spot}, {done}, {works}, {places})")
        self._value(kind, details, item, indent + 1)
        self._line(indent + 1, f"{items}.append({item})")
        self._line(indent, f"{v} = {items}")

    def _abstract(
        self, kind: GraphQLAbstractType, details: FieldDetailsList, v: str, indent: int
    ) -> None:
        """Types of which the same is asked in the same way share a branch."""
        branches: dict[Any, tuple[int, GraphQLObjectType]] = {}
        by_type: dict[str, int] = {}
        for one in self._generator.schema.get_possible_types(kind):
            alike = self._selections.alike(one, details)
            number, _ = branches.setdefault(alike, (len(branches), one))
            by_type[one.name] = number
        teller = self._generator.kinds.teller(kind, by_type)
        known, tell = map(self._text.named, ("known", "tell"), teller)
        told = self._fresh()
        self._line(indent, f"{told} = {known}.get({v}.__class__) or {tell}({v})")
        for number, one in branches.values():
            self._line(indent, f"{'el' if number else ''}if {told}[0] == {number}:")
            found = self._selections.below(one, details)
            display = self._selection(one, found, v, indent + 1, f"{told}[1]")
            self._line(indent + 1, f"{v} = {display}")


def _nullable(kind: GraphQLOutputType) -> GraphQLOutputType:
    """The type without its non-null."""
    return kind.of_type if is_non_null_type(kind) else kind
