"""The files that a lock lists for a package, with their hashes, and packages that are no file of an index."""

from __future__ import annotations

import re
from urllib.parse import unquote

from msgspec import Struct, field
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.locks.documents import LockTable
from wheelcheck.model.distribution import Availability, Distribution, LinkSkip, parse_link
from wheelcheck.model.requirement import HashPin, UnsupportedKind, UnsupportedRequirement
from wheelcheck.model.urls import masked, masked_within

_LENGTHS = {
    "md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128,
    "blake2b": 128, "blake2s": 64, "sha3_224": 56, "sha3_256": 64, "sha3_384": 96, "sha3_512": 128,
}  # fmt: skip
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}").fullmatch
_HEX = re.compile(r"[0-9a-f]+").fullmatch

_HINTS: dict[UnsupportedKind, str] = {
    "editable": "build a wheel of it and lock that file, or allow it",
    "vcs": "build a wheel of it once and lock that file or its URL, or a released version",
    "folder-dynamic": "build a wheel of it (python -m build --wheel) and lock that file",
    "archive-unreadable": "lock a wheel or a source archive named after its project and version",
}


class FileList(Struct):
    """Gathers the files of one package, the one that *table* describes."""

    table: LockTable
    name: NormalizedName
    version: Version | None
    index: str = ""
    requires_python: str | None = None
    found: list[Distribution] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(
        self,
        *,
        filename: str = "",
        url: str = "",
        hashes: tuple[tuple[str, str], ...] = (),
        size: object = None,
        upload_time: object = None,
    ) -> None:
        """Add one file, named by *filename* or by the end of its *url*.

        Raises ``InputUnreadable`` for one of another project or version. A file that is no distribution at all is skipped.
        """
        if "#" in url or "@" in url:
            # Taking a URL apart costs more than all else here, and of the thousands in a lock none needs it.
            url = masked(url.partition("#")[0])
        filename = filename or filename_of(url)
        if size is not None and (not isinstance(size, int) or size < 0):
            raise self.table.failure(f"the size of {filename} is no number of bytes: {size!r}")
        link = parse_link(
            filename,
            self.name,
            Availability(
                url=url,
                hashes=hashes,
                size=size,
                upload_time=None if upload_time is None else str(upload_time),
                requires_python=self.requires_python,
                index=self.index,
            ),
        )
        if isinstance(link, LinkSkip):
            if link is LinkSkip.OTHER_PROJECT:
                raise self.table.failure(f"lists {filename}, which is no file of {self.name}")
            self.skipped.append(filename)
            return
        if self.version is not None and link.version != self.version:
            raise self.table.failure(f"is locked at {self.version}, but lists {filename}")
        self.found.append(link)

    def digest(self, text: object, filename: str) -> tuple[tuple[str, str], ...]:
        """The hash ``algorithm:digest``, none for ``None``. Raises ``InputUnreadable`` where it cannot be one."""
        if text is None:
            return ()
        if not isinstance(text, str):
            raise self.table.failure(f"the hash of {filename} is no string")
        if len(text) == 71 and _SHA256(text):
            return (("sha256", text[7:]),)
        pin = parse_digest(text, self.table, f"the hash of {filename}")
        return ((pin.algorithm, pin.digest),)

    def elsewhere(
        self,
        where: str,
        *,
        vcs: bool = False,
        editable: bool = False,
        folder: bool = False,
        path: bool = False,
        misnamed: bool = False,
    ) -> UnsupportedRequirement | None:
        """The package as something that is no file of an index: a repository, a folder, an archive at *where*.

        *folder* says that it is one, *path* that it may be one, *misnamed* that its name tells neither project nor version.
        ``None`` where it is a file, or *where* is empty.
        """
        kind: UnsupportedKind = "folder-dynamic" if folder or path else "archive-unreadable"
        if vcs or editable:
            kind = "vcs" if vcs else "editable"
        elif not folder and not misnamed and (not where or is_distribution_of(self.name, where)):
            return None
        shown = masked_within(where)
        text = f"{self.name} @ {shown}" if shown else str(self.name)
        return UnsupportedRequirement(kind=kind, text=text, name=self.name, origin=self.table.origin, hint=_HINTS[kind])

    def is_named_in(self, where: str) -> bool:
        """Whether the archive at *where* is named after the project, and after its version where that is known."""
        link = parse_link(filename_of(where), self.name, Availability(url=""))
        return not isinstance(link, LinkSkip) and self.version in (None, link.version)

    @property
    def files(self) -> tuple[Distribution, ...]:
        """The files found, in order."""
        return tuple(self.found)


def parse_digest(text: str, table: LockTable, what: str) -> HashPin:
    """Read ``algorithm:digest``; the digest must have its algorithm's length. Raises ``InputUnreadable``."""
    algorithm, colon, digest = text.partition(":")
    digest = digest.lower()
    if not colon:
        raise table.failure(f"{what} does not say its algorithm: {text[:80]!r}")
    check_digest(algorithm, digest, table, what)
    return HashPin(algorithm=algorithm, digest=digest)


def check_digest(algorithm: str, digest: str, table: LockTable, what: str) -> None:
    """Raise ``InputUnreadable`` unless *digest* is hex of the length of *algorithm*."""
    wanted = _LENGTHS.get(algorithm)
    if wanted is None:
        raise table.failure(f"{what} is of an unknown algorithm: {algorithm[:40]!r}")
    if len(digest) != wanted or not _HEX(digest):
        raise table.failure(f"{what} is no {algorithm} in hex ({wanted} digits): {digest[:80]!r}")


def filename_of(url: str) -> str:
    """The name of the file at *url* or path, its escapes undone."""
    last = url.partition("#")[0].partition("?")[0].replace("\\", "/").rpartition("/")[2]
    return unquote(last) if "%" in last else last


def is_distribution_of(name: NormalizedName, url: str) -> bool:
    """Whether the file at *url* or path is named like a wheel or a source archive of *name*; ``main.zip`` is not."""
    return not isinstance(parse_link(filename_of(url), name, Availability(url="")), LinkSkip)
