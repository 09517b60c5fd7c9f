"""Finds the files of one project in what needs no request: a folder laid out as an index, a listing of links that was read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.file_entries import FileEntry, Listing, PackedPage
from wheelcheck.index.page_reader import load_listing, packed
from wheelcheck.model.urls import hashes_in
from wheelcheck.texts.places import is_archive_name


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
                # Scanning tells a folder from a file without asking for each: a thousand projects cost 3 ms and not 25.
                with os.scandir(root) as entries:
                    self._folders = {canonicalize_name(each.name): Path(each) for each in entries if each.is_dir()}
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


def listing_of_one_file(place: str, path: Path | None) -> Listing | None:
    """The listing that the address of one file stands for, as for pip; ``None`` where *place* is a folder or a page."""
    if path is not None and not path.is_file():
        return None
    url = place if path is None else path.absolute().as_uri()
    filename = unquote(urlsplit(url).path).rpartition("/")[2]
    if not is_archive_name(filename):
        return None
    return Listing([FileEntry(filename=filename, url=url.partition("#")[0], hashes=dict(hashes_in(url)))])
