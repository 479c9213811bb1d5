"""Envelope: a payload as the shared store has it: in our version, compressed if that helps.

What a store gives back may be another version's, or anybody's: it is opened within bounds, and
what is no payload is as nothing.
"""

import re
import zlib

import msgspec

from sources.replies import CONDITIONS
from sources.shared_scripts import VERSION
from sources.store import MIB, Payload

SMALL = 4_096  # bytes that are not worth compressing
LARGE = 1 << 16  # that are opened and sealed beside the event loop
LEVEL = 3  # a twelfth of most payloads, at 3 ms for each MB
MOST = 256 * MIB  # of a payload, inflated
LONGEST = 1_024  # characters of a validator
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
ZIPPED = b"\x78"  # how what zlib made begins; a msgpack array never does

_record = msgspec.msgpack.Decoder(tuple[int, Payload])
_conditions = frozenset(CONDITIONS.values())


def sealed(payload: Payload) -> bytes:
    """As it is stored."""
    record = msgspec.msgpack.encode((VERSION, payload))
    if len(record) < SMALL:
        return record
    zipped = zlib.compress(record, LEVEL)
    return min(record, zipped, key=len)  # a zip is not made smaller by one more


def opened(record: object) -> Payload | None:
    """What was stored; None if that was not by us."""
    if not isinstance(record, bytes):
        return None
    try:
        version, payload = _record.decode(_inflated(record))
    except (msgspec.DecodeError, zlib.error):
        return None
    if version != VERSION:
        return None
    return payload if _asks_well(payload) else msgspec.structs.replace(payload, validators={})


def _inflated(record: bytes) -> bytes:
    if not record.startswith(ZIPPED):
        return record
    inflate = zlib.decompressobj()
    whole = inflate.decompress(record, MOST)
    return whole if inflate.eof else b""


def _asks_well(payload: Payload) -> bool:
    """Whether its validators are what an upstream may be asked with."""
    return all(
        name in _conditions and len(value) <= LONGEST and not CONTROL.search(value)
        for headers in payload.validators.values()
        for name, value in headers.items()
    )
