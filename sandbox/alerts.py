"""Alerts: what the network of Bordeaux tells its passengers, around any day."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

from sandbox.network import Line, Network, Quay
from sandbox.tables import Record, read
from sandbox.timetable import PARIS


class Alert(NamedTuple):
    """One alert, in the words of GTFS-Realtime; without instants it holds always.

    It is about these lines and quays, or about the whole network if there are none.
    """

    id: str
    cause: str
    effect: str
    severity: str
    begins: datetime | None
    ends: datetime | None
    lines: tuple[Line, ...]
    quays: tuple[Quay, ...]
    header: str
    description: str
    header_en: str

    def over(self, now: datetime) -> bool:
        """Whether it is of the past."""
        return self.ends is not None and self.ends < now


def alerts(network: Network, now: datetime) -> Iterator[Alert]:
    """The past, the present and those to come."""
    lines = {line.number: line for line in network.lines}
    for row in read(f"{network.operator.city}/alerts"):
        yield Alert(
            row["id"],
            row["cause"],
            row["effect"],
            row["severity"],
            midnight(row, "from_day", now),
            midnight(row, "until_day", now, 1),
            tuple(lines[number] for number in row["lines"].split()),
            tuple(network.quays[int(number)] for number in row["quays"].split()),
            row["header"],
            row["description"],
            row["header_en"],
        )


def midnight(row: Record, column: str, now: datetime, more: int = 0) -> datetime | None:
    """The start of the day so many days from now; nothing where the table has nothing."""
    if not row[column]:
        return None
    day = now.astimezone(PARIS).date() + timedelta(days=int(row[column]) + more)
    return datetime.combine(day, time(), PARIS)
