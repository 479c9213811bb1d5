"""Breakage: how a fault looks on the wire."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache

from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault

INTERRUPTION = (
    "Streaming interrupted due to the following error: Invalid value for sum of offset + limit API"
    " parameter: 10001 was found but <= 10000 is expected."
    " (error_code: InvalidRESTParameterError)"
)
BOMB_MIB = 128
STATUSES = {
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "Not Found",
    "429": "Too Many Requests",
    "500": "Internal Server Error",
    "502": "Bad Gateway",
    "503": "Service Unavailable",
}


async def suffer(fault: Fault, answer: Callable[[], Awaitable[Response]]) -> Response:
    """The answer under the fault; the answer is not even made when the fault leaves none of it."""
    if fault.kind == "delay":
        await asyncio.sleep(fault.number)
    return instead(fault) or spoilt(fault, await answer())


def instead(fault: Fault) -> Response | None:
    """What comes in place of the answer, if the fault is of that sort."""
    match fault.kind:
        case "429":
            return refusal("429", {"retry-after": f"{fault.number:.0f}"})
        case "401" | "403" | "404":
            return refusal(fault.kind)
        case "500" | "502" | "503":
            return page(fault.kind)
        case "flaky":
            return page("502")
        case "html":
            return HTMLResponse("<!doctype html><title>Maintenance</title><h1>Maintenance</h1>")
        case "304":
            return Response(status_code=304)
        case "redirect":
            return RedirectResponse("https://maintenance.example/", status_code=302)
        case "gzip_bomb":
            return Response(
                bomb(), headers={"content-type": "application/json", "content-encoding": "gzip"}
            )
        case "hang":
            return Hanging()
    return None


def spoilt(fault: Fault, response: Response) -> Response:
    """The answer, damaged if the fault is of that sort."""
    body = bytes(response.body)
    match fault.kind:
        case "truncated":
            return like(response, body[: len(body) * 2 // 3])
        case "blank":
            return like(response, b"")
        case "interrupted":
            return like(response, body[: len(body) // 2] + INTERRUPTION.encode())
        case "wrong_type":
            response.headers["content-type"] = "text/html; charset=utf-8"
        case "reset":
            return StreamingResponse(broken(body), response.status_code, response.headers)
        case "drip":
            return StreamingResponse(dripping(body), response.status_code, response.headers)
    return response


def like(response: Response, body: bytes) -> Response:
    """Another body with the same status and headers; its length is its own."""
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(body, response.status_code, headers)


def refusal(status: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal in JSON, as gateways write it."""
    return JSONResponse({"message": STATUSES[status]}, int(status), headers)


def page(status: str) -> Response:
    """A failure in HTML, as proxies write it."""
    title = f"{status} {STATUSES[status]}"
    return HTMLResponse(f"<html><title>{title}</title><h1>{title}</h1></html>", int(status))


@cache
def bomb() -> bytes:
    """Zeros, gzipped a thousand times smaller; made without holding them all."""
    gzip = zlib.compressobj(wbits=31)
    zeros = bytes(1 << 20)
    return b"".join([*(gzip.compress(zeros) for _ in range(BOMB_MIB)), gzip.flush()])


async def broken(body: bytes) -> AsyncIterator[bytes]:
    """Half of the body; uvicorn closes the connection on the error that follows."""
    yield body[: len(body) // 2]
    raise ConnectionResetError


async def dripping(body: bytes) -> AsyncIterator[bytes]:
    """A byte, a second, a byte."""
    for position in range(len(body)):
        yield body[position : position + 1]
        await asyncio.sleep(1)


class Hanging(Response):
    """Says nothing until the client gives up."""

    async def __call__(self, _: Scope, receive: Receive, __: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
