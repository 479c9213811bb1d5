"""Manifests: files of persisted documents, in whatever form the tool that made them writes.

    Apollo's persisted-query manifest   {"format": "apollo-persisted-query-manifest", ...}
    Relay's map, graphql-codegen's      {id: text}
    Relay's list                        [[id, text], ...]
    plain GraphQL                       home.graphql: the document `home`

A file that cannot be used is refused whole.
"""

import re
from hashlib import sha256
from pathlib import Path
from time import time_ns
from typing import Any, Literal, NamedTuple

import msgspec

from server.reloading import Signature, signature

PLAIN = (".graphql", ".gql")
SUFFIXES = (".json", *PLAIN)
MAX_BYTES = 32 << 20
SETTLED_NS = 2_000_000_000  # a folder changed since then may change again and bear the same time
OWN = re.compile(r"(x-[a-z0-9.-]+:)?[^:\s]{1,200}")
FORMS = "an Apollo manifest, a map of texts by their ids, nor a list of pairs"


class ManifestError(Exception):
    """A manifest that cannot be used, and why."""


class Entry(NamedTuple):
    """One document of a manifest; `client` is who alone may ask it, if it says so."""

    id: str
    text: str
    name: str | None = None
    client: str | None = None


class _Operation(msgspec.Struct, rename="camel"):
    id: str
    body: str
    name: str
    type: Literal["query", "mutation", "subscription"]
    client_name: str | None = None


class _Apollo(msgspec.Struct):
    format: Literal["apollo-persisted-query-manifest"]
    version: Literal[1]
    operations: list[_Operation]


def digest(text: str) -> str:
    """The id that every document has: by its bytes, white space and all."""
    return "sha256:" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Files:
    """The manifests in a folder and in those below it; or the one that it is itself.

    It is looked through again when one of its folders has changed, which is cheap to see: this
    is asked each second.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._folders: dict[Path, Signature | None] = {}
        self._files: list[Path] = []

    def signed(self) -> dict[Path, Signature | None]:
        """What changes when a manifest does, by file."""
        known = self._folders
        if not known or any(one is None or signature(at) != one for at, one in known.items()):
            self._look()
        return {file: signature(file) for file in self._files}

    def _look(self) -> None:
        place, since_ns = self._place, time_ns() - SETTLED_NS
        folders = [place, *(one for one in place.rglob("*") if one.is_dir())]
        signed = {folder: signature(folder) for folder in folders}  # before what is in them is seen
        found = [place] if place.is_file() else sorted(place.rglob("*"))
        self._files = [file for file in found if file.suffix in SUFFIXES]
        self._folders = {
            folder: one if one is not None and one[0] < since_ns else None
            for folder, one in signed.items()
        }


def read(file: Path) -> list[Entry]:
    """All documents of a manifest, in its order; ManifestError."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ManifestError(f"larger than {MAX_BYTES >> 20} MiB")
        raw = file.read_bytes()
        if file.suffix in PLAIN:
            entries = [Entry(file.stem, raw.decode(), file.stem)]
        else:
            entries = _entries(msgspec.json.decode(raw))
    except (OSError, ValueError, msgspec.DecodeError, RecursionError) as error:
        raise ManifestError(str(error)) from None
    known: dict[tuple[str | None, str], str] = {}
    for entry in entries:
        _check(entry)
        if known.setdefault((entry.client, entry.id), entry.text) != entry.text:
            raise ManifestError(f"two documents have the id `{entry.id}`")
    return entries


def _entries(found: Any) -> list[Entry]:
    if isinstance(found, dict) and "format" in found:
        apollo = msgspec.convert(found, _Apollo)
        return [Entry(one.id, one.body, one.name, one.client_name) for one in apollo.operations]
    if isinstance(found, dict):
        found = list(found.items())
    if not isinstance(found, list):
        raise ManifestError(f"neither {FORMS}")
    try:
        return [Entry(name, text) for name, text in msgspec.convert(found, list[tuple[str, str]])]
    except msgspec.ValidationError as error:
        raise ManifestError(f"neither {FORMS}: {error}") from None


def _check(entry: Entry) -> None:
    if entry.id.startswith("sha256:"):
        if entry.id != digest(entry.text):
            raise ManifestError(f"`{entry.id}` is not the digest of its text")
    elif not OWN.fullmatch(entry.id):
        raise ManifestError(f"`{entry.id[:50]}` cannot be an id: no white space, and no `:`")
