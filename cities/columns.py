"""Columns: under which names a table's upstream has what we read of it.

How a column's value is found in a record is worked out once, when it is first asked for: a
reader asks for it again for each of ten thousands of records.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from cities.strict import Strict

MOST_WAYS = 1_000  # of one table: names are our own, but for what a reader makes up

Steps = Callable[[Mapping[str, Any]], Any]  # from a record to the value of one column
Way = str | Steps  # mostly a key of the record itself, to look up without a call of ours


class Column(Strict):
    """Which column holds a value: its name or dotted path, and which part of its text.

    Of several the first that says something. `values` says in our words what the upstream's
    codes mean; any other code is no value. `otherwise` is meant where there is none.
    """

    column: str | Annotated[tuple[str, ...], Field(min_length=1)]
    part: int | None = Field(default=None, ge=1)
    separator: str = ":"
    values: Mapping[str, str] | None = None
    otherwise: str | None = None

    def way(self) -> Way:
        """How its value is found in a record."""
        if isinstance(self.column, tuple):
            return _first([self._meant(path) for path in self.column], self.otherwise)
        if self.otherwise:
            return _or_else(self._meant(self.column), self.otherwise)
        plain = self.part is None and self.values is None and "." not in self.column
        return self.column if plain else self._meant(self.column)

    def _meant(self, path: str) -> Steps:
        """The way to what one of its places says, in the city file's words if it has any."""
        steps, part, separator, values = _steps_to(path), self.part, self.separator, self.values
        if part is None and values is None:
            return steps

        def meant(record: Mapping[str, Any]) -> Any:
            value = steps(record)
            if part is not None and value is not None:
                parts = str(value).split(separator)
                value = parts[part - 1] if len(parts) >= part else None
            return value if values is None else values.get(str(value).strip())

        return meant


class Columns(dict[str, Column]):
    """The columns of a table, by our names for them; nobody changes it."""

    def __init__(self, columns: Mapping[str, Column] = {}) -> None:
        super().__init__(columns)
        self.ways = _Ways(self)


class _Ways(dict[str, Way]):
    """The ways that were asked for; what has no column is called so by the upstream itself."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns

    def __missing__(self, name: str) -> Way:
        way = (self._columns.get(name) or Column(column=name)).way()
        if len(self) < MOST_WAYS:
            self[name] = way
        return way


def _steps_to(path: str) -> Steps:
    """The way to a key of the record itself, else by steps into it, which dots part."""
    if "." not in path:
        return lambda record: record.get(path)
    steps = path.split(".")

    def descend(record: Mapping[str, Any]) -> Any:
        value = record.get(path)
        if value is not None:
            return value
        value = record
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    return descend


def _or_else(steps: Steps, otherwise: str) -> Steps:
    def found(record: Mapping[str, Any]) -> Any:
        value = steps(record)
        return otherwise if value is None or value == "" else value

    return found


def _first(ways: list[Steps], otherwise: str | None) -> Steps:
    """The first value that says something; of those that do not, `""` rather than None."""

    def found(record: Mapping[str, Any]) -> Any:
        meant = [way(record) for way in ways]
        found = next((one for one in meant if one is not None and one != ""), otherwise)
        return "" if found is None and "" in meant else found

    return found


def _columns(said: Mapping[str, Column]) -> Columns:
    return Columns(said)


def _one(said: Any) -> Any:
    """A column's name alone, or several, is all that there is to say of most."""
    return {"column": said} if isinstance(said, str | list) else said


Fields = Annotated[
    dict[str, Annotated[Column, BeforeValidator(_one)]],
    AfterValidator(_columns),
]
