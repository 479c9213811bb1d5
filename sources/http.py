"""The one door to the network: time-outs, sizes, retries, and every foreign error translated.

httpx speaks, over aiohttp's network stack, or aiohttp itself (decision 0001). Whatever goes
wrong on the way leaves here as a SourceError; nothing foreign passes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import httpx

from cities import Binding, Upstream
from sources.asking import Asking, Complaint
from sources.breaker import OPEN_S, Breaker, Permit, State
from sources.errors import (
    Changed,
    Invalid,
    OverQuota,
    Refused,
    Rejected,
    SourceError,
    Unavailable,
    Unheard,
)
from sources.exchange import (
    Address,
    Answer,
    Exchange,
    Question,
    Unconnected,
    over_httpx,
    parsed,
)
from sources.protocols import Reply
from sources.replies import (
    NotModified,
    bounded,
    is_private,
    retry_after,
)
from sources.retries import Passing, retried
from sources.secrets import Secrets
from sources.store import Memory, Store
from sources.tracing import OK, Span, Tracer, step, tell
from sources.upstreams import Upstreams

MAX_REDIRECTS = 3
MAX_SHARED = 64 << 20  # bytes of payloads that several feeds of one process take turns at
PASSING = {502, 503, 504}


class Door:
    """Every call to every upstream goes through here.

    `get` is a shorter way for plain GETs than `client`, if there is one.
    `reroute` sends each call to one address instead, under its own host name as
    first step of the path: the sandbox. `secrets` are the environment,
    `folder` is where lasting things are kept, `upstreams` what the city files say
    of whole hosts. `clock` tells the time of day, `ticks` the seconds that pass,
    which nobody sets back. Reads that no request began are told to `tracer`.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        clock: Callable[[], datetime],
        store: Store | None = None,
        *,
        get: Exchange | None = None,
        ticks: Callable[[], float] = monotonic,
        reroute: str | None = None,
        folder: Path,
        secrets: Mapping[str, str] | None = None,
        upstreams: Mapping[str, Upstream] | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._exchange = over_httpx(client)
        self._get = get or self._exchange
        self._reroute = reroute.rstrip("/") if reroute else None
        self.secrets = Secrets(secrets or {})
        self.folder = folder
        self.calls: Counter[tuple[str, str]] = Counter()  # by source and outcome
        self._breakers: dict[str, Breaker] = {}
        self.clock = clock
        self.tracer = tracer
        self.store = store or Memory(ticks, max_bytes=MAX_SHARED)
        self.upstreams = Upstreams(self.store, upstreams or {})
        self._ticks = ticks

    def breaker(self, binding: Binding) -> Breaker:
        """What watches over the calls to one source."""
        found = self._breakers.get(binding.source)
        if found is None:
            found = self._breakers[binding.source] = Breaker(self._ticks)
        return found

    def forgive(self, source: str) -> None:
        """Forget how a source did that is asked in another way, or elsewhere, from now on."""
        self._breakers.pop(source, None)

    def open(
        self,
        binding: Binding,
        complaint: Complaint,
        validators: Mapping[str, Mapping[str, str]] = {},
    ) -> Asking:
        """The door for one binding, for one read of a payload that may be recognised by these."""
        return Asking(self, binding, complaint, validators)

    async def call(self, asking: Asking, question: Question, *, once: bool) -> Reply:
        """One call: at its place in its host's queue, tried again while that may help."""
        binding = asking.binding
        of_table, of_host = self.upstreams.queues(binding, question.host)
        try:
            async with asyncio.timeout(binding.timeout_s) as limit, of_table, of_host:
                return await retried(lambda: self._once(asking, question, limit), limit, once=once)
        except Passing as passing:
            raise passing.error from passing
        except TimeoutError as error:
            raise Unavailable(f"no answer within {binding.timeout_s:g} s", binding) from error

    async def _once(self, asking: Asking, question: Question, limit: asyncio.Timeout) -> Reply:
        """One attempt, if the breaker and the quota let it through."""
        binding = asking.binding
        breaker = self.breaker(binding)
        if elsewhere_s := await self.store.tripped(binding.source):
            breaker.open_for(min(elsewhere_s, OPEN_S))
        permit = breaker.admit()
        if permit is None:
            raise Unheard("its breaker is open", binding, retry_after_s=breaker.retry_in or 1)
        with permit, step(*question.told, "client") as span:
            if span is not None:
                question = question.with_headers(span.headers(question.host))
            try:
                reply = await self._sent(asking, question, limit)
            except (Passing, SourceError, NotModified) as error:
                # In no variable of ours: an error and where it was raised would keep each other.
                await self._judge(_cause(error), permit, breaker, binding, span)
                raise
            except asyncio.CancelledError:
                if limit.expired():  # nobody changed their mind: it is too slow
                    self._count(binding.source, Unavailable.code, span)
                    permit.failed()
                    await self._tell(breaker, binding)
                raise
            permit.succeeded()
            self._count(binding.source, OK, span)
            return reply

    async def _judge(
        self,
        cause: Exception,
        permit: Permit,
        breaker: Breaker,
        binding: Binding,
        span: Span | None,
    ) -> None:
        """Count what became of a call, and tell by it how its source is."""
        outcome = cause.code if isinstance(cause, SourceError) else "NOT_MODIFIED"
        self._count(binding.source, outcome, span)
        if isinstance(cause, Unavailable):
            permit.failed()
            await self._tell(breaker, binding)
        elif not isinstance(cause, OverQuota):  # which says nothing of how it is
            permit.succeeded()  # it answered, if not as we would like

    def _count(self, source: str, outcome: str, span: Span | None) -> None:
        self.calls[source, outcome] += 1
        if span is not None:
            span.outcome = outcome

    async def _tell(self, breaker: Breaker, binding: Binding) -> None:
        """The other replicas need not find out for themselves that a source is down."""
        if breaker.state is State.OPEN:
            await self.store.trip(binding.source, breaker.retry_in)

    async def _sent(self, asking: Asking, question: Question, limit: asyncio.Timeout) -> Reply:
        binding = asking.binding
        try:
            for _ in range(MAX_REDIRECTS + 1):
                await self.upstreams.spend(binding, question.host, limit)
                exchange = self._get if question.method == "GET" else self._exchange
                async with exchange(question) as answer:
                    moved = question.moved(answer)
                    if moved is None:
                        return await self._read(asking, answer, question.host)
                    if not parsed(moved.url).at_home(parsed(question.url)):
                        raise Refused("redirects to another host", binding)
                    question = moved
            raise Changed("too many redirects", binding)
        except (SourceError, NotModified, Passing):
            raise
        except Unconnected as error:
            detail = self.secrets.hushed(f"cannot connect: {error}", binding)
            raise Passing(Unheard(detail, binding)) from error
        except Exception as error:  # httpx's, aiohttp's, the resolver's, the system's
            detail = self.secrets.hushed(f"{type(error).__name__}: {error}", binding)
            raise Unavailable(detail, binding) from error

    async def _read(self, asking: Asking, answer: Answer, host: str) -> Reply:
        binding, status = asking.binding, answer.status
        tell({"http.response.status_code": status})
        if status == 304:
            if asking.conditional:
                raise NotModified
            raise Changed("304 to a question that was not conditional", binding)
        encoding = answer.headers.get("content-encoding", "")
        body = await bounded(answer.chunks, encoding, binding)
        tell({"poche.bytes": len(body)})
        if status < 300:
            return Reply(body, answer.headers)
        said = asking.complaint(body) or answer.reason
        why = self.secrets.hushed(f"HTTP {status}: {said}", binding)
        wait = retry_after(answer.headers, self.clock())
        if status in (401, 403):
            raise Refused(why, binding)
        if status == 429:
            await self.upstreams.refused(binding, host, wait or binding.negative_ttl_s)
            spent = OverQuota(why, binding, retry_after_s=wait)
            raise Passing(spent) if wait else spent
        if status >= 500:
            error = Unavailable(why, binding, retry_after_s=wait)
            raise Passing(error) if status in PASSING else error
        if status in (400, 422):
            raise Invalid(why, binding)
        raise Rejected(why, binding) if status >= 400 else Changed(why, binding)

    def address(self, asked: Address, binding: Binding) -> str:
        """The URL where it is really asked: the sandbox's if there is one, else its own."""
        if asked.scheme not in ("http", "https") or not asked.host:
            raise Changed(f"not an address to ask: {asked.url[:100]!r}", binding)
        if self._reroute is not None:
            split = urlsplit(asked.url)
            query = f"?{split.query}" if split.query else ""
            return f"{self._reroute}/{split.netloc}{split.path}{query}"
        if not binding.private_network and is_private(asked.host):
            raise Refused("a private address, which the city file does not allow", binding)
        return asked.url


def _cause(error: Exception) -> Exception:
    return error.error if isinstance(error, Passing) else error
