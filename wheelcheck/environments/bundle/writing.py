"""Checks the names of files for the target's file system, and writes files with fixed times and modes; overwrites nothing."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from packaging.utils import NormalizedName

from wheelcheck.model.environment import EARLIEST, EnvironmentFile
from wheelcheck.texts.archive_members import path_problem

PREFIX_LENGTH = 60
"""How many characters the folder that an application is installed in commonly has, such as
``C:\\Users\\name\\AppData\\Local\\Programs\\Product\\``; a path has to leave room for it."""

LONGEST_PATH = 259
"""The longest path that Windows opens without being told otherwise: MAX_PATH (260) has the terminating NUL."""

# "Naming Files, Paths, and Namespaces" in the documentation of Windows; the superscript digits count too.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')


def name_problem(name: str, system: str) -> str:
    """Why a file named *name* in an archive may not be written on *system* (a word of ``Runtime``); empty where it may.

    *name* is spelt as in the archive, with ``/``; that of a folder may end with one.
    """
    if problem := path_problem(name):
        return problem
    if "\\" in name:
        return "a backslash, which is a separator on Windows"
    parts = name.removesuffix("/").split("/")
    if "" in parts or "." in parts:
        return "an empty part in its path"
    if system != "windows":
        return ""
    return next((problem for part in parts if (problem := _windows_problem(part))), "")


def _windows_problem(part: str) -> str:
    if _DEVICE.fullmatch(part):
        return f"{part!r} is the name of a device on Windows"
    if part.endswith((".", " ")):
        return f"{part!r} ends with a dot or a blank, which Windows drops"
    found = _FORBIDDEN.search(part)
    return f"{part!r} has {found[0]!r}, which no file on Windows can have" if found else ""


def collision_key(path: str, system: str) -> str:
    """A key that two paths share where they are one file on *system*: file systems may ignore case (Windows, macOS)."""
    if system not in {"windows", "macos"}:
        return path
    return path.casefold() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def room_above(path: str) -> int:
    """The most characters that the path of the folder above *path* may have, so that Windows opens the file; 0 for none."""
    return max(LONGEST_PATH - 1 - len(path.encode("utf-16-le", "surrogatepass")) // 2, 0)


class Folder:
    """The environment's root on disk, where files are written once each; safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        moment = os.environ.get("SOURCE_DATE_EPOCH", "")
        # The time of every file, in seconds.
        self._time = max(int(moment), EARLIEST) if moment.isdecimal() else EARLIEST
        self._made: set[str] = set()
        root.mkdir(parents=True, exist_ok=True)

    def write(
        self,
        path: str,
        chunks: Iterable[bytes],
        *,
        executable: bool,
        owner: NormalizedName | None = None,
        known: str = "",
    ) -> EnvironmentFile:
        """Write *chunks* as the new file *path* (relative, ``/``); raises ``OSError``, ``FileExistsError`` for one too many.

        *known* is the SHA-256 of it all (hex) where the caller has it already: then nothing is hashed again.
        """
        place = self._place(path)
        digest = hashlib.sha256()
        size, mode = 0, 0o755 if executable else 0o644
        # Exclusive: neither another's file nor one that a link leads to is ever written over.
        number = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        try:
            for chunk in chunks:
                if not known:
                    digest.update(chunk)
                size += len(chunk)
                rest = memoryview(chunk)
                while rest:
                    rest = rest[os.write(number, rest) :]
        finally:
            os.close(number)
        os.chmod(place, mode)  # noqa: PTH101 - a plain string is at hand, and the umask had its say in open
        os.utime(place, (self._time, self._time))
        sha256 = known or digest.hexdigest()
        return EnvironmentFile(path=path, size=size, sha256=sha256, owner=owner, executable=executable)

    def link(self, path: str, to: str) -> None:
        """Make the symbolic link *path* to *to*."""
        place = self._place(path)
        os.symlink(to, place)  # noqa: PTH211
        if os.utime in os.supports_follow_symlinks:
            os.utime(place, (self._time, self._time), follow_symlinks=False)

    def read(self, path: str) -> bytes:
        """The content of a file that was written."""
        with open(os.path.join(self._root, path), "rb") as file:  # noqa: PTH118, PTH123
            return file.read()

    def fix_folders(self) -> None:
        """Fix times and modes of the folders too, once everything is written."""
        for folder, _, _ in os.walk(self._root, topdown=False):
            os.chmod(folder, 0o755)  # noqa: PTH101, S103 - what every folder has
            os.utime(folder, (self._time, self._time))

    def _place(self, path: str) -> str:
        place = f"{self._root}/{path}"
        folder = place.rpartition("/")[0]
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            self._made.add(folder)
        return place
