"""Provenance: what each source is doing, and what an answer rested on."""

from typing import Any

from resolvers.loaders import Loaders, answers
from schema.provenance import Source, SourcesOf


@answers(SourcesOf)
async def sources_of(ask: Loaders, key: SourcesOf) -> list[Source]:
    ask.changes_at(ask.now)  # ages are of this moment
    return ask.sources.report(key.city)


def rested_on(ask: Loaders, *, ages: bool = True) -> list[dict[str, Any]]:
    """The sources that a request touched, as small as they can be told: for `extensions`.

    Without `ages` for an answer that will be kept, and would tell them wrong.
    """
    touched = {source: ask.keys.get(source, ()) for source in ask.touched}
    cities = dict.fromkeys(binding.city for binding in ask.touched.values())
    return [
        {
            "id": source.id,
            "state": source.state.value,
            **({"ageS": source.age_s} if ages else {}),
            "fetchedAt": source.fetched_at and source.fetched_at.isoformat(timespec="seconds"),
            "licence": source.licence,
        }
        for city in cities
        for source in ask.sources.report(city, only=touched)
    ]
