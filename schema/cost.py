"""Cost: what a query may take, told beforehand by the schema itself.

IBM's cost specification, https://ibm.github.io/graphql-specs/cost-spec.html;
how the server adds it up is in `server/cost.py`.
"""

import strawberry
from strawberry.schema_directive import Location

from schema.paging import DEFAULT_PAGE


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="Points for asking this field once, over what its objects cost: 0.1 each.",
)
class Cost:
    weight: str


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="How long this list can be: what `slicingArguments` say (an integer, or how many "
    "values were given), else `assumedSize`. With `sizedFields`, the lists below are meant.",
)
class ListSize:
    assumed_size: int | None = strawberry.UNSET
    slicing_arguments: list[str] | None = strawberry.UNSET
    sized_fields: list[str] | None = strawberry.UNSET
    require_one_slicing_argument: bool | None = strawberry.UNSET  # true, says the specification


LIVE = Cost(weight="1")  # a question to an upstream, rather than to what we hold

PAGED = ListSize(
    assumed_size=DEFAULT_PAGE,
    slicing_arguments=["first", "last"],
    sized_fields=["nodes", "edges"],
    require_one_slicing_argument=False,
)

NEXT = ListSize(  # a list that one only goes forward in
    assumed_size=DEFAULT_PAGE,
    slicing_arguments=["first"],
    sized_fields=["nodes", "edges"],
    require_one_slicing_argument=False,
)


def as_many_as(argument: str) -> ListSize:
    """A list as long as its argument says; 100 and the like are the argument's own bound."""
    return ListSize(slicing_arguments=[argument], require_one_slicing_argument=False)


def about(size: int) -> ListSize:
    """A list whose length the query does not decide."""
    return ListSize(assumed_size=size)
