"""Health: whether the server lives, is ready, and how each of its sources is doing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from schema.provenance import Source
from server.accept import prefers_html
from server.pages import page
from sources import Sources
from sources.report import Vitals

COLUMNS = (
    "source",
    "state",
    "last success",
    "age (s)",
    "rows",
    "dropped",
    "breaker",
    "quota left",
    "last error",
)
Report = dict[str, list[tuple[Source, Vitals]]]


def routes(
    current: Callable[[], Sources],
    prepared: Callable[[], bool],
    problems: Callable[[], Mapping[str, str]],
) -> list[BaseRoute]:
    """`/healthz` (alive), `/readyz` (ready: degraded is ready), `/health` (for people, or JSON)."""

    async def ready(request: Request) -> Response:
        if request.app.state.leaving:
            return PlainTextResponse("about to stop\n", 503)
        if current().warm and prepared():
            return PlainTextResponse("ready\n")
        missing = "planning our pages' documents" if current().warm else "reading the sources"
        return PlainTextResponse(f"{missing} for the first time\n", 503, {"Retry-After": "1"})

    async def health(request: Request) -> Response:
        sources = current()
        report = {slug: await _examined(sources, slug) for slug in sources.cities}
        if prefers_html(request.headers.get("accept")):
            return page(_html(report, problems()))
        body = {slug: [_plain(*one) for one in found] for slug, found in report.items()}
        whole = {"cities": body, "problems": problems()}
        return Response(orjson.dumps(whole), media_type="application/json")

    async def alive(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    return [
        Route("/healthz", alive, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
        Route("/health", health, methods=["GET"]),
    ]


async def _examined(sources: Sources, slug: str) -> list[tuple[Source, Vitals]]:
    return [(source, await sources.vitals(source.id)) for source in sources.report(slug)]


def _plain(source: Source, vitals: Vitals) -> dict[str, object]:
    return {
        "id": source.id,
        "name": source.name,
        "state": source.state.value,
        "fetchedAt": _iso(source.fetched_at),
        "ageS": source.age_s,
        "nextRefreshAt": _iso(source.next_refresh_at),
        "rowsRead": source.rows_read,
        "rowsDropped": source.rows_dropped,
        "lastError": source.last_error,
        "breaker": vitals.breaker,
        "quotaLeft": vitals.quota_left,
    }


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")


def _html(report: Report, problems: Mapping[str, str]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in COLUMNS)
    tables = "".join(
        f"<h2>{escape(slug)}</h2><table><thead><tr>{head}</tr></thead><tbody>"
        + "".join(_row(*one) for one in found)
        + "</tbody></table>"
        for slug, found in report.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>Poche · health</title><link rel="icon" href="/favicon.svg">'
        '<link rel="stylesheet" href="/style.css"></head><body class="wide"><main>'
        f"<h1>How the sources are doing</h1>{tables}{_list(problems)}</main></body></html>"
    )


def _list(problems: Mapping[str, str]) -> str:
    """What an operator's own files have wrong."""
    if not problems:
        return ""
    each = (f"<dt>{escape(name)}</dt><dd>{escape(why)}</dd>" for name, why in problems.items())
    return f"<h2>To be put right</h2><dl>{''.join(each)}</dl>"


def _row(source: Source, vitals: Vitals) -> str:
    cells = (
        source.id,
        source.state.value,
        _iso(source.fetched_at),
        source.age_s,
        source.rows_read,
        source.rows_dropped,
        vitals.breaker,
        vitals.quota_left,
        source.last_error,
    )
    shown = ("" if cell is None else escape(str(cell)) for cell in cells)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in shown) + "</tr>"
