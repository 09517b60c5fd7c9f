"""What a file's own name says of project and version; looks into no file."""

from __future__ import annotations

import functools
from urllib.parse import unquote

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelcheck.values import dataclass

_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar.Z", ".tgz", ".tbz", ".txz", ".tar", ".zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIdentity:
    """Every reading of a file name: an sdist's may split at several dashes, likeliest first."""

    readings: tuple[tuple[NormalizedName, Version], ...]

    def admits(self, name: NormalizedName, version: Version | None) -> bool:
        """Whether *name* and *version* agree with some reading; a name that says nothing admits all.

        A local part counts only where both sides have one: mirrors drop it from names.
        """
        if not self.readings:
            return True
        return any(
            name == own_name and (version is None or _same_version(version, own_version))
            for own_name, own_version in self.readings
        )


@functools.lru_cache(maxsize=1024)
def parse_identity(filename: str) -> FileIdentity:
    """Read the name of a wheel or source archive, leniently."""
    plain = unquote(filename.rpartition("/")[2])
    if plain.endswith(".whl"):
        parts = plain[:-4].split("-")
        return FileIdentity(readings=_reading(parts[0], parts[1].replace("_", "-")) if len(parts) >= 5 else ())
    stem = next((plain[: -len(suffix)] for suffix in _SUFFIXES if plain.endswith(suffix)), "")
    readings: list[tuple[NormalizedName, Version]] = []
    for position in range(len(stem) - 1, 0, -1):
        if stem[position] == "-":
            readings += _reading(stem[:position], stem[position + 1 :])
    return FileIdentity(readings=tuple(readings))


def _reading(name: str, version: str) -> tuple[tuple[NormalizedName, Version], ...]:
    try:
        return ((canonicalize_name(name), Version(version)),)
    except InvalidVersion:
        return ()


def _same_version(one: Version, other: Version) -> bool:
    if one == other:
        return True
    return (one.local is None or other.local is None) and one.public == other.public
