"""Responses: what stands around an answer, or in its place."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from server import caching
from server.answered import Answer
from server.live import Operation
from server.rates import STANDING, Standing
from server.visit import Visit

NOSNIFF = {"X-Content-Type-Options": "nosniff"}


def kept(
    visit: Visit,
    request: Request,
    operation: Operation,
    answer: Answer,
    *,
    sources: bool,
    headers: dict[str, str],
    now: datetime,
) -> Response:
    """An answer that may be kept, for as long as it holds; 304 to who has it (docs/caching.md)."""
    private = bool(visit.caller.client.keys)
    tag = answer.tag(headers["Content-Type"], sources=sources)
    headers["Cache-Control"] = answer.holding.lifetime(now).control(private=private)
    headers["ETag"] = tag
    headers["Vary"] = caching.varying(spoken=answer.spoken)
    if not private:  # it is everybody's, and how one client stands is not
        for name in STANDING:
            headers.pop(name, None)
    if visit.document is not None and visit.document.id is not None:
        path = visit.document.path(visit.operation, operation.variables)
        headers["Content-Location"] = request.scope.get("root_path", "") + path
    if not caching.has(", ".join(request.headers.getlist("if-none-match")), tag):
        return Response(answer.kept_body(sources=sources), 200, headers)
    del headers["Content-Type"]
    return Response(status_code=304, headers=headers)


class Executed(Response):
    """An answer that nobody may keep, its headers written once for each media type."""

    def __init__(
        self, body: bytes, status: int, media_type: str, standing: Standing | None
    ) -> None:
        length = b"content-length", b"%d" % len(body)
        self.status_code, self.body, self.background = status, body, None
        self.raw_headers = [*_raw(media_type), length, *(standing.raw if standing else ())]


@lru_cache(maxsize=4)
def _raw(media_type: str) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower().encode(), value.encode()) for name, value in headed(media_type, {}).items()
    ]


def json(
    body: dict[str, Any], status: int, media_type: str, headers: dict[str, str] | None = None
) -> Response:
    return Response(orjson.dumps(body), status, headed(media_type, headers or {}))


def headed(media_type: str, more: Mapping[str, str]) -> dict[str, str]:
    content_type = f"{media_type}; charset=utf-8"
    ours = {"Vary": "Accept", **caching.NO_STORE, **NOSNIFF, "Content-Type": content_type}
    return {**ours, **more}


def plain(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    headers = {**caching.NO_STORE, **NOSNIFF, **(headers or {})}
    return Response(message + "\n", status, headers, "text/plain; charset=utf-8")
