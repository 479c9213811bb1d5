"""Participation: what one can take part in now, and what people propose there."""

from datetime import datetime

from resolvers.loaders import Loaders, answers
from schema.paging import Page, Sort, page
from schema.participation import (
    ParticipationState,
    ParticipatoryProcess,
    ParticipatoryProcessesIn,
    ParticipatoryProcessWith,
    Proposal,
    ProposalsOf,
    ProposalWith,
)

ORDER = (ParticipationState.ACTIVE, ParticipationState.UPCOMING, None, ParticipationState.PAST)


@answers(ParticipatoryProcessWith)
async def participatory_process_with(
    ask: Loaders, key: ParticipatoryProcessWith
) -> ParticipatoryProcess | None:
    processes = await ask.collection(ParticipatoryProcess, key.city)
    return processes.by(_local_id).get(key.id)


@answers(ProposalWith)
async def proposal_with(ask: Loaders, key: ProposalWith) -> Proposal | None:
    proposals = await ask.collection(Proposal, key.city)
    return proposals.by(_local_id).get(key.id)


@answers(ParticipatoryProcessesIn)
async def participatory_processes_in(
    ask: Loaders, key: ParticipatoryProcessesIn
) -> Page[ParticipatoryProcess]:
    def sort(process: ParticipatoryProcess) -> Sort:
        return (ORDER.index(process.state_at(ask.now)), *_latest(process.begins_at), process.id)

    processes = await ask.collection(ParticipatoryProcess, key.city)
    for process in processes.items:
        ask.changes_at(*process.turns())
    wanted = [
        process
        for process in processes.items
        if key.state is None or process.state_at(ask.now) is key.state
    ]
    return page(sorted(wanted, key=sort), sort, key.window)


@answers(ProposalsOf)
async def proposals_of(ask: Loaders, key: ProposalsOf) -> Page[Proposal]:
    proposals = await ask.collection(Proposal, key.city)
    found = proposals.grouped(_process_id).get(key.process_id, ())
    return page(sorted(found, key=_sort), _sort, key.window)


def _sort(proposal: Proposal) -> Sort:
    return (*_latest(proposal.published_at), proposal.id)


def _latest(at: datetime | None) -> Sort:
    """The latest first, then what has no date."""
    return (-at.timestamp() if at is not None else 0.0,)


def _local_id(one: ParticipatoryProcess | Proposal) -> str:
    return one.local_id


def _process_id(proposal: Proposal) -> str | None:
    return proposal.process_id
