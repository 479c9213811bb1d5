"""Grid: points by where they are, so that those around a spot are found without a look at the rest.

One city fits in a few thousand cells, whose points stand beside each other row by
row: what lies around a spot is a handful of slices, measured all at once.
"""

from __future__ import annotations

from math import cos, radians, sin
from typing import TYPE_CHECKING, NamedTuple

from schema.places import EARTH_RADIUS_M
from sources.arrays import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indexes = NDArray[np.intp]

METRES_PER_DEGREE = EARTH_RADIUS_M * radians(1)
CELL_M = 250.0
MAX_CELLS = 1 << 20


class Around(NamedTuple):
    """Which points are around a spot, nearest first, and how many metres away each is."""

    indexes: Indexes
    metres: Floats


class Grid:
    """Points of latitude and longitude (WGS 84, degrees), known by their index."""

    def __init__(self, lats: Floats, lons: Floats) -> None:
        self.lats, self.lons = lats, lons
        if not len(lats):
            return
        # A point off Africa must not stretch the grid: it counts to the cells at the edge.
        self._south, north = (float(at) for at in np.percentile(lats, (1, 99)))
        self._west, east = (float(at) for at in np.percentile(lons, (1, 99)))
        narrow = max(cos(radians((self._south + north) / 2)), 0.01)
        cell = CELL_M / METRES_PER_DEGREE
        area = (north - self._south + cell) * (east - self._west + cell) * narrow
        cell = max(cell, (area / MAX_CELLS) ** 0.5)
        self._high, self._wide = cell, cell / narrow
        self._rows = int((north - self._south) / self._high) + 1
        self._columns = int((east - self._west) / self._wide) + 1
        cells = _clipped((lats - self._south) / self._high, self._rows) * self._columns
        cells += _clipped((lons - self._west) / self._wide, self._columns)
        self._order = np.argsort(cells, kind="stable")
        every = np.arange(self._rows * self._columns + 1)
        self._starts: list[int] = np.searchsorted(cells[self._order], every).tolist()
        self._lats, self._lons = lats[self._order], lons[self._order]

    def __len__(self) -> int:
        return len(self.lats)

    def around(self, lat: float, lon: float, within_m: float) -> Around:
        """The points within so many metres of a spot, on the sphere, nearest first.

        Points equally far away keep one order. Metres are right to the
        decimetre over the few kilometres of a city.
        """
        high = within_m / METRES_PER_DEGREE
        wide = high / max(cos(radians(min(abs(lat) + high, 89.9))), 0.001)
        lats, lons, order = self._within(lat - high, lon - wide, lat + high, lon + wide)
        rise, way = lats - lat, lons - lon
        narrow, bend = cos(radians(lat)), sin(radians(lat)) * radians(1) / 2
        way *= narrow - bend * rise
        metres = np.sqrt(rise * rise + way * way) * METRES_PER_DEGREE
        near = np.flatnonzero(metres <= within_m)
        metres = metres[near]
        by_distance = np.argsort(metres, kind="stable")
        return Around(order[near[by_distance]], metres[by_distance])

    def box(self, south: float, west: float, north: float, east: float) -> Indexes:
        """The points of a box, its edges included, in the order of their indexes."""
        lats, lons, order = self._within(south, west, north, east)
        inside = (south <= lats) & (lats <= north) & (west <= lons) & (lons <= east)
        return np.sort(order[inside])

    def _within(
        self, south: float, west: float, north: float, east: float
    ) -> tuple[Floats, Floats, Indexes]:
        """Latitudes, longitudes and indexes of all points of the cells that a box touches."""
        if not len(self):
            return self.lats, self.lons, np.empty(0, np.intp)
        low, high = (_cell((at - self._south) / self._high, self._rows) for at in (south, north))
        left, right = (_cell((at - self._west) / self._wide, self._columns) for at in (west, east))
        rows = range(low * self._columns, (high + 1) * self._columns, self._columns)
        spans = [slice(self._starts[row + left], self._starts[row + right + 1]) for row in rows]
        lats, lons, order = (
            np.concatenate([values[span] for span in spans])
            for values in (self._lats, self._lons, self._order)
        )
        return lats, lons, order


def _cell(at: float, count: int) -> int:
    return min(max(int(at // 1), 0), count - 1)


def _clipped(at: Floats, count: int) -> NDArray[np.int64]:
    return np.clip(np.floor(at), 0, count - 1).astype(np.int64)
