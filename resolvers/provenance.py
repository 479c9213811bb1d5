"""Provenance: what each source is doing, and what an answer rested on."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from resolvers.loaders import Loaders, answers
from schema.provenance import Source, SourcesOf, seconds
from sources.report import Ground


@answers(SourcesOf)
async def sources_of(ask: Loaders, key: SourcesOf) -> list[Source]:
    ask.changes_at(ask.now)  # ages are of this moment
    return ask.sources.report(key.city)


def rested_on(ask: Loaders) -> list[dict[str, Any]]:
    """The sources that a request touched, as `extensions` tell them."""
    return told(grounds(ask), ask.sources.clock())


def grounds(ask: Loaders) -> list[Ground]:
    """The sources that a request touched."""
    touched = {source: ask.keys.get(source, ()) for source in ask.touched}
    cities = dict.fromkeys(binding.city for binding in ask.touched.values())
    return [source for city in cities for source in ask.sources.grounds(city, touched)]


def told(sources: Iterable[Ground], now: datetime | None = None) -> list[dict[str, Any]]:
    """The sources of an answer, as small as they can be told.

    Without `now` for an answer that will be kept, and would tell their ages wrong.
    """
    return [
        {
            "id": source.id,
            "state": source.state.value,
            **({} if now is None else {"ageS": _age_s(source, now)}),
            "fetchedAt": source.fetched_at and source.fetched_at.isoformat(timespec="seconds"),
            "licence": source.licence,
        }
        for source in sources
    ]


def _age_s(source: Ground, now: datetime) -> int | None:
    return None if source.fetched_at is None else seconds(source.fetched_at, now)
