"""SIRI SX: what disturbs Naolib, as situations of its gateway: SituationExchange 2.1 in XML.

The same as its info-trafic tables say, told another way. Habits kept: an empty Summary, titles in
Description, what to do as HTML in an extension, each line with the quays that it misses.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from sandbox.datasets import Row
from sandbox.faults import Fault
from sandbox.network import Network
from sandbox.timetable import PARIS
from sandbox.upstreams import info_trafic
from sandbox.world import World

LINE = "NAOLIBORG:Line:{}:LOC"
SECTION = re.compile(r"\[([^/\]]+)/")


def answer(world: World, now: datetime, fault: Fault) -> str:
    """All situations of the day, those that are over included."""
    today = now.astimezone(PARIS).date()
    rows = fault.rows(info_trafic.NOW.rows(today, world.seed))
    situations = "".join(
        f"<PtSituationElement>{situation(row, world.nantes)}</PtSituationElement>" for row in rows
    )
    stamp = f"<ResponseTimestamp>{now.astimezone(PARIS).isoformat()}</ResponseTimestamp>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Siri xmlns="http://www.siri.org.uk/siri"'
        f' version="2.1"><ServiceDelivery>{stamp}<ProducerRef>OKI</ProducerRef>'
        f'<Status>true</Status><SituationExchangeDelivery version="2.1">{stamp}'
        f"<Situations>{situations}</Situations></SituationExchangeDelivery></ServiceDelivery></Siri>"
    )


def situation(row: Row, network: Network) -> str:
    """The inside of a PtSituationElement."""
    begins = instant(row, "debut", 0)
    window = f"<StartTime>{begins}</StartTime><EndTime>{instant(row, 'fin', 24 * 60)}</EndTime>"
    told = escape(f"<p>{escape(str(row['resume']))}</p>".replace("\r\n", "<br>"))
    return (
        f"<CreationTime>{begins}</CreationTime>"
        f"<SituationNumber>{uuid5(NAMESPACE_URL, str(row['code']))}</SituationNumber>"
        "<Version>1</Version><Source><SourceType>other</SourceType><Name>SEMITAN</Name></Source>"
        f"<Progress>{'closed' if row['perturbation_terminee'] else 'open'}</Progress>"
        f"<ValidityPeriod>{window}</ValidityPeriod><Severity>normal</Severity><Keywords/><Summary/>"
        f"<Description>{escape(str(row['intitule']))}</Description><Affects><Networks>"
        f"{''.join(affected(row, network))}</Networks></Affects>"
        "<Extensions><Alerts><AlertMessages><AlertMessage><ChannelName>Site web</ChannelName>"
        f"<MessageText>{told}</MessageText></AlertMessage></AlertMessages></Alerts></Extensions>"
    )


def affected(row: Row, network: Network) -> Iterator[str]:
    """Each line, and the quays of it that are touched, if some are named."""
    for line in dict.fromkeys(SECTION.findall(str(row["troncons"] or ""))):
        quays = "".join(
            f"<AffectedStopPoint><StopPointRef>{quay}</StopPointRef></AffectedStopPoint>"
            for quay in quays_of(row, line, network)
        )
        yield (
            f"<AffectedNetwork><AffectedLine><LineRef>{LINE.format(line)}</LineRef>"
            f"<Routes><AffectedRoute><StopPoints>{quays}</StopPoints></AffectedRoute></Routes>"
            "</AffectedLine></AffectedNetwork>"
        )


def quays_of(row: Row, line: str, network: Network) -> list[str]:
    """The quays that the row's list of stops names for a line, by their codes or ids."""
    said = json.loads(str(row["listes_arrets"] or "[]"))
    lists = (said.get("LISTE_ARRETS") or []) if isinstance(said, dict) else said
    names = {quay.code: quay.id for quay in network.quays.values()}
    names |= {quay.id: quay.id for quay in network.quays.values()}
    codes = [
        code.strip()
        for one in (lists if isinstance(lists, list) else [lists])
        if str(one.get("LIGNE")) == line
        for code in str(one.get("CODES")).split(",")
    ]
    return [names[code] for code in codes if code in names]


def instant(row: Row, end: str, unsaid_min: int) -> str:
    """When it begins or ends; whole days where there is no hour."""
    day = datetime.combine(datetime.fromisoformat(str(row[f"date_{end}"])).date(), time(), PARIS)
    hour, _, minute = str(row[f"heure_{end}"] or "").partition(":")
    minutes = 60 * int(hour) + int(minute) if hour else unsaid_min
    return (day + timedelta(minutes=minutes)).isoformat()
