"""Events: what is on within some days, and when it takes place."""

from datetime import datetime

from resolvers.days import between
from resolvers.loaders import Loaders, answers
from resolvers.places import around
from schema.events import Event, EventOccurrence, EventsIn, EventWith
from schema.paging import Page, Sort, page
from sources.names import fold


@answers(EventWith)
async def event_with(ask: Loaders, key: EventWith) -> Event | None:
    events = await ask.collection(Event, key.city)
    return events.by(_local_id).get(key.id)


@answers(EventsIn)
async def events_in(ask: Loaders, key: EventsIn) -> Page[Event]:
    events = await ask.collection(Event, key.city)
    since, until = between(ask, key.city, key.start, key.days)
    found: dict[Sort, Event] = {}
    if key.near is None:
        candidates = events.items
    else:
        near = around(events, key.near.lat, key.near.lon, key.near.within)
        candidates = tuple(event for _, event in near)
    words = fold(key.name or "").split()
    theme = None if key.theme is None else fold(key.theme)
    for event in candidates:
        if (
            (key.free_of_charge is None or bool(event.free_of_charge) is key.free_of_charge)
            and (key.commune is None or _insee(event) == key.commune)
            and (theme is None or theme in event.folded_themes)
            and all(word in event.folded for word in words)
        ):
            first = _first(event, since, until)
            if first is not None:
                ask.changes_at(first.over_at)
                found[first.start.timestamp(), event.folded, event.id] = event
    sorts = {event.id: sort for sort, event in found.items()}
    return page([found[sort] for sort in sorted(found)], lambda event: sorts[event.id], key.window)


def _first(event: Event, since: datetime, until: datetime) -> EventOccurrence | None:
    """The first occurrence that is not over by then, if it starts in time."""
    return next((one for one in event.coming(since) if one.start < until), None)


def _insee(event: Event) -> str | None:
    return None if event.address is None else event.address.insee


def _local_id(event: Event) -> str:
    return event.local_id
