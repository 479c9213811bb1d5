"""Pauses: how long a source is left alone between two reads, where it fails or counts its calls."""

from cities import Binding
from sources.errors import SourceError
from sources.quota import paced

LONGEST_S = 60.0  # between the reads of a source that keeps failing, if its quota has room
TRIES = 4  # calls that one read may cost, and one to spare


def pause_s(error: SourceError, failures: int, binding: Binding) -> float:
    """Seconds to leave it alone: as it said, or twice as long after each failure in a row.

    Up to a minute, or to what its quota can bear all day: a bad hour must not spend it.
    """
    if error.retry_after_s:
        return error.retry_after_s
    shortest = binding.negative_ttl_s
    longest = min(binding.ttl_s, max(LONGEST_S, TRIES * pace_s(binding)))
    return min(max(shortest, longest), shortest * 2.0 ** min(failures - 1, 30))


def pace_s(binding: Binding) -> float:
    """Seconds between two calls that use its quota up evenly; 0.0 if nobody counts them."""
    quota = binding.quota
    return 0.0 if quota is None else paced(quota).period_s / quota.calls
