"""Days: from when until when, where a client asks for some days in a city."""

from datetime import UTC, date, datetime, time, timedelta

from resolvers.loaders import Loaders


def between(ask: Loaders, city: str, start: date | None, days: int) -> tuple[datetime, datetime]:
    """From now if they begin with today (or None), else from their first midnight; to the last."""
    zone, today = ask.cities[city].zone, ask.today(city)
    first = start or today
    since = ask.now if first == today else datetime.combine(first, time(), zone).astimezone(UTC)
    return since, datetime.combine(first + timedelta(days=days), time(), zone)
