"""Participation: what the city asks its people, and what they propose."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry

from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    FirstArgument,
    LastArgument,
)
from schema.cost import PAGED
from schema.key import Info, Key
from schema.languages import LanguageArgument, Text, spoken
from schema.nodes import Node, lookup, lookups
from schema.paging import Page, Window, window
from schema.places import Position


@strawberry.enum(description="Where a process stands.")
class ParticipationState(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="One can take part today.")
    UPCOMING = strawberry.enum_value("UPCOMING", description="It has not begun.")
    PAST = strawberry.enum_value("PAST", description="It is over.")


@strawberry.enum(description="What has become of a proposal.")
class ProposalState(Enum):
    NOT_ANSWERED = strawberry.enum_value("NOT_ANSWERED", description="Nobody has answered yet.")
    EVALUATING = strawberry.enum_value("EVALUATING", description="It is being looked into.")
    ACCEPTED = strawberry.enum_value("ACCEPTED", description="It is accepted.")
    REJECTED = strawberry.enum_value("REJECTED", description="It is rejected.")
    WITHDRAWN = strawberry.enum_value("WITHDRAWN", description="Who made it took it back.")
    OTHER = strawberry.enum_value("OTHER", description="The city has a word of its own for it.")


@strawberry.federation.type(
    keys=["id"], description="Something that the city asks its people: a consultation, a budget."
)
class ParticipatoryProcess(Node):
    city: strawberry.Private[str]
    local_id: strawberry.Private[str]
    begins_at: strawberry.Private[datetime | None]
    ends_at: strawberry.Private[datetime | None]
    titles: strawberry.Private[Sequence[Text]]
    subtitles: strawberry.Private[Sequence[Text]]
    descriptions: strawberry.Private[Sequence[Text]]
    slug: str | None = strawberry.field(description="Its word in the platform's addresses.")
    start_date: date | None = strawberry.field(description="Its first day; null if not told.")
    end_date: date | None = strawberry.field(description="Its last day; null if there is none.")
    published_at: datetime | None = strawberry.field(description="When it was published.")
    website: str | None = strawberry.field(description="Its page, with `https://` or `http://`.")

    @strawberry.field(description="What it is called.")
    def title(self, language: LanguageArgument = None) -> str | None:
        return spoken(self.titles, language)

    @strawberry.field(description="What it is about, in one line.")
    def subtitle(self, language: LanguageArgument = None) -> str | None:
        return spoken(self.subtitles, language)

    @strawberry.field(description="What it is about, as plain text with line breaks.")
    def description(self, language: LanguageArgument = None) -> str | None:
        return spoken(self.descriptions, language)

    @strawberry.field(description="Where it stands; null where no day is told.")
    def state(self, info: Info) -> ParticipationState | None:
        info.context.changes_at(*self.turns())
        return self.state_at(info.context.now)

    @strawberry.field(
        description="What people propose in it, the latest first.", directives=[PAGED]
    )
    async def proposals(
        self,
        info: Info,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> "Page[Proposal] | None":
        asked = window(first, after, last, before)
        return await info.context.load(ProposalsOf(self.city, self.local_id, asked))

    def turns(self) -> tuple[datetime, ...]:
        """The instants at which its state changes."""
        return tuple(at for at in (self.begins_at, self.ends_at) if at is not None)

    def state_at(self, now: datetime) -> ParticipationState | None:
        if self.ends_at is not None and self.ends_at <= now:
            return ParticipationState.PAST
        if self.begins_at is None:
            return None
        begun = self.begins_at <= now
        return ParticipationState.ACTIVE if begun else ParticipationState.UPCOMING


@strawberry.federation.type(
    keys=["id"], description="What somebody proposes; who, is not told here."
)
class Proposal(Node):
    city: strawberry.Private[str]
    local_id: strawberry.Private[str]
    process_id: strawberry.Private[str | None]
    titles: strawberry.Private[Sequence[Text]]
    bodies: strawberry.Private[Sequence[Text]]
    answers: strawberry.Private[Sequence[Text]]
    state: ProposalState | None = strawberry.field(
        description="What has become of it; null where nobody says, as of most that wait."
    )
    votes: int | None = strawberry.field(
        description="How many people voted for it; null, which is not 0, where nobody says."
    )
    position: Position | None = strawberry.field(description="Where it is about, if anywhere.")
    street: str | None = strawberry.field(description="Where it is about, in words.")
    published_at: datetime | None = strawberry.field(description="When it was published.")
    website: str | None = strawberry.field(description="Its page, with `https://` or `http://`.")

    @strawberry.field(description="What it is called.")
    def title(self, language: LanguageArgument = None) -> str | None:
        return spoken(self.titles, language)

    @strawberry.field(description="What it says, as plain text with line breaks.")
    def body(self, language: LanguageArgument = None) -> str | None:
        return spoken(self.bodies, language)

    @strawberry.field(description="What the city answers, as plain text with line breaks.")
    def answer(self, language: LanguageArgument = None) -> str | None:
        return spoken(self.answers, language)

    @strawberry.field(description="What it is a proposal for; null where nobody says.")
    async def process(self, info: Info) -> ParticipatoryProcess | None:
        if self.process_id is None:
            return None
        return await info.context.load(ParticipatoryProcessWith(self.city, self.process_id))


class ParticipatoryProcessWith(Key[ParticipatoryProcess | None]):
    city: str
    id: str


class ProposalWith(Key[Proposal | None]):
    city: str
    id: str


class ParticipatoryProcessesIn(Key[Page[ParticipatoryProcess]]):
    city: str
    state: ParticipationState | None
    window: Window


class ProposalsOf(Key[Page[Proposal]]):
    """The proposals of one process, by its id in the source."""

    city: str
    process_id: str
    window: Window


lookups["ParticipatoryProcess"] = ParticipatoryProcessWith
lookups["Proposal"] = ProposalWith


@strawberry.type
class Query:
    @strawberry.field(
        description="What the city asks its people: what is open first, the latest first.",
        directives=[PAGED],
    )
    async def participation(
        self,
        info: Info,
        city: CityArgument = None,
        state: Annotated[
            ParticipationState | None,
            strawberry.argument(description="Only what stands there; all if left out."),
        ] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[ParticipatoryProcess] | None:
        asked = window(first, after, last, before)
        key = ParticipatoryProcessesIn(info.context.city(city), state, asked)
        return await info.context.load(key)

    @strawberry.field(description="A participatory process by its id; null if there is none.")
    async def participatory_process(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    ) -> ParticipatoryProcess | None:
        key: Key[ParticipatoryProcess | None] = lookup(id, "id", "ParticipatoryProcess")
        return await info.context.load(key)
