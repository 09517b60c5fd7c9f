"""The files of a page: one entry per link, worded as in PEP 691, and how an entry is understood. Reads no page.

A link has two forms. Packed, it is an entry in MessagePack, or an anchor of HTML that was split and not read, because most are
never looked at. Understood, it is a ``Wheel`` or an ``Sdist``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urljoin, urlsplit

import msgspec

from wheelcheck.model.distribution import Availability
from wheelcheck.model.urls import is_digest, is_local

State = Literal["active", "archived", "deprecated", "quarantined"]

_STATES: dict[str, State] = {
    "active": "active",
    "archived": "archived",
    "deprecated": "deprecated",
    "quarantined": "quarantined",
}
_PORT = r"(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))?"
_PLAIN = re.compile(rf"https?://[A-Za-z0-9._-]+{_PORT}/[!-~]*\Z")
_ABSOLUTE = re.compile(rf"https?://[A-Za-z0-9._-]+{_PORT}/[!\"$-~]*\Z")
"""The same without a fragment."""
_RELATIVE = re.compile(r"((?:\.\./)*)([A-Za-z0-9_][A-Za-z0-9_.+~!%-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.+~!%-]*)*)\Z")
_FOLDERS = re.compile(
    rf"https?://[A-Za-z0-9._-]+{_PORT}/"
    r"(?:[A-Za-z0-9_][A-Za-z0-9_.+~!%-]*/)*[A-Za-z0-9_.+~!%-]*\Z"
)
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_LARGEST = 1 << 50
"""Bytes: a thousand times what any disk of a package index holds in one file."""


class PageUnreadable(Exception):
    """Raised for a page that is no project page; the text says why. Never leaves the room: the fetcher adds the URL."""


class FileEntry(msgspec.Struct, rename="kebab", omit_defaults=True, frozen=True, gc=False):
    """One link in the words of PEPs 691, 700 and 714; ``url`` may be relative to the page. HTML is worded likewise."""

    filename: str
    url: str
    hashes: dict[str, str] = {}
    requires_python: str | None = None
    core_metadata: bool | dict[str, str] | None = None
    dist_info_metadata: bool | dict[str, str] | None = None
    yanked: bool | str | None = None
    size: int | None = None
    upload_time: str | None = None


class Listing(msgspec.Struct, array_like=True, frozen=True):
    """The files of a page in order, of whichever projects; ``base`` is what their URLs are relative to."""

    files: list[FileEntry]
    state: State = "active"
    state_reason: str = ""
    base: str = ""


class PackedVersion(msgspec.Struct, array_like=True, frozen=True):
    """The files of one version, packed until that version is looked at: a list of entries, or anchors of HTML."""

    version: str
    files: memoryview


class PackedPage(msgspec.Struct, array_like=True, frozen=True):
    """A project page in order of first appearance; ``skipped`` counts files that are no distribution, by ``LinkSkip`` name.

    ``base`` is the URL that the packed links are relative to.
    """

    versions: list[PackedVersion]
    skipped: dict[str, int] = {}
    state: State = "active"
    state_reason: str = ""
    base: str = ""


encode_files = msgspec.msgpack.Encoder().encode
decode_files = msgspec.msgpack.Decoder(list[FileEntry]).decode


def reject_version(version: str | None) -> None:
    """Raise ``PageUnreadable`` for a repository version above 1.x (PEP 629); a missing one is 1.0."""
    if version and version.partition(".")[0].strip() not in ("0", "1"):
        raise PageUnreadable(f"has repository version {version}, only 1.x is understood")


def known_state(word: str) -> State:
    """The status of PEP 792; an unknown word counts as active."""
    return _STATES.get(word.strip().lower(), "active")


def stated(said: State, files: Sequence[object]) -> State:
    """The status of a page with *files*: one that lists nothing counts as quarantined."""
    return "quarantined" if not files and said == "active" else said


def joined(base: str, address: str) -> str:
    """*address* as *base* has it, without its fragment; empty where that is no URL that can be asked.

    A page from elsewhere must not name a file of this machine. Blanks are escaped, as browsers and pip do.
    """
    if _ABSOLUTE.match(address):
        return address
    address = address.partition("#")[0].strip(" ").replace(" ", "%20")
    if _PLAIN.match(address):
        return address
    if plain := _RELATIVE.match(address):
        folders = _folders(base)
        up = len(plain[1]) // 3
        if up < len(folders):
            return f"{folders[up]}{plain[2]}"
    try:
        address = urljoin(base, address)
        parts = urlsplit(address)
        # Reading the port is what checks it.
        is_remote = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    is_usable = is_remote or (parts.scheme == "file" and is_local(base))
    return address if is_usable and not _CONTROL.search(address) else ""


@functools.lru_cache(maxsize=64)
def _folders(base: str) -> tuple[str, ...]:
    """The folder of the page at *base*, that above it and so on up to the host; none where only a parser of URLs knows them.

    A page has up to 200,000 links that are relative to it.
    """
    if not _FOLDERS.match(base):
        return ()
    host, _, path = base.partition("://")[2].partition("/")
    start, parts = f"{base.partition('://')[0]}://{host}/", path.split("/")[:-1]
    return tuple(start + "".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts), -1, -1))


def availability(entry: FileEntry, base: str, index: str) -> Availability | None:
    """*entry* of a page at *base* in the model's words; *index* is the URL of the index, without credentials.

    ``None`` for an entry whose address cannot be asked. A size that no file has, and a digest that its algorithm does not give, are
    as if they were not announced.
    """
    url = joined(base, entry.url)
    if not url:
        return None
    announced = entry.core_metadata if entry.core_metadata is not None else entry.dist_info_metadata
    return Availability(
        url=url,
        hashes=_ordered(entry.hashes),
        size=entry.size if entry.size is not None and 0 <= entry.size <= _LARGEST else None,
        upload_time=entry.upload_time,
        requires_python=entry.requires_python or None,
        yanked=_yank(entry.yanked),
        core_metadata=None if announced is None else announced is not False,
        core_metadata_hashes=_ordered(announced) if isinstance(announced, dict) else (),
        index=index,
    )


def _yank(told: bool | str | None) -> str | None:
    # PEP 592 by way of PEP 691: true, or the reason; an empty reason in JSON is falsy and means not yanked.
    if isinstance(told, str):
        return told or None
    return "" if told else None


def _ordered(hashes: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """*hashes* in lower case, SHA-256 first; without those that are no digest of their algorithm."""
    if len(hashes) == 1:
        ((algorithm, digest),) = hashes.items()
        alone = (algorithm.lower(), digest.lower())
        return (alone,) if is_digest(*alone) else ()
    told = ((algorithm.lower(), digest.lower()) for algorithm, digest in hashes.items())
    found = {algorithm: digest for algorithm, digest in told if is_digest(algorithm, digest)}
    sha256 = found.pop("sha256", "")
    return (("sha256", sha256), *found.items()) if sha256 else tuple(found.items())
