"""Plots: one picture of bars for each workload, as SVG that a diff can show."""

from collections.abc import Sequence
from html import escape
from math import floor, log10
from pathlib import Path

from bench.peers.load import Sample
from bench.peers.results import Samples, ranked
from bench.peers.servers import OURS

WIDTH, LABEL, BAR, GAP, TOP = 720, 190, 18, 8, 54
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#334}"
    ".title{font-weight:600;font-size:15px}.peer{fill:#9ab}.ours{fill:#c45}"
    ".grid{stroke:#dde}@media(prefers-color-scheme:dark){text{fill:#cde}.grid{stroke:#445}}"
)


def write(samples: Samples, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for workload, servers in samples.items():
        (folder / f"{workload}.svg").write_text(drawn(workload, ranked(servers)), "utf-8")


def drawn(workload: str, servers: Sequence[tuple[str, Sample]]) -> str:
    """Answers a second, on a logarithmic scale: the distances are ratios."""
    rates = [max(one.per_s, 0.1) for _, one in servers]
    low, high = 10.0 ** floor(log10(min(rates)) - 0.5), max(rates)

    def x(rate: float) -> float:
        return LABEL + (WIDTH - LABEL - 70) * (log10(rate / low) / log10(high / low))

    height = TOP + len(servers) * (BAR + GAP) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="8" y="22">{escape(workload)}: answers a second, one core '
        "(logarithmic)</text>",
    ]
    mark = low
    while mark <= high:
        at = f"{x(mark):.1f}"
        parts.append(f'<path class="grid" d="M{at} {TOP - 8}V{height - 8}"/>')
        parts.append(f'<text x="{at}" y="{TOP - 12}" text-anchor="middle">{mark:,g}</text>')
        mark *= 10
    for row, ((name, _), rate) in enumerate(zip(servers, rates, strict=True)):
        y = TOP + row * (BAR + GAP)
        kind, end, text = "ours" if name == OURS else "peer", x(rate), y + BAR - 5
        parts.append(f'<text x="{LABEL - 8}" y="{text}" text-anchor="end">{escape(name)}</text>')
        parts.append(
            f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{end - LABEL:.1f}" height="{BAR}"/>'
        )
        parts.append(f'<text x="{end + 6:.1f}" y="{text}">{rate:,.0f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
