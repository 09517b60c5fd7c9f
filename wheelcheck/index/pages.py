"""Chooses the reader of a page by what it is, and makes of its links the page that the resolver sees, lazily."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.index.json_pages import read_json
from wheelcheck.index.page_problems import PageUnreadable
from wheelcheck.index.records import Digest, FileRow, Listing, VersionRows, decode_rows, encode
from wheelcheck.model import Availability, Distribution, LinkSkip, ProjectPage, parse_link
from wheelcheck.values import dataclass

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
"""JSON first (PEP 691); naming it also makes some HTML mirrors show upload times."""


def read_listing(content: bytes, content_type: str, base: str) -> Listing:
    """The links in *content*, JSON or HTML by what it looks like; *content_type* decides only where the look does not.

    Raises ``PageUnreadable`` where it is neither.
    """
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")) or (
        not start.startswith(b"<") and content_type.partition(";")[0].endswith("json")
    ):
        return read_json(content, base)
    if b"\0" in content[:1024]:
        raise PageUnreadable("is neither JSON nor HTML")
    # Not above: a run whose pages are cached, or all JSON, needs no HTML parser.
    from wheelcheck.index.html_pages import read_html

    return read_html(content.decode(_charset(content_type), "replace"), base)


def _charset(content_type: str) -> str:
    charset = content_type.lower().partition("charset=")[2].strip(" \"'").partition(";")[0]
    return "latin-1" if charset in ("iso-8859-1", "latin-1", "latin1") else "utf-8"


_NOWHERE = Availability(url="")


def digest(listing: Listing, name: NormalizedName) -> Digest:
    """Sort the links by the version that they belong to as files of *name*; about 2 µs a link."""
    skipped: Counter[str] = Counter()
    groups: dict[Version, list[FileRow]] = {}
    # A release has many wheels, and its name and version are the same text in all of them: each is parsed once.
    by_head: dict[str, list[FileRow]] = {}
    for row in listing.rows:
        head = _wheel_head(row.filename)
        rows = by_head.get(head)
        if rows is None:
            parsed = parse_link(row.filename, name, _NOWHERE)
            if isinstance(parsed, LinkSkip):
                skipped[parsed.name] += 1
                continue
            rows = groups.setdefault(parsed.version, [])
            if head:
                by_head[head] = rows
        rows.append(row)
    return Digest(
        [VersionRows(str(version), _packed(rows)) for version, rows in groups.items()],
        dict(sorted(skipped.items())),
        "quarantined" if not listing.rows and listing.state == "active" else listing.state,
        listing.state_reason,
    )


def _wheel_head(filename: str) -> str:
    """``name-version`` of a wheel name with five parts, the only ones in which nothing else decides; else nothing."""
    if filename.endswith(".whl") and filename.count("-") == 4:
        return filename.rsplit("-", 3)[0]
    return ""


def _packed(rows: list[FileRow]) -> msgspec.Raw:
    return msgspec.Raw(encode(rows))


@dataclass(frozen=True, slots=True)
class Layer:
    """A digest and the index or folder that said it, as it may be shown."""

    digest: Digest
    index: str


class LazyVersions(Mapping[Version, tuple[Distribution, ...]]):
    """The files of each version, understood when that version is first looked at; earlier layers come first."""

    __slots__ = ("_built", "_layers", "_name", "_packed")

    def __init__(self, name: NormalizedName, layers: Sequence[Layer]) -> None:
        self._name = name
        self._packed: dict[Version, list[tuple[msgspec.Raw, str]]] = {}
        self._built: dict[Version, tuple[Distribution, ...]] = {}
        for layer in layers:
            for group in layer.digest.versions:
                self._packed.setdefault(Version(group.version), []).append((group.rows, layer.index))

    def __getitem__(self, version: Version) -> tuple[Distribution, ...]:
        built = self._built.get(version)
        if built is None:
            built = self._built[version] = tuple(self._files(version))
        return built

    def __contains__(self, version: object) -> bool:
        return version in self._packed

    def __iter__(self) -> Iterator[Version]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __repr__(self) -> str:
        return f"<{len(self)} versions of {self._name}>"

    def _files(self, version: Version) -> Iterator[Distribution]:
        for rows, index in self._packed[version]:
            for row in decode_rows(rows):
                parsed = parse_link(row.filename, self._name, availability(row, index))
                if not isinstance(parsed, LinkSkip):
                    yield parsed


def availability(row: FileRow, index: str) -> Availability:
    """*row* in the model's words."""
    return Availability(
        url=row.url,
        hashes=_with_sha256(row.sha256, row.other_hashes),
        size=row.size,
        upload_time=row.upload_time,
        requires_python=row.requires_python,
        yanked=row.yanked,
        core_metadata=row.core_metadata,
        core_metadata_hashes=_with_sha256(row.core_metadata_sha256, row.other_core_metadata_hashes),
        index=index,
    )


def _with_sha256(sha256: str, others: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return (("sha256", sha256), *others) if sha256 else others


def project_page(name: NormalizedName, layers: Sequence[Layer]) -> ProjectPage:
    """The page that *layers* make together; absent where there are none.

    The status is that of the last layer, which is the index; links from elsewhere come before it.
    """
    if not layers:
        return ProjectPage(name, {}, state="absent")
    skipped: Counter[str] = Counter()
    for layer in layers:
        skipped.update(layer.digest.skipped)
    last = layers[-1]
    versions = LazyVersions(name, layers)
    return ProjectPage(
        name,
        versions,
        skipped=tuple(
            (LinkSkip[word], count) for word, count in sorted(skipped.items()) if word in LinkSkip.__members__
        ),
        state=last.digest.state,
        state_reason=last.digest.state_reason,
        index=last.index,
    )
