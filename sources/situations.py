"""Situations: what SIRI says about a disruption, as one row, whether it came as XML or as JSON.

Both arrive as a *tree*: mappings by the names of elements, a list where there are
several by one name, and texts, with their language as `{"value": ..., "lang": ...}`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Tree = Mapping[str, Any]
REFS = ("LineRef", "StopPointRef", "StopPlaceRef", "DirectionRef", "DatedVehicleJourneyRef")
# What is affected, and what says so of it: a line's stops are affected on that line only.
AFFECTED = {
    "AffectedLine": ("LineRef", "DirectionRef"),
    "AffectedStopPoint": ("StopPointRef",),
    "AffectedStopPlace": ("StopPlaceRef",),
    "AffectedVehicleJourney": ("LineRef", "DatedVehicleJourneyRef"),
}


def situation(tree: Tree) -> dict[str, Any]:
    """A PtSituationElement; besides what it says itself:

    Reason      its cause, whichever of SIRI's elements for causes it stands in
    Condition   the condition of its first consequence
    Severity    its own, else that of its first consequence
    Link        its first link
    Affected    what it touches: a list of LineRef, StopPointRef... that belong together
    Messages    texts by the channel that they are for (an extension of Okina's)
    """
    row = dict(tree)
    reasons = (name for name in tree if name.endswith("Reason") or name == "AlertCause")
    consequence: Any = next(of(tree, "Consequences", "Consequence"), {})
    row["Reason"] = next((tree[name] for name in reasons), None)
    row["Condition"] = next(of(consequence, "Condition"), None)
    row["Severity"] = tree.get("Severity") or next(of(consequence, "Severity"), None)
    row["Link"] = next(of(tree, "InfoLinks", "InfoLink", "Uri"), None)
    row["Affected"] = list(_affected(tree.get("Affects"), {}))
    row["Messages"] = {
        str(message.get("ChannelName")): message.get("MessageText")
        for message in of(tree, "Extensions", "Alerts", "AlertMessages", "AlertMessage")
        if isinstance(message, Mapping)
    }
    return row


def general_message(tree: Tree) -> dict[str, Any]:
    """An InfoMessage, what came before situations: its `Message`, and what is `Affected`."""
    row = dict(tree)
    row["Message"] = next(of(tree, "Content", "Message", "MessageText"), None)
    row["Affected"] = [
        {name: ref}
        for name in REFS
        for path in ((name,), (f"Impacted{name}",))
        for ref in of(tree, "Content", *path)
    ]
    return row


def of(tree: Any, *path: str) -> Iterator[Any]:
    """Everything at the end of a path, where there may be several on the way."""
    if isinstance(tree, list):
        for one in tree:
            yield from of(one, *path)
    elif not path:
        yield tree
    elif isinstance(tree, Mapping) and path[0] in tree:
        yield from of(tree[path[0]], *path[1:])


def _affected(tree: Any, around: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name, inside in tree.items() if isinstance(tree, Mapping) else ():
        for one in of(inside):
            said = {ref: next(of(one, ref), None) for ref in AFFECTED.get(name, ())}
            known = {**around, **{ref: value for ref, value in said.items() if value}}
            within = list(_affected(one, known))
            if within:
                yield from within
            elif any(said.values()):
                yield known
