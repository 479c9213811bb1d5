"""Siri: SIRI 2.0 stop monitoring, how European networks tell what leaves next.

https://www.siri-cen.eu, French profile: https://normes.transport.data.gouv.fr/normes/siri/profil-france/

    url        where requests are posted
    requestor  who asks, as the operator knows them: "poche" unless told
    dataset    for servers of several networks: sent as the header `datasetId`
    stops      the quays to ask for, one request each in one call; left out = the whole network
    service    "stop-monitoring", the only one so far

One row per MonitoredStopVisit, under the names of its XML elements, whatever
their namespace and depth; the calls of the same vehicle at other stops are left
out. Each row also has the ResponseTimestamp of the delivery it came in.

Habits: visits are not sorted; a stop that does not exist has no visits and no
error; predictions may be hours old (RecordedAtTime); instants have nanoseconds;
errors come inside a 200. Answers are also read out of SOAP envelopes and
notifications. A whole network may take 40 MB: rows are read as they are parsed.
"""

from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from sources.protocols import Ask, Speaks

NAMESPACE = "http://www.siri.org.uk/siri"
DELIVERY, VISIT, ANSWERED = "StopMonitoringDelivery", "MonitoredStopVisit", "ResponseTimestamp"
STATUS, COMPLAINTS = "Status", {"ErrorCondition", "Fault"}  # of SIRI, of SOAP
LEFT_OUT = {"PreviousCalls", "OnwardCalls", "Extensions"}  # other stops, under the same names


class Siri(Speaks):
    url: str
    requestor: str = "poche"
    dataset: str | None = None
    stops: tuple[str, ...] = ()
    service: Literal["stop-monitoring"] = "stop-monitoring"

    async def fetch(self, ask: Ask) -> bytes:
        headers = {"content-type": "application/xml"}
        if self.dataset is not None:
            headers["datasetId"] = self.dataset
        body = self._request(ask.now.isoformat(timespec="seconds"))
        return (await ask.post(self.url, body.encode(), headers)).body

    def rows(self, body: bytes) -> Iterator[dict[str, str]]:
        """One flat row per visit; ValueError also at the very end, if the answer is cut off."""
        try:
            yield from _visits(body)
        except etree.LxmlError as error:
            raise ValueError(f"not XML, or cut off: {error}") from None

    def _request(self, now: str) -> str:
        requests = "".join(
            f"<StopMonitoringRequest version='2.0'><RequestTimestamp>{now}</RequestTimestamp>"
            f"<MessageIdentifier>{number}</MessageIdentifier>"
            + (f"<MonitoringRef>{escape(stop)}</MonitoringRef>" if stop else "")
            + "</StopMonitoringRequest>"
            for number, stop in enumerate(self.stops or ("",), 1)
        )
        return (
            f"<Siri xmlns={quoteattr(NAMESPACE)} version='2.0'><ServiceRequest>"
            f"<RequestTimestamp>{now}</RequestTimestamp>"
            f"<RequestorRef>{escape(self.requestor)}</RequestorRef>{requests}"
            "</ServiceRequest></Siri>"
        )


def _visits(body: bytes) -> Iterator[dict[str, str]]:
    # Whoever answers is not to be trusted: no entities, no DTD, no files, no network.
    events = etree.iterparse(
        BytesIO(body),
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in (DELIVERY, VISIT, ANSWERED, STATUS, *COMPLAINTS)],
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
            if name == DELIVERY:
                delivered = True
                if element.getroottree().docinfo.doctype:
                    raise ValueError("a document type, which no SIRI answer has")
        elif name == VISIT:
            row: dict[str, str] = {} if answered is None else {ANSWERED: answered}
            _flatten(element, row)
            _free(element)
            yield row
        elif name == ANSWERED:
            answered = (element.text or "").strip() or None
        elif name in COMPLAINTS:
            raise ValueError(" ".join(" ".join(element.itertext()).split())[:200] or name)
        elif name == STATUS and _says_no(element):
            failed = True
    if failed:
        raise ValueError("it failed, and does not say why")
    if not delivered:
        raise ValueError(f"no {DELIVERY}")


def _flatten(element: etree._Element, row: dict[str, str]) -> None:
    """Everything an element says, by local names; of several by one name the first."""
    for child in element:
        name = local(child.tag)
        if len(child):
            if name not in LEFT_OUT:
                _flatten(child, row)
        elif child.text:
            row.setdefault(name, child.text.strip())


def _free(visit: etree._Element) -> None:
    """Let go of what has been read: a network's answer never stands whole in memory."""
    visit.clear()
    parent = visit.getparent()
    while parent is not None and visit.getprevious() is not None:
        del parent[0]


def _says_no(status: etree._Element) -> bool:
    parent = status.getparent()
    of_delivery = parent is not None and local(parent.tag) in (DELIVERY, "ServiceDelivery")
    return of_delivery and (status.text or "").strip().lower() in ("false", "0")


@lru_cache(maxsize=256)
def local(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]
