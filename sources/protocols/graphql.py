"""Graphql: somebody else's GraphQL service, asked one question that the city file holds.

https://spec.graphql.org, over HTTP as https://graphql.github.io/graphql-over-http/draft/ has it;
pages are Relay's, https://relay.dev/graphql/connections.htm

    url         where it is posted: "https://participer.example/api"
    document    the question: one query, without fragments of other files
    variables   its variables: { locale = "fr" }; with `{id}` in a text it is asked for one
                thing at a time, which `{id}` stands for
    together    20 unless told: so many things that are wanted at the same moment are asked for
                in one call, as long as the document turns no pages and only fields at its top
                say which thing is meant; 1 if the service minds
    path        the way to the rows from the top of the answer: "processes.components.proposals".
                Lists and connections are gone through, whichever step they stand at
    pages       the way to the connections that are read page by page, as long as they say
                `pageInfo { hasNextPage endCursor }`, each with its cursor in the document's
                `$after`; the way to the rows unless told. Without `$after`, one page is all
    max_pages   20 unless told: a connection that has more is refused, rather than shown in part

One call, and one for every further page; one for several things that are asked for one at a time.
Whatever a row lies within stands beside its own fields, under the name of the step:
`processes.id`. Tables that differ in nothing but `path` share one payload.

No such thing is a null, and no row. An answer may be whole but for what `errors` names: rows that
are there are read, and each error that concerns them counts as one more row that could not be. An
answer that has errors and no row is refused, as is one that has no data, whatever its status says.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Self

import msgspec
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse
from pydantic import Field, field_validator

from sources.batching import Batches, Json, parsed
from sources.protocols import Ask, Speaks

BLANK, CURSOR = "{id}", "after"
TURNS = re.compile(rf"\${CURSOR}\b")
PLUMBING = {"edges", "nodes", "node"}  # steps of a connection that no way names
MAX_ROWS, MAX_TOKENS = 20_000, 2_000
HEADERS = {
    "content-type": "application/json",
    "accept": "application/graphql-response+json, application/json;q=0.9",
}
Place = tuple[str | int, ...]
Way = Annotated[str, Field(pattern=r"^\w+(\.\w+)*$")]


class Graphql(Speaks):
    url: str
    document: str
    variables: Mapping[str, str | int | float | bool] = {}
    path: Way
    pages: Way | None = None
    max_pages: int = Field(default=20, ge=1, le=1_000)
    together: int = Field(default=20, ge=1, le=100)
    _batches: Batches | None = None  # of all that it is asked for

    @field_validator("document")
    @classmethod
    def _is_a_query(cls, text: str) -> str:
        try:
            operations = parse(text, no_location=True, max_lexical_tokens=MAX_TOKENS).definitions
        except GraphQLError as error:
            raise ValueError(error.message) from None
        found = [one for one in operations if isinstance(one, OperationDefinitionNode)]
        if [one.operation for one in found] != [OperationType.QUERY]:
            raise ValueError("a document holds one query, and nothing that changes things")
        return text

    @property
    def keyed(self) -> bool:
        return bool(self._own)

    @property
    def _own(self) -> frozenset[str]:
        """The variables that say which thing is meant."""
        said = self.variables.items()
        return frozenset(name for name, value in said if isinstance(value, str) and BLANK in value)

    def one(self, key: str) -> Self:
        if self._batches is None:
            self._batches = Batches(self.document, self._own, self.together)
        given = {
            name: value.replace(BLANK, key) if isinstance(value, str) else value
            for name, value in self.variables.items()
        }
        return self.but(variables=given)

    def feed(self) -> str:
        return f"{type(self).__name__}{self.model_dump_json(exclude={'path', 'together'})}"

    async def fetch(self, ask: Ask) -> bytes:
        """The first answer, its connections longer by all of their further pages."""
        turns = TURNS.search(self.document)
        asked = partial(self._asked, ask)
        if self._batches is None or turns:
            body = await asked(self.document, self.variables)
        else:
            body = await self._batches.ask(self.variables, asked)
        whole = _decoded(body)
        if not turns:
            return body
        further = False
        for place, connection, _ in _found(whole["data"], self.pages or self.path):
            cursors: set[str] = set()
            while (cursor := _next(connection)) is not None:
                further = True
                cursors.add(cursor)
                if len(cursors) >= self.max_pages:
                    raise ValueError(f"{_name(place)} has more than {self.max_pages} pages")
                page = _decoded(await asked(self.document, {**self.variables, CURSOR: cursor}))
                _append(connection, _at(page["data"], place), place)
                whole["errors"] += [one for one in page["errors"] if _concerns(one, place)]
                if _next(connection) in cursors:
                    raise ValueError(f"{_name(place)} goes round in circles")
        return msgspec.json.encode(whole) if further else body

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        """One row per object; for each error about them an empty row, for the reader to drop."""
        answer = _decoded(body)
        steps = tuple(self.path.split("."))
        errors = [one for one in answer["errors"] if _concerns(one, steps)]
        if steps[0] not in answer["data"]:
            raise ValueError(f"no {steps[0]} in the answer")
        count = 0
        for _, value, within in _found(answer["data"], self.path):
            for _, item in _items(value):
                if item is not None:  # else an error says why
                    count += 1
                    yield {**within, **item} if isinstance(item, dict) else {}
        if errors and not count:
            raise ValueError(_message(errors))
        yield from ({} for _ in errors)

    def complaint(self, body: bytes) -> str | None:
        try:
            return _message(parsed(body)["errors"]) or super().complaint(body)
        except ValueError:
            return super().complaint(body)

    async def _asked(self, ask: Ask, document: str, variables: Mapping[str, Any]) -> bytes:
        question = msgspec.json.encode({"query": document, "variables": variables})
        return (await ask.post(self.url, question, HEADERS)).body


def _decoded(body: bytes) -> Json:
    """An answer that has data; ValueError, in its own words, if it has none."""
    found = parsed(body)
    if not isinstance(found["data"], dict):
        raise ValueError(_message(found["errors"]) or f"no data: {body[:200]!r}")
    return found


def _message(errors: list[Json]) -> str:
    return "; ".join(str(one.get("message")) for one in errors[:3])[:200]


def _found(data: Json, way: str) -> Iterator[tuple[Place, Any, Json]]:
    """What stands at the end of a way, wherever it leads, and what each stands within."""
    return _walked(data, (), tuple(way.split(".")), {})


def _walked(
    at: Json, place: Place, steps: tuple[str, ...], within: Json
) -> Iterator[tuple[Place, Any, Json]]:
    step, *rest = steps
    value, here = at.get(step), (*place, step)
    if not rest:
        yield here, value, within
        return
    for inner, item in _items(value):
        if isinstance(item, dict):
            yield from _walked(item, (*here, *inner), tuple(rest), {**within, step: item})


def _items(value: Any) -> Iterator[tuple[Place, Any]]:
    """The items of a list or a connection, each with the way to it; of an object, itself."""
    if isinstance(value, list):
        yield from (((i,), one) for i, one in enumerate(value))
    elif isinstance(value, dict) and isinstance(value.get("edges"), list):
        for i, edge in enumerate(value["edges"]):
            yield ("edges", i, "node"), edge.get("node") if isinstance(edge, dict) else edge
    elif isinstance(value, dict) and isinstance(value.get("nodes"), list):
        yield from ((("nodes", i), one) for i, one in enumerate(value["nodes"]))
    elif value is not None:
        yield (), value


def _next(connection: Any) -> str | None:
    """The cursor of a connection's next page, if it says that there is one."""
    info = connection.get("pageInfo") if isinstance(connection, dict) else None
    if not isinstance(info, dict) or info.get("hasNextPage") is not True:
        return None
    cursor = info.get("endCursor")
    if not isinstance(cursor, str):
        raise ValueError("a next page, and no cursor that leads there")
    return cursor


def _append(connection: Json, page: Any, place: Place) -> None:
    """Lengthen a connection by its next page; ValueError if that is none."""
    listed = "edges" if isinstance(connection.get("edges"), list) else "nodes"
    more = page.get(listed) if isinstance(page, dict) else None
    if not isinstance(more, list) or not isinstance(connection.get(listed), list):
        raise ValueError(f"no {listed} in a page of {_name(place)}")
    connection[listed] += more
    connection["pageInfo"] = page.get("pageInfo")
    if len(connection[listed]) > MAX_ROWS:
        raise ValueError(f"more than {MAX_ROWS} rows in {_name(place)}")


def _at(data: Any, place: Place) -> Any:
    for step in place:
        if isinstance(data, dict):
            data = data.get(str(step))
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _concerns(error: Json, place: Place) -> bool:
    """Whether an error is about something at the place, within it or above it."""
    path = error.get("path")
    said = _names(path) if isinstance(path, list) else ()
    return all(a == b for a, b in zip(said, _names(place), strict=False))


def _names(place: Any) -> tuple[str, ...]:
    """The way that a place lies on: without the numbers of its items."""
    return tuple(one for one in place if isinstance(one, str) and one not in PLUMBING)


def _name(place: Place) -> str:
    return ".".join(_names(place))
