"""The city's vocabulary: every GraphQL type, and the questions fields may ask.

This package imports nothing else of ours, so the contract can be printed,
read and compared on its own. Each service module brings a slice of `Query`.
"""

from importlib import import_module
from pkgutil import iter_modules

import strawberry
from strawberry.federation import Schema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from schema.times import SCALARS


def build() -> Schema:
    """The federated schema, out of the `Query` slice of every module of this folder."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    slices = tuple(module.Query for module in modules if hasattr(module, "Query"))
    query = strawberry.type(
        merge_types("Query", slices),
        description="Everything one can ask of a city. Fields that need another source are "
        "null, with an error of their own, when that source fails; nothing else is lost.",
    )
    return Schema(
        query=query,
        config=StrawberryConfig(scalar_map=SCALARS),
        federation_version="2.9",  # the free composer refuses Strawberry's default
    )
