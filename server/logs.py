"""Logs: one line an event, JSON for machines, coloured for people; each with its request's id.

The lines of requests that end in the same turn of the loop are written together, with the answers.
"""

import asyncio
import atexit
import logging
import re
import sys
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from random import getrandbits
from typing import Any, TextIO

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Its id, while a request is answered: all that is logged meanwhile has it.
current: ContextVar[str] = ContextVar("request", default="")
PROCESSORS: list[structlog.typing.Processor] = []  # the one list that all loggers have
REQUEST_ID = b"x-request-id"
NAME = "poche.request"  # where a scope has it
LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
GIVEN = re.compile(rb"[A-Za-z0-9._:/+=-]{1,100}")


def configure(form: str) -> None:
    """`json` or `console`; uvicorn and its like go the same way."""
    render = JSON if form == "json" else structlog.dev.ConsoleRenderer(pad_event_to=20)
    shared: list[structlog.typing.Processor] = [
        _of_request,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    PROCESSORS[:] = [*shared, structlog.processors.format_exc_info, render]
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: Stderr(),
        cache_logger_on_first_use=True,
    )
    handler = Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=render, foreign_pre_chain=shared)
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _of_request(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if name := current.get():
        event.setdefault("request", name)
    return event


def request(**about: Any) -> None:
    """The line of one `request`; as JSON, at a third of the time that structlog takes for it."""
    if PROCESSORS[-1:] != [JSON]:
        structlog.get_logger("server").info("request", **about)
        return
    about["event"], about["level"], about["timestamp"] = "request", "info", datetime.now(UTC)
    LINES.add(orjson.dumps(about, option=LINE))


def _dumped(event: Any, **options: Any) -> str:
    return orjson.dumps(event, **options).decode()


JSON = structlog.processors.JSONRenderer(_dumped)


class Lines:
    """What is to be written by the end of this turn of the loop; nothing else overtakes it."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._turning: asyncio.AbstractEventLoop | None = None
        atexit.register(self.flush)

    def add(self, line: bytes) -> None:
        self._lines.append(line)
        loop = asyncio.get_running_loop()
        if self._turning is not loop:
            self._turning = loop
            loop.call_soon(self.flush)

    def flush(self) -> None:
        lines, self._lines, self._turning = self._lines, [], None
        if lines:
            sys.stderr.write(b"".join(lines).decode())


LINES = Lines()


class Handler(logging.StreamHandler[TextIO]):
    """Writes what others log, after all that was said before."""

    def emit(self, record: logging.LogRecord) -> None:
        LINES.flush()
        super().emit(record)


class Stderr:
    """Writes to standard error, whatever that is by then."""

    def msg(self, message: str) -> None:
        LINES.flush()
        sys.stderr.write(message + "\n")

    debug = info = warning = error = critical = msg


def request_id(given: bytes) -> bytes:
    """A request's own id, if it has one that may be written down; else a new one."""
    if given and GIVEN.fullmatch(given):
        return given
    return b"%032x" % getrandbits(128)  # no secret: a third of the time of urandom


def named(scope: Scope, name: bytes) -> Token[str]:
    """Give a request its id, which all that is logged meanwhile has; to be taken back."""
    scope[NAME] = name.decode()
    return current.set(scope[NAME])


def request_of(scope: Scope) -> str:
    """The id of a request."""
    return str(scope.get(NAME, ""))


class RequestIds:
    """Every request has an id, its own `X-Request-Id` or a new one; answer and log say it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == REQUEST_ID), b"")
        name = request_id(given)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (REQUEST_ID, name)]
            await send(message)

        bound = named(scope, name)
        try:
            await self._app(scope, receive, send_named)
        finally:
            current.reset(bound)
