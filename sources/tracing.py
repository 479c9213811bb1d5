"""Tracing: what the steps of an answer took, told to whoever collects that; mostly to nobody.

A step is told below the one around it, across tasks. Where there is none around it, as this
request is not traced, or nothing is, it is not told, and takes no time. What spans really are
is the server's to know (`server/tracing.py`).
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context, ContextVar, Token, copy_context
from types import TracebackType
from typing import Literal, Protocol

from sources.errors import SourceError

OK = "OK"

Told = str | int | float
About = Mapping[str, Told]
Kind = Literal["internal", "client"]  # a step of ours, or waiting for somebody else's answer


class Tracer(Protocol):
    """Where steps can begin; it may leave them out."""

    def begin(self, name: str, about: About, kind: Kind) -> "Span | None": ...


class Span(Tracer, Protocol):
    """A step that has begun, to be ended once. Never told: keys, queries, whole addresses."""

    outcome: str  # OK, or what went wrong, in one word

    def tell(self, about: About) -> None: ...

    def end(self) -> None: ...

    def headers(self, host: str) -> Mapping[str, str]:
        """What a host is sent to take part in this trace, if it may."""
        ...


current: ContextVar[Span | None] = ContextVar("span", default=None)


NOBODY: AbstractContextManager[None] = nullcontext()  # hears of most steps: it is one for all


def step(
    name: str,
    about: Mapping[str, Told] = {},
    kind: Kind = "internal",
    tracer: Tracer | None = None,
) -> AbstractContextManager[Span | None]:
    """One step, told below the current one; else, where a `tracer` is given, as a trace's first."""
    above = current.get() or tracer
    span = above.begin(name, about, kind) if above else None
    return NOBODY if span is None else _Step(span)


class _Step:
    """A step that somebody hears of."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> Span:
        self._token: Token[Span | None] = current.set(self._span)
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        span = self._span
        current.reset(self._token)
        if kind is not None and span.outcome == OK:
            span.outcome = error.code if isinstance(error, SourceError) else kind.__name__
        span.end()


def tell(about: About) -> None:
    """Say something of the current step, if there is one."""
    span = current.get()
    if span is not None:
        span.tell(about)


def apart() -> Context:
    """The context of what nobody's request waits for any more: it belongs to no trace."""
    context = copy_context()
    context.run(current.set, None)
    return context
