"""What a platform of participation tells: texts in their languages, without markup or people."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import cities
from schema.participation import ParticipationState, ParticipatoryProcess, Proposal, ProposalState
from sources.participation import participatory_process, proposal
from sources.row import Row

ESTUAIRE = cities.load(Path(__file__).parent / "cities")["estuaire"]
PROCESS = {"id": "7", "title": {"translation": "Plan vélo"}}


def process(**said: Any) -> ParticipatoryProcess:
    fields = ESTUAIRE.bindings["participation"].fields
    return participatory_process(Row(ESTUAIRE, {**PROCESS, **said}, fields))


def proposed(**said: Any) -> Proposal:
    fields = ESTUAIRE.bindings["participation.proposals"].fields
    read = proposal(Row(ESTUAIRE, {**PROCESS, **said}, fields))
    assert read is not None
    return read


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "now", "state"),
    [
        ("2026-11-24", "2026-11-25", "2026-11-23T23:59:59+01:00", ParticipationState.UPCOMING),
        ("2026-11-24", "2026-11-25", "2026-11-24T00:00:00+01:00", ParticipationState.ACTIVE),
        ("2026-11-24", "2026-11-25", "2026-11-25T23:59:59+01:00", ParticipationState.ACTIVE),
        ("2026-11-24", "2026-11-25", "2026-11-26T00:00:00+01:00", ParticipationState.PAST),
        ("2026-11-24", None, "2036-11-24T00:00:00+01:00", ParticipationState.ACTIVE),
        (None, "2026-11-25", "2026-11-26T00:00:00+01:00", ParticipationState.PAST),
        (None, "2026-11-25", "2026-11-24T00:00:00+01:00", None),
        ("soon", None, "2026-11-24T00:00:00+01:00", None),
    ],
)
def test_it_is_open_from_its_first_midnight_to_its_last(start, end, now, state):
    found = process(startDate=start, endDate=end)

    assert found.state_at(at(now)) is state


@pytest.mark.parametrize(
    "title",
    [
        "Plan vélo",
        {"translation": "Plan vélo"},
        {"translations": [{"locale": "fr", "text": "Plan vélo"}]},
        {"translations": [{"locale": "en", "text": ""}, {"locale": "fr", "text": "Plan vélo"}]},
        {"translation": "<p>Plan <b>v&eacute;lo</b><script>alert(1)</script></p>"},
    ],
)
def test_a_title_is_a_text_however_it_is_told(title):
    assert process(title=title).title() == "Plan vélo"


@pytest.mark.parametrize("title", [None, "", {}, [], {"translations": [None, 7]}, "<p></p>"])
def test_without_a_title_there_is_nothing_to_show(title):
    with pytest.raises(ValueError, match="no title"):
        process(title=title)
    with pytest.raises(ValueError, match="no title"):
        proposed(title=title)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("accepted", ProposalState.ACCEPTED),
        ("Withdrawn", ProposalState.WITHDRAWN),
        ("not_answered", ProposalState.NOT_ANSWERED),
        ("in_the_works", ProposalState.OTHER),
        ("", None),
        (None, None),
    ],
)
def test_what_has_become_of_a_proposal(said, state):
    assert proposed(state=said).state is state


def test_votes_that_nobody_tells_are_not_none_at_all():
    assert proposed(voteCount=0).votes == 0
    assert proposed(voteCount=None).votes is None
    assert proposed(voteCount=-1).votes is None


def test_nobody_is_named():
    found = proposed(author={"name": "Camille Riverain"}, likes=[{"name": "Camille Riverain"}])

    assert "Camille" not in repr(found)
