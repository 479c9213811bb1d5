"""Roads: where traffic flows, what disturbs it, and when a bridge is closed."""

from collections.abc import Iterable
from datetime import datetime

from resolvers.days import between
from resolvers.loaders import Loaders, answers
from schema.paging import Page, Sort, page
from schema.roads import (
    BridgeClosure,
    BridgeClosuresIn,
    BridgeClosureWith,
    RoadEvent,
    RoadEventsIn,
    RoadEventWith,
    RoadSegment,
    RoadSegmentsIn,
    RoadSegmentWith,
)
from sources.arrays import np
from sources.collection import Collection
from sources.grid import Grid
from sources.names import fold


@answers(RoadSegmentWith)
async def road_segment_with(ask: Loaders, key: RoadSegmentWith) -> RoadSegment | None:
    return (await ask.collection(RoadSegment, key.city)).by(_local_id).get(key.id)


@answers(RoadEventWith)
async def road_event_with(ask: Loaders, key: RoadEventWith) -> RoadEvent | None:
    return (await ask.collection(RoadEvent, key.city)).by(_local_id).get(key.id)


@answers(BridgeClosureWith)
async def bridge_closure_with(ask: Loaders, key: BridgeClosureWith) -> BridgeClosure | None:
    return (await ask.collection(BridgeClosure, key.city)).by(_local_id).get(key.id)


@answers(RoadSegmentsIn)
async def road_segments_in(ask: Loaders, key: RoadSegmentsIn) -> Page[RoadSegment]:
    segments = await ask.collection(RoadSegment, key.city)
    words = fold(key.name or "").split()
    found: dict[Sort, RoadSegment] = {}
    for metres, segment in _around(segments, key):
        if key.status is not None:
            ask.changes_at(*segment.live_between())
            if segment.status_at(ask.now) not in key.status:
                continue
        if all(word in segment.folded for word in words):
            found[metres, segment.folded, segment.id] = segment
    sorts = {segment.id: sort for sort, segment in found.items()}
    ordered = [found[sort] for sort in sorted(found)]
    return page(ordered, lambda segment: sorts[segment.id], key.window)


@answers(RoadEventsIn)
async def road_events_in(ask: Loaders, key: RoadEventsIn) -> Page[RoadEvent]:
    events = await ask.collection(RoadEvent, key.city)
    return page(sorted(events.items, key=_latest_first), _latest_first, key.window)


@answers(BridgeClosuresIn)
async def bridge_closures_in(ask: Loaders, key: BridgeClosuresIn) -> list[BridgeClosure]:
    closures = await ask.collection(BridgeClosure, key.city)
    since, until = between(ask, key.city, key.start, key.days)
    found = [one for one in closures.items if one.end > since and one.start < until]
    ask.changes_at(*(one.end for one in found))
    return sorted(found, key=_start)


def _around(
    segments: Collection[RoadSegment], key: RoadSegmentsIn
) -> Iterable[tuple[float, RoadSegment]]:
    """Those near a point, with their metres; or all, as if they were in one point."""
    if key.near is None:
        return ((0.0, segment) for segment in segments.items)
    placed = segments.derived(_placed)
    indexes, metres = segments.derived(_grid).around(key.near.lat, key.near.lon, key.near.within)
    return ((m, placed[i]) for m, i in zip(metres.tolist(), indexes.tolist(), strict=True))


def _placed(segments: Collection[RoadSegment]) -> list[RoadSegment]:
    return [segment for segment in segments.items if segment.position is not None]


def _grid(segments: Collection[RoadSegment]) -> Grid:
    at = [segment.position for segment in segments.items if segment.position is not None]
    return Grid(np.array([one.lat for one in at], float), np.array([one.lon for one in at], float))


def _latest_first(event: RoadEvent) -> Sort:
    return (0 if event.announced_on is None else -event.announced_on.toordinal(), event.id)


def _start(closure: BridgeClosure) -> datetime:
    return closure.start


def _local_id(one: RoadSegment | RoadEvent | BridgeClosure) -> str:
    return one.local_id
