"""Tells which libraries are loaded with what Python imports, and which are plug-ins that something may load later; loads none."""

from __future__ import annotations

from wheelcheck.environments.verify.libraries.binary import is_extension_name
from wheelcheck.environments.verify.libraries.shelf import Shelf


def linked_paths(shelf: Shelf) -> frozenset[str]:
    """The paths of the extension modules on *shelf*, of the runtime's libraries, and of all that these need, step by step.

    A distribution without any extension module loads its libraries itself (``ctypes``): all of them count. What is left are
    plug-ins (of Qt, of databases), whose own needs matter to those who load them.
    """
    with_modules = {shelf.owner(each.path) for each in shelf.binaries if is_extension_name(each.name)}
    needs = {each.path: each.needs for each in shelf.binaries}
    waiting = [
        each.path
        for each in shelf.binaries
        if is_extension_name(each.name) or shelf.owner(each.path) is None or shelf.owner(each.path) not in with_modules
    ]
    found = set(waiting)
    while waiting:
        for need in needs.get(waiting.pop(), ()):
            for path in shelf.find(need.library.rpartition("/")[2]):
                if path not in found:
                    found.add(path)
                    waiting.append(path)
    return frozenset(found)
