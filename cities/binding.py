"""Bindings: where one service of a city comes from, over which protocol, how often."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from cities.columns import Columns, Fields
from cities.strict import Strict

UNITS_S = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "day": 86_400}
MIB = 1 << 20


def seconds(value: Any) -> float:
    """`30`, `"30s"`, `"10min"`, `"6h"` or `"1d"` as seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|d|day)\s*", str(value))
    if not found:
        raise ValueError('a length of time is written 30, "30s", "10min", "6h" or "1d"')
    return float(found[1]) * UNITS_S[found[2]]


class Quota(Strict):
    """At most so many calls in any period, whoever makes them and why."""

    calls: int = Field(ge=1)
    period_s: float = Field(gt=0)


def parse_quota(value: Any) -> Any:
    """`"1 per 30s"` or `"5000 per day"` as a quota."""
    if not isinstance(value, str):
        return value
    calls, per, period = value.partition(" per ")
    if not per or not calls.strip().isdigit():
        raise ValueError('a quota is written "1 per 30s" or "5000 per day"')
    text = period if re.match(r"\s*\d", period) else f"1{period.strip()}"
    return {"calls": int(calls), "period_s": seconds(text)}


class Secret(Strict):
    """Where an upstream wants its key. The key itself is an environment variable.

    `POCHE_KEY_<CITY>_<SERVICE>`, in capitals, `.` and `-` as `_`. `public` is for
    keys that their publisher prints on a web page for everyone. Into `json` goes an account,
    `user:password`, under the two words of `name`.
    """

    place: Literal["header", "query", "form", "basic", "json"]
    name: str = ""
    prefix: str = ""
    public: str | None = None


Budget = Annotated[Quota | None, BeforeValidator(parse_quota)]
Seconds = Annotated[float, BeforeValidator(seconds), Field(ge=0)]


class Upstream(Strict):
    """What all tables that ask one host have in common: its quota, and calls at one time."""

    quota: Budget = None
    concurrency: int = Field(default=4, ge=1)


class Binding(Strict):
    """One table of a city file: what every protocol shares; `options` are the protocol's own."""

    city: str
    service: str
    part: str | None = None
    protocol: str
    name: str
    licence: str | None = None
    attribution: str | None = None
    page: str | None = None
    fields: Fields = Columns()
    details: Fields = Columns()  # what a public place says besides: by label, from which column
    ttl_s: Seconds = Field(default=300, alias="ttl")
    stale_while_revalidate_s: Seconds = Field(default=3_600, alias="stale_while_revalidate")
    stale_if_error_s: Seconds = Field(default=86_400, alias="stale_if_error")
    negative_ttl_s: Seconds = Field(default=5, alias="negative_ttl")
    timeout_s: Seconds = Field(default=5, alias="timeout")
    grace_s: Seconds = Field(default=2, alias="grace")
    live_for_s: Seconds = Field(default=3_600, alias="live_for")
    quota: Budget = None
    max_bytes: int = Field(default=32 * MIB, ge=1)
    concurrency: int = Field(default=4, ge=1)
    may_shrink: bool = False
    private_network: bool = False
    key: Secret | None = None
    options: Mapping[str, Any] = {}

    @cached_property
    def source(self) -> str:
        """The id that provenance, errors and metrics know this upstream by."""
        return f"{self.city}/{self.table}"

    @property
    def table(self) -> str:
        """The table of the city file: `pools`, or `pools.hours` for a part of it."""
        return self.service if self.part is None else f"{self.service}.{self.part}"

    @property
    def host(self) -> str:
        """Whom it asks, at first; a payload may name others."""
        return urlsplit(str(self.options.get("url", ""))).hostname or ""

    @property
    def secret_name(self) -> str:
        """The environment variable that holds this upstream's key."""
        return "POCHE_KEY_" + re.sub(r"[^A-Z0-9]", "_", f"{self.city}_{self.table}".upper())


# The words of a city file's table, as against the protocol's own options.
WORDS = frozenset(field.alias or name for name, field in Binding.model_fields.items()) - {
    "city",
    "service",
    "part",
    "options",
}
