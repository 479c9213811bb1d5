"""Participation: what a city asks its people and what they propose, as Decidim tells it.

https://docs.decidim.org/en/develop/develop/api.html: texts are `{translations {locale text}}`, or
`{translation}` in the one language that was asked for, and may hold HTML that nobody escaped.
Who proposed, voted for or commented what is not read, even where a document asks for it.
"""

from datetime import date, datetime, time, timedelta

from cities import City
from schema.nodes import node_id
from schema.participation import ParticipatoryProcess, Proposal, ProposalState
from sources.places import find_website
from sources.reading import reads
from sources.row import Row
from sources.texts import plain

STATES = {
    "not_answered": ProposalState.NOT_ANSWERED,
    "evaluating": ProposalState.EVALUATING,
    "accepted": ProposalState.ACCEPTED,
    "rejected": ProposalState.REJECTED,
    "withdrawn": ProposalState.WITHDRAWN,
}


@reads(
    ParticipatoryProcess, "id slug title subtitle description start_date end_date published website"
)
def participatory_process(row: Row) -> ParticipatoryProcess:
    """One process; ValueError without an id or a title."""
    local_id, titles = row.text("id"), row.texts("title", plain)
    if not titles:
        raise ValueError("no title")
    start, end, published = row.find_day("start_date"), row.find_day("end_date"), _at(row)
    return ParticipatoryProcess(
        id=node_id("ParticipatoryProcess", row.city.slug, local_id),
        city=row.city.slug,
        local_id=local_id,
        begins_at=_midnight(row.city, start),
        ends_at=_midnight(row.city, end and end + timedelta(days=1)),
        titles=titles,
        subtitles=row.texts("subtitle", plain),
        descriptions=row.texts("description", plain),
        slug=row.find_text("slug"),
        start_date=start,
        end_date=end,
        published_at=published,
        website=find_website(row),
    )


@reads(
    Proposal,
    "id process title body answer state votes position lat lon street published website",
    part="proposals",
)
def proposal(row: Row) -> Proposal | None:
    """One proposal; ValueError without an id or a title."""
    local_id, titles = row.text("id"), row.texts("title", plain)
    if not titles:
        raise ValueError("no title")
    return Proposal(
        id=node_id("Proposal", row.city.slug, local_id),
        city=row.city.slug,
        local_id=local_id,
        process_id=row.find_text("process"),
        titles=titles,
        bodies=row.texts("body", plain),
        answers=row.texts("answer", plain),
        state=_state(row),
        votes=row.find_count("votes"),
        position=row.find_position(),
        street=row.find_text("street"),
        published_at=_at(row),
        website=find_website(row),
    )


def _state(row: Row) -> ProposalState | None:
    said = row.find_text("state")
    return None if said is None else STATES.get(said.lower(), ProposalState.OTHER)


def _at(row: Row) -> datetime | None:
    found = row.find_instant("published")
    return found and found.astimezone(row.city.zone)


def _midnight(city: City, day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), city.zone)
