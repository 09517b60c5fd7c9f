"""A folder that holds every file of a plan, how large files are, and the outcome of fetching them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version


class HousedWheel(Struct, frozen=True, kw_only=True):
    """One wheel in a wheelhouse, its bytes checked against ``sha256`` (hex); ``size`` in bytes.

    ``built_from`` is the file name of the source archive that it was built from, empty for a wheel that was fetched.
    """

    name: NormalizedName
    version: Version
    path: Path
    sha256: str
    size: int
    built_from: str = ""


class Wheelhouse(Struct, frozen=True, kw_only=True):
    """The wheels of one plan in ``folder``, one for each package, in the order of the plan."""

    folder: Path
    wheels: tuple[HousedWheel, ...]


class FileSize(Struct, frozen=True, kw_only=True):
    """The sizes of one file in bytes: ``download`` as it travels, ``installed`` unpacked (``None`` where not known)."""

    download: int | None
    installed: int | None


class PlanSizes(Struct, frozen=True, kw_only=True):
    """The sizes of the files of a plan, by file name; an unknown size is ``None``."""

    files: Mapping[str, FileSize]

    @property
    def download(self) -> int:
        """The known download sizes together, in bytes."""
        return sum(size.download or 0 for size in self.files.values())

    @property
    def installed(self) -> int:
        """The known installed sizes together, in bytes."""
        return sum(size.installed or 0 for size in self.files.values())

    @property
    def is_complete(self) -> bool:
        """Whether every download size is known."""
        return all(size.download is not None for size in self.files.values())


class Fetched(Struct, frozen=True, kw_only=True):
    """The wheelhouse, and by which file names it was made; ``plan`` is the digest of the plan.

    ``fetched`` came in this run, ``resumed`` of them from what an earlier run had left, ``replaced`` in place of a file with
    another hash; ``present`` were there; ``built`` are wheels that were built in this run. Of ``unhashed`` no hash was announced.
    """

    plan: str
    wheelhouse: Wheelhouse
    sizes: PlanSizes
    fetched: tuple[str, ...] = ()
    resumed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    unhashed: tuple[str, ...] = ()
