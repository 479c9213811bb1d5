"""Protocols: one module per way of speaking, named as its specification names it.

A protocol is the options of a city's table and two functions: how the payload
is fetched, and how it falls into rows. It knows nothing of services.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any, NamedTuple, Self
from typing import Protocol as Duck
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f"`{name}` is not a time-zone, such as Europe/Paris") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known)]  # of those whose days are asked for


class Reply(NamedTuple):
    """A success: the decompressed body, no larger than the binding allows, and the headers."""

    body: bytes
    headers: Mapping[str, str]


class Ask(Duck):
    """The door, opened for one binding: its time-out, its quota, its key, its errors.

    Raises SourceError for whatever goes wrong on the way.
    """

    @property
    def now(self) -> datetime:
        """The present instant, aware, by the server's one clock."""

    async def get(
        self,
        url: str,
        params: Mapping[str, str | Sequence[str]] = {},
        headers: Mapping[str, str] = {},
        *,
        whole: bool = False,
    ) -> Reply:
        """`whole` says that this reply alone is the payload: if it has not changed since the
        last read, neither has the payload, and the read ends here."""

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str] = {}, *, once: bool = False
    ) -> Reply:
        """`once`: never tried again, whatever happens, as it changes something there."""


class Speaks(BaseModel, ABC):
    """Base of every protocol; its fields are the options of a city's table."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @abstractmethod
    async def fetch(self, ask: Ask) -> bytes:
        """The whole payload, as few calls as it takes."""

    @abstractmethod
    def rows(self, body: bytes) -> Iterable[Mapping[str, Any]]:
        """The payload's records; ValueError if it is not what the protocol says."""

    @property
    def keyed(self) -> bool:
        """Whether it is asked for one thing at a time, rather than for all there is."""
        return False

    def one(self, key: str) -> Self:
        """The same, asking for one thing only; of a protocol that is not keyed, a mistake."""
        raise NotImplementedError(f"{type(self).__name__} cannot be asked for {key}")

    def but(self, **said: Any) -> Self:
        """The same, but for these options, which are not looked at again.

        As `model_copy`, in a third of the time: each read of one thing makes some.
        """
        new, private = type(self).__new__(type(self)), self.__pydantic_private__
        told = self.__pydantic_fields_set__ | said.keys()
        object.__setattr__(new, "__dict__", {**self.__dict__, **said})
        object.__setattr__(new, "__pydantic_fields_set__", told)
        object.__setattr__(new, "__pydantic_extra__", None)
        object.__setattr__(new, "__pydantic_private__", private and dict(private))
        return new

    def feed(self) -> str:
        """What two tables that share one payload have in common."""
        return f"{type(self).__name__}{self.model_dump_json()}"

    def complaint(self, body: bytes) -> str | None:
        """What the body of an error answer says, for the log."""
        return body[:200].decode("utf-8", "replace") or None


@cache
def protocols() -> Mapping[str, type[Speaks]]:
    """Every protocol there is by its name: the folder is the registry."""
    found: dict[str, type[Speaks]] = {}
    for info in iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Speaks)
                and value.__module__ == module.__name__
            ):
                found[info.name] = value
    return found
