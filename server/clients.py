"""Clients: who asks, and what they may: partners with their keys, and everybody else.

`POCHE_CLIENTS` is a TOML file with a table for each partner:

    [tram-app]
    keys = ["<hash>", { hash = "<hash>", expires = 2027-06-30 }]
    origins = ["https://tram.example"]   # pages that may ask with a key; none: servers, apps
    mode = "safelist"                    # or "automatic", or "open"
    rate = 200                           # points a second, and
    burst = 2000                         # how many at once
    concurrency = 50                     # executions at a time
    deadline = "5s"
    mutations = true                     # may report something to a city
    log_unknown = true                   # count what a safelist would refuse

`poche keys new NAME` makes a key; only its HMAC-SHA256, with the pepper of
`POCHE_PEPPER`, is ever kept.
"""

import hmac
import secrets
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
from graphql import GraphQLError
from pydantic import BeforeValidator, Field, ValidationError
from starlette.requests import HTTPConnection

from cities import CityError
from cities.binding import Seconds
from cities.strict import Strict
from server.errors import RequestError
from server.reloading import signature
from server.settings import Settings

log = structlog.get_logger("server")

ANONYMOUS = "anonymous"
HOME = "home"  # our own page, for citizens
PREFIX = "poche_"  # for those who look for keys in what was published by mistake
KEY_BYTES = 24
MAX_KEY = 200  # characters; nobody has us hash more
Mode = Literal["open", "automatic", "safelist"]


class ClientError(CityError):
    """A file of clients that cannot be used; said as a city file's mistakes are."""


class Key(Strict):
    """What is kept of a key: its hash, and the last day that it is good for (UTC)."""

    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    expires: date | None = None

    def good(self, now: datetime) -> bool:
        """Whether it may still be used."""
        if self.expires is None:
            return True
        return now < datetime.combine(self.expires + timedelta(days=1), time(), UTC)


class Client(Strict):
    """Who asks: a partner, or everybody else together."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$")
    keys: tuple[
        Annotated[Key, BeforeValidator(lambda v: {"hash": v} if isinstance(v, str) else v)], ...
    ] = ()
    origins: tuple[str, ...] = ()
    mode: Mode = "open"
    rate: float = Field(default=100, ge=0)  # points a second; 0 is without end
    burst: int = Field(default=1_000, ge=1)
    concurrency: int = Field(default=0, ge=0)  # executions at a time; 0 is without end
    deadline_s: Annotated[Seconds, Field(gt=0)] | None = Field(default=None, alias="deadline")
    mutations: bool = False
    log_unknown: bool = False


WORDS = {field.alias or name for name, field in Client.model_fields.items()} - {"name"}


NOBODY = Client(name="nobody")  # who has not said who they are, or not rightly


@dataclass(frozen=True)
class Caller:
    """A client, and the address that it asks from."""

    client: Client
    address: str

    def on(self, page: str) -> "Caller":
        """The same on a page of ours, which has no key to show: its documents tell it."""
        client = self.client.model_copy(update={"name": page, "mode": "safelist"})
        return replace(self, client=client)

    @property
    def account(self) -> str:
        """Who pays: a partner from everywhere together, everybody else by their address."""
        return self.client.name if self.client.keys else f"{ANONYMOUS} {self.address}"

    @property
    def network(self) -> str:
        """As much of the address as may be written down."""
        return network(self.address)


class Clients:
    """The clients of a file, and who stands at the door; ClientError."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.version = 0  # how often they were read
        self.problem: str | None = None  # why the file, as it is now, is not used
        self._file = settings.clients
        self._pepper = settings.pepper.get_secret_value() if settings.pepper else ""
        self._clock = clock
        self.anonymous = anonymous(settings)  # None if they may not ask
        self._by_name: Mapping[str, Client] = {}
        self._by_hash: Mapping[str, tuple[Client, Key]] = {}
        self._signature = None if self._file is None else signature(self._file)
        if self._file is not None:
            self._take(read(self._file, self._pepper))

    def names(self) -> Collection[str]:
        return self._by_name.keys()

    @property
    def origins(self) -> frozenset[str]:
        """Sites whose pages may ask with a partner's key."""
        return frozenset(one for client in self._by_name.values() for one in client.origins)

    async def refresh(self, *, again: bool = False) -> None:
        """Read the file again if it changed, or `again`; if it is broken, go on with what was."""
        if self._file is None:
            return
        before, self._signature = self._signature, signature(self._file)
        if self._signature == before and not again:
            return
        try:
            self._take(read(self._file, self._pepper))
            self.problem = None
        except ClientError as error:
            self.problem = str(error)
            log.error("clients refused", why=self.problem)

    def identify(self, connection: HTTPConnection) -> Caller:
        """Who asks; RequestError (401, 403)."""
        key = _key(connection)
        client = self.anonymous if key is None else self._owner(key)
        if client is None:
            raise _unknown("A key is needed here.")
        origin = connection.headers.get("origin")
        if client.keys and origin is not None and client.origins and origin not in client.origins:
            message = "This key may not be used from this site."
            raise RequestError(403, GraphQLError(message, extensions={"code": "FORBIDDEN"}))
        return Caller(client, address(connection))

    def _owner(self, key: str) -> Client:
        # Looked up by an HMAC, which nobody without the pepper can steer; compared in constant
        # time all the same, and so is a key that nobody has.
        digest = hashed(key[:MAX_KEY], self._pepper)
        client, kept = self._by_hash.get(digest, (None, None))
        same = hmac.compare_digest(digest, kept.hash if kept else "0" * len(digest))
        if client is None or kept is None or not same or not kept.good(self._clock()):
            raise _unknown("This key is not known, or is known no more.")
        return client

    def _take(self, clients: Iterable[Client]) -> None:
        self.version += 1
        self._by_name = {client.name: client for client in clients}
        self._by_hash = {
            key.hash: (client, key) for client in self._by_name.values() for key in client.keys
        }


def anonymous(settings: Settings) -> Client | None:
    """Everybody without a key; None if they may not ask at all."""
    if settings.anonymous == "off":
        return None
    return Client(
        name=ANONYMOUS,
        mode=settings.anonymous,
        rate=settings.rate,
        burst=settings.burst,
        concurrency=settings.concurrency,
        mutations=settings.anonymous_mutations,
        log_unknown=settings.log_unknown,
    )


def read(file: Path, pepper: str) -> list[Client]:
    """All clients of a file; ClientError at the first that cannot be used."""
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ClientError(file.name, str(error)) from None
    found = [_client(file, name, table) for name, table in raw.items()]
    owners: dict[str, str] = {}
    for client in found:
        for key in client.keys:
            if owners.setdefault(key.hash, client.name) != client.name:
                where = f"{file.name} [{client.name}] keys"
                raise ClientError(where, f"{owners[key.hash]} has the same key")
    if owners and not pepper:
        raise ClientError(file.name, "there are keys, but no POCHE_PEPPER to check them with")
    return found


def _client(file: Path, name: str, table: Any) -> Client:
    where = f"{file.name} [{name}]"
    if not isinstance(table, dict):
        raise ClientError(file.name, f"unknown word `{name}`")
    if name in (ANONYMOUS, NOBODY.name, HOME):
        raise ClientError(where, "clients without a key are not set here, but by POCHE_ANONYMOUS")
    try:
        return Client(**{**table, "name": name})
    except ValidationError as error:
        raise ClientError.worded(where, error, WORDS) from None


def new_key(pepper: str) -> tuple[str, str]:
    """A key that nobody has, and the hash of it that may be kept."""
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    return key, hashed(key, pepper)


@lru_cache(maxsize=1_000)
def hashed(key: str, pepper: str) -> str:
    return hmac.digest(pepper.encode(), key.encode("utf-8", "surrogatepass"), "sha256").hex()


def address(connection: HTTPConnection) -> str:
    """Where a client is, as rates and limits count it."""
    client = connection.scope.get("client")
    return line(client[0]) if client else ""


@lru_cache(maxsize=1_000)
def line(host: str) -> str:
    """The address itself; of IPv6 the whole /64, since each line has as many to choose from."""
    try:
        found = ip_address(host)
    except ValueError:
        return host
    if found.version == 4:
        return host
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found) >> 64 << 64, 64)).network_address)


@lru_cache(maxsize=1_000)
def network(address: str) -> str:
    """An address without its last digits: its /24, or /48."""
    try:
        width = 24 if ip_address(address).version == 4 else 48
        return str(ip_network(f"{address.partition('%')[0]}/{width}", strict=False))
    except ValueError:
        return ""


def _key(connection: HTTPConnection) -> str | None:
    """The key that came with a request, in either place."""
    given = connection.headers.get("x-api-key")
    if given is not None:
        return given.strip()
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def _unknown(message: str) -> RequestError:
    error = GraphQLError(message, extensions={"code": "UNAUTHENTICATED"})
    return RequestError(401, error, headers={"WWW-Authenticate": 'Bearer realm="poche"'})
