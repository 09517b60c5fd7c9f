"""Which files a wheelhouse holds for a plan, and where in the folder; refuses names that are more than names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from msgspec import Struct

from wheelcheck.errors import InputUnreadable

if TYPE_CHECKING:
    from wheelcheck.model.plan import Plan, PlannedFile, PlannedPackage

SOURCES = "sources"
"""Source archives lie in a folder of their own, so that an installer that is pointed to the wheelhouse sees wheels only."""
PART = ".part"


class Wanted(Struct, frozen=True, kw_only=True):
    """One package of a plan with its file."""

    package: PlannedPackage
    file: PlannedFile

    @property
    def is_wheel(self) -> bool:
        """Whether the file is a wheel; else it is a source archive or a folder with sources."""
        return self.file.filename.endswith(".whl")

    @property
    def local_folder(self) -> Path | None:
        """The folder with sources that the plan refers to in place of an archive, ``None`` for files."""
        url = urlsplit(self.file.url)
        if url.scheme != "file":
            return None
        path = Path(url2pathname(url.path))
        return path if path.is_dir() else None

    def place_in(self, folder: Path) -> Path:
        """Where the file lies in the wheelhouse *folder*."""
        return folder / self.file.filename if self.is_wheel else folder / SOURCES / self.file.filename

    def __str__(self) -> str:
        return f"{self.package.name} {self.package.version}"


def wanted_files(plan: Plan) -> tuple[Wanted, ...]:
    """The files of *plan*, in its order; raises ``InputUnreadable`` for a package without one, or with an unsafe name."""
    found = []
    for package in plan.packages:
        file = package.file
        if file is None:
            raise InputUnreadable(
                f"the plan names no file for {package.name} {package.version}", hint="make the plan again"
            )
        if not _is_plain(file.filename):
            raise InputUnreadable(
                f"the plan gives {package.name} a file name that is no plain name: {file.filename!r}",
                hint="make the plan again",
            )
        found.append(Wanted(package=package, file=file))
    return tuple(found)


def _is_plain(name: str) -> bool:
    return bool(name) and name.isprintable() and not name.startswith(".") and not set(name) & set('/\\:"<>|?*')
