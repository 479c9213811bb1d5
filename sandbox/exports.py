"""Exports: the rows of a dataset as a file, in the formats and dialects of Opendatasoft."""

import csv
import io
import json
from collections.abc import Callable, Sequence

from starlette.datastructures import QueryParams

from sandbox.datasets import Field, Row


def as_json(rows: list[Row], fields: Sequence[Field], params: QueryParams) -> str:
    """A bare array."""
    return f"[{', '.join(map(compact, labelled(rows, fields, params)))}]"


def as_jsonl(rows: list[Row], fields: Sequence[Field], params: QueryParams) -> str:
    """A row a line."""
    return "".join(f"{compact(row)}\n" for row in labelled(rows, fields, params))


def as_geojson(rows: list[Row], fields: Sequence[Field], params: QueryParams) -> str:
    """A FeatureCollection; the first geo point is the geometry, null where there is none."""
    geo = next((field.name for field in fields if field.type == "geo_point_2d"), "")
    features = []
    for row in rows:
        point = row.get(geo)
        geometry = (
            {"type": "Point", "coordinates": [point["lon"], point["lat"]]}
            if isinstance(point, dict)
            else None
        )
        properties = labelled([row], [field for field in fields if field.name != geo], params)[0]
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return compact({"type": "FeatureCollection", "features": features})


def as_csv(rows: list[Row], fields: Sequence[Field], params: QueryParams) -> str:
    """Semicolons and a byte order mark unless asked otherwise; a geo point is `lat, lon`."""
    out = io.StringIO()
    if params.get("with_bom", "true").lower() == "true":
        out.write("\ufeff")
    writer = csv.writer(
        out,
        delimiter=params.get("delimiter", ";")[:1] or ";",
        quoting=csv.QUOTE_ALL if params.get("quote_all") == "true" else csv.QUOTE_MINIMAL,
        lineterminator="\r\n",
    )
    labels = params.get("use_labels") == "true"
    writer.writerow([field.label if labels else field.name for field in fields])
    writer.writerows([cell(row[field.name]) for field in fields] for row in rows)
    return out.getvalue()


def labelled(rows: list[Row], fields: Sequence[Field], params: QueryParams) -> list[Row]:
    """The rows in these fields, under their labels if asked."""
    labels = params.get("use_labels") == "true"
    return [
        {field.label if labels else field.name: row[field.name] for field in fields} for row in rows
    ]


def cell(value: object) -> object:
    """A value as CSV has it; null is empty."""
    if isinstance(value, dict):
        return f"{value['lat']}, {value['lon']}" if "lat" in value else compact(value)
    return value


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


# format: content type and writer
FORMATS: dict[str, tuple[str, Callable[[list[Row], Sequence[Field], QueryParams], str]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "geojson": ("application/geo+json; charset=utf-8", as_geojson),
    "json": ("application/json; charset=utf-8", as_json),
    "jsonl": ("application/jsonl; charset=utf-8", as_jsonl),
}
