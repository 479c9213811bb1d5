"""Accept: which of our media types a client would rather have (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterator
from functools import lru_cache

MEDIA_TYPES = ("application/graphql-response+json", "application/json")
LANGUAGES = ("fr", "en")


@lru_cache(maxsize=256)  # clients say the same each time
def negotiated(accept: str | None) -> str | None:
    """Our media type that the client likes best; None if it takes neither.

    Without the header, or for `*/*` alone, the GraphQL type: it says all there is to say.
    """
    if not accept:
        return MEDIA_TYPES[0]
    liked = [(quality(accept, ours), ours) for ours in MEDIA_TYPES]
    best = max(liked, key=lambda pair: pair[0])
    return best[1] if best[0] > 0 else None


@lru_cache(maxsize=256)
def prefers_html(accept: str | None) -> bool:
    """Whether a person is looking, through a browser, rather than a program."""
    html = quality(accept or "", "text/html", exactly=True)
    return html > 0 and html >= max(quality(accept or "", ours) for ours in MEDIA_TYPES)


@lru_cache(maxsize=256)
def language(accept_language: str | None) -> str:
    """Our language that the client likes best (RFC 9110, 12.5.4); French if it likes neither."""
    header = accept_language or ""
    families = ",".join(
        re.sub(r"^\s*([a-z]+)(-[a-z0-9-]+)?", r"\1", part, flags=re.IGNORECASE)
        for part in header.split(",")
    )
    return max(LANGUAGES, key=lambda ours: quality(families, ours))


def quality(accept: str, media_type: str, *, exactly: bool = False) -> float:
    """How much a header likes a media type, by its most specific range that fits; 0 to 1."""
    family = media_type.partition("/")[0]
    ranks = {media_type: 2} if exactly else {media_type: 2, f"{family}/*": 1, "*/*": 0}
    best = (-1, 0.0)
    for part in accept.split(","):
        name, *options = (piece.strip().lower() for piece in part.split(";"))
        if name not in ranks:
            continue
        weight = next((o[2:].strip() for o in options if o.startswith("q=")), "1")
        try:
            best = max(best, (ranks[name], min(1.0, max(0.0, float(weight)))))
        except ValueError:
            continue
    return best[1]


def options(accept: str, media_type: str) -> Iterator[list[str]]:
    """What a header says besides, in small letters, each time it names a media type."""
    for part in accept.lower().replace('"', "").split(","):
        name, *said = (piece.strip() for piece in part.split(";"))
        if name == media_type:
            yield said
