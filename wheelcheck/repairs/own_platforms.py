"""Tells the systems that a project is made for, by what is known of it or by all wheels that its page lists; and the Pythons.

``ProjectPage → sys_platform, …``. A project that is made for other systems or older Pythons than the target's is kept off it by a
marker.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from packaging.markers import Marker
from packaging.utils import NormalizedName

from wheelcheck.model.distribution import ProjectPage, Sdist, Wheel
from wheelcheck.model.knowledge import RepairKnowledge, StandardLibrary

NAMES = {"win32": "Windows", "darwin": "macOS", "linux": "Linux"}
_SYSTEMS = {"win": "win32", "macosx": "darwin", "linux": "linux", "manylinux": "linux", "musllinux": "linux"}
_OLDEST = 8  # the first minor of which the standard library is known
_ENOUGH = 5  # releases for one system alone; fewer may be an accident


def built_for(page: ProjectPage) -> Mapping[str, int]:
    """In how many releases there are wheels for each system; ``any`` is one for wheels that run everywhere."""
    found: dict[str, int] = {}
    for files in page.distributions.values():
        tags = (tag for file in files if isinstance(file, Wheel) for *_, tag in file.tags)
        for system in {_system_of(tag) for tag in tags}:
            found[system] = found.get(system, 0) + 1
    return found


def _system_of(tag: str) -> str:
    word = tag.partition("_")[0]
    return _SYSTEMS.get("win" if word.startswith("win") else word, word)


def systems_of(page: ProjectPage, knowledge: RepairKnowledge) -> tuple[str, ...]:
    """The systems that the project of *page* is made for, as values of ``sys_platform``; empty where nothing tells it.

    Wheels tell it where there is no source archive beside them, of which others could build their own.
    """
    known = knowledge.own_platform_of(page.name)
    if known is not None:
        return known.systems
    # The newest release mostly tells at once that others are served; a page may list thousands of files.
    newest = page.distributions[max(page.distributions)] if page.distributions else ()
    systems = {_system_of(tag) for file in newest if isinstance(file, Wheel) for *_, tag in file.tags}
    if len(systems) > 1 or any(isinstance(file, Sdist) for file in newest):
        return ()
    if any(isinstance(file, Sdist) for files in page.distributions.values() for file in files):
        return ()
    ((system, releases), *others) = built_for(page).items() or [("", 0)]
    return (system,) if system in NAMES and releases >= _ENOUGH and not others else ()


def standard_since(project: NormalizedName, library: StandardLibrary | None, minor: int) -> tuple[str, int] | None:
    """The module of Python 3.*minor*'s standard library that *project* brings to older ones, and the first minor that has it.

    It has the name of the project, or the project adds ``backports`` to it; that in the standard library is found first.
    """
    module = project.removeprefix("backports-").replace("-", "_")
    # What describes types knows more modules, such as typing_extensions, than Python has.
    if library is None or not (module in library.spans or module in sys.stdlib_module_names):
        return None
    if not library.had(module) or not library.has(module, minor):
        return None
    return module, library.first_minor(module) or _OLDEST


def python_marker(since: int) -> str:
    """The marker that holds on Pythons before 3.*since*."""
    return f'python_version < "3.{since}"'


def system_marker(systems: tuple[str, ...]) -> str:
    """The marker that holds on *systems* alone."""
    everywhere = set(NAMES)
    if len(systems) > 1 and everywhere - set(systems) == {"win32"}:
        return 'sys_platform != "win32"'
    return " or ".join(f'sys_platform == "{system}"' for system in systems)


def joined_marker(text: str, other: Marker | None) -> str:
    """The marker that holds where *text* and *other* hold."""
    return text if other is None else str(Marker(f"({other}) and ({text})"))
