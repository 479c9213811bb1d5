"""Timetable: all that a network plans, out of its GTFS feed, ready to be asked in microseconds.

A feed is imported once, in a process of its own, into an *edition*: a directory
of arrays that all workers of a machine map and share. A new edition is made
beside the old one and takes its place when it is whole.

    editions = Editions(directory)
    report = editions.add(zipped)       # blocks for seconds: call it beside the event loop
    timetable = editions.current()
    next(timetable.departures(["Station:1"], now, time_range=timedelta(hours=24)))
"""

from sources.timetable.editions import Editions
from sources.timetable.entries import Pattern, Scheduled, StopTime, Trip
from sources.timetable.layout import Report
from sources.timetable.timetable import Timetable

__all__ = [
    "Editions",
    "Pattern",
    "Report",
    "Scheduled",
    "StopTime",
    "Timetable",
    "Trip",
]
