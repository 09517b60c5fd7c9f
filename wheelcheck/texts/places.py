"""Understands the words that name a file: a path, a URL, an archive's name and the project it says; fetches and runs nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.model.distribution import as_version
from wheelcheck.model.urls import masked_within
from wheelcheck.texts.files import is_there, read_text
from wheelcheck.texts.toml import table_at

SDIST_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tbz", ".txz", ".tar", ".zip")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")
_NAME = re.compile(r"^[A-Z0-9]$|^[A-Z0-9][A-Z0-9._-]*[A-Z0-9]$", re.ASCII | re.IGNORECASE)


class LineUnreadable(Exception):
    """A line or a word that follows no rule of its format; the caller knows its file and number, and adds them."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_archive_name(name: str) -> bool:
    """Whether *name* (of a file, or the path of a URL) ends like a wheel or a source archive."""
    return name.lower().endswith((".whl", *SDIST_SUFFIXES))


def project_of_archive(filename: str) -> NormalizedName | None:
    """The project that the archive *filename* belongs to, ``None`` where the name does not say."""
    return release_of_archive(filename)[0]


def release_of_archive(filename: str) -> tuple[NormalizedName | None, Version | None]:
    """The project and the version that the archive *filename* says, ``None`` for what it does not say.

    An sdist's name may hold dashes itself, so it ends where the longest PEP 440 version begins.
    """
    plain = unquote(filename)
    if plain.lower().endswith(".whl"):
        parts = plain[:-4].split("-")
        return (project_name(parts[0]), as_version(parts[1])) if len(parts) in {5, 6} else (None, None)
    suffix = next((suffix for suffix in SDIST_SUFFIXES if plain.lower().endswith(suffix)), "")
    stem = plain[: len(plain) - len(suffix)] if suffix else ""
    for dash in re.finditer("-", stem):
        version = as_version(stem[dash.end() :])
        if version is not None:
            return project_name(stem[: dash.start()]), version
    return None, None


def project_of_folder(folder: Path) -> NormalizedName | None:
    """The name in the static metadata of the source tree *folder*: pyproject.toml, setup.cfg, setup.py; ``None`` without one."""
    return (
        _name_in_pyproject(folder / "pyproject.toml")
        or _name_in_setup_cfg(folder / "setup.cfg")
        or _name_in_setup_script(folder / "setup.py")
    )


def project_name(text: str) -> NormalizedName | None:
    """*text* as a project's name, ``None`` where it cannot be one."""
    return canonicalize_name(text) if _NAME.match(text) else None


def _name_in_pyproject(path: Path) -> NormalizedName | None:
    import tomllib

    try:
        document: object = tomllib.loads(read_text(path))
    except (OSError, ValueError, RecursionError):
        return None
    for keys in (("project", "name"), ("tool", "poetry", "name"), ("tool", "flit", "metadata", "dist-name")):
        value = table_at(document, *keys[:-1]).get(keys[-1])
        if isinstance(value, str):
            return project_name(value)
    return None


def _name_in_setup_cfg(path: Path) -> NormalizedName | None:
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(read_text(path))
    except (OSError, ValueError, configparser.Error):
        return None
    value = parser.get("metadata", "name", fallback="").strip()
    return None if value.startswith(("attr:", "file:")) else project_name(value)


def _name_in_setup_script(path: Path) -> NormalizedName | None:
    from wheelcheck.texts.setuptools import name_in_script

    try:
        name = name_in_script(read_text(path))
    except (OSError, ValueError):
        return None
    return project_name(name) if name is not None else None


def near_names(path: Path) -> list[str]:
    """Up to three names in the folder of *path* that resemble its own, best first."""
    from difflib import get_close_matches

    try:
        beside = sorted(entry.name for entry in path.parent.iterdir())
    except (OSError, ValueError):
        return []
    return get_close_matches(path.name, beside, n=3, cutoff=0.75)


def is_web_url(text: str) -> bool:
    """Whether *text* is an http or https URL."""
    return text.lower().startswith(("http://", "https://"))


def has_scheme(text: str) -> bool:
    """Whether *text* begins like a URL; a Windows drive letter is no scheme."""
    return _SCHEME.match(text) is not None


def url_path(url: str) -> str:
    """The path of *url*. Raises ``LineUnreadable`` where it is no URL after all (``https://[``)."""
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        _ = parts.port
    except ValueError as problem:
        # The part that cannot be parsed may belong to a password.
        why = "" if "@" in url else f" ({problem})"
        raise LineUnreadable(f"a malformed URL: {masked_within(url)!r}{why}", "write SCHEME://HOST/PATH") from None
    return parts.path


def path_of(text: str) -> Path:
    """The path that *text* names: a ``file:`` URL, or a path as it is. Raises ``LineUnreadable``."""
    if not text.lower().startswith("file:"):
        return Path(text)
    # Not url2pathname: urllib.request brings http.client and ssl with it, 15 ms for one line.
    path = unquote(url_path(text))
    return Path(path.lstrip("/")) if re.match(r"/+[A-Za-z][:|]/", path) and os.name == "nt" else Path(path)


def local_path_of(text: str) -> Path:
    """As :func:`path_of`, where *text* may be a path with backslashes: elsewhere than on Windows these separate folders too.

    A file whose own name has a backslash in it is taken as it is.
    """
    path = path_of(text)
    if os.name == "nt" or "\\" not in text or is_there(path):
        return path
    return path_of(text.replace("\\", "/"))


def is_absolute_anywhere(path: Path) -> bool:
    """Whether *path* is absolute here, or would be on Windows (``C:/x``)."""
    return path.is_absolute() or re.match(r"[A-Za-z]:[\\/]", str(path)) is not None


def file_url(path: Path) -> str:
    """The absolute ``file://`` URL of *path*; links are kept, ``..`` is not."""
    return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100 - resolve() would follow links
