"""GraphQL over HTTP, to the letter of its draft (docs/conformance.md), and no more than that."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from resolvers import Loaders
from resolvers.loaders import language
from server import caching, incremental, responses
from server.accept import MEDIA_TYPES, negotiated, prefers_html
from server.accept import language as preferred
from server.answered import Answer
from server.concurrency import Place
from server.connected import while_connected
from server.document import PATH
from server.errors import RequestError
from server.execution import Executor, is_mutation
from server.explain import Explained
from server.finished import made_of
from server.footing import Footing
from server.gate import Gate
from server.incremental import Begun, Incremental
from server.live import Live, Operation
from server.parameters import (
    IN_URL,
    Parameters,
    Unreadable,
    Whole,
    bad_request,
    from_body,
    from_url,
)
from server.prepared import Prepared, Question
from server.rates import Standing
from server.remembered import Remembered
from server.settings import Settings
from server.streams import Framing, Stream, refused, wanted
from server.visit import Visit

GRAPHQL, LEGACY = MEDIA_TYPES
GONE = GraphQLError("The client has gone.", extensions={"code": "CLIENT_GONE"})
PATHS = ("/graphql", f"{PATH}/{{id}}", f"{PATH}/{{id}}/{{operation}}")


class Endpoint:
    """`/graphql`: a question in, one JSON answer out, or a stream of them."""

    def __init__(
        self,
        gate: Gate,
        executor: Executor,
        remembered: Remembered,
        live: Live,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._gate = gate
        self._prepared = Prepared(gate, clock, settings.max_body)
        self._executor = executor
        self._remembered = remembered
        self._live = live
        self._settings = settings
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        known = self._prepared.find(request) if isinstance(request, Whole) else None
        if known is not None:
            return await self._visited(request, known.media_type, None, None, known)
        accept = ", ".join(request.headers.getlist("accept"))
        if request.method in IN_URL and prefers_html(accept):
            return RedirectResponse("/graphiql", 303, {**caching.NO_STORE, "Vary": "Accept"})
        media_type, framing, form = negotiated(accept), wanted(accept), incremental.wanted(accept)
        if media_type is None and framing is None and form is None:
            return responses.plain(406, f"We answer {GRAPHQL} or {LEGACY}.")
        return await self._visited(request, media_type, framing, form)

    async def _visited(
        self,
        request: Request,
        media_type: str | None,
        framing: Framing | None,
        form: incremental.Format | None,
        known: Question | None = None,
    ) -> Response:
        """The answer to one request, which is written down; by what the client accepts."""
        with self._gate.visit(request) as visit:
            try:
                if known is not None:
                    language.set(known.language)
                    operation = known.again(visit)
                    return await self._plain(visit, request, operation, known.media_type, known)
                self._gate.identify(visit, request)
                operation = await self._gate.find(visit, await self._asked(request))
                _safe(request, operation, media_type)
                if framing is not None and (operation.is_subscription or media_type is None):
                    operation = await self._admitted(visit, operation)
                    self._live.check(operation.address, operation.points)
                    return Stream(framing, self._live, operation)
                language.set(preferred(request.headers.get("accept-language")))
                if not operation.may_come_in_parts:
                    form = None
                if media_type is None and form is None:
                    raise Unreadable(406, f"This is answered as {GRAPHQL} or {LEGACY}.")
                return await self._answer(visit, request, operation, media_type or GRAPHQL, form)
            except RequestError as error:
                visit.refused(*error.errors)
                if media_type is None and framing is not None:
                    return refused(framing, error)
                body = {"errors": [e.formatted for e in error.errors]}
                return responses.json(body, error.status, media_type or GRAPHQL, error.headers)
            except Unreadable as error:
                visit.refused(bad_request(str(error)))
                return responses.plain(error.status, str(error), error.headers)
            except ClientDisconnect:
                visit.refused(GONE)
                return responses.plain(400, GONE.message)

    async def prepared(self, connection: HTTPConnection, asked: Parameters) -> Operation:
        """What a client asks over any transport but plain HTTP; RequestError if it may not."""
        with self._gate.visit(connection) as visit:
            try:
                self._gate.identify(visit, connection)
                operation = await self._gate.find(visit, asked)
                if is_mutation(operation.node):  # which is not to be asked again and again
                    raise RequestError(422, bad_request("Mutations are sent by POST."))
                return await self._admitted(visit, operation)
            except RequestError as error:
                visit.refused(*error.errors)
                raise

    async def _admitted(self, visit: Visit, operation: Operation) -> Operation:
        """The same, with what is to be counted for as long as it stays open; RequestError."""
        place = self._gate.place(visit)
        if place.hopeless and not self._remembered.knows(operation, None, place):
            raise place.refused()
        await self._gate.admit(visit, operation)
        points = max(1, ceil(visit.cost))
        address, span = visit.caller.address, visit.span
        return replace(operation, address=address, points=points, place=place, span=span)

    async def _asked(self, request: Request) -> Parameters:
        if request.method in IN_URL:
            asked = from_url(request, self._settings)
        else:
            asked = await from_body(request, self._settings)
        if "id" in request.path_params:
            asked.document_id = request.path_params["id"]
            asked.operation_name = request.path_params.get("operation") or asked.operation_name
        return asked

    async def _answer(
        self,
        visit: Visit,
        request: Request,
        operation: Operation,
        media_type: str,
        form: incremental.Format | None,
    ) -> Response:
        if operation.is_subscription:
            message = "Subscriptions are answered by WebSocket, or as text/event-stream."
            raise Unreadable(406, message)
        explain = request.headers.get("x-poche-explain", "")
        if "cost" in explain:
            cost = await self._gate.quote(visit, operation)
            return responses.json({"data": None, "extensions": {"cost": cost}}, 200, media_type)
        if not explain and form is None and not is_mutation(operation.node):
            return await self._plain(visit, request, operation, media_type)
        place = self._gate.place(visit)
        if place.hopeless:
            raise place.refused()  # and nothing is spent
        standing = await self._gate.admit(visit, operation)
        with while_connected(request):
            if form is not None and not explain:
                found = await self._begun(visit, operation, place, form)
                if isinstance(found, Begun):
                    sources = request.headers.get("x-poche-sources") != "off"
                    headers = responses.headed(media_type, standing.headers if standing else {})
                    return Incremental(form, found, sources=sources, headers=headers)
                return self._whole(visit, request, operation, media_type, found, standing)
            async with place:
                answer, context = await self._executed(visit, operation, "sources" in explain)
        more: dict[str, Any] = {}
        if isinstance(context, Explained):
            took = self._gate.actual(operation, orjson.loads(answer.data), context.waited)
            more["cost"] = self._gate.bill(operation, standing, took)
            more["explain"] = context.report()
            more["executor"] = self._executor.told(operation.plan, operation.name)
        return self._whole(visit, request, operation, media_type, answer, standing, more)

    async def _plain(
        self,
        visit: Visit,
        request: Request,
        operation: Operation,
        media_type: str,
        known: Question | None = None,
    ) -> Response:
        """One answer to a query, that of somebody else where it is the same; RequestError."""
        deadline_s, place = visit.caller.client.deadline_s, self._gate.place(visit)
        if place.hopeless and not self._remembered.knows(operation, deadline_s, place):
            raise place.refused()  # and nothing is spent
        if known is not None and known.priced:
            standing = await self._gate.admit_again(visit)
        else:
            standing = await self._gate.admit(visit, operation)
        with while_connected(request):
            answer = await self._remembered.answer(operation, deadline_s, place)
        if not self._gate.watches(visit):
            made_of(request.scope, visit, answer)
            if isinstance(request, Whole) and known is None:
                self._prepared.note(request, visit, operation, media_type)
        return self._whole(visit, request, operation, media_type, answer, standing)

    def _whole(
        self,
        visit: Visit,
        request: Request,
        operation: Operation,
        media_type: str,
        answer: Answer,
        standing: Standing | None,
        more: Mapping[str, Any] | None = None,
    ) -> Response:
        """An answer that is all there, as it is sent; `more` is of its extensions."""
        visit.answered(answer.touched, *answer.errors)
        sources = bool(answer.touched) and request.headers.get("x-poche-sources") != "off"
        now = self._clock()
        if request.method in IN_URL and more is None and not answer.errors:
            headers = responses.headed(media_type, standing.headers if standing else {})
            return responses.kept(
                visit, request, operation, answer, sources=sources, headers=headers, now=now
            )
        body = answer.body(sources=sources, now=now, **(more or {}))
        partial = answer.errors and media_type == GRAPHQL
        status = self._settings.partial_success_status if partial else 200
        return responses.Executed(body, status, media_type, standing)

    async def _executed(
        self, visit: Visit, operation: Operation, explained: bool
    ) -> tuple[Answer, Loaders]:
        """What is asked about this one execution, or changes something."""
        result, context = await self._executor.run(
            operation.plan,
            operation.name,
            dict(operation.variables),
            deadline_s=visit.caller.client.deadline_s,
            explained=explained,
        )
        return Answer(result, context, Footing(context)), context

    async def _begun(
        self, visit: Visit, operation: Operation, place: Place, form: incremental.Format
    ) -> Answer | Begun:
        """The first part of what is answered in parts; the whole where variables say so."""
        async with AsyncExitStack() as until:
            await until.enter_async_context(place)
            result, context = await self._executor.begin(
                operation.plan,
                visit.operation,
                dict(operation.variables),
                deadline_s=visit.caller.client.deadline_s,
                streamed=not form.old,
            )
            if isinstance(result, ExecutionResult):
                return Answer(result, context, Footing(context))
            until.enter_context(self._gate.going_on(visit))
            return Begun(result, context, visit, until.pop_all())


def _safe(request: Request, operation: Operation, media_type: str | None) -> None:
    """Nothing changes but by POST, with one answer; RequestError (422), Unreadable (405, 406)."""
    if not is_mutation(operation.node):
        return
    if request.method == "QUERY":
        raise RequestError(422, bad_request("Mutations are sent by POST."))
    if request.method != "POST":
        raise Unreadable(405, "Mutations are sent by POST.", {"Allow": "POST"})
    if media_type is None:
        raise Unreadable(406, f"Mutations are answered with {GRAPHQL} or {LEGACY}.")
