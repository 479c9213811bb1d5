"""Arguments: what a client may ask for, and the one clear error when it may not.

The aliases describe the arguments that many fields share, so that each is
worded once; the functions check what GraphQL's own types cannot.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import strawberry

MAX_DAYS = 62
MAX_WITHIN_M = 5_000
LAST_DAY = date.max - timedelta(days=MAX_DAYS)


class BadUserInput(Exception):
    """The client asked for something that cannot be: `path` leads to the argument."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.extensions: dict[str, Any] = {"code": "BAD_USER_INPUT", "argumentPath": list(path)}


def bounded(value: int, low: int, high: int, *path: str) -> int:
    """`value` itself if low <= value <= high, else BadUserInput."""
    if not low <= value <= high:
        message = f"`{path[-1]}` must be between {low} and {high}, not {value}."
        raise BadUserInput(message, *path)
    return value


def some_days(days: int, start: date | None) -> None:
    """BadUserInput unless so many days from `start` can be counted, and are not too many."""
    bounded(days, 1, MAX_DAYS, "days")
    if start is not None and start > LAST_DAY:
        raise BadUserInput(f"`from` must not be after {LAST_DAY}.", "from")


def one_of(given: Sequence[tuple[str, Any]]) -> None:
    """BadUserInput unless exactly one of the named arguments has a value."""
    named = [name for name, value in given if value is not None]
    if len(named) != 1:
        words = " or ".join(f"`{name}`" for name, _ in given)
        raise BadUserInput(f"Give exactly one of {words}.", *(named[1:2] or [given[0][0]]))


CityArgument = Annotated[
    str | None,
    strawberry.argument(name="city", description="A city's slug; the server's own if left out."),
]
NameArgument = Annotated[
    str | None,
    strawberry.argument(
        description="Words of the name; accents, case and punctuation do not count."
    ),
]
CommuneArgument = Annotated[
    str | None,
    strawberry.argument(description="INSEE code of a commune, such as `44109` for Nantes."),
]
FirstArgument = Annotated[
    int | None,
    strawberry.argument(description="The first n of the list, 0 to 100; 20 if left out."),
]
AfterArgument = Annotated[
    str | None, strawberry.argument(description="Only what follows this `cursor`.")
]
LastArgument = Annotated[
    int | None, strawberry.argument(description="The last n of the list, 0 to 100.")
]
BeforeArgument = Annotated[
    str | None, strawberry.argument(description="Only what precedes this `cursor`.")
]
HowManyArgument = Annotated[
    int, strawberry.argument(description="At most so many, nearest first; 0 to 100.")
]
WithinArgument = Annotated[
    int,
    strawberry.argument(description="At most so many metres away, as the crow flies; 1 to 5000."),
]
KindsArgument = Annotated[
    list[str] | None,
    strawberry.argument(
        description="Only these kinds, in one word each, such as `stop`, `pool` or `library`; "
        "all if left out."
    ),
]
FromArgument = Annotated[
    date | None,
    strawberry.argument(name="from", description="The first day; today in the city if left out."),
]
DaysArgument = Annotated[
    int, strawberry.argument(description="How many days, the first included; 1 to 62.")
]


@strawberry.input(description="Around a point: within so many metres of it.")
class Near:
    lat: float = strawberry.field(description="Latitude (WGS 84), in degrees.")
    lon: float = strawberry.field(description="Longitude (WGS 84), in degrees.")
    within: int = strawberry.field(default=500, description="Metres, 1 to 5000.")

    def __post_init__(self) -> None:
        if not -90 <= self.lat <= 90:
            raise BadUserInput("`lat` must be between -90 and 90 degrees.", "near", "lat")
        if not -180 <= self.lon <= 180:
            raise BadUserInput("`lon` must be between -180 and 180 degrees.", "near", "lon")
        bounded(self.within, 1, MAX_WITHIN_M, "near", "within")

    def __hash__(self) -> int:  # part of frozen keys, never changed once read
        return hash((self.lat, self.lon, self.within))
