"""App: every upstream under its own host name, `/data.nantesmetropole.fr/api/...`."""

from collections.abc import Iterable
from typing import TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import control as controls
from sandbox.faults import Fault
from sandbox.outside import Outside
from sandbox.upstreams import UPSTREAMS
from sandbox.upstreams import routes as upstreams
from sandbox.world import World


class Options(TypedDict, total=False):
    """What `create_app` takes by name."""

    control: bool
    siri_period_s: float
    daily_quota: int
    faults: Iterable[tuple[str, Fault]]


def create_app(
    world: World,
    *,
    control: bool = True,
    siri_period_s: float = 30,
    daily_quota: int = 10_000,
    faults: Iterable[tuple[str, Fault]] = (),
) -> Starlette:
    """The upstreams of a world.

    `control` opens `/_control`. `siri_period_s` is the time between two calls that the SIRI gateway
    demands (0: none), `daily_quota` the number of calls a day that each portal allows. `faults` are
    there from the start, by upstream, as `faults.parse` reads them.
    """
    outside = Outside(world, siri_period_s, daily_quota)
    outside.faults.current.update(faults)
    routes: list[BaseRoute] = [Route("/", index), *upstreams(outside)]
    if control:
        meanings = {name: upstream.meaning for name, upstream in UPSTREAMS.items()}
        routes += controls.routes(world, outside.faults, outside.calls, meanings)
    return Starlette(routes=routes)


async def index(request: Request) -> Response:
    """What is here, for a person."""
    host = str(request.base_url).rstrip("/")
    listed = "".join(
        f"<li><b>{name}</b>: {upstream.meaning}<br>{shown(host, upstream.example)}</li>"
        for name, upstream in UPSTREAMS.items()
    )
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Poche sandbox</title>'
        "<style>body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "li{margin:.5rem 0;overflow-wrap:anywhere}</style>"
        "<h1>The outside world, in a box</h1><p>A made-up Nantes and a made-up Bordeaux behind the"
        f" real protocols. Each upstream is under its own host name.</p><ul>{listed}</ul>"
        '<p>Faults, calls and the clock: <a href="/_control">/_control</a>.</p>'
    )


def shown(host: str, example: str) -> str:
    """An address to follow, or one to post to: `POST /path`."""
    if example.startswith("POST "):
        return f"<code>POST {host}{example.removeprefix('POST ')}</code>"
    return f'<a href="{host}{example}">{host}{example}</a>'
