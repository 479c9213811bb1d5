"""Seeds: good and hostile inputs to begin with, by target."""

import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlencode

from server.manifests import digest
from tests.hostile.corpus import CORPUS

HERE = Path(__file__).parent
QUERIES = [file.read_text("utf-8") for file in sorted((HERE.parent / "queries").glob("*.graphql"))]
ACCEPTS = [
    "application/graphql-response+json; charset=utf-8, application/json;q=0.9, */*;q=0",
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,text/event-stream',
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
]


def seeds(target: str) -> list[bytes]:
    """What a target begins with: some of it good, some once bad."""
    found = [file.read_bytes() for file in sorted((HERE / "found").glob(f"{target}-*"))]
    return [*found, *_good(target)]


def _good(target: str) -> Iterable[bytes]:
    if target == "body":
        yield from (json.dumps({"query": text, "variables": {}}).encode() for text in QUERIES)
        yield from (hostile.body for hostile in CORPUS.values() if len(hostile.body) < 4_096)
    elif target == "url":
        yield from (urlencode({"query": text, "variables": "{}"}).encode() for text in QUERIES)
    elif target in ("document", "compiled"):
        yield from (text.encode() for text in QUERIES)
    elif target == "accept":
        yield from (text.encode() for text in ACCEPTS)
    else:
        yield from _manifests()


def _manifests() -> Iterable[bytes]:
    text = QUERIES[0]
    one = {"id": digest(text), "name": "Home", "type": "query", "body": text}
    forms = [
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [one]},
        {digest(text): text, "home": text, "x-ours:1": text},
        [[digest(text), text]],
    ]
    yield from (b"\0" + json.dumps(form).encode() for form in forms)
    yield b"\1" + text.encode()
