"""SiriLite: SIRI by GET and in JSON, as many French networks serve it.

https://normes.transport.data.gouv.fr/normes/siri/profil-france/

    url      the service's whole address: ".../siri/2.0/bordeaux/stop-monitoring.json"
    service  what it is: "stop-monitoring" (default), "vehicle-monitoring", "general-message",
             "situation-exchange", "lines-discovery" or "stoppoints-discovery"
    params   what is asked, by the names of the specification: { PreviewInterval = "PT90M" };
             with `{id}` in a value it is asked for one thing at a time, which `{id}` stands for:
             { MonitoringRef = "bordeaux:StopPoint:BP:{id}:LOC" }

Rows have the names of the XML elements, as those of the `siri` protocol have, so
that the same columns and readers serve for both. A visit that does not repeat
what it was asked for (MonitoringRef) has it from the question.

Habits: values come as text, `{"value": text}` or `[{"value": text}]`; the envelope
with or without `Siri` around it; names with a capital or without; no such stop is
a `Status` of false inside a 200, a wrong key an empty body or the gateway's own
JSON. Nothing to leave is an empty list.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, Self

import msgspec

from sources.protocols import Ask, Speaks
from sources.protocols.siri import ANSWERED, LEFT_OUT
from sources.situations import Tree, general_message, of, situation

BOM = b"\xef\xbb\xbf"
BLANK = "{id}"
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Service(NamedTuple):
    """The element that one service delivers, and the way from there to its items."""

    delivery: str
    items: tuple[str, ...]


SERVICES = {
    "stop-monitoring": Service("StopMonitoringDelivery", ("MonitoredStopVisit",)),
    "vehicle-monitoring": Service("VehicleMonitoringDelivery", ("VehicleActivity",)),
    "general-message": Service("GeneralMessageDelivery", ("InfoMessage",)),
    "situation-exchange": Service(
        "SituationExchangeDelivery", ("Situations", "PtSituationElement")
    ),
    "lines-discovery": Service("LinesDelivery", ("AnnotatedLineRef",)),
    "stoppoints-discovery": Service("StopPointsDelivery", ("AnnotatedStopPointRef",)),
}


class SiriLite(Speaks):
    url: str
    service: Literal[
        "stop-monitoring",
        "vehicle-monitoring",
        "general-message",
        "situation-exchange",
        "lines-discovery",
        "stoppoints-discovery",
    ] = "stop-monitoring"
    params: Mapping[str, str] = {}

    @property
    def keyed(self) -> bool:
        return any(BLANK in value for value in self.params.values())

    def one(self, key: str) -> Self:
        params = {name: value.replace(BLANK, key) for name, value in self.params.items()}
        return self.but(params=params)

    async def fetch(self, ask: Ask) -> bytes:
        headers = {"accept": "application/json"}
        return (await ask.get(self.url, self.params, headers, whole=True)).body

    def rows(self, body: bytes) -> Iterator[dict[str, Any]]:
        """One row per item; one that is no object is an empty row, for the reader to drop."""
        tree = _tree(_decoded(body))
        answered = next(of(tree, "ServiceDelivery", ANSWERED), None)
        for delivery in _deliveries(tree, SERVICES[self.service].delivery):
            about = {ANSWERED: next(of(delivery, ANSWERED), answered)}
            for item in of(delivery, *SERVICES[self.service].items):
                yield self._row(item, about) if isinstance(item, Mapping) else {}

    def complaint(self, body: bytes) -> str | None:
        try:
            return _complaint(_tree(_decoded(body)))
        except ValueError:
            return super().complaint(body)

    def _row(self, item: Tree, about: Tree) -> dict[str, Any]:
        if self.service == "situation-exchange":
            return situation(item)
        if self.service == "general-message":
            return general_message(item)
        row: dict[str, Any] = {}
        _flatten(item, row)
        return {**about, **self.params, **row}


def _decoded(body: bytes) -> Any:
    if not body.strip():
        raise ValueError("an empty answer, which is what a wrong key gets")
    try:
        return msgspec.json.decode(body.removeprefix(BOM))
    except NOT_JSON as error:
        raise ValueError(f"not JSON, or cut off: {error}; ends {body[-100:]!r}") from None


def _deliveries(tree: Any, name: str) -> Iterator[Tree]:
    """What was delivered; ValueError if that was refused, or is not there at all."""
    service = next(of(tree, "ServiceDelivery"), tree)
    if not isinstance(service, Mapping) or name not in service:
        raise ValueError(_complaint(tree) or f"no {name}")
    for delivery in (service, *of(service, name)):
        if str(next(of(delivery, "Status"), True)).lower() in ("false", "0"):
            raise ValueError(_complaint(delivery) or "it failed, and does not say why")
    yield from of(service, name)


def _complaint(tree: Any) -> str | None:
    """What an error says, in SIRI's own form or a gateway's."""
    said = next(of(tree, "ErrorCondition"), None) or next(of(tree, "Message"), None)
    return " ".join(_words(said))[:200] or None


def _words(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping | list):
        for one in tree.values() if isinstance(tree, Mapping) else tree:
            yield from _words(one)
    elif isinstance(tree, str):
        yield tree


def _tree(found: Any) -> Any:
    """The same as XML would have it: plain texts, names with a capital, no `Siri` around it."""
    try:
        tree = _like_xml(found)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return tree.get("Siri", tree) if isinstance(tree, dict) else tree


def _like_xml(found: Any) -> Any:
    if isinstance(found, list):
        return [_like_xml(one) for one in found]
    if not isinstance(found, dict):
        return found
    tree = {name[:1].upper() + name[1:]: _like_xml(one) for name, one in found.items()}
    if "Value" in tree and not tree.keys() - {"Value", "Lang"}:
        text, lang = tree["Value"], tree.get("Lang")
        return {"value": text, "lang": lang} if lang else text
    return tree


def _flatten(tree: Tree, row: dict[str, Any]) -> None:
    """Everything an item says, by its name; of several by one name the first."""
    for name, inside in tree.items():
        one = next(of(inside), None)
        if isinstance(one, Mapping):
            if "value" in one:
                row.setdefault(name, one["value"])
            elif name not in LEFT_OUT:
                _flatten(one, row)
        elif one not in (None, ""):
            row.setdefault(name, one)
