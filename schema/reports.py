"""Reports: what citizens tell their city is broken, and what became of it."""

import re
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from schema.arguments import (
    AfterArgument,
    BadUserInput,
    BeforeArgument,
    CityArgument,
    FirstArgument,
    LastArgument,
    Near,
)
from schema.cost import LIVE, PAGED, Cost, about
from schema.issues import Issue, ReportInput, issue
from schema.key import Info, Key
from schema.nodes import lookup, lookups
from schema.paging import Page, Window, window
from schema.places import Place
from schema.report_details import ReportDetail, ReportDetailsOf

WRITES = Cost(weight="10")
CLIENT_KEY = re.compile(r"[A-Za-z0-9._~-]{16,100}")


@strawberry.enum(description="How far a report is.")
class ReportState(Enum):
    RECEIVED = strawberry.enum_value(
        "RECEIVED", description="We keep it, and send it until the city's system takes it."
    )
    SENT = strawberry.enum_value(
        "SENT", description="The city's system has it, and does not list it, or not yet."
    )
    OPEN = strawberry.enum_value("OPEN", description="The city says that it is being looked at.")
    CLOSED = strawberry.enum_value("CLOSED", description="The city says that it is done with it.")
    FAILED = strawberry.enum_value(
        "FAILED", description="It will not be sent any more: `failure` says why."
    )


@strawberry.federation.type(
    keys=["id"],
    description="Something that a citizen has told the city. Who it was is told to nobody.",
)
class Report(Place):
    local_id: strawberry.Private[str]
    service_code: str = strawberry.field(description="What it is about: see `reportServices`.")
    state: ReportState = strawberry.field(description="How far it is.")
    number: str | None = strawberry.field(description="The city's own number of it, once it has.")
    description: str | None = strawberry.field(
        description="What was written, as the city publishes it, without mail addresses and "
        "telephone numbers; null where it does not."
    )
    status_notes: str | None = strawberry.field(description="Why it is in this state.")
    agency: str | None = strawberry.field(description="Who looks after it.")
    reported_at: datetime | None = strawberry.field(description="When it was reported.")
    expected_at: datetime | None = strawberry.field(
        description="When the city expects to be done with it."
    )
    media_url: str | None = strawberry.field(description="A picture of it, as the city shows it.")
    failure: str | None = strawberry.field(
        default=None, description="Why it was not taken, in the words of the city's system or ours."
    )

    def on_map(self) -> bool:
        return self.position is not None and self.state is ReportState.OPEN

    def named(self) -> bool:
        return False


@strawberry.type(description="A kind of thing that can be reported.")
class ReportService:
    code: str = strawberry.field(description="What `reportIssue` calls it.")
    name: str = strawberry.field(description="What people call it.")
    description: str | None = strawberry.field(description="What belongs to it.")
    group: str | None = strawberry.field(description="What it stands under.")
    keywords: list[str] = strawberry.field(
        description="Words to find it by.", directives=[about(5)]
    )
    needs_details: bool = strawberry.field(
        description="Whether the city wants to know more: see `details`."
    )
    city: strawberry.Private[str]
    listed: strawberry.Private[bool]  # whether reports of it are published at all

    @strawberry.field(
        description="What else the city wants to know, in its order.",
        directives=[about(5), LIVE],
    )
    async def details(self, info: Info) -> list[ReportDetail] | None:
        if not self.needs_details:
            return []
        return await info.context.load(ReportDetailsOf(self.city, self.code))


class ReportWith(Key[Report | None]):
    """`id` is the city's own number of a report, or one of ours (`sent:...`)."""

    city: str
    id: str


class ReportsIn(Key[Page[Report]]):
    city: str
    state: ReportState | None
    service: str | None
    near: Near | None
    window: Window


class ReportServicesIn(Key[list[ReportService]]):
    city: str


class SubmitReport(Key[Report]):
    """Keep an issue until the city has it; the report that it became, however often it is asked."""

    city: str
    client_key: str
    issue: Issue

    __repr__ = object.__repr__  # what a citizen tells is not for logs


lookups["Report"] = ReportWith


@strawberry.type
class Query:
    @strawberry.field(
        description="A report by its id, such as `reportIssue` gave; null if there is none."
    )
    async def report(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> Report | None:
        return await info.context.load(lookup(id, "id", "Report"))

    @strawberry.field(
        description="What has been reported, as the city lists it: near a point, nearest first; "
        "else the newest first.",
        directives=[PAGED],
    )
    async def reports(
        self,
        info: Info,
        city: CityArgument = None,
        state: Annotated[
            ReportState | None, strawberry.argument(description="Only `OPEN`, or only `CLOSED`.")
        ] = None,
        service: Annotated[
            str | None, strawberry.argument(description="Only of this service, by its code.")
        ] = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[Report] | None:
        asked = window(first, after, last, before)
        key = ReportsIn(info.context.city(city), state, service, near, asked)
        return await info.context.load(key)

    @strawberry.field(description="What can be reported to a city.", directives=[about(50)])
    async def report_services(
        self, info: Info, city: CityArgument = None
    ) -> list[ReportService] | None:
        return await info.context.load(ReportServicesIn(info.context.city(city)))


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Tell the city that something is broken. The answer comes once it is kept on "
        "our disk; ask `report(id:)` what becomes of it. Sent again with the same `clientKey`, it "
        "is the same report, and is told only once.",
        directives=[WRITES],
    )
    async def report_issue(
        self,
        info: Info,
        input: Annotated[ReportInput, strawberry.argument(description="What is wrong, and where.")],
        client_key: Annotated[
            str,
            strawberry.argument(
                description="Made by the client, for this report alone, before it is first sent: "
                "a random UUID. Whoever knows it can ask for the report."
            ),
        ],
        city: CityArgument = None,
    ) -> Report | None:
        if CLIENT_KEY.fullmatch(client_key) is None:
            message = "`clientKey` is 16 to 100 letters, digits, dots, dashes or the like."
            raise BadUserInput(message, "clientKey")
        return await info.context.load(
            SubmitReport(info.context.city(city), client_key, issue(input))
        )
