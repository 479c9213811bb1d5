"""Sources: where each service of each city comes from, one module per service."""

from importlib import import_module
from pkgutil import iter_modules

from sources.registry import Sources

__all__ = ["Sources"]

for _module in iter_modules(__path__):  # each service module declares its readers
    import_module(f"{__name__}.{_module.name}")
