"""Atlas: what is on the map, of one kind or of many, found by where it is."""

from collections.abc import Iterator, Sequence
from itertools import chain
from math import cos, radians
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schema.places import Place
from sources.collection import Collection
from sources.grid import Grid

FIRST_LOOK_M = 250.0
MOST_ATLASES = 16

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

    @classmethod
    def of(cls, places: Collection[Any]) -> "Spots":
        """Those of a collection, made once for each edition of it."""
        return places.derived(cls)

    def same_as(self, other: "Spots") -> bool:
        """Whether they lie in the same points, whatever else is new about them."""
        return np.array_equal(self.lats, other.lats) and np.array_equal(self.lons, other.lons)


class Atlas:
    """The places of several collections as one map. Where nothing moved, the grid is kept."""

    def __init__(self, layers: Sequence[Spots], last: "Atlas | None" = None) -> None:
        self.layers = layers
        self._places = list(chain.from_iterable(layer.places for layer in layers))
        kinds: dict[str, int] = {}
        codes = [kinds.setdefault(place.kind_word(), len(kinds)) for place in self._places]
        self.kinds: Sequence[str] = list(kinds)
        self._codes: NDArray[np.int32] = np.array(codes, np.int32)
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

    def around(
        self, lat: float, lon: float, within_m: float, kinds: frozenset[str] | None = None
    ) -> Iterator[Found]:
        """The places within so many metres of a spot, nearest first, of these kinds only.

        Looks no further than its reader goes on asking for.
        """
        wanted = self._wanted(kinds)
        told, radius = 0, min(FIRST_LOOK_M, within_m)
        while True:
            indexes, metres = self._grid.around(lat, lon, radius)
            if wanted is not None:
                of_kind = wanted[self._codes[indexes]]
                indexes, metres = indexes[of_kind], metres[of_kind]
            for index, away in zip(indexes[told:].tolist(), metres[told:].tolist(), strict=True):
                yield away, self._places[index]
            told = len(indexes)
            if radius >= within_m:
                return
            radius = min(2 * radius, within_m)

    def clusters(
        self,
        box: tuple[float, float, float, float],
        kinds: frozenset[str] | None,
        cell_deg: float,
        most: int,
    ) -> "Clusters":
        """A box (south, west, north, east) by cells of so many degrees of longitude, and as high.

        Cells are made larger until no more than `most` of them have anything in it.
        """
        indexes = self._grid.box(*box)
        wanted = self._wanted(kinds)
        if wanted is not None:
            indexes = indexes[wanted[self._codes[indexes]]]
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

    def _wanted(self, kinds: frozenset[str] | None) -> NDArray[np.bool_] | None:
        return None if kinds is None else np.array([kind in kinds for kind in self.kinds], bool)


class Atlases:
    """The atlases that were asked for last, each made again when one of its layers is new."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], Atlas] = {}

    def of(self, collections: Sequence[Collection[Any]]) -> Atlas:
        """The atlas of these collections, which are of one city."""
        layers = [Spots.of(collection) for collection in collections]
        name = tuple(collection.binding.source for collection in collections)
        atlas = self._made.pop(name, None)
        if atlas is None or any(a is not b for a, b in zip(atlas.layers, layers, strict=True)):
            atlas = Atlas(layers, atlas)
        if len(self._made) >= MOST_ATLASES:
            del self._made[next(iter(self._made))]
        self._made[name] = atlas  # the one asked for last comes last
        return atlas


def _alike(layers: Sequence[Spots], others: Sequence[Spots]) -> bool:
    return len(layers) == len(others) and all(map(Spots.same_as, layers, others))
