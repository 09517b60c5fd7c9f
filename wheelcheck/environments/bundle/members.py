"""What the members of a wheel may be called, on the target's file system; knows names only, opens nothing."""

from __future__ import annotations

import re
import unicodedata

PREFIX_LENGTH = 60
"""How many characters the folder that an application is installed in commonly has, such as
``C:\\Users\\name\\AppData\\Local\\Programs\\Product\\``; a path has to leave room for it."""

LONGEST_PATH = 259
"""The longest path that Windows opens without being told otherwise: MAX_PATH (260) has the terminating NUL."""

_DRIVE = re.compile(r"^[A-Za-z]:")
# "Naming Files, Paths, and Namespaces" in the documentation of Windows; the superscript digits count too.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')


def name_problem(name: str, system: str) -> str:
    """Why a file named *name* in an archive may not be written on *system* (a word of ``Runtime``); empty where it may.

    *name* is as the archive has it, with ``/``; a folder's may end with one.
    """
    if not name or "\0" in name:
        return "an empty name or a NUL in it"
    if name.startswith("/") or _DRIVE.match(name):
        return "an absolute path"
    if "\\" in name:
        return "a backslash, which is a separator on Windows"
    parts = name.removesuffix("/").split("/")
    if ".." in parts:
        return "a path that climbs out of the archive"
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
    """Two paths with one key are one file on *system*, whose file systems may ignore case (Windows, macOS)."""
    if system not in {"windows", "macos"}:
        return path
    return path.casefold() if path.isascii() else unicodedata.normalize("NFC", path).casefold()


def room_above(path: str) -> int:
    """How many characters the path of the folder may have that *path* lies in, so that Windows opens it; 0 for none."""
    return max(LONGEST_PATH - 1 - len(path.encode("utf-16-le", "surrogatepass")) // 2, 0)
