"""Siri: SIRI 2.0 in XML, how European networks tell what leaves next and what is disturbed.

https://www.siri-cen.eu, French profile: https://normes.transport.data.gouv.fr/normes/siri/profil-france/

    url        where requests are posted
    requestor  who asks, as the operator knows them: "poche" unless told
    dataset    for servers of several networks: sent as the header `datasetId`
    service    "stop-monitoring" (default) or "situation-exchange"
    stops      the quays to ask for, one request each in one call; left out = the whole network

One row per MonitoredStopVisit, under the names of its XML elements, whatever
their namespace and depth; the calls of the same vehicle at other stops are left
out. Each row also has the ResponseTimestamp of the delivery it came in.
One row per PtSituationElement, as `sources/situations.py` has it.

Habits: visits are not sorted; a stop that does not exist has no visits and no
error; predictions may be hours old (RecordedAtTime); instants have nanoseconds;
errors come inside a 200. Answers are also read out of SOAP envelopes and
notifications. A whole network may take 40 MB: rows are read as they are parsed.
"""

from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from sources.protocols import Ask, Speaks
from sources.situations import situation

NAMESPACE = "http://www.siri.org.uk/siri"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ANSWERED = "ResponseTimestamp"
STATUS, COMPLAINTS = "Status", {"ErrorCondition", "Fault"}  # of SIRI, of SOAP
# Other stops, under the same names; in JSON also without their s.
LEFT_OUT = {"PreviousCalls", "PreviousCall", "OnwardCalls", "OnwardCall", "Extensions"}


class Service(NamedTuple):
    """One service's elements: what asks for it, what it delivers, and what that is made of."""

    request: str
    delivery: str
    item: str


SERVICES = {
    "stop-monitoring": Service(
        "StopMonitoringRequest", "StopMonitoringDelivery", "MonitoredStopVisit"
    ),
    "situation-exchange": Service(
        "SituationExchangeRequest", "SituationExchangeDelivery", "PtSituationElement"
    ),
}


class Siri(Speaks):
    url: str
    requestor: str = "poche"
    dataset: str | None = None
    service: Literal["stop-monitoring", "situation-exchange"] = "stop-monitoring"
    stops: tuple[str, ...] = ()

    async def fetch(self, ask: Ask) -> bytes:
        headers = {"content-type": "application/xml"}
        if self.dataset is not None:
            headers["datasetId"] = self.dataset
        body = self._request(ask.now.isoformat(timespec="seconds"))
        return (await ask.post(self.url, body.encode(), headers)).body

    def rows(self, body: bytes) -> Iterator[dict[str, Any]]:
        """One row per item; ValueError also at the very end, if the answer is cut off."""
        try:
            for element, answered in _items(body, SERVICES[self.service]):
                if self.service == "situation-exchange":
                    tree = _tree(element)
                    yield situation(tree) if isinstance(tree, dict) else {}
                else:
                    row = {} if answered is None else {ANSWERED: answered}
                    _flatten(element, row)
                    yield row
        except etree.LxmlError as error:
            raise ValueError(f"not XML, or cut off: {error}") from None

    def _request(self, now: str) -> str:
        request = SERVICES[self.service].request
        requests = "".join(
            f"<{request} version='2.0'><RequestTimestamp>{now}</RequestTimestamp>"
            f"<MessageIdentifier>{number}</MessageIdentifier>"
            + (f"<MonitoringRef>{escape(stop)}</MonitoringRef>" if stop else "")
            + f"</{request}>"
            for number, stop in enumerate(self.stops or ("",), 1)
        )
        return (
            f"<Siri xmlns={quoteattr(NAMESPACE)} version='2.0'><ServiceRequest>"
            f"<RequestTimestamp>{now}</RequestTimestamp>"
            f"<RequestorRef>{escape(self.requestor)}</RequestorRef>{requests}"
            "</ServiceRequest></Siri>"
        )


def _items(body: bytes, service: Service) -> Iterator[tuple[etree._Element, str | None]]:
    """The service's items as they are parsed, each with the delivery's ResponseTimestamp."""
    # Whoever answers is not to be trusted: no entities, no DTD, no files, no network.
    events = etree.iterparse(
        BytesIO(body),
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in (*service[1:], ANSWERED, STATUS, *COMPLAINTS)],
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    answered: str | None = None
    failed = delivered = False
    for event, element in events:
        name = local(element.tag)
        if event == "start":
            if name == service.delivery:
                delivered = True
                if element.getroottree().docinfo.doctype:
                    raise ValueError("a document type, which no SIRI answer has")
        elif name == service.item:
            yield element, answered
            _free(element)
        elif name == ANSWERED:
            answered = (element.text or "").strip() or None
        elif name in COMPLAINTS:
            raise ValueError(" ".join(" ".join(element.itertext()).split())[:200] or name)
        elif name == STATUS and _says_no(element):
            failed = True
    if failed:
        raise ValueError("it failed, and does not say why")
    if not delivered:
        raise ValueError(f"no {service.delivery}")


def _flatten(element: etree._Element, row: dict[str, str]) -> None:
    """Everything an element says, by local names; of several by one name the first."""
    for child in element:
        name = local(child.tag)
        if len(child):
            if name not in LEFT_OUT:
                _flatten(child, row)
        elif child.text:
            row.setdefault(name, child.text.strip())


def _tree(element: etree._Element) -> Any:
    """An element as `sources/situations.py` has it; what is empty is left out."""
    if not len(element):
        text, lang = (element.text or "").strip(), element.get(LANG)
        return {"value": text, "lang": lang} if text and lang else text
    tree: dict[str, list[Any]] = {}
    for child in element:
        if inside := _tree(child):
            tree.setdefault(local(child.tag), []).append(inside)
    return {name: found[0] if len(found) == 1 else found for name, found in tree.items()}


def _free(item: etree._Element) -> None:
    """Let go of what has been read: a network's answer never stands whole in memory."""
    item.clear()
    parent = item.getparent()
    while parent is not None and item.getprevious() is not None:
        del parent[0]


def _says_no(status: etree._Element) -> bool:
    parent = status.getparent()
    of_delivery = parent is not None and local(parent.tag).endswith("Delivery")
    return of_delivery and (status.text or "").strip().lower() in ("false", "0")


@lru_cache(maxsize=256)
def local(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]
