"""Status: how servers and their sources are doing, as a table that stays up to date.

Everything is read off `/health` and `/metrics` as anybody may; rates are what two
readings differ by. Of several replicas, counts are sums, and a source is shown as it is
where it is worst.
"""

from collections import Counter as Tally
from collections.abc import Collection, Iterator, Mapping, Sequence
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

from server.replicas import Addresses, brief, clients, metrics, named

out, err = Console(), Console(stderr=True)

WORST_FIRST = ("DOWN", "OVER_QUOTA", "STALE", "LIVE", "IDLE")
COLOURS = {"DOWN": "red", "OVER_QUOTA": "magenta", "STALE": "yellow", "LIVE": "green"}
FINE = ("OK", "NOT_MODIFIED")  # outcomes of calls
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

Labels = tuple[tuple[str, str], ...]
Samples = Mapping[str, Mapping[Labels, float]]
Source = Mapping[str, Any]  # as `/health` has it


@dataclass(frozen=True)
class Reading:
    """What servers said of themselves at one moment."""

    at: float  # seconds of any clock that only goes on
    servers: Collection[str]  # that said something
    sources: Sequence[Source]  # each once, worst first
    problems: Mapping[str, str]
    samples: Samples  # by metric, then by labels, of which the first is the server

    def of(self, metric: str) -> Mapping[Labels, float]:
        return self.samples.get(metric, {})


def status(
    urls: Addresses,
    every: Annotated[float, typer.Option(help="Seconds between readings.", min=0.5)] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Show one reading, and stop.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every source, not only those in trouble.")
    ] = False,
) -> None:
    """Show how servers and their sources are doing; exits with 1 if --once finds trouble.

    Which is a source that is not well, a file of the operator's that cannot be used, or a
    replica that does not answer; with 2 if none does.
    """
    with clients(urls) as asked:
        first = reading(asked)
        if not first.servers:
            for name, why in first.problems.items():
                err.print(f"poche: {name}: {why}", style="red", markup=False, soft_wrap=True)
            raise typer.Exit(2)
        if once:
            out.print(shown(first, first, everything))
            trouble = first.problems or any(map(_troubled, first.sources))
            raise typer.Exit(1 if trouble else 0)
        try:
            with Live(shown(first, first, everything), console=out, screen=True) as live:
                before = first
                while True:
                    sleep(every)
                    after = reading(asked)
                    live.update(shown(before, after, everything))
                    before = after
        except KeyboardInterrupt:
            return


def reading(asked: Sequence[httpx.Client]) -> Reading:
    """Ask servers how they are; who does not tell is a problem of its own."""
    at, servers = monotonic(), list[str]()
    sources: dict[str, Source] = {}
    problems: dict[str, str] = {}
    samples: dict[str, dict[Labels, float]] = {}
    for client in asked:
        name = named(client)
        try:
            health = client.get("/health", headers={"Accept": "application/json"})
            told = health.raise_for_status().json()
            found = [one for city in told["cities"].values() for one in city]
            _add(samples, metrics(client), name)
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            problems[name] = brief(error)
            continue
        servers.append(name)
        problems |= told["problems"]
        for one in found:
            sources[one["id"]] = min(one, sources.get(one["id"], one), key=_rank)
    return Reading(at, servers, sorted(sources.values(), key=_rank), problems, samples)


def shown(before: Reading, after: Reading, everything: bool) -> Group:
    """A reading, with the rates since the one before; of one alone, since the server's start."""
    parts = [_summary(before, after), _problems(after), *_sources(before, after, everything)]
    return Group(*(one for one in parts if one is not None))  # a screen shows the first lines


def _summary(before: Reading, after: Reading) -> Text:
    outcomes = _added(_grown(before, after, "poche_requests_total"), "outcome")
    if before is after:
        head = f"{outcomes.total()} requests since the start"
    else:
        head = f"{outcomes.total() / (after.at - before.at):.1f} requests/s"
    if len(after.servers) > 1:
        head = f"{len(after.servers)} servers   {head}"
    parts = [f"{outcome} {count}" for outcome, count in outcomes.most_common()]
    parts.append(f"subscribers {sum(after.of('poche_subscribers').values()):.0f}")
    origins = _added(_grown(before, after, "poche_answers_total"), "origin")
    if origins.total():
        parts.append(f"without executing {1 - origins['execution'] / origins.total():.0%}")
    return Text(f"{head}   " + " · ".join(parts))


def _sources(before: Reading, after: Reading, everything: bool) -> Iterator[Text | Table]:
    """How many sources are well, and each that is not, or every one."""
    well = sum(not _troubled(one) for one in after.sources)
    yield Text(f"{well} of {len(after.sources)} sources are well")
    table = Table(
        Column("source", no_wrap=True),
        Column("state", no_wrap=True),
        Column("age", justify="right", no_wrap=True),
        Column("calls/s" if before is not after else "calls", justify="right", no_wrap=True),
        Column("failed", justify="right", no_wrap=True),
        Column("quota", justify="right", no_wrap=True),
        Column("why", overflow="fold"),
    )
    seconds = after.at - before.at or 1
    calls = _grown(before, after, "poche_source_calls_total")
    asked = _added(calls, "source")
    fine = sum((_added(calls, "source", outcome=one) for one in FINE), Tally[str]())
    for one in after.sources:
        if not everything and not _troubled(one):
            continue
        table.add_row(
            one["id"],
            Text(one["state"], COLOURS.get(one["state"], "")),
            _age(one["ageS"]),
            f"{asked[one['id']] / seconds:.2g}",
            f"{asked[one['id']] - fine[one['id']]}",
            "" if one["quotaLeft"] is None else str(one["quotaLeft"]),
            Text(_why(one)),
        )
    if table.row_count:
        yield table


def _problems(reading: Reading) -> Text | None:
    """What an operator's own files have wrong, and who does not answer."""
    if not reading.problems:
        return None
    return Text("\n".join(f"{name}: {why}" for name, why in reading.problems.items()), "red")


def _grown(before: Reading, after: Reading, metric: str) -> Mapping[Labels, float]:
    """What a counter grew by; a server that started anew in between counts from nothing.

    Of one that said nothing before, nobody knows.
    """
    if before is after:
        return after.of(metric)
    was = before.of(metric)
    return {
        labels: value - was.get(labels, 0.0) if value >= was.get(labels, 0.0) else value
        for labels, value in after.of(metric).items()
        if labels[0][1] in before.servers
    }


def _add(samples: dict[str, dict[Labels, float]], text: str, server: str) -> None:
    """Take up what a server's `/metrics` says; ValueError."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = (("server", server), *sample.labels.items())
            samples.setdefault(sample.name, {})[labels] = sample.value


def _added(counted: Mapping[Labels, float], by: str, **only: str) -> Tally[str]:
    """Sums by the values of one label, of what has the others as given."""
    sums: Tally[str] = Tally()
    for labels, value in counted.items():
        named = dict(labels)
        if only.items() <= named.items():
            sums[named[by]] += int(value)
    return sums


def _troubled(source: Source) -> bool:
    """Past its time to live is also what nobody asks for, and nothing is wrong with it."""
    return source["state"] in ("DOWN", "OVER_QUOTA") or source["lastError"] is not None


def _rank(source: Source) -> tuple[bool, int, int, str]:
    """What is worst comes first, and of what is the same the oldest."""
    state = source["state"]
    rank = WORST_FIRST.index(state) if state in WORST_FIRST else len(WORST_FIRST)
    return not _troubled(source), rank, -(source["ageS"] or 0), source["id"]


def _why(source: Source) -> str:
    """The last error, and whether it is left alone for it."""
    breaker = source["breaker"]
    left_alone = f"breaker {breaker}" if breaker not in (None, "CLOSED") else None
    return "; ".join(filter(None, (source["lastError"], left_alone)))


def _age(seconds: int | None) -> str:
    if seconds is None:
        return ""
    size, unit = next((one for one in UNITS if seconds >= one[0]), UNITS[-1])
    return f"{seconds // size} {unit}"
