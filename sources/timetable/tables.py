"""Tables: the files of a feed as DuckDB reads them.

In SQL, `feed.stops` is stops.txt: the columns below as texts, NULL where they
are empty or not there. Other files and columns are passed over.
"""

from pathlib import Path
from typing import Any

import duckdb

from sources.archive import archive_of
from sources.timetable.layout import Array
from sources.timetable.unpacking import Problems, unpack

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COLUMNS = {
    "agency": ("agency_timezone",),
    "stops": ("stop_id", "parent_station"),
    "trips": (
        *("trip_id", "route_id", "service_id", "trip_headsign", "trip_short_name"),
        *("direction_id", "block_id", "shape_id", "wheelchair_accessible"),
    ),
    "stop_times": (
        *("trip_id", "stop_sequence", "stop_id", "arrival_time", "departure_time"),
        *("stop_headsign", "pickup_type", "drop_off_type", "shape_dist_traveled"),
        "start_pickup_drop_off_window",
    ),
    "calendar": ("service_id", "start_date", "end_date", *WEEKDAYS),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs", "exact_times"),
    "shapes": ("shape_id", "shape_pt_sequence", "shape_pt_lat", "shape_pt_lon"),
    "feed_info": ("feed_version", "feed_start_date", "feed_end_date"),
}
REQUIRED = ("stops", "trips", "stop_times")
# Quotes are balanced in every line (see unpacking), so nothing spans lines and the scan may
# be cut anywhere. Blank values may be left out at a line's end. Neither the length of a file
# nor what is in it is known beforehand: left alone, the optimiser would index the longest.
OPTIONS = (
    "auto_detect=false, header=false, skip=1, delim=',', quote='\"', escape='\"', nullstr='', "
    "new_line='\\n', null_padding=true, store_rejects=true, rejects_limit=100000, "
    "buffer_size=8388608"
)
SETTINGS = """
    SET threads = 2;
    SET disabled_optimizers = 'build_side_probe_side,join_order';
    CREATE SCHEMA feed;
    -- A GTFS time, up to a week, as seconds; NULL if it is none.
    CREATE MACRO seconds(t) AS CASE
        WHEN regexp_full_match(t, '(1[0-6]|[0-9])?[0-9]:[0-5][0-9]:[0-5][0-9]')
        THEN epoch(t::INTERVAL)::INTEGER END;
    CREATE MACRO up_to(most, digit) AS
        CASE WHEN digit BETWEEN '1' AND most AND length(digit) = 1 THEN digit::UTINYINT ELSE 0 END;
"""


class Tables:
    """One feed, unpacked into `work`; ValueError if it is none."""

    def __init__(
        self, zipped: Path, work: Path, problems: Problems, *, max_unzipped: int, memory: int
    ) -> None:
        self.problems = problems
        self.names: dict[str, list[str]] = {}
        self._db = duckdb.connect()
        self._db.execute(f"SET memory_limit = '{memory}B'")
        self._db.execute(f"SET temp_directory = {_quoted(work / 'spill')}")
        self._db.execute(SETTINGS)
        with archive_of(zipped, "stops.txt", max_unzipped) as archive:
            for table, columns in COLUMNS.items():
                path = work / f"{table}.txt"
                found = unpack(archive, path.name, path, max_unzipped, problems)
                if found is not None:
                    self.names[table] = found.names
                    self._view(table, columns, path, found.names, spaced=found.spaced)
                elif table not in REQUIRED:
                    self._view(table, columns)
                else:
                    raise ValueError(f"no {path.name} in the feed")

    def __enter__(self) -> "Tables":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def run(self, query: str, *values: Any) -> None:
        self._db.execute(query, values)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._db.execute(query, values).fetchall()

    def arrays(self, query: str, *values: Any) -> dict[str, Array]:
        """The columns of the answer, in which there must be no NULL."""
        return self._db.execute(query, values).fetchnumpy()

    def count_rejects(self) -> None:
        """Tell the problems which lines could not be split; some files are read twice."""
        rejects = self.rows(
            "SELECT parse_filename(file_path) AS file, line, lower(first(error_type)) "
            "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
            "GROUP BY file, line ORDER BY ALL"
        )
        for file, line, why in rejects:
            self.problems.bad_line(file, line, why)

    def _view(
        self,
        table: str,
        columns: tuple[str, ...],
        path: Path | None = None,
        names: list[str] | None = None,
        *,
        spaced: bool = False,
    ) -> None:
        value = "nullif(trim(c{}), '')" if spaced else "nullif(c{}, '')"
        names = names or []
        wanted = ", ".join(
            f"{value.format(names.index(name)) if name in names else 'NULL::TEXT'} AS {name}"
            for name in columns
        )
        if path is None:
            source = "range(0)"
        else:
            types = ", ".join(f"c{i}: 'TEXT'" for i in range(len(names)))
            source = f"read_csv({_quoted(path)}, columns={{{types}}}, {OPTIONS})"
        self._db.execute(f"CREATE VIEW feed.{table} AS SELECT {wanted} FROM {source}")  # noqa: S608


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
