"""Running: what leaves a stop on a service day, out of all that leaves it on any.

Of many services few run on a day, so at most stops few of many departures do. Which
ones they are is found out once for each stop and set of services: days that are alike
share it, and so do all who ask on one day.
"""

from collections.abc import Callable
from functools import lru_cache

from sources.arrays import np
from sources.timetable.layout import Array, Arrays

# How many are kept; all stops of a city the size of Nantes take 2 MB on a day.
STOPS, SETS = 8_192, 64


def running(arrays: Arrays) -> Callable[[int, int], memoryview]:
    """What finds the departures of a stop on a day, in order; all numbers are the layout's."""
    day_services = arrays.day_services.data
    stop_first = arrays.stop_first.data

    @lru_cache(SETS)
    def runs(services: int) -> Array:
        """For each service, whether it is in the set."""
        return np.unpackbits(arrays.service_set[services], bitorder="little").view(bool)

    @lru_cache(STOPS)
    def departures(stop: int, services: int) -> memoryview:
        first, last = stop_first[stop], stop_first[stop + 1]
        today = runs(services).take(arrays.departure_service[first:last])
        return arrays.departure[first:last][today].data

    return lambda stop, day: departures(stop, day_services[day])
