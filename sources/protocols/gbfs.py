"""Gbfs: GBFS, in which bike, scooter and car shares say what can be had where; 1.0 to 3.0.

https://gbfs.org/documentation/reference/

    url        the discovery file, gbfs.json, which says where the others are
    feeds      "stations" (default); or "vehicles", those that stand anywhere
    language   which one comes first, where there are several; the first unless told

One row per station, its last report joined to its description by `station_id`; or one
per vehicle. The words are those of 3.0 in every version (`num_vehicles_available`,
`vehicle_id`). What `vehicle_types` says of a type stands beside its
count in `vehicle_types_available`, or in a vehicle's `vehicle_type`; what a vehicle costs, by
its own plan or its type's, in its `pricing_plan`.

Calls: the discovery file and two or three others, one after the other. How often is for
the binding to say: files announce a `ttl` of 0, or of an hour for what changes by the
minute, and none is followed. A file on the binding's own host gets its key again, which
discovery files leave out; one on another public host is asked without it, for a key is
nobody else's business; any other address is refused at the door.

Habits understood: ids that are integers, flags that are 0 and 1, no `version` or
`last_updated`, a station listed twice (its first description and its last report
hold), one described but not reported (its counts are absent), or reported and not
described (a row without a name, for the reader to drop), files that may be missing and
are, and Vélib's own counts by type.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from sources.errors import Changed
from sources.protocols import Ask, Speaks

BOM = b"\xef\xbb\xbf"
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# What a payload is made of: each file's name in 3.0 and before, and whether it must be there.
FILES = {
    "stations": (
        ("station_information", "station_information", True),
        ("station_status", "station_status", True),
        ("vehicle_types", "vehicle_types", False),
    ),
    "vehicles": (
        ("vehicle_status", "free_bike_status", True),
        ("vehicle_types", "vehicle_types", False),
        ("system_pricing_plans", "system_pricing_plans", False),
    ),
}
OPTIONAL = {name for files in FILES.values() for name, _, needed in files if not needed}
RENAMED = {
    "num_bikes_available": "num_vehicles_available",
    "num_bikes_disabled": "num_vehicles_disabled",
    "bike_id": "vehicle_id",
}
VELIB = {
    "mechanical": {"form_factor": "bicycle", "propulsion_type": "human"},
    "ebike": {"form_factor": "bicycle", "propulsion_type": "electric_assist"},
}
Json = Mapping[str, Any]


class File(msgspec.Struct):
    """What wraps every file's content."""

    data: dict[str, Any]


class Gbfs(Speaks):
    url: str
    feeds: Literal["stations", "vehicles"] = "stations"
    language: str | None = None

    async def fetch(self, ask: Ask) -> bytes:
        """The files as they came, in one object under their names of 3.0."""
        listed = self._discovered((await ask.get(self.url)).body)
        files: dict[str, msgspec.Raw] = {}
        for name, before, needed in FILES[self.feeds]:
            url = listed.get(name) or listed.get(before)
            if url is None and needed:
                raise ValueError(f"no {name} among the feeds: {', '.join(listed)}")
            if url is None:
                continue
            try:
                files[name] = msgspec.Raw((await ask.get(url)).body.removeprefix(BOM))
            except Changed:  # a 404, as the specification lets it be
                if needed:
                    raise
        return msgspec.json.encode(files)

    def rows(self, body: bytes) -> Iterator[Json]:
        try:
            files = msgspec.json.decode(body, type=dict[str, File])
        except NOT_JSON as error:
            raise ValueError(f"not GBFS: {error}; begins {body[:200]!r}") from None
        listed = _objects(files, "vehicle_types", "vehicle_types")
        types = {str(one.get("vehicle_type_id")): self._plain(one) for one in listed}
        if self.feeds == "vehicles":
            yield from self._vehicles(files, types)
            return
        described: dict[str, Json] = {}
        for one in _objects(files, "station_information", "stations"):
            described.setdefault(str(one.get("station_id")), one)
        reports = _objects(files, "station_status", "stations")
        reported = {str(one.get("station_id")): one for one in reports}
        for station in described | reported:
            row = self._plain({**reported.get(station, {}), **described.get(station, {})})
            yield {**row, "vehicle_types_available": _counts(row, types)}

    def _vehicles(self, files: Mapping[str, File], types: Mapping[str, Json]) -> Iterator[Json]:
        listed = _objects(files, "system_pricing_plans", "plans")
        plans = {str(one.get("plan_id")): self._plain(one) for one in listed}
        content = files["vehicle_status"].data if "vehicle_status" in files else {}
        kind = "vehicles" if "vehicles" in content else "bikes"
        for one in _objects(files, "vehicle_status", kind):
            vehicle = self._plain(one)
            type_ = types.get(str(vehicle.get("vehicle_type_id")))
            plan = vehicle.get("pricing_plan_id") or (type_ or {}).get("default_pricing_plan_id")
            yield {**vehicle, "vehicle_type": type_, "pricing_plan": plans.get(str(plan))}

    def _discovered(self, body: bytes) -> dict[str, str]:
        """Where each file is. Before 3.0 there is a set of them for each language."""
        try:
            data = msgspec.json.decode(body.removeprefix(BOM), type=File).data
        except NOT_JSON as error:
            raise ValueError(f"not GBFS: {error}; begins {body[:200]!r}") from None
        found: Any = data
        if "feeds" not in data:
            found = data.get(self.language or "") or next(iter(data.values()), None)
        feeds = found.get("feeds") if isinstance(found, dict) else None
        return {
            str(one.get("name")): one["url"]
            for one in (feeds if isinstance(feeds, list) else ())
            if isinstance(one, dict) and isinstance(one.get("url"), str)
        }

    def _plain(self, one: Json) -> Json:
        """The same under the names of 3.0, its texts in our language first."""
        return {RENAMED.get(name, name): self._text(value) for name, value in one.items()}

    def _text(self, value: Any) -> Any:
        """3.0's `[{text, language}]`, ours first; anything else as it is."""
        if not (isinstance(value, list) and all(isinstance(one, dict) for one in value)):
            return value
        return sorted(value, key=lambda one: one.get("language") != self.language)


def _objects(files: Mapping[str, File], name: str, kind: str) -> list[Json]:
    """A file's list, what is no object in it being empty; ValueError if it must have one."""
    found = files[name].data.get(kind) if name in files else None
    if isinstance(found, list):
        return [one if isinstance(one, dict) else {} for one in found]
    if name in OPTIONAL:
        return []
    raise ValueError(f"no list of {kind} in {name}")


def _counts(row: Json, types: Mapping[str, Json]) -> list[Json]:
    """How many of each type, and what is known of the type."""
    counted = row.get("vehicle_types_available")
    if not isinstance(counted, list):
        velib = row.get("num_bikes_available_types")
        given = [one for one in (velib if isinstance(velib, list) else ()) if isinstance(one, dict)]
        counted = [
            {**VELIB.get(name, {}), "vehicle_type_id": name, "count": count}
            for one in given
            for name, count in one.items()
        ]
    return [
        {**types.get(str(one.get("vehicle_type_id")), {}), **one}
        for one in counted
        if isinstance(one, dict)
    ]
