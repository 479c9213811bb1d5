"""Departures: what leaves next, out of SIRI stop monitoring.

Networks also list the trips that end at a stop, and go on repeating predictions
that they made hours ago: the first are no departures, the second no real time.
"""

from datetime import timedelta

from schema.departures import Departure
from sources.reading import reads
from sources.row import Row

# In Nantes at 22:05 a bus due at 22:23 was said to leave at 22:12, as it was at 20:12: nobody
# had looked since. Buses on their way are looked at every minute or few.
STALE_AFTER = timedelta(minutes=30)


@reads(
    Departure,
    "stop line destination headsign headsign_fallback scheduled expected scheduled_arrival "
    "expected_arrival recorded answered status at_stop monitored platform",
)
def departure(row: Row) -> Departure | None:
    """One visit; None where the trip ends or is cancelled, ValueError without any time."""
    stop, destination = row.text("stop"), row.find_text("destination")
    if destination == stop or row.find_text("status") == "cancelled":
        return None
    scheduled = row.find_instant("scheduled") or row.find_instant("scheduled_arrival")
    predicted = row.find_instant("expected") or row.find_instant("expected_arrival")
    expected = predicted or scheduled
    if expected is None:
        raise ValueError("neither a scheduled nor an expected time")
    recorded, answered = row.find_instant("recorded"), row.find_instant("answered")
    stale = recorded is not None and answered is not None and answered - recorded > STALE_AFTER
    realtime = predicted is not None and row.find_flag("monitored") is not False and not stale
    return Departure(
        city=row.city.slug,
        stop_id=stop,
        destination_id=destination,
        line=row.text("line"),
        headsign=row.find_text("headsign") or row.find_text("headsign_fallback"),
        scheduled_at=scheduled,
        expected_at=expected if realtime else scheduled or expected,
        realtime=realtime,
        at_stop=row.find_flag("at_stop") is True and not stale,
        platform_code=row.find_text("platform"),
        updated_at=recorded if realtime else None,
    )
