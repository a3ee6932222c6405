"""Classes of packages that are not imported for their sake."""

from __future__ import annotations

import sys
from typing import Any


def is_of(module: str, name: str, thing: Any) -> bool:
    """Whether `thing` is of that class of a module that somebody has imported.

    A module that another thread is just importing may not have its classes yet: then nothing is of them.
    """
    found = getattr(sys.modules.get(module), name, None)
    return isinstance(found, type) and isinstance(thing, found)
