"""Reads a page as JSON (PEP 691, with PEPs 700, 714, 792) or HTML, and packs its links by version without understanding them."""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.file_entries import (
    FileEntry,
    Listing,
    PackedPage,
    PackedVersion,
    PageUnreadable,
    encode_files,
    known_state,
    reject_version,
    stated,
)
from wheelcheck.model.distribution import Availability, LinkSkip, parse_link, parse_version, same_project
from wheelcheck.texts.files import read_file


class _Meta(msgspec.Struct, rename="kebab", frozen=True, kw_only=True):
    api_version: str = "1.0"


class _Status(msgspec.Struct, frozen=True, kw_only=True):
    status: str = "active"
    reason: str | None = None


class _Page(msgspec.Struct, rename="kebab", frozen=True, kw_only=True):
    files: list[FileEntry]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    project_status: _Status | None = None


_decode = msgspec.json.Decoder(_Page).decode


def read_json(content: bytes, base: str) -> Listing:
    """The files of the JSON page *content* that came from the URL *base*; about 1 µs a file.

    Raises ``PageUnreadable`` for what is no such page, or declares an API version that is not 1.x.
    """
    try:
        page = _decode(content.removeprefix(BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise PageUnreadable(f"is no project page in JSON: {problem}") from problem
    reject_version(page.meta.api_version)
    status = page.project_status or _Status()
    return Listing(page.files, known_state(status.status), status.reason or "", base)


L = TypeVar("L")

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
"""JSON first (PEP 691); naming it also makes some HTML mirrors show upload times."""

_ARCHIVES = (".whl", ".zip", ".gz", ".bz2", ".xz", ".tgz", ".tbz", ".txz", ".tar", ".Z")
_FILE = re.compile(r"\.(?:whl|egg|exe|msi|rpm|deb|dmg|asc|sig|zip|tar|gz|bz2|xz|tgz|tbz|txz|Z)$")
"""What the name of any file of a project ends with, be it one that is read here or not."""
_NOWHERE = Availability(url="")


def read_listing(content: bytes, content_type: str, base: str) -> Listing:
    """The links in *content*, which is JSON or HTML by its first bytes; *content_type* decides only if they do not.

    Raises ``PageUnreadable`` if it is neither.
    """
    if _is_json(content, content_type):
        return read_json(content, base)
    from wheelcheck.index.html_pages import read_html

    return read_html(content.decode(_charset(content_type), "replace"), base)


def read_page(content: bytes, content_type: str, base: str, name: NormalizedName) -> PackedPage:
    """Read and pack the page of *name*; anchors of plain HTML are split and sorted without reading them."""
    if _is_json(content, content_type):
        return packed(read_json(content, base), name)
    from wheelcheck.index.html_pages import OPENING, read_html, split_plain

    text = content.decode(_charset(content_type), "replace")
    plain = split_plain(text)
    if plain is None:
        listing = read_html(text, base)
        _refuse_other_page(text, (file.filename for file in listing.files))
        return packed(listing, name)
    _refuse_other_page(text, plain.names)
    groups, skipped = _by_version(plain.names, plain.anchors, name)
    versions = [
        PackedVersion(version, memoryview((OPENING + OPENING.join(anchors)).encode())) for version, anchors in groups
    ]
    return PackedPage(versions, skipped, stated(plain.state, plain.anchors), plain.state_reason, base)


def packed(listing: Listing, name: NormalizedName) -> PackedPage:
    """The links of *listing* by the version that they belong to as files of *name*; about 2 µs a link."""
    files = listing.files
    groups, skipped = _by_version([file.filename for file in files], files, name)
    versions = [PackedVersion(version, memoryview(_encoded(entries))) for version, entries in groups]
    return PackedPage(versions, skipped, stated(listing.state, files), listing.state_reason, listing.base)


def _refuse_other_page(text: str, names: Iterable[str]) -> None:
    """Raise ``PageUnreadable`` where none of *names* is one of a file, nor does the page say that it is of an index (PEP 629)."""
    if not any(map(_FILE.search, names)) and "pypi:" not in text:
        raise PageUnreadable(
            "is no project page: it links to no file, and no repository version stands in it (indexes that want a sign-in, "
            "and proxies, answer with pages of their own)"
        )


def _encoded(entries: Sequence[FileEntry]) -> bytes:
    try:
        return encode_files(entries)
    except OverflowError:
        # Sizes that no file has, beyond 64 bits.
        return encode_files([replace(entry, size=None) for entry in entries])


def _is_json(content: bytes, content_type: str) -> bool:
    start = content[:512].lstrip(BOM_UTF8 + b" \t\r\n")
    if start.startswith((b"{", b"[")) or (
        not start.startswith(b"<") and content_type.partition(";")[0].endswith("json")
    ):
        return True
    if b"\0" in content[:1024]:
        raise PageUnreadable("is neither JSON nor HTML")
    return False


def _charset(content_type: str) -> str:
    charset = content_type.lower().partition("charset=")[2].strip(" \"'").partition(";")[0]
    return "latin-1" if charset in ("iso-8859-1", "latin-1", "latin1") else "utf-8"


def _by_version(
    names: Sequence[str], links: Sequence[L], project: NormalizedName
) -> tuple[list[tuple[str, list[L]]], dict[str, int]]:
    """*links* by the version in their file name, in order of first appearance, and the number without a version by reason."""
    skipped: Counter[str] = Counter()
    groups: dict[Version, tuple[str, list[L]]] = {}
    # A release has many files, and its name and version are the same text in all of them: each is parsed once.
    by_head: dict[str, list[L]] = {}
    for filename, link in zip(names, links, strict=True):
        # Mostly ``name-version``: the part before the tags of a wheel or before the ending of a source archive.
        if filename.endswith(".whl"):
            head = filename.rsplit("-", 3)[0]
        elif filename.endswith(".tar.gz"):
            head = filename[:-7]
        else:
            head = ""
        found = by_head.get(head)
        if found is None:
            plain = _plain_version(head, project)
            told = plain or _version_of(filename, project)
            if isinstance(told, LinkSkip):
                skipped[told.name] += 1
                continue
            found = groups.setdefault(told[0], (told[1], []))[1]
            if plain is not None:
                by_head[head] = found
        found.append(link)
    return list(groups.values()), dict(sorted(skipped.items()))


def _version_of(filename: str, project: NormalizedName) -> tuple[Version, str] | LinkSkip:
    parsed = parse_link(filename, project, _NOWHERE)
    return parsed if isinstance(parsed, LinkSkip) else (parsed.version, str(parsed.version))


def _plain_version(head: str, project: NormalizedName) -> tuple[Version, str] | None:
    """The version in a *head* that is plainly ``name-version`` of *project*, and its text.

    ``None`` if the whole file name is needed to tell name from version, or there is no version.
    """
    name, _, text = head.partition("-")
    if not text or "-" in text or "_" in text or not same_project(name, project):
        return None
    try:
        return parse_version(text), text
    except ValueError:
        return None


def load_listing(path: Path) -> Listing:
    """The links of *path*: the archives in a folder, or what a local page links to.

    Raises ``IndexUnavailable`` where there is nothing, or nothing readable.
    """
    try:
        if path.is_dir():
            return _folder_listing(path)
        content = read_file(path)
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
