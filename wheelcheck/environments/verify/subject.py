"""The environment that is verified, and its distributions as their installers recorded them (RECORD, WHEEL, direct_url.json)."""

from __future__ import annotations

import contextlib
import csv
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from packaging.tags import InvalidTag, parse_tag
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.environments.trees import hex_of_record
from wheelcheck.model.distribution import WheelTag
from wheelcheck.model.environment import Layout, Manifest, Runtime
from wheelcheck.model.inspection import Problem
from wheelcheck.texts.files import open_file, read_file

_SIZE = re.compile(r"[0-9]{1,18}")
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_LIMIT = 64 * 1024**2
_INFO = re.compile(r"(?!.{256})(?P<name>[^-]+(?:-[^-\d][^-]*)*)-(?P<version>.+?)(?:-py3\.\d+)?\.(?:dist|egg)-info")


class Subject(Struct, frozen=True, kw_only=True):
    """The environment under ``root``; paths are relative to it with ``/``, ``.`` is the root itself.

    ``site_packages`` are all the folders that Python takes packages from, the main one first. ``home`` is the folder of the
    Python of a virtual environment, empty for other kinds; ``sees_host`` whether it shows the host's packages too. ``problems``
    were found when it was opened.
    """

    given: str
    root: Path
    runtime: Runtime
    layout: Layout
    site_packages: tuple[str, ...]
    manifest: Manifest | None = None
    home: str = ""
    sees_host: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def has_own_python(self) -> bool:
        """Whether the interpreter and its libraries lie in the environment itself."""
        return bool(self.layout.executable) and not self.home

    @property
    def python_minor(self) -> str:
        """``3.11``; empty where it is not known."""
        python = self.runtime.python
        return f"{python.major}.{python.minor}" if python is not None else ""


def joined(*parts: str) -> str:
    """The relative path of *parts* with ``/``, without the ``.`` of the root; ``..`` is resolved, and kept where it leads out."""
    return posixpath.normpath(posixpath.join(*(part.replace("\\", "/") for part in parts)))


def is_outside(path: str) -> bool:
    """Whether *path*, made by :func:`joined`, leads out of the root."""
    return path == ".." or path.startswith(("../", "/")) or path[1:2] == ":"


class RecordedFile(Struct, frozen=True, kw_only=True):
    """One row of RECORD; ``path`` is relative to the environment's root, and may lead out of it.

    ``size`` is ``None`` and ``digest`` empty where the row has none; ``algorithm`` is a name of hashlib, ``digest`` in hex.
    """

    path: str
    size: int | None
    algorithm: str
    digest: str


class Installed(Struct, frozen=True, kw_only=True):
    """One distribution in the environment; ``info`` is its ``*.dist-info`` folder, ``site`` the folder that it stands in.

    ``files`` is ``None`` where there is no RECORD. ``tags`` are those of the wheel it came from, ``origin`` the URL of a direct
    reference, ``editable`` whether it is one. ``requires`` are the names that its metadata declares, whatever their markers.
    """

    name: NormalizedName
    version: str
    info: str
    site: str
    files: tuple[RecordedFile, ...] | None
    tags: tuple[WheelTag, ...] = ()
    top_level: tuple[str, ...] = ()
    origin: str = ""
    editable: bool = False
    requires: frozenset[NormalizedName] = frozenset()


def read_installed(subject: Subject) -> tuple[Installed, ...]:
    """Every distribution in the site folders of *subject*, by name; a file that cannot be read counts as missing."""
    found = [
        _read(subject.root, site, name, matched["name"], matched["version"])
        for site in subject.site_packages
        for name in names_of(subject.root / site)
        if (matched := _INFO.fullmatch(name))
    ]
    return tuple(sorted(found, key=lambda each: (each.name, each.version, each.info)))


def _read(root: Path, site: str, folder: str, name: str, version: str) -> Installed:
    info = root / site / folder
    origin, editable = _origin(text_of(info / "direct_url.json"))
    return Installed(
        name=canonicalize_name(name),
        version=version,
        info=joined(site, folder),
        site=site,
        files=_rows(info / "RECORD", site),
        tags=_tags(text_of(info / "WHEEL")),
        top_level=tuple(text_of(info / "top_level.txt").split()),
        origin=origin,
        editable=editable,
        requires=frozenset(_required(text_of(info / "METADATA"))),
    )


def _rows(record: Path, site: str) -> tuple[RecordedFile, ...] | None:
    try:
        text = read_file(record, _LIMIT).decode("utf-8", "surrogateescape")
        rows = [row for row in csv.reader(text.splitlines()) if row and row[0] and "\0" not in row[0]]
    except (OSError, csv.Error):
        return None
    return tuple(_row([*row, "", ""][:3], site) for row in rows)


def _row(row: list[str], site: str) -> RecordedFile:
    algorithm, _, encoded = row[1].partition("=")
    digest = ""
    try:
        digest = hex_of_record(encoded)
    except ValueError:
        algorithm = ""
    return RecordedFile(
        path=joined(site, row[0]),
        size=int(row[2]) if _SIZE.fullmatch(row[2]) else None,
        algorithm=algorithm if digest else "",
        digest=digest,
    )


def _tags(wheel: str) -> tuple[WheelTag, ...]:
    found: dict[WheelTag, None] = {}
    for line in wheel.splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "tag":
            with contextlib.suppress(InvalidTag, ValueError):
                found |= dict.fromkeys((tag.interpreter, tag.abi, tag.platform) for tag in parse_tag(value.strip()))
    return tuple(sorted(found))


def _required(metadata: str) -> Iterator[NormalizedName]:
    for line in metadata.partition("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        if key.lower() == "requires-dist" and (matched := _NAME.match(value)):
            yield canonicalize_name(matched[1])


def _origin(text: str) -> tuple[str, bool]:
    document = None
    with contextlib.suppress(ValueError, RecursionError):
        document = json.loads(text)
    if not isinstance(document, dict):
        return "", False
    folder = document.get("dir_info")
    return str(document.get("url", "")), isinstance(folder, dict) and folder.get("editable") is True


def text_of(path: Path, limit: int = 1_000_000) -> str:
    """The beginning of the file *path*, up to *limit* bytes, whatever its encoding; empty where it cannot be read."""
    try:
        with open_file(path) as stream:
            return stream.read(limit).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def path_file_lines(path: Path) -> list[str]:
    """The lines of the ``.pth`` or ``.egg-link`` file *path* without blanks around them."""
    return [line.strip() for line in text_of(path, 65536).splitlines()]


def names_of(folder: Path) -> list[str]:
    """The names in *folder*, sorted; none where it cannot be read."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def owners(subject: Subject, installed: tuple[Installed, ...]) -> dict[str, NormalizedName]:
    """The distribution of each file by RECORD and manifest, without the runtime's and foreign files."""
    found: dict[str, NormalizedName] = {}
    for distribution in installed:
        for file in distribution.files or ():
            if not is_outside(file.path):
                found.setdefault(file.path, distribution.name)
    if subject.manifest is not None:
        found |= {file.path: file.owner for file in subject.manifest.files if file.owner is not None}
    return found
