"""Country: what docs/scaling.md computes, out of the figures in its own table of inputs.

    python -m bench.country

Put a figure that was measured, or one of your own, into the page's inputs, and run this: it
writes what follows from them into the last column of the page's other table.
"""

import re
from collections.abc import Mapping
from math import ceil
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"
INPUT = re.compile(r"^\| `(\w+)` \|[^|]*\| ([\d.,]+)(?: ([^\s|]+))? \|", re.MULTILINE)
OUTPUT = re.compile(r"^(\| \*?\*?`(\w+)`.*\|)[^|\n]*\|$", re.MULTILINE)
UNITS = {
    "": 1.0,
    "M": 1e6,
    "ms": 1e-3,
    "s": 1.0,
    "KiB": 2.0**10,
    "MiB": 2.0**20,
}
LEAST = 3  # processes of a group: one is being released, and another fails
SUBSCRIBERS = 2_000  # of a process, so that there is a figure
AN_HOUR, A_DAY = 3_600.0, 86_400.0


def inputs(page: str) -> dict[str, float]:
    """The figures of the page's inputs, by name: seconds, bytes, shares and numbers."""
    return {
        name: float(figure.replace(",", "")) * UNITS[unit]
        for name, figure, unit in INPUT.findall(page)
    }


def computed(given: Mapping[str, float]) -> dict[str, str]:
    """What follows from them, by name, as it is told."""
    i = given
    looks = i["people"] * i["users"] * i["looks"]  # a day
    hour = looks * i["questions"] * i["hour"] / AN_HOUR
    minute = hour * i["minute"]
    streams = looks * i["hour"] / AN_HOUR * i["stay"]
    listening = streams * i["told"] / i["poll"]
    reads = i["regions"] * i["reads"]
    groups = ceil(i["regions"] / i["group"])
    reading = i["group"] * i["read"] / i["poll"]
    left = i["busy"] - reading
    work = (minute * i["executed"] + listening) / groups
    each = max(LEAST, ceil(work / left))
    least = i["base"] + i["remember"]
    memory = least + i["group"] * i["held"] + streams * i["open"] / (groups * each)

    def answering(remembered: float) -> str:
        return _number(minute * (remembered * i["given"] + (1 - remembered) * i["executed"]))

    return {
        "at_hand": _number(i["busy"] / i["given"]),
        "screens": _number(i["busy"] / i["executed"]),
        "refusals": _number(1 / i["refused"]),
        "listeners": _share(1_000 * i["told"] / i["poll"]),
        "process": _bytes(least + i["held"] + SUBSCRIBERS * i["open"]),
        "city": _share(i["read"] / i["poll"]),
        "a_day": _number(looks * i["questions"]),
        "a_second": f"{_number(hour)}; {_number(minute)}",
        "all_own": answering(0),
        "remembered": f"{answering(0.5)}; {answering(0.9)}",
        "streams": _number(streams),
        "listening": f"{_bytes(streams * i['open'])}; {_number(listening)}",
        "upstream": f"{_number(reads)}; {_number(reads / A_DAY)}",
        "groups": _number(groups),
        "reading": f"{_share(reading)}; {_share(left)}",
        "work": _number(work),
        "processes": f"**{each}; {groups * each}**",
        "memory": f"{_bytes(memory)}; {_bytes(memory * groups * each)}",
    }


def written(page: str) -> str:
    """The page, with what follows from its inputs."""
    told = computed(inputs(page))
    return OUTPUT.sub(
        lambda row: f"{row[1]} {told[row[2]]} |" if row[2] in told else row[0],
        page,
    )


def _number(value: float) -> str:
    """Two digits that count, as nothing here is known any better."""
    return f"{value / 1e6:.2g} M" if value >= 1e6 else f"{float(f'{value:.2g}'):,.10g}"


def _share(value: float) -> str:
    return f"{100 * value:.2g} %"


def _bytes(value: float) -> str:
    return f"{value / 2**30:.2g} GiB" if value >= 2**30 else f"{value / 2**20:.0f} MiB"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
