"""Report details: what else a city wants to know of some kind of report, asked as a form asks."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

import strawberry

from schema.arguments import BadUserInput
from schema.cost import about
from schema.key import Key

LONGEST_LINE = 200
LINES = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
PATH = ("input", "details")


@strawberry.enum(description="What kind of answer a detail of a report takes.")
class ReportDetailType(Enum):
    LINE = strawberry.enum_value("LINE", description="A line of up to 200 characters.")
    TEXT = strawberry.enum_value("TEXT", description="A text, of several lines perhaps.")
    NUMBER = strawberry.enum_value("NUMBER", description="A number: `12`, `-3.5`.")
    DATE_TIME = strawberry.enum_value(
        "DATE_TIME", description="An instant, with its offset: `2026-11-24T10:05:00+01:00`."
    )
    ONE_OF = strawberry.enum_value("ONE_OF", description="The `key` of one of the `values`.")
    SOME_OF = strawberry.enum_value(
        "SOME_OF", description="The `key` of any of the `values`, each as a detail of its own."
    )
    NOTICE = strawberry.enum_value(
        "NOTICE", description="Nothing: `label` is to be shown, and not answered."
    )


@strawberry.type(description="One of the answers to choose from.")
class ReportDetailValue:
    key: str = strawberry.field(description="What is given as `value`.")
    name: str = strawberry.field(description="What people read.")


@strawberry.type(description="One more thing that the city wants to know of a kind of report.")
class ReportDetail:
    code: str = strawberry.field(description="What `reportIssue` calls it.")
    label: str = strawberry.field(description="The question, or what is to be shown.")
    hint: str | None = strawberry.field(description="How the answer is to be written.")
    type: ReportDetailType = strawberry.field(description="What kind of answer it takes.")
    required: bool = strawberry.field(description="Whether a report has to answer it.")
    values: list[ReportDetailValue] = strawberry.field(
        description="The answers to choose from, if it takes such.", directives=[about(10)]
    )
    order: strawberry.Private[int]


@strawberry.input(description="One more thing that the city wants to know of some service.")
class ReportDetailInput:
    code: str = strawberry.field(description="The `code` of a detail of the service.")
    value: str = strawberry.field(description="What is so; several values are several details.")

    def __post_init__(self) -> None:
        line(self.code, *PATH, "code")
        self.value = CONTROLS.sub(" ", self.value.replace("\r\n", "\n")).strip()
        if not self.value:
            raise BadUserInput("`value` is empty.", *PATH, "value")


class ReportDetailsOf(Key[list[ReportDetail]]):
    """What a city asks of reports of one service, by its code, in its order."""

    city: str
    service: str


def fitting(given: Sequence[tuple[str, str]], asked: Sequence[ReportDetail]) -> None:
    """BadUserInput unless what is given, as pairs of code and value, answers what is asked."""
    known = {one.code: one for one in asked if one.type is not ReportDetailType.NOTICE}
    for code, many in Counter(code for code, _ in given).items():
        if code not in known:
            raise BadUserInput(f"The service asks for no detail `{code}`.", *PATH)
        if many > 1 and known[code].type is not ReportDetailType.SOME_OF:
            raise BadUserInput(f"The detail `{code}` takes one value.", *PATH)
    if len(set(given)) < len(given):
        raise BadUserInput("A value is given twice.", *PATH)
    for code, value in given:
        if not _answers(value, known[code]):
            raise BadUserInput(f"The detail `{code}` takes {_wanted(known[code])}.", *PATH)
    missing = [c for c, one in known.items() if one.required and c not in dict(given)]
    if missing:
        names = ", ".join(f"`{code}`" for code in missing)
        raise BadUserInput(f"The service requires the details {names}.", *PATH)


def line(text: str, *path: str) -> None:
    """BadUserInput unless it is one line that is not too long."""
    if not _is_line(text):
        raise BadUserInput(f"`{path[-1]}` is one line of 1 to {LONGEST_LINE} characters.", *path)


def _answers(value: str, detail: ReportDetail) -> bool:
    if detail.type is ReportDetailType.TEXT:
        return True
    if detail.type is ReportDetailType.NUMBER:
        return NUMBER.fullmatch(value) is not None
    if detail.type is ReportDetailType.DATE_TIME:
        return _is_instant(value)
    if detail.type is ReportDetailType.LINE:
        return _is_line(value)
    return not detail.values or any(value == one.key for one in detail.values)


def _is_instant(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_line(text: str) -> bool:
    return LINES.search(text) is None and 1 <= len(text.strip()) <= LONGEST_LINE


WANTED: Mapping[ReportDetailType, str] = {
    ReportDetailType.LINE: f"one line of 1 to {LONGEST_LINE} characters",
    ReportDetailType.NUMBER: "a number, such as `12` or `-3.5`",
    ReportDetailType.DATE_TIME: "an instant, such as `2026-11-24T10:05:00+01:00`",
}


def _wanted(detail: ReportDetail) -> str:
    keys = ", ".join(f"`{one.key}`" for one in detail.values[:20])
    return WANTED.get(detail.type) or f"one of {keys}"
