"""Arrays: numpy, which is loaded when the first array is made.

With what stands upon it, it takes a tenth of a start, and no list of cities or pools wants it.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
else:

    class _Numpy:
        def __getattr__(self, name: str) -> Any:
            found = getattr(import_module("numpy"), name)
            setattr(self, name, found)  # so that it is asked for once
            return found

    np = _Numpy()

__all__ = ["load", "np"]

# Nothing here is matrix algebra, for which it would begin as many threads as there are processors.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def load() -> None:
    """Load it now, in a thread, with all that stands upon it: so nobody has to wait for that."""
    for module in ("numpy", "shapely", "shapely.geometry"):
        import_module(module)
