"""Results: medians, ratios, and the tables and numbers that are written of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.peers.load import Sample
from bench.peers.servers import OURS

Samples = Mapping[str, Mapping[str, Sequence[Sample]]]  # by workload and server


class Goal(NamedTuple):
    """What one server must be of another one, by rate."""

    workload: str
    against: str
    floor: float
    aim: float


GOALS = [
    Goal("home.remembered", "bare ASGI", 0.85, 1.0),
    Goal("home.memory", "Strawberry, memory", 40, 90),
    Goal("home.memory", "Mercurius, JIT, memory", 1.5, 3.5),
    Goal("home.cold", "Tailcall", 0.9, 1.5),
    Goal("home.cold", "Mercurius, JIT", 1.5, 2.5),
    Goal("home.stampede", "Tailcall, dedupe", 1.2, 1.6),
    Goal("posts_users.memory", "Mercurius, JIT, memory", 2, 4),
]


def middle(samples: Iterable[Sample]) -> Sample:
    """The median of each number."""
    columns = [median(column) for column in zip(*samples, strict=True)]
    return Sample(*columns)


def ranked(servers: Mapping[str, Sequence[Sample]]) -> list[tuple[str, Sample]]:
    """The servers of a workload, the quickest first."""
    found = [(name, middle(samples)) for name, samples in servers.items()]
    return sorted(found, key=lambda one: -one[1].per_s)


def tables(samples: Samples) -> str:
    """Everything as Markdown."""
    parts = []
    for workload, servers in samples.items():
        ours = middle(servers[OURS]) if OURS in servers else None
        lines = [
            f"### {workload}",
            "",
            "| server | answers a second | ours is | p50 | p99 | processor time | ours takes "
            "| upstream reads | memory | refused | others on the core |",
            "| --- |" + " --- |" * 10,
        ]
        for name, one in ranked(servers):
            faster = f"× {ours.per_s / one.per_s:.2f}" if ours and one.per_s else ""
            leaner = f"× {ours.cpu_us / one.cpu_us:.2f}" if ours and one.cpu_us else ""
            lines.append(
                f"| {name} | {one.per_s:,.0f} | {faster} | {one.p50_ms:,.1f} ms "
                f"| {one.p99_ms:,.0f} ms | {one.cpu_us:,.0f} µs | {leaner} | {one.reads:.2f} "
                f"| {one.memory / 2**20:,.0f} MiB | {one.refused:.1%} | {one.foreign:.0%} |"
            )
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, goals(samples)]) + "\n"


def goals(samples: Samples) -> str:
    """What was to be reached, and what was; by processor time, too, which is steadier."""
    lines = [
        "### Goals",
        "",
        "| workload | against | floor | aim | by rate | by processor time | |",
        "| --- |" + " --- |" * 6,
    ]
    for goal in GOALS:
        servers = samples.get(goal.workload, {})
        if OURS not in servers or goal.against not in servers:
            continue
        ours, other = middle(servers[OURS]), middle(servers[goal.against])
        if not (ours.per_s and other.per_s):  # a load that was too short for one of them
            continue
        rate, leaner = ours.per_s / other.per_s, other.cpu_us / max(ours.cpu_us, 1e-9)
        verdict = "aim" if rate >= goal.aim else "floor" if rate >= goal.floor else "**missed**"
        lines.append(
            f"| {goal.workload} | {goal.against} | {goal.floor:g} | {goal.aim:g} "
            f"| {rate:.2f} | {leaner:.2f} | {verdict} |"
        )
    return "\n".join(lines)


def write(samples: Samples, about: Mapping[str, Any], path: Path) -> None:
    """Every sample, as JSON."""
    found = {
        workload: {name: [one._asdict() for one in some] for name, some in servers.items()}
        for workload, servers in samples.items()
    }
    path.write_text(json.dumps({**about, "samples": found}, indent=1), "utf-8")


def read(path: Path) -> Samples:
    """What `write` wrote."""
    found = json.loads(path.read_text("utf-8"))["samples"]
    return {
        workload: {name: [Sample(**one) for one in some] for name, some in servers.items()}
        for workload, servers in found.items()
    }
