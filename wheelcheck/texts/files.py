"""Opens files that somebody else may have named: regular ones alone, and no more of them than a bound. Knows no content.

A device never ends, and a pipe or socket may never begin, so that neither is opened. Questions about a name never raise.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

MOST_BYTES = 50_000_000
"""Of a text that people write or tools lock."""
_PIPES = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Names of a shell for what it hands over itself: ``<(pip freeze)``."""


def is_file(path: Path) -> bool:
    """Whether there is a regular file at *path*, however odd the name is."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file() raises for names that are too long, and for closed folders


def is_folder(path: Path) -> bool:
    """Whether there is a folder at *path*, however odd the name is."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def is_there(path: Path) -> bool:
    """Whether there is anything at *path*, however odd the name is."""
    return os.path.exists(path)  # noqa: PTH110 - as above


def open_file(path: Path) -> BufferedReader:
    """Open the regular file *path*; raises ``OSError`` with the reason in ``strerror``, also for what is no such file."""
    try:
        mode = path.stat().st_mode
    except ValueError as problem:  # a NUL in the name
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from problem
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode) and not _is_handed_over(path, mode):
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise OSError(errno.EINVAL, f"is {kind}, not a file", str(path))
    return path.open("rb")


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of the regular file *path*; raises ``OSError`` as :func:`open_file` does, and for more than *most* bytes."""
    with open_file(path) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most:,} bytes", str(path))
    return content


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text of the regular file *path*, in UTF-8; raises as :func:`read_file`, and ``UnicodeDecodeError``."""
    return read_file(path, most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def _is_handed_over(path: Path, mode: int) -> bool:
    return str(path) == os.devnull or (stat.S_ISFIFO(mode) and str(path).startswith(_PIPES))
