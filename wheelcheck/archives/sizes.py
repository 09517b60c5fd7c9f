"""What a wheel takes once it is unpacked, by the zip's own directory; unpacks nothing."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

from wheelcheck.errors import ArchiveRefused


def unpacked_size(file: BinaryIO, filename: str) -> int:
    """The bytes of all members of the wheel *file* (seekable), as its directory states them.

    Exceptions of *file* itself pass through. Raises ``ArchiveRefused`` for what is no readable zip.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError) as problem:
        raise ArchiveRefused(f"not a readable wheel: {problem}", address=filename) from problem
