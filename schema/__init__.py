"""The city's vocabulary: every GraphQL type, and the questions fields may ask.

This package imports nothing else of ours, so the contract can be printed,
read and compared on its own. Each service module brings a slice of `Query`, of `Mutation`
where something can be done, and of `Subscription` if some of its questions are worth keeping
open: those fields are written like any other, and the server asks them again (`server/live.py`).
"""

from collections.abc import Collection, Iterator
from importlib import import_module
from pkgutil import iter_modules

import strawberry
from strawberry.federation import Schema
from strawberry.federation.schema import FederationAny
from strawberry.federation.schema_directives import Shareable
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from schema import entities, nodes, patterns, subgraph, times
from schema.key import Info

MODULES = tuple(module.name for module in iter_modules(__path__))


def build(modules: Collection[str] = MODULES) -> Schema:
    """The federated schema, out of the slices that the modules of this folder bring.

    Or the part of it that some of them declare; ValueError if that is nothing.
    """
    query = _merged(
        "Query",
        "Everything one can ask of a city. Fields that need another source are "
        "null, with an error of their own, when that source fails; nothing else is lost.",
    )
    mutation = _merged("Mutation", "Everything one can have done. By POST only.")
    subscription = _merged(
        "Subscription",
        "Questions that stay open: answered at once, and again whenever the answer changes.",
    )
    built = _Federated(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=list(_nodes(nodes.Node)),  # some are met as a Place only, and by no field's name
        config=StrawberryConfig(
            scalar_map={**times.SCALARS, **patterns.SCALARS},
            enable_experimental_incremental_execution=True,
        ),
        federation_version="2.9",  # the free composer refuses Strawberry's default
    )
    built.finish(modules)
    return built


class _Federated(Schema):
    """Strawberry's, but all of it or a part, and one bad representation fails alone."""

    def finish(self, modules: Collection[str]) -> None:
        """Share what is to be shared, and leave out what other modules declare."""
        subgraph.share_values(self._schema)
        if set(modules) != set(MODULES):
            self._schema = subgraph.part(self._schema, modules)
            self._schema._strawberry_schema = self  # type: ignore[attr-defined]
            self.mutation = self.mutation if self._schema.mutation_type else None
            self.subscription = self.subscription if self._schema.subscription_type else None
        self._known = subgraph.entities(self._schema)

    @property
    def schema_directives_in_use(self) -> list[object]:
        return [*super().schema_directives_in_use, Shareable()]  # share_values comes too late

    def entities_resolver(
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        return entities.resolved(info, representations, self._known)


def _nodes(kind: type) -> Iterator[type]:
    """Every type of ours that is a Node; readers have subclasses of theirs, which are no types."""
    subclasses: list[type] = kind.__subclasses__()
    for one in subclasses:
        if "__strawberry_definition__" in vars(one):
            yield one
            yield from _nodes(one)


def _merged(name: str, description: str) -> type:
    """One root type, out of every module's slice of it."""
    modules = [import_module(f"{__name__}.{module}") for module in MODULES]
    slices = tuple(getattr(module, name) for module in modules if hasattr(module, name))
    return strawberry.type(merge_types(name, slices), description=description)
