"""What project an archive's or a folder's own name and static files say it is; builds nothing, runs nothing."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

SDIST_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz", ".txz", ".tar", ".zip")
_NAME = re.compile(r"^[A-Z0-9]$|^[A-Z0-9][A-Z0-9._-]*[A-Z0-9]$", re.ASCII | re.IGNORECASE)


def is_archive_name(name: str) -> bool:
    """Whether *name* (of a file, or the path of a URL) ends like a wheel or a source archive."""
    return name.lower().endswith((".whl", *SDIST_SUFFIXES))


def project_of_archive(filename: str) -> NormalizedName | None:
    """The project that the archive *filename* belongs to, ``None`` where the name does not say.

    An sdist's name may hold dashes itself, so it ends where the longest PEP 440 version begins.
    """
    plain = unquote(filename)
    if plain.lower().endswith(".whl"):
        parts = plain[:-4].split("-")
        return project_name(parts[0]) if len(parts) in {5, 6} else None
    suffix = next((suffix for suffix in SDIST_SUFFIXES if plain.lower().endswith(suffix)), "")
    stem = plain[: len(plain) - len(suffix)]
    for dash in re.finditer("-", stem):
        try:
            Version(stem[dash.end() :])
        except InvalidVersion:
            continue
        return project_name(stem[: dash.start()])
    return None


def project_of_folder(folder: Path) -> NormalizedName | None:
    """The name in the static metadata of the source tree *folder*: pyproject.toml, then setup.cfg; ``None`` without one."""
    return _name_in_pyproject(folder / "pyproject.toml") or _name_in_setup_cfg(folder / "setup.cfg")


def project_name(text: str) -> NormalizedName | None:
    """*text* as a project's name, ``None`` where it cannot be one."""
    return canonicalize_name(text) if _NAME.match(text) else None


def _name_in_pyproject(path: Path) -> NormalizedName | None:
    import tomllib

    try:
        document: object = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    for keys in (("project", "name"), ("tool", "poetry", "name"), ("tool", "flit", "metadata", "dist-name")):
        value: object = document
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            return project_name(value)
    return None


def _name_in_setup_cfg(path: Path) -> NormalizedName | None:
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):
        return None
    value = parser.get("metadata", "name", fallback="").strip()
    return None if value.startswith(("attr:", "file:")) else project_name(value)
