"""Status: how a server and its sources are doing, as a table that stays up to date.

Everything is read off `/health` and `/metrics` as anybody may; rates are what two
readings differ by.
"""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Annotated, Any

import httpx
import typer
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console, Group
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

out, err = Console(), Console(stderr=True)

TROUBLE = ("DOWN", "OVER_QUOTA", "STALE", "LIVE", "IDLE")  # what is worst comes first
COLOURS = {"DOWN": "red", "OVER_QUOTA": "magenta", "STALE": "yellow", "LIVE": "green"}
WELL = {"LIVE", "IDLE"}
FINE = ("OK", "NOT_MODIFIED")  # outcomes of calls
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

Labels = tuple[tuple[str, str], ...]
Samples = Mapping[str, Mapping[Labels, float]]


@dataclass(frozen=True)
class Reading:
    """What a server said of itself at one moment."""

    at: float  # seconds of any clock that only goes on
    cities: Mapping[str, Sequence[Mapping[str, Any]]]  # each with its sources, as in `/health`
    problems: Mapping[str, str]
    samples: Samples  # by metric, then by labels

    def of(self, metric: str) -> Mapping[Labels, float]:
        return self.samples.get(metric, {})


def status(
    url: Annotated[str, typer.Argument(help="A server, such as http://127.0.0.1:8000.")],
    every: Annotated[float, typer.Option(help="Seconds between readings.", min=0.5)] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Show one reading, and stop.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every source, not only those in trouble.")
    ] = False,
) -> None:
    """Show how a server and its sources are doing; exits with 1 if --once finds trouble.

    Which is a source that is not well, or a file of the operator's that cannot be used.
    """
    with httpx.Client(base_url=url, timeout=10) as client:
        first = reading(client)
        if once:
            out.print(shown(first, first, everything))
            raise typer.Exit(1 if _troubled(first) else 0)
        try:
            with Live(shown(first, first, everything), console=out, screen=True) as live:
                before = first
                while True:
                    sleep(every)
                    after = reading(client)
                    live.update(shown(before, after, everything))
                    before = after
        except KeyboardInterrupt:
            return


def reading(client: httpx.Client) -> Reading:
    """Ask a server how it is; says why and exits with 2 if it does not tell."""
    try:
        health = client.get("/health", headers={"Accept": "application/json"})
        metrics = client.get("/metrics", headers={"Accept": "text/plain"})
        told = health.raise_for_status().json()
        samples = _samples(metrics.raise_for_status().text)
        return Reading(monotonic(), told["cities"], told["problems"], samples)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        err.print(f"poche: {client.base_url}: {error!r}", style="red", markup=False)
        raise typer.Exit(2) from None


def shown(before: Reading, after: Reading, everything: bool) -> Group:
    """A reading, with the rates since the one before; of one alone, since the server's start."""
    return Group(_summary(before, after), _sources(before, after, everything), _problems(after))


def _summary(before: Reading, after: Reading) -> Text:
    outcomes = _added(_grown(before, after, "poche_requests_total"), "outcome")
    if before is after:
        head = f"{outcomes.total()} requests since the start"
    else:
        head = f"{outcomes.total() / (after.at - before.at):.1f} requests/s"
    parts = [f"{outcome} {count}" for outcome, count in outcomes.most_common()]
    parts.append(f"subscribers {sum(after.of('poche_subscribers').values()):.0f}")
    origins = _added(_grown(before, after, "poche_answers_total"), "origin")
    if origins.total():
        parts.append(f"without executing {1 - origins['execution'] / origins.total():.0%}")
    return Text(f"{head}   " + " · ".join(parts))


def _sources(before: Reading, after: Reading, everything: bool) -> Table:
    table = Table(
        Column("source", no_wrap=True),
        "state",
        Column("age", justify="right"),
        Column("calls/s" if before is not after else "calls", justify="right"),
        Column("failed", justify="right"),
        Column("quota left", justify="right"),
        "breaker",
        "last error",
    )
    seconds = after.at - before.at or 1
    calls = _grown(before, after, "poche_source_calls_total")
    asked = _added(calls, "source")
    fine = sum((_added(calls, "source", outcome=one) for one in FINE), Tally[str]())
    known = [one for found in after.cities.values() for one in found]
    for one in sorted(known, key=lambda one: (_rank(one["state"]), one["id"])):
        if one["state"] in WELL and not everything:
            continue
        table.add_row(
            one["id"],
            Text(one["state"], COLOURS.get(one["state"], "")),
            _age(one["ageS"]),
            f"{asked[one['id']] / seconds:.2g}",
            f"{asked[one['id']] - fine[one['id']]}",
            "" if one["quotaLeft"] is None else str(one["quotaLeft"]),
            one["breaker"] or "",
            Text(one["lastError"] or ""),
        )
    well = sum(one["state"] in WELL for one in known)
    table.caption = f"{well} of {len(known)} sources are well"
    return table


def _problems(reading: Reading) -> Text:
    """What an operator's own files have wrong."""
    return Text("\n".join(f"{name}: {why}" for name, why in reading.problems.items()), "red")


def _grown(before: Reading, after: Reading, metric: str) -> Mapping[Labels, float]:
    """What a counter grew by; a server that started anew in between counts from nothing."""
    if before is after:
        return after.of(metric)
    was = before.of(metric)
    return {
        labels: value - was.get(labels, 0.0) if value >= was.get(labels, 0.0) else value
        for labels, value in after.of(metric).items()
    }


def _samples(text: str) -> Samples:
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.items())] = sample.value
    return found


def _added(counted: Mapping[Labels, float], by: str, **only: str) -> Tally[str]:
    """Sums by the values of one label, of what has the others as given."""
    sums: Tally[str] = Tally()
    for labels, value in counted.items():
        named = dict(labels)
        if only.items() <= named.items():
            sums[named[by]] += int(value)
    return sums


def _troubled(reading: Reading) -> bool:
    known = (one for found in reading.cities.values() for one in found)
    return bool(reading.problems) or any(one["state"] not in WELL for one in known)


def _rank(state: str) -> int:
    return TROUBLE.index(state) if state in TROUBLE else len(TROUBLE)


def _age(seconds: int | None) -> str:
    if seconds is None:
        return ""
    size, unit = next((one for one in UNITS if seconds >= one[0]), UNITS[-1])
    return f"{seconds // size} {unit}"
