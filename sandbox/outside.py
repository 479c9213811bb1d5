"""Outside: what all upstreams share. What is asked is counted, then suffers its fault."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import explore
from sandbox.breakage import refusal, suffer
from sandbox.control import Calls
from sandbox.datasets import Dataset
from sandbox.faults import Fault, Faults
from sandbox.world import World

MECATRAN = "/bdx.mecatran.com/utw/ws"
MECATRAN_KEY = "opendata-bordeaux-metropole-flux-gtfs-rt"  # printed on a page for everyone

Answer = Callable[[datetime, Fault], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Upstream(NamedTuple):
    """One upstream: what it has to tell, and an address on the sandbox where one sees it."""

    meaning: str
    example: str


class Outside:
    """The outside world as a client meets it."""

    def __init__(self, world: World, siri_period_s: float, daily_quota: int) -> None:
        self.world = world
        self.siri_period_s = siri_period_s
        self.daily_quota = daily_quota
        self.faults = Faults()
        self.calls = Calls()

    async def call(
        self, request: Request, name: str | None, answer: Answer, key: str = ""
    ) -> Response:
        """One call of an upstream, at the time the upstream believes it is.

        `key` is the parameter in which Mecatran wants its key.
        """
        now = self.world.now()
        self.calls.note(name, request.url.path, now)
        fault = self.faults.suffered(name)
        now = fault.clock(now)
        if key and request.query_params.get(key) != MECATRAN_KEY:
            response: Response = refusal("401")
        else:
            response = await suffer(fault, lambda: answer(now, fault))
        response.headers["date"] = format_datetime(now, usegmt=True)
        return response

    def portal(self, host: str, datasets: Iterable[Dataset]) -> list[BaseRoute]:
        """An Opendatasoft portal: its datasets share one quota."""
        by_id = {dataset.id: dataset for dataset in datasets}
        quota = explore.Quota(self.daily_quota)

        async def endpoint(request: Request) -> Response:
            dataset = by_id.get(request.path_params["id"])
            path = request.path_params.get("path", "")

            async def answer(now: datetime, fault: Fault) -> Response:
                if refusal := quota.spend(now):
                    response = refusal
                elif dataset is None:
                    response = explore.unknown_dataset(request.path_params["id"])
                else:
                    snapshot = explore.snapshot(dataset, now, self.world.seed, fault)
                    response = explore.answer(snapshot, path, request.query_params)
                response.headers.update(quota.headers(now))
                return response

            return await self.call(request, dataset.upstream if dataset else None, answer)

        under = f"/{host}/api/explore/v2.1/catalog/datasets/{{id}}"
        return [Route(under, endpoint), Route(f"{under}/{{path:path}}", endpoint)]


def unchanged(request: Request, etag: str, published: datetime) -> bool:
    """Whether the client already has it; the entity tag goes before the date."""
    if tags := request.headers.get("if-none-match"):
        return etag in tags or tags == "*"
    try:
        return published <= parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False


def missing(message: str) -> Response:
    """There is no such thing, in JSON."""
    return JSONResponse({"message": message}, 404)
