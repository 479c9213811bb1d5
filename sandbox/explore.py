"""Explore: the API v2.1 of an Opendatasoft portal, with its limits, its errors and its quota.

Documentation: https://help.opendatasoft.com/apis/ods-explore-v2/
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from sandbox import odsql
from sandbox.breakage import INTERRUPTION
from sandbox.datasets import Dataset, Field, Row
from sandbox.exports import FORMATS, compact
from sandbox.faults import Fault
from sandbox.lots import shuffled

LANGUAGES = ("ar", "ca", "de", "en", "es", "eu", "fr", "it", "nl", "pl", "pt", "sv")
MOST_RECORDS, LAST_RECORD = 100, 10_000
LICENCE = {
    "license": "Licence Ouverte v2.0 (Etalab)",
    "license_url": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
}


class Refusal(Exception):
    """A 4xx answer, with the portal's own words."""

    def __init__(self, message: str, code: str = "InvalidRESTParameterError", status: int = 400):
        super().__init__(message)
        self.response = JSONResponse({"error_code": code, "message": message}, status)


class Quota:
    """So many calls a day, until midnight UTC."""

    def __init__(self, daily: int) -> None:
        self.daily = daily
        self.used: Counter[date] = Counter()

    def spend(self, now: datetime) -> Response | None:
        """Counts a call; the refusal if it is one too many."""
        self.used[now.date()] += 1
        if self.used[now.date()] <= self.daily:
            return None
        body = {
            "errorcode": 10005,
            "reset_time": f"{self.reset(now):%Y-%m-%dT%H:%M:%SZ}",
            "limit_time_unit": "day",
            "call_limit": self.daily,
            "error": "You have exceeded the requests limit for anonymous users.",
        }
        return JSONResponse(body, 429)

    def reset(self, now: datetime) -> datetime:
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(days=1)

    def headers(self, now: datetime) -> dict[str, str]:
        left = max(self.daily - self.used[now.date()], 0)
        return {
            "x-ratelimit-limit": str(self.daily),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-reset": str(int(self.reset(now).timestamp())),
        }


class Snapshot(NamedTuple):
    """A dataset now, as its fault leaves it."""

    dataset: Dataset
    rows: list[Row]
    now: datetime


def snapshot(dataset: Dataset, now: datetime, seed: int, fault: Fault) -> Snapshot:
    """The rows of the day in an order that looks random but stays."""
    rows = shuffled(dataset.at(now, seed), seed, dataset.id)
    fields = tuple(field._replace(name=fault.column(field.name)) for field in dataset.fields)
    renamed = [{fault.column(name): value for name, value in row.items()} for row in rows]
    return Snapshot(replace(dataset, fields=fields), list(fault.rows(renamed)), now)


def answer(snapshot: Snapshot, path: str, params: QueryParams) -> Response:
    """What the portal says at this path under the dataset (empty: about the dataset itself)."""
    try:
        check(params)
        match path.strip("/").split("/"):
            case [""]:
                return JSONResponse(about(snapshot))
            case ["records"]:
                return records(snapshot, params)
            case ["facets"]:
                return facets(snapshot, params)
            case ["exports", name]:
                return export(snapshot, name, params)
        raise Refusal(f"No such resource: {path}.", "NotFoundError", 404)
    except odsql.MalformedQuery as error:
        return Refusal(str(error), "ODSQLError").response
    except Refusal as refusal:
        return refusal.response


def unknown_dataset(name: str) -> Response:
    return Refusal(f"Unknown dataset: {name}.", "NotFoundError", 404).response


def check(params: QueryParams) -> None:
    """The parameters that change nothing here must be right nevertheless."""
    if params.get("lang", "fr") not in LANGUAGES:
        raise invalid("lang", params["lang"], f"one of {', '.join(LANGUAGES)}")
    zone = params.get("timezone", "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid("timezone", zone, "a timezone name") from None
    if "group_by" in params:
        raise Refusal("The sandbox does not group: group_by is not supported.")


def invalid(name: str, found: object, expected: str) -> Refusal:
    return Refusal(
        f"Invalid value for {name} API parameter: {found} was found but {expected} is expected."
    )


def whole(params: QueryParams, name: str, default: int, least: int, most: int | None) -> int:
    """An integer parameter within its bounds, ends included."""
    expected = f"{least} <= {name}" + ("" if most is None else f" <= {most}")
    try:
        value = int(params.get(name, default))
    except ValueError:
        raise invalid(name, params[name], expected) from None
    if value < least or (most is not None and value > most):
        raise invalid(name, value, expected)
    return value


def matching(snapshot: Snapshot, params: QueryParams) -> list[Row]:
    """The rows that `where`, `refine` and `exclude` leave, in the order asked."""
    fields, rows = snapshot.dataset.fields, snapshot.rows
    for clause in params.getlist("where"):
        rows = list(filter(odsql.where(clause, fields, snapshot.now), rows))
    for name, keep in (("refine", True), ("exclude", False)):
        for facet in params.getlist(name):
            field, value = refined(facet, name, fields)
            rows = [row for row in rows if in_facet(row, field, value) is keep]
    return odsql.order_by(params["order_by"], fields)(rows) if params.get("order_by") else rows


def refined(facet: str, name: str, fields: Iterable[Field]) -> tuple[Field, str]:
    """`commune:NANTES` as a facet and a value."""
    column, colon, value = facet.partition(":")
    field = next((field for field in fields if field.facet and field.name == column), None)
    if field is None or not colon:
        raise invalid(name, facet, "facet:value")
    return field, value.strip('"')


def in_facet(row: Row, field: Field, value: str) -> bool:
    """Whether the row has that value; a date is also in its year (`2026`) and month (`2026/11`)."""
    found = str(row[field.name])
    if field.type == "date":
        return f"{found}-".startswith(f"{value.replace('/', '-')}-")
    return row[field.name] is not None and found == value


def columns(snapshot: Snapshot, params: QueryParams) -> tuple[Field, ...]:
    """The fields to answer with."""
    fields = snapshot.dataset.fields
    return odsql.select(params["select"], fields) if params.get("select") else fields


def records(snapshot: Snapshot, params: QueryParams) -> Response:
    """A page of rows; null keys stay."""
    limit = whole(params, "limit", 10, -1, MOST_RECORDS)
    limit = MOST_RECORDS if limit < 0 else limit
    offset = whole(params, "offset", 0, 0, None)
    if offset + limit > LAST_RECORD:
        raise invalid("sum of offset + limit", offset + limit, f"<= {LAST_RECORD}")
    rows, fields = matching(snapshot, params), columns(snapshot, params)
    page = [{field.name: row[field.name] for field in fields} for row in rows[offset:][:limit]]
    return portal_json({"total_count": len(rows), "results": page})


def export(snapshot: Snapshot, name: str, params: QueryParams) -> Response:
    """All the rows as a file. Past the last record an offset breaks the stream, inside a 200."""
    if name not in FORMATS:
        raise invalid("format", name, f"one of {', '.join(FORMATS)}")
    content_type, write = FORMATS[name]
    limit, offset = whole(params, "limit", -1, -1, None), whole(params, "offset", 0, 0, None)
    rows, fields = matching(snapshot, params), columns(snapshot, params)
    rows = rows[offset:] if limit < 0 else rows[offset : offset + limit]
    body = write(rows, fields, params)
    if offset and offset + max(limit, 0) > LAST_RECORD:
        body = f"{body[:1]}{INTERRUPTION}"
    return Response(body, headers={"content-type": content_type})


def facets(snapshot: Snapshot, params: QueryParams) -> Response:
    """How many rows have each value of each facet."""
    rows = matching(snapshot, params)
    found = [field.name for field in snapshot.dataset.fields if field.facet]
    asked = params.getlist("facet") or found
    if unknown := [name for name in asked if name not in found]:
        raise invalid("facet", unknown[0], f"one of {', '.join(found)}")
    counted = []
    for name in asked:
        counts = Counter(str(row[name]) for row in rows if row[name] is not None)
        values = [
            {"name": value, "count": count, "state": "displayed", "value": value}
            for value, count in sorted(counts.items())
        ]
        counted.append({"name": name, "facets": values})
    return portal_json({"links": [], "facets": counted})


def about(snapshot: Snapshot) -> Row:
    """The dataset itself: its fields, and what to know of its source."""
    dataset, rows, now = snapshot
    fields: list[Row] = [
        {
            "name": field.name,
            "label": field.label,
            "type": field.type,
            "annotations": {"facet": []} if field.facet else {},
            "description": None,
        }
        for field in dataset.fields
    ]
    metas = {
        "title": dataset.title,
        **LICENCE,
        "modified": f"{now:%Y-%m-%dT00:00:00+00:00}",
        "data_processed": f"{now:%Y-%m-%dT00:00:00+00:00}",
        "records_count": len(rows),
        "timezone": "Europe/Paris",
    }
    return {
        "dataset_id": dataset.id,
        "has_records": True,
        "data_visible": True,
        "attachments": [],
        "features": ["analyze", "timeserie"],
        "metas": {"default": metas},
        "fields": fields,
    }


def portal_json(content: object) -> Response:
    return Response(compact(content), headers={"content-type": "application/json; charset=utf-8"})
