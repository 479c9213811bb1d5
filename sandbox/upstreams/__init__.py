"""Upstreams: one module for each that the sandbox plays; the folder is the registry.

A module brings `Dataset`s, which stand on the portal that they name, or `routes(outside)` with
what is in `UPSTREAMS` about them, or both. Each upstream is known by the table of the city file
that reads it: `pools.hours`; after its city if that is not Nantes: `bordeaux.bikes`.
"""

from collections import defaultdict
from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules

from starlette.routing import BaseRoute

from sandbox.datasets import Dataset
from sandbox.faults import Fault, fault, upstream
from sandbox.outside import Outside, Upstream

MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]


def _portals() -> dict[str, list[Dataset]]:
    found: defaultdict[str, dict[str, Dataset]] = defaultdict(dict)
    for module in MODULES:
        for thing in vars(module).values():
            if isinstance(thing, Dataset):
                found[thing.host][thing.id] = thing
    return {host: list(datasets.values()) for host, datasets in found.items()}


PORTALS = _portals()
UPSTREAMS: dict[str, Upstream] = {
    dataset.upstream: Upstream(
        dataset.title,
        f"/{host}/api/explore/v2.1/catalog/datasets/{dataset.id}/records?limit=5",
    )
    for host, datasets in PORTALS.items()
    for dataset in datasets
} | {
    name: upstream
    for module in MODULES
    for name, upstream in getattr(module, "UPSTREAMS", {}).items()
}


def routes(outside: Outside) -> Iterable[BaseRoute]:
    """Everything that is played, each under its own host name."""
    for module in MODULES:  # before the portals: some are a file of one
        if hasattr(module, "routes"):
            yield from module.routes(outside)
    for host, datasets in PORTALS.items():
        yield from outside.portal(host, datasets)


def parse(text: str) -> tuple[str, Fault]:
    """`schools=delay:2` as an upstream and its fault; raises UnknownFault."""
    name, _, kind = text.partition("=")
    return upstream(name, UPSTREAMS), fault(kind)
