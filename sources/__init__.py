"""Sources: where each service of each city comes from, one module per service."""

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sources.registry import Sources

__all__ = ["Sources"]


def __getattr__(name: str) -> Any:
    """`Sources`, and with it all services, for those who ask for it.

    The process that imports a timetable asks for nothing, and begins seconds earlier.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for module in iter_modules(__path__):  # each service module declares its readers
        if not module.name.startswith("shared_"):  # redis is for those who have a store
            import_module(f"{__name__}.{module.name}")
    globals()[name] = found = import_module(f"{__name__}.registry").Sources
    return found
