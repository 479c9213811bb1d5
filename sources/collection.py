"""Collection: everything one source says at one moment, immutable, with its indexes.

A reader that holds a collection sees one moment whole, however long it takes;
the next one is built beside it and swapped in. Indexes are made when first
asked for and live as long as the snapshot.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import cos, radians
from typing import Any, Generic, TypeVar

import numpy as np
from shapely import STRtree, points

from cities import Binding
from schema.places import Place, Position

T = TypeVar("T")
X = TypeVar("X")
EARTH_RADIUS_M = 6_371_008.8
METRES_PER_DEGREE = EARTH_RADIUS_M * radians(1)


@dataclass(frozen=True, eq=False)
class Collection(Generic[T]):
    """`items` in the source's order, as they were at `fetched_at`."""

    binding: Binding
    items: tuple[T, ...]
    dropped: int
    fetched_at: datetime
    _indexes: dict[Any, Any] = field(default_factory=dict, repr=False)

    def derived(self, make: Callable[["Collection[T]"], X]) -> X:
        """What `make` makes of this collection, made once; `make` must be a lasting function."""
        if make not in self._indexes:
            self._indexes[make] = make(self)
        found: X = self._indexes[make]
        return found

    def by(self, key: Callable[[T], Hashable]) -> Mapping[Any, T]:
        """Items by a key that is theirs alone; of several the first wins."""
        if (key, "one") not in self._indexes:
            self._indexes[key, "one"] = {key(item): item for item in reversed(self.items)}
        found: Mapping[Any, T] = self._indexes[key, "one"]
        return found

    def grouped(self, key: Callable[[T], Hashable]) -> Mapping[Any, Sequence[T]]:
        """Items by a key that several share, each group in the source's order."""
        if (key, "all") not in self._indexes:
            groups: dict[Any, list[T]] = {}
            for item in self.items:
                groups.setdefault(key(item), []).append(item)
            self._indexes[key, "all"] = groups
        found: Mapping[Any, Sequence[T]] = self._indexes[key, "all"]
        return found

    def joined(self, other: "Collection[T]") -> "Collection[T]":
        """With a second list of the same things: made once, while both of them last."""
        made = self._indexes.get("joined")
        if made is None or made[0] is not other:
            items, dropped = self.items + other.items, self.dropped + other.dropped
            since = min(self.fetched_at, other.fetched_at)
            made = (other, Collection(self.binding, items, dropped, since))
            self._indexes["joined"] = made
        found: Collection[T] = made[1]
        return found


class Nearness:
    """The places of a collection that are on the map, by where they are."""

    def __init__(self, places: Collection[Any]) -> None:
        found: list[tuple[Place, Position]] = [
            (place, place.position)
            for place in places.items
            if isinstance(place, Place) and place.on_map() and place.position is not None
        ]
        self._places = [place for place, _ in found]
        self._lats = np.array([at.lat for _, at in found])
        self._lons = np.array([at.lon for _, at in found])
        # Metres on a plane are right to a few parts in a thousand across one city:
        # near enough to choose candidates, which are then measured on the sphere.
        self._scale = cos(radians(float(self._lats.mean()))) if found else 1.0
        self._tree = STRtree(points(self._lons * self._scale, self._lats))

    def around(self, asked: Sequence[tuple[float, float, float]]) -> list[list[tuple[float, Any]]]:
        """For each (lat, lon, within metres): the places in it with their metres, nearest first."""
        if not self._places:
            return [[] for _ in asked]
        spots = np.array(asked, dtype=float)
        centres = points(spots[:, 1] * self._scale, spots[:, 0])
        reach = spots[:, 2] / METRES_PER_DEGREE * 1.02
        which, hits = self._tree.query(centres, predicate="dwithin", distance=reach)
        metres = distances_m(spots[which, 0], spots[which, 1], self._lats[hits], self._lons[hits])
        found: list[list[tuple[float, Any]]] = [[] for _ in asked]
        for spot, hit, away in zip(which.tolist(), hits.tolist(), metres.tolist(), strict=True):
            if away <= spots[spot, 2]:
                found[spot].append((away, self._places[hit]))
        for near in found:
            near.sort(key=lambda one: (one[0], one[1].name))
        return found


def distances_m(lat: Any, lon: Any, lats: Any, lons: Any) -> Any:
    """Great-circle distances in metres (haversine), element by element over arrays."""
    lat, lon, lats, lons = (np.radians(values) for values in (lat, lon, lats, lons))
    chord = (
        np.sin((lats - lat) / 2) ** 2 + np.cos(lat) * np.cos(lats) * np.sin((lons - lon) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(chord))
