"""What is known of the shared libraries that systems have; loaded by ``knowledge/``, used by ``verify/``."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName


class AbsentLibrary(Struct, frozen=True, kw_only=True):
    """Libraries that a system has only after somebody installed them, as shell ``patterns`` of file names.

    ``bundled`` says that the usual place is the environment itself, so that its absence is an error; otherwise it is a warning.
    ``owner`` is what brings it (``the Visual C++ runtime``), ``remedy`` what to do.
    """

    patterns: tuple[str, ...]
    owner: str
    remedy: str
    bundled: bool


class SymbolCeiling(Struct, frozen=True, kw_only=True):
    """The newest symbol version of each ``family`` (``GLIBCXX``) on systems with glibc ``glibc`` (``2.28``) and not newer."""

    glibc: tuple[int, ...]
    families: Mapping[str, tuple[int, ...]]


class ImportExemption(Struct, frozen=True, kw_only=True):
    """Modules of ``project`` that need more than a clean system has by design, with the ``reason``: few programs import them."""

    project: NormalizedName
    modules: frozenset[str]
    reason: str


# No slots: the compiled patterns are kept with it.
class SystemKnowledge(Struct, frozen=True, kw_only=True, dict=True):
    """The libraries of one system: ``present`` are shell patterns of what every clean one has; ``with_python`` come with CPython.

    ``case`` says whether case matters in file names.
    """

    present: tuple[str, ...]
    with_python: tuple[str, ...] = ()
    absent: tuple[AbsentLibrary, ...] = ()
    case: bool = True

    def has(self, library: str) -> bool:
        """Whether every clean system of this kind has *library*."""
        return self._present.fullmatch(self._folded(library)) is not None

    def brings(self, library: str) -> bool:
        """Whether every CPython for this system has *library* beside it."""
        return self._with_python.fullmatch(self._folded(library)) is not None

    def absence(self, library: str) -> AbsentLibrary | None:
        """What is known of *library* where the system lacks it."""
        folded = self._folded(library)
        return next((entry for entry in self.absent if _alternatives(entry.patterns).fullmatch(folded)), None)

    @cached_property
    def _present(self) -> re.Pattern[str]:
        return _alternatives(self.present)

    @cached_property
    def _with_python(self) -> re.Pattern[str]:
        return _alternatives(self.with_python)

    def _folded(self, library: str) -> str:
        return library if self.case else library.lower()


class LibraryKnowledge(Struct, frozen=True, kw_only=True):
    """All of it, by system: ``windows``, ``linux`` (glibc), ``musl``, ``macos``."""

    systems: Mapping[str, SystemKnowledge]
    ceilings: tuple[SymbolCeiling, ...] = ()
    exemptions: tuple[ImportExemption, ...] = ()

    def exemption(self, project: NormalizedName | None, module: str) -> ImportExemption | None:
        """Why *module* of *project* need not work everywhere; ``None`` where it has to."""
        return next((each for each in self.exemptions if each.project == project and module in each.modules), None)

    def ceiling(self, glibc: tuple[int, ...]) -> Mapping[str, tuple[int, ...]]:
        """The newest symbol versions that a system with *glibc* is sure to have; empty where it is older than what is known."""
        fitting = [each for each in self.ceilings if each.glibc <= glibc]
        return max(fitting, key=lambda each: each.glibc).families if fitting else {}


def _alternatives(patterns: tuple[str, ...]) -> re.Pattern[str]:
    from fnmatch import translate

    return re.compile("|".join(translate(pattern) for pattern in patterns) or r"(?!)")
