"""GraphQL over HTTP, to the letter of its draft (docs/conformance.md), and no more than that."""

from typing import Any
from urllib.parse import parse_qs

import msgspec
import orjson
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from resolvers.provenance import rested_on
from server.accept import MEDIA_TYPES, negotiated, prefers_html
from server.execution import Executor, Plan, Planner, RequestError, is_mutation
from server.settings import Settings

GRAPHQL, LEGACY = MEDIA_TYPES
METHODS = ["GET", "POST"]  # any other is answered 405, with Allow


class Parameters(msgspec.Struct, rename="camel"):
    """A well-formed request; members that are none of these are ignored."""

    query: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


class Endpoint:
    """`/graphql`: GET and POST in, one JSON answer out."""

    def __init__(self, planner: Planner, executor: Executor, settings: Settings) -> None:
        self._planner = planner
        self._executor = executor
        self._settings = settings

    async def answer(self, request: Request) -> Response:
        accept = request.headers.get("accept")
        if request.method == "GET" and prefers_html(accept):
            return RedirectResponse("/graphiql", 303)
        media_type = negotiated(accept)
        if media_type is None:
            return _plain(406, f"We answer {GRAPHQL} or {LEGACY}.")
        try:
            asked = (
                self._asked(request) if request.method != "POST" else await self._posted(request)
            )
            return await self._answer(request, asked, media_type)
        except RequestError as error:
            return _json({"errors": [e.formatted for e in error.errors]}, error.status, media_type)
        except _Unreadable as error:
            return _plain(error.status, str(error))
        except ClientDisconnect:
            return _plain(400, "The request ended before its body did.")

    async def _answer(self, request: Request, asked: Parameters, media_type: str) -> Response:
        if not asked.query:
            raise RequestError(
                422, GraphQLError("There is no `query`.", extensions={"code": "BAD_REQUEST"})
            )
        plan: Plan = self._planner.plan(asked.query)
        if request.method != "POST" and is_mutation(plan.operation(asked.operation_name)):
            return _plain(405, "Mutations are sent by POST.", {"Allow": "POST"})
        result, context = await self._executor.run(plan, asked.operation_name, asked.variables)
        body: dict[str, Any] = {}
        if result.errors:
            body["errors"] = [error.formatted for error in result.errors]
        body["data"] = result.data
        if context.touched and request.headers.get("x-poche-sources") != "off":
            body["extensions"] = {"sources": rested_on(context)}
        partial = result.errors and media_type == GRAPHQL
        status = self._settings.partial_success_status if partial else 200
        return _json(body, status, media_type)

    def _asked(self, request: Request) -> Parameters:
        """What a GET asks: the members of a request, JSON in their own parameters."""
        raw = request.url.query
        if len(raw) > self._settings.max_body:
            raise _Unreadable(414, "The URL is too long.")
        try:
            given = {name: values[-1] for name, values in parse_qs(raw, errors="strict").items()}
            return Parameters(
                query=given.get("query"),
                operation_name=given.get("operationName"),
                variables=_object(given.get("variables"), "variables"),
                extensions=_object(given.get("extensions"), "extensions"),
            )
        except UnicodeDecodeError:
            raise _Unreadable(400, "The URL is not UTF-8.") from None

    async def _posted(self, request: Request) -> Parameters:
        """What a POST asks; bounded before it is read."""
        content_type, _, options = request.headers.get("content-type", "").partition(";")
        charset = options.strip().lower().removeprefix("charset=").strip('"')
        if content_type.strip().lower() != "application/json" or charset not in ("", "utf-8"):
            raise _Unreadable(415, "Send application/json, in UTF-8.")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._settings.max_body:
                raise _Unreadable(413, f"The body is larger than {self._settings.max_body} bytes.")
        try:
            raw = orjson.loads(bytes(body))
        except orjson.JSONDecodeError:
            raise RequestError(400, _bad("The body is not JSON.")) from None
        try:
            return msgspec.convert(raw, Parameters)
        except msgspec.ValidationError as error:
            raise RequestError(422, _bad(f"Not a GraphQL request: {error}.")) from None


class _Unreadable(Exception):
    """What cannot be answered in GraphQL's own terms."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _bad(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_REQUEST"})


def _object(text: str | None, name: str) -> dict[str, Any] | None:
    if not text:  # an empty string is as good as none
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestError(400, _bad(f"`{name}` is not JSON.")) from None
    if value is not None and not isinstance(value, dict):
        raise RequestError(422, _bad(f"`{name}` is not an object."))
    return value


def _json(body: dict[str, Any], status: int, media_type: str) -> Response:
    content_type = f"{media_type}; charset=utf-8"
    return Response(orjson.dumps(body), status, media_type=content_type)


def _plain(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response(message + "\n", status, headers, "text/plain; charset=utf-8")
