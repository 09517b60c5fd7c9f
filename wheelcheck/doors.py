"""Front doors that open on demand: a room's names are known at once, its modules load when one is asked for. Knows no room.

A run of the program uses a small part of each room, and loading all of them would take longer than most answers do (PEP 562).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping


def opening(room: str, places: Mapping[str, tuple[str, ...]]) -> Callable[[str], object]:
    """The ``__getattr__`` of the package *room*, whose modules *places* maps to the names that each holds.

    What was asked for once is kept in the package, so that it costs nothing the next time. The function raises
    ``AttributeError`` for other names, as a package does.
    """
    modules = {name: module for module, names in places.items() for name in names}

    def opened(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        from importlib import import_module

        found = getattr(import_module(f"{room}.{modules[name]}"), name)
        setattr(sys.modules[room], name, found)
        return found

    return opened
