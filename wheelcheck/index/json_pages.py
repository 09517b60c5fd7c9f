"""PEP 691 JSON → :class:`Listing`, with PEPs 700, 714 and 792; fetches nothing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

import msgspec

from wheelcheck.index.page_problems import PageUnreadable, State, known_state, reject_version
from wheelcheck.index.records import FileRow, Listing
from wheelcheck.index.split_pages import SplitPage

_Announcement = bool | dict[str, str] | None


class _File(msgspec.Struct, rename="kebab", gc=False):
    filename: str
    url: str
    hashes: dict[str, str] = {}
    requires_python: str | None = None
    core_metadata: _Announcement = None
    dist_info_metadata: _Announcement = None
    yanked: bool | str | None = None
    size: int | None = None
    upload_time: str | None = None


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str = "1.0"


class _Status(msgspec.Struct):
    status: str = "active"
    reason: str | None = None


class _Page(msgspec.Struct, rename="kebab"):
    files: list[_File]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    project_status: _Status | None = None


class _Unread(msgspec.Struct):
    files: list[msgspec.Raw]


_decode = msgspec.json.Decoder(_Page).decode
_decode_unread = msgspec.json.Decoder(_Unread).decode
_decode_files = msgspec.json.Decoder(list[_File]).decode


def read_json(content: bytes, base: str) -> Listing:
    """The files of the JSON page *content* that came from the URL *base*; about 2 µs a file.

    Raises ``PageUnreadable`` for what is no such page, or declares an API version that is not 1.x.
    """
    page = _decoded(content)
    return Listing([_row(file, base) for file in page.files], *_status(page))


def _decoded(content: bytes) -> _Page:
    try:
        page = _decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise PageUnreadable(f"is no project page in JSON: {problem}") from problem
    reject_version(page.meta.api_version)
    return page


def _status(page: _Page) -> tuple[State, str]:
    status = page.project_status or _Status()
    return known_state(status.status), status.reason or ""


def split_json(content: bytes, base: str) -> SplitPage[bytes]:
    """The files of the JSON page *content*, each as a name and its own JSON: all is checked as :func:`read_json` does it.

    Costs about 1 µs a file.
    """
    page = _decoded(content)
    for file in page.files:
        if not file.url.startswith(_ABSOLUTE):
            _row(file, base)
    files = zip(page.files, _decode_unread(content).files, strict=True)
    return SplitPage([(file.filename, bytes(unread)) for file, unread in files], *_status(page))


def read_files(content: bytes, base: str) -> Iterator[FileRow]:
    """The files of *content*, a list of what :func:`split_json` told apart; about 2 µs each."""
    for file in _decode_files(content):
        yield _row(file, base)


_ABSOLUTE = ("https://", "http://")


def _row(file: _File, base: str) -> FileRow:
    url = file.url.partition("#")[0]
    if not url.startswith(_ABSOLUTE):
        try:
            url = urljoin(base, url)
        except ValueError as problem:
            raise PageUnreadable(f"holds a link that is no URL: {problem}") from problem
    announced = file.core_metadata if file.core_metadata is not None else file.dist_info_metadata
    sidecar = _lowered(announced) if isinstance(announced, dict) else {}
    hashes = _lowered(file.hashes)
    return FileRow(
        file.filename,
        url,
        hashes.pop("sha256", ""),
        upload_time=file.upload_time,
        requires_python=file.requires_python or None,
        size=file.size,
        yanked=_yank(file.yanked),
        core_metadata=None if announced is None else announced is not False,
        core_metadata_sha256=sidecar.pop("sha256", ""),
        other_hashes=tuple(hashes.items()),
        other_core_metadata_hashes=tuple(sidecar.items()),
    )


def _yank(told: bool | str | None) -> str | None:
    # PEP 592 by way of PEP 691: true, or the reason; an empty reason in JSON is falsy and means not yanked.
    if isinstance(told, str):
        return told or None
    return "" if told else None


def _lowered(hashes: dict[str, str]) -> dict[str, str]:
    return {algorithm.lower(): digest.lower() for algorithm, digest in hashes.items()}
