"""GtfsRt: GTFS Realtime, what a network says right now of its trips, vehicles and disruptions.

https://gtfs.org/documentation/realtime/reference/

    url        where the feed is, one protobuf message
    entities   which of its entities become rows: "trip-updates", "alerts" or "vehicle-positions"
    max_age_s  seconds by which the feed's own time may differ from ours: 600 unless told; a feed
               must not be older than 90 s. Alerts may be as old as they are

One row per entity, under the field names of the specification (`trip.trip_id`,
`stop_time_update`, `informed_entity`), with the entity's `id` and the feed's
`header` beside them. A row has only what the feed really says, so that a delay
of 0 is not the same as none; enums are words, instants seconds since 1970.
Tables that differ in `entities` only share one download.

Habits: an empty feed is a valid one, an empty body is none. A feed that calls
itself DIFFERENTIAL is read as a whole one, which it has been wherever one was
seen. Extensions are left out, and so are enum values newer than our bindings.
"""

from collections.abc import Iterator
from typing import Any, Literal, TypeVar

from google.protobuf.message import DecodeError, Message
from google.transit.gtfs_realtime_pb2 import FeedEntity, FeedHeader

from sources.arrays import np
from sources.protocols import Ask, Speaks

M = TypeVar("M", bound=Message)

KINDS = {"trip-updates": "trip_update", "alerts": "alert", "vehicle-positions": "vehicle"}
HEADER, ENTITY = 1, 2  # the fields of a FeedMessage
VARINT, BYTES = 0, 2  # wire types
FIXED = {1: 8, 5: 4}  # those of a fixed number of bytes; the others are long out of use
# A byte on the wire may be fifty in memory: what no real feed has is refused before it is decoded.
MAX_ENTITIES, MAX_ENTITY_BYTES = 100_000, 1 << 20


class GtfsRt(Speaks):
    url: str
    entities: Literal["trip-updates", "alerts", "vehicle-positions"]
    max_age_s: float = 600

    async def fetch(self, ask: Ask) -> bytes:
        """The feed; ValueError if it stands still, or its clock is wrong: that is no real time."""
        if self.entities == "alerts":
            return (await ask.get(self.url, whole=True)).body
        body = (await ask.get(self.url)).body
        header = next((content for number, content in _fields(body) if number == HEADER), b"")
        said_at = _decoded(FeedHeader(), header).timestamp
        age_s = ask.now.timestamp() - said_at
        if said_at and abs(age_s) > self.max_age_s:
            raise ValueError(f"its own time is {age_s:.0f} s ago")
        return body

    def rows(self, body: bytes) -> Iterator[dict[str, Any]]:
        """One row per entity; one that cannot be read is empty, for the reader to drop."""
        headers, entities = [], []
        for number, content in _fields(body):
            if number == HEADER:
                headers.append(content)
            elif number == ENTITY:
                entities.append(content)
                if len(entities) > MAX_ENTITIES:
                    raise ValueError(f"more than {MAX_ENTITIES} entities")
        if not headers:
            raise ValueError(f"no GTFS-Realtime feed: {body[:100]!r}")
        header = _plain(_decoded(FeedHeader(), headers[-1]))
        for content in entities:
            try:
                entity = _plain(_decoded(FeedEntity(), content))
            except ValueError:
                yield {}
                continue
            if entity.keys() <= {"id"}:  # of no kind at all, or of none that we know the field of
                yield {}
            said = entity.get(KINDS[self.entities])
            if said is not None and not entity.get("is_deleted"):
                yield {"id": entity.get("id"), "header": header, **said}

    def feed(self) -> str:
        return f"{type(self).__name__}{self.model_dump_json(exclude={'entities'})}"


def _fields(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message that hold messages, each by its number; ValueError if it is cut off.

    Entities are decoded one by one, not the feed whole: a broken one costs only itself.
    """
    at = 0
    while at < len(body):
        tag, at = _varint(body, at)
        wire = tag & 7
        if wire == BYTES:
            length, at = _varint(body, at)
            yield tag >> 3, body[at : at + length]
            at += length
        elif wire == VARINT:
            _, at = _varint(body, at)
        elif wire in FIXED:
            at += FIXED[wire]
        else:
            raise ValueError(f"no protobuf: {body[:100]!r}")
    if at > len(body):
        raise ValueError("cut off in the middle")


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    number = 0
    for place in range(10):
        if at + place >= len(body):
            raise ValueError("cut off in the middle")
        byte = body[at + place]
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number, at + place + 1
    raise ValueError(f"no protobuf: {body[:100]!r}")


def _decoded(message: M, content: bytes) -> M:
    if len(content) > MAX_ENTITY_BYTES:
        raise ValueError(f"an entity of {len(content)} bytes")
    try:
        message.ParseFromString(content)
    except DecodeError as error:
        raise ValueError(str(error)) from None
    return message


def _plain(message: Message) -> dict[str, Any]:
    """What a message really says, by the names of its fields; defaults are not said."""
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.is_extension:
            continue
        if field.message_type is not None:
            found[field.name] = list(map(_plain, value)) if field.is_repeated else _plain(value)
        elif field.enum_type is not None:
            found[field.name] = field.enum_type.values_by_number[value].name
        elif field.type == field.TYPE_STRING and not isinstance(value, str):
            raise ValueError(f"{field.name} is no text")  # not UTF-8
        elif field.type == field.TYPE_FLOAT:
            found[field.name] = float(str(np.float32(value)))  # 47.2, not 47.20000076293945
        else:
            found[field.name] = value
    return found
