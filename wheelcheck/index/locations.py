"""Reads files and folders on this machine as index pages and find-links. Fetches nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.file_entries import FileEntry, Listing, PackedPage, PageUnreadable
from wheelcheck.index.page_reader import packed, read_listing

_PAGE_SUFFIXES = (".html", ".htm", ".json")
_ARCHIVES = (".whl", ".zip", ".gz", ".bz2", ".xz", ".tgz", ".tbz", ".txz", ".tar", ".Z")


def local_path(location: str) -> Path | None:
    """The path that *location* names, a ``file:`` URL or a plain path; ``None`` for URLs of other schemes."""
    scheme, colon, _ = location.partition(":")
    if scheme.lower() == "file" and colon:
        path = urlsplit(location).path
        if os.name == "nt":
            from urllib.request import url2pathname

            return Path(url2pathname(path))
        return Path(unquote(path))
    if "://" in location:
        return None
    return Path(location).expanduser()


def load_listing(path: Path) -> Listing:
    """The links of *path*: the archives in a folder, or what a local page links to.

    Raises ``IndexUnavailable`` where there is nothing, or nothing readable.
    """
    try:
        if path.is_dir():
            return _folder_listing(path)
        content = path.read_bytes()
    except OSError as problem:
        raise IndexUnavailable(
            f"cannot be read: {problem.strerror or problem}",
            address=str(path),
            hint="find-links and file indexes must be folders or pages that exist",
        ) from problem
    try:
        return read_listing(content, "text/html", path.absolute().as_uri())
    except PageUnreadable as problem:
        raise IndexUnavailable(str(problem), address=str(path)) from problem


def _folder_listing(folder: Path) -> Listing:
    files: list[FileEntry] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith(_ARCHIVES) and entry.is_file():
                url = Path(entry.path).absolute().as_uri()
                files.append(FileEntry(entry.name, url, size=entry.stat().st_size))
    return Listing(files)


class LocalIndex:
    """A tree ``NAME/index.html``, or ``NAME/`` with the archives themselves; ``simple/`` above may be left out."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: Mapping[NormalizedName, Path] | None = None

    def load_page(self, name: NormalizedName) -> PackedPage | None:
        """The files of *name*, ``None`` if the tree does not have it. Raises ``IndexUnavailable`` if there is no tree."""
        folder = self._folder_of(name)
        if folder is None:
            return None
        for page in (folder / "index.html", folder / "index.json"):
            if page.is_file():
                return packed(load_listing(page), name)
        listing = load_listing(folder)
        return packed(listing, name) if listing.files else None

    def _folder_of(self, name: NormalizedName) -> Path | None:
        direct = self._root / name
        if direct.is_dir():
            return direct
        # Trees made by hand may have un-normalised names: the folder is read once for all of them.
        if self._folders is None:
            root = self._root / "simple" if (self._root / "simple").is_dir() else self._root
            try:
                self._folders = {canonicalize_name(each.name): each for each in root.iterdir() if each.is_dir()}
            except OSError as problem:
                raise IndexUnavailable(
                    f"cannot be read: {problem.strerror or problem}",
                    address=str(self._root),
                    hint="a file: index is a folder with one folder for each project",
                ) from problem
        return self._folders.get(name)


class LinkPool:
    """A listing of several projects, as find-links are; finds the files of one."""

    def __init__(self, listing: Listing) -> None:
        self._base = listing.base
        self._wheels: dict[str, list[FileEntry]] = {}
        self._archives: list[tuple[str, FileEntry]] = []
        for entry in listing.files:
            if entry.filename.endswith(".whl"):
                self._wheels.setdefault(canonicalize_name(entry.filename.partition("-")[0]), []).append(entry)
            else:
                self._archives.append((canonicalize_name(entry.filename), entry))

    def page_of(self, name: NormalizedName) -> PackedPage | None:
        """The files of *name*, ``None`` where there are none."""
        files = list(self._wheels.get(name, ()))
        # "a-b-1.0.zip" may be version 1.0 of a-b or nonsense of a: packing decides, this only narrows the choice.
        files += [entry for whole, entry in self._archives if whole.startswith(f"{name}-")]
        if not files:
            return None
        found = packed(Listing(files, base=self._base), name)
        return found if found.versions else None
