"""Control: the sandbox's own address, to read and change its faults, its calls and its clock."""

from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.faults import KINDS, Faults, UnknownFault, fault, upstream
from sandbox.world import World

REMEMBERED = 10_000  # times kept for each upstream and each path


class Calls:
    """Who was called, how often and when, by the clock of the world."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.upstreams: defaultdict[str, Tally] = defaultdict(Tally)
        self.paths: defaultdict[str, Tally] = defaultdict(Tally)

    def note(self, name: str | None, path: str, now: datetime) -> None:
        if name:
            self.upstreams[name].note(now)
        self.paths[path].note(now)


class Tally:
    """A number of calls, and the times of the last ones."""

    def __init__(self) -> None:
        self.count = 0
        self.times: deque[datetime] = deque(maxlen=REMEMBERED)

    def note(self, now: datetime) -> None:
        self.count += 1
        self.times.append(now)

    def summary(self) -> dict[str, object]:
        return {"count": self.count, "times": [time.isoformat() for time in self.times]}


def routes(
    world: World, faults: Faults, calls: Calls, upstreams: Mapping[str, str]
) -> list[BaseRoute]:
    """The addresses under `/_control`; what cannot be done answers 400 with the valid words.

    `upstreams` says of each what it has to tell.
    """

    async def state(_: Request) -> Response:
        return JSONResponse(
            {
                "clock": world.now().isoformat(),
                "faults": {name: str(kind) for name, kind in faults.current.items()},
                "calls": {
                    name: (calls.upstreams.get(name) or Tally()).summary() for name in upstreams
                },
                "paths": {path: tally.summary() for path, tally in calls.paths.items()},
                "upstreams": upstreams,
                "kinds": {
                    f"{kind}:{what.number.upper()}" if what.number else kind: what.meaning
                    for kind, what in KINDS.items()
                },
            }
        )

    async def put_fault(request: Request) -> Response:
        text = (await request.body()).decode(errors="replace")
        try:
            faults.current[upstream(request.path_params["name"], upstreams)] = fault(text)
        except UnknownFault as error:
            return PlainTextResponse(str(error), 400)
        return await state(request)

    async def delete_faults(request: Request) -> Response:
        try:
            name = request.path_params.get("name")
            for gone in upstreams if name is None else [upstream(name, upstreams)]:
                faults.current.pop(gone, None)
        except UnknownFault as error:
            return PlainTextResponse(str(error), 400)
        return await state(request)

    async def reset_calls(request: Request) -> Response:
        calls.reset()
        return await state(request)

    async def put_clock(request: Request) -> Response:
        text = (await request.body()).decode(errors="replace").strip()
        try:
            world.set_to = None if text == "real" else instant(text)
        except ValueError as error:
            return PlainTextResponse(str(error), 400)
        return await state(request)

    return [
        Route("/_control", state),
        Route("/_control/faults", delete_faults, methods=["DELETE"]),
        Route("/_control/faults/{name}", put_fault, methods=["PUT"]),
        Route("/_control/faults/{name}", delete_faults, methods=["DELETE"]),
        Route("/_control/calls/reset", reset_calls, methods=["POST"]),
        Route("/_control/clock", put_clock, methods=["PUT"]),
    ]


def instant(text: str) -> datetime:
    """An ISO instant with its offset; raises ValueError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(
            f"{text!r} is neither 'real' nor an instant like 2026-06-02T12:00:00+02:00"
        )
    return found
