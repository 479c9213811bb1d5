"""Atlas: what is on the map, of one kind or of many, found by where it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from math import cos, radians
from typing import TYPE_CHECKING, Any, NamedTuple

from schema.places import Place
from sources.arrays import np
from sources.collection import Collection
from sources.grid import Grid
from sources.leaving import Leaving, leaving

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_LOOK_M = 250.0

Found = tuple[float, Place]


class Several(NamedTuple):
    """Places that are shown as one: their middle, how many they are, and how many of each kind."""

    lat: float
    lon: float
    places: int
    kinds: Sequence[tuple[str, int]]


class Clusters(NamedTuple):
    """What is in a box: how many places, those alone in their cell, and the others by cells."""

    total: int
    alone: list[Place]
    several: list[Several]


class Spots:
    """The places of a collection that are on the map; made with `Collection.derived`."""

    def __init__(self, places: Collection[Any]) -> None:
        self.places: list[Place] = [
            place
            for place in places.items
            if isinstance(place, Place) and place.position is not None and place.on_map()
        ]
        positions = [place.position for place in self.places if place.position is not None]
        self.lats = np.array([at.lat for at in positions], float)
        self.lons = np.array([at.lon for at in positions], float)
        self.ends = leaving(self.places)

    @classmethod
    def of(cls, places: Collection[Any]) -> Spots:
        """Those of a collection, made once for each edition of it."""
        return places.derived(cls)

    def same_as(self, other: Spots) -> bool:
        """Whether they lie in the same points, whatever else is new about them."""
        return np.array_equal(self.lats, other.lats) and np.array_equal(self.lons, other.lons)


class Atlas:
    """The places of several collections as one map. Where nothing moved, the grid is kept."""

    def __init__(self, layers: Sequence[Spots], last: Atlas | None = None) -> None:
        self.layers = layers
        self._places = list(chain.from_iterable(layer.places for layer in layers))
        kinds: dict[str, int] = {}
        codes = [kinds.setdefault(place.kind_word(), len(kinds)) for place in self._places]
        self.kinds: Sequence[str] = list(kinds)
        self._codes: NDArray[np.int32] = np.array(codes, np.int32)
        self._leaving = Leaving([layer.ends for layer in layers])
        self._grid: Grid = (
            last._grid
            if last is not None and _alike(layers, last.layers)
            else Grid(
                np.concatenate([np.empty(0), *(layer.lats for layer in layers)]),
                np.concatenate([np.empty(0), *(layer.lons for layer in layers)]),
            )
        )

    def __len__(self) -> int:
        return len(self._places)

    def changes_at(self, now: datetime) -> datetime | None:
        """When the next of its places leaves it; None if none ever does."""
        return self._leaving.changes_at(now)

    def around(
        self,
        lat: float,
        lon: float,
        within_m: float,
        now: datetime,
        kinds: frozenset[str] | None = None,
    ) -> Iterator[Found]:
        """The places within so many metres of a spot, nearest first, of these kinds only.

        Looks no further than its reader goes on asking for.
        """
        told, radius = 0, min(FIRST_LOOK_M, within_m)
        while True:
            indexes, metres = self._grid.around(lat, lon, radius)
            shown = self._shown(indexes, now, kinds)
            if shown is not None:
                indexes, metres = indexes[shown], metres[shown]
            for index, away in zip(indexes[told:].tolist(), metres[told:].tolist(), strict=True):
                yield away, self._places[index]
            told = len(indexes)
            if radius >= within_m:
                return
            radius = min(2 * radius, within_m)

    def clusters(
        self,
        box: tuple[float, float, float, float],
        now: datetime,
        kinds: frozenset[str] | None,
        cell_deg: float,
        most: int,
    ) -> Clusters:
        """A box (south, west, north, east) by cells of so many degrees of longitude, and as high.

        Cells are made larger until no more than `most` of them have anything in it.
        """
        indexes = self._grid.box(*box)
        shown = self._shown(indexes, now, kinds)
        if shown is not None:
            indexes = indexes[shown]
        lats, lons = self._grid.lats[indexes], self._grid.lons[indexes]
        high = cell_deg * max(cos(radians((box[0] + box[2]) / 2)), 0.01)
        while True:
            cells = np.floor(lats / high).astype(np.int64) * (1 << 32)
            cells += np.floor(lons / cell_deg).astype(np.int64)
            _, which, counts = np.unique(cells, return_inverse=True, return_counts=True)
            if len(counts) <= most:
                break
            high, cell_deg = 2 * high, 2 * cell_deg
        alone = counts[which] == 1
        middle_lats = (np.bincount(which, lats) / counts).tolist()
        middle_lons = (np.bincount(which, lons) / counts).tolist()
        codes = which * len(self.kinds) + self._codes[indexes]
        numbers = np.unique(codes, return_counts=True)
        held: dict[int, list[tuple[str, int]]] = {}
        for code, count in zip(*(a.tolist() for a in numbers), strict=True):
            cell, kind = divmod(code, len(self.kinds))
            held.setdefault(cell, []).append((self.kinds[kind], count))
        return Clusters(
            total=len(indexes),
            alone=[self._places[index] for index in indexes[alone].tolist()],
            several=[
                Several(middle_lats[cell], middle_lons[cell], count, held[cell])
                for cell, count in enumerate(counts.tolist())
                if count > 1
            ],
        )

    def _shown(
        self, indexes: NDArray[np.intp], now: datetime, kinds: frozenset[str] | None
    ) -> NDArray[np.bool_] | None:
        """Which of these places are of the kinds, and not over; None for all of them."""
        shown: NDArray[np.bool_] | None = None
        if kinds is not None:
            shown = np.array([kind in kinds for kind in self.kinds], bool)[self._codes[indexes]]
        if self._leaving:
            staying = self._leaving.staying(now, indexes)
            shown = staying if shown is None else shown & staying
        return shown


def _alike(layers: Sequence[Spots], others: Sequence[Spots]) -> bool:
    return len(layers) == len(others) and all(map(Spots.same_as, layers, others))
