"""Parameters: what one request asks, read from its URL or its body, and bounded before it is read.

Where a member is given twice, in JSON or in a URL, the last one counts.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
import orjson
from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive

from server.asked import Asked
from server.errors import RequestError
from server.settings import Settings

IN_URL = ("GET", "HEAD")  # methods of requests that have no body
NO_MORE = {"Connection": "close"}  # what is left of the body is nobody's next request


class Unreadable(Exception):
    """What cannot be answered in GraphQL's own terms: its status, and headers to go with it."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class Whole(Request):
    """A request that is all there, and has each of its headers once.

    `parameters` are what it asks, once somebody has read that, which was `since`.
    """

    def __init__(self, asked: Asked, receive: Receive) -> None:
        super().__init__(asked.scope, receive)
        self._headers = _Given(asked.scope["headers"], asked.headers)
        self.asked = asked
        self.parameters: Parameters | None = None
        self.since: Any = None


class _Given(Headers):
    """Headers that are looked up, rather than looked for, a dozen times for each request."""

    def __init__(self, raw: list[tuple[bytes, bytes]], given: Mapping[bytes, bytes]) -> None:
        super().__init__(raw=raw)
        self._given = given

    def get(self, key: str, default: Any = None) -> Any:
        found = self._given.get(key.encode("latin-1"))
        return default if found is None else found.decode("latin-1")

    def getlist(self, key: str) -> list[str]:
        found = self._given.get(key.encode("latin-1"))
        return [] if found is None else [found.decode("latin-1")]


class Parameters(msgspec.Struct, rename="camel"):
    """A well-formed request; members that are none of these are ignored."""

    query: str | None = None
    document_id: str | None = None
    doc_id: str | None = msgspec.field(default=None, name="doc_id")  # Relay's words for it
    id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


def from_url(request: Request, settings: Settings) -> Parameters:
    """What a GET asks: the members of a request, JSON in their own parameters.

    Unreadable (400, 414), or RequestError (400, 422).
    """
    raw: bytes = request.scope["query_string"]
    if not raw:
        return Parameters()
    if len(raw) > settings.max_url:
        raise Unreadable(414, f"The URL is longer than {settings.max_url} bytes. Use POST.")
    try:
        values = parse_qs(raw.decode(), errors="strict")
    except UnicodeDecodeError:
        raise Unreadable(400, "The URL is not UTF-8.") from None
    given = {name: last for name, [*_, last] in values.items()}
    return Parameters(
        query=given.get("query"),
        document_id=given.get("documentId"),
        doc_id=given.get("doc_id"),
        id=given.get("id"),
        operation_name=given.get("operationName"),
        variables=_object(given.get("variables"), "variables"),
        extensions=_object(given.get("extensions"), "extensions"),
    )


async def from_body(request: Request, settings: Settings) -> Parameters:
    """What a POST or a QUERY asks: one JSON object.

    Unreadable (408, 413, 415), or RequestError (400, 422).
    """
    if not _json(request.headers.get("content-type", "")):
        raise Unreadable(415, "Send application/json, in UTF-8.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Unreadable(415, "Send the body as it is.", {"Accept-Encoding": "identity"})
    if isinstance(request, Whole) and request.parameters is not None:
        return request.parameters
    return from_json(await _body(request, settings))


def from_json(body: bytes) -> Parameters:
    """What a body asks; RequestError (400, 422)."""
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, bad_request(f"The body is not JSON: {error}.")) from None
    if isinstance(raw, list):
        raise RequestError(422, bad_request("Send one operation at a time, not an array of them."))
    try:
        return msgspec.convert(raw, Parameters)
    except msgspec.ValidationError as error:
        raise RequestError(422, bad_request(f"Not a GraphQL request: {error}.")) from None


def bad_request(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_REQUEST"})


async def _body(request: Request, settings: Settings) -> bytes:
    large = Unreadable(413, f"The body is larger than {settings.max_body} bytes.", NO_MORE)
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > settings.max_body:
        raise large
    if isinstance(request, Whole) and len(request.asked.body) <= settings.max_body:
        return request.asked.body
    body = bytearray()
    try:
        async with asyncio.timeout(settings.read_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > settings.max_body:
                    raise large
    except TimeoutError:
        raise Unreadable(408, "The body did not arrive in time.", NO_MORE) from None
    return bytes(body)


def _json(content_type: str) -> bool:
    """Whether that is JSON in UTF-8: no form can send it, so no other site's page can either."""
    media_type, *options = (part.strip().lower() for part in content_type.split(";"))
    charsets = [one.removeprefix("charset=").strip('"') for one in options if "charset=" in one]
    return media_type == "application/json" and all(one == "utf-8" for one in charsets)


def _object(text: str | None, name: str) -> dict[str, Any] | None:
    if not text:  # an empty string is as good as none
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestError(400, bad_request(f"`{name}` is not JSON.")) from None
    if value is not None and not isinstance(value, dict):
        raise RequestError(422, bad_request(f"`{name}` is not an object."))
    return value
