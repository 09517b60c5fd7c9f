"""PEP 691 JSON → :class:`Listing`, with PEPs 700, 714 and 792; fetches nothing."""

from __future__ import annotations

import msgspec

from wheelcheck.index.file_entries import (
    FileEntry,
    Listing,
    PageUnreadable,
    joined,
    known_state,
    reject_version,
)


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str = "1.0"


class _Status(msgspec.Struct):
    status: str = "active"
    reason: str | None = None


class _Page(msgspec.Struct, rename="kebab"):
    files: list[FileEntry]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    project_status: _Status | None = None


_decode = msgspec.json.Decoder(_Page).decode


def read_json(content: bytes, base: str) -> Listing:
    """The files of the JSON page *content* that came from the URL *base*; about 1 µs a file.

    Raises ``PageUnreadable`` for what is no such page, holds a link that is no URL, or declares an API version that is not 1.x.
    """
    try:
        page = _decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise PageUnreadable(f"is no project page in JSON: {problem}") from problem
    reject_version(page.meta.api_version)
    for file in page.files:
        if not file.url.startswith("https://"):
            joined(base, file.url)
    status = page.project_status or _Status()
    return Listing(page.files, known_state(status.status), status.reason or "", base)
