"""Resolvers: the answers to every key a field may load, one module per service."""

from importlib import import_module
from pkgutil import iter_modules

from resolvers.loaders import Loaders

__all__ = ["Loaders"]

for _module in iter_modules(__path__):  # each service module declares its answers
    import_module(f"{__name__}.{_module.name}")
