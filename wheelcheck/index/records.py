"""What one link and one page say, as compact records that are cached as they are; understands no file name.

``msgspec`` packs a record of 2,000 links in about a millisecond; a record of another format version does not decode,
which is a cache miss.
"""

from __future__ import annotations

from typing import Literal

import msgspec

FORMAT = 4
"""Part of every cache key; raise it when a record changes."""


class FileRow(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One link. ``url`` is absolute, without fragment; the rest is as in ``model.Availability``."""

    filename: str
    url: str
    sha256: str = ""
    upload_time: str | None = None
    requires_python: str | None = None
    size: int | None = None
    yanked: str | None = None
    core_metadata: bool | None = None
    core_metadata_sha256: str = ""
    other_hashes: tuple[tuple[str, str], ...] = ()
    other_core_metadata_hashes: tuple[tuple[str, str], ...] = ()


class Listing(msgspec.Struct, array_like=True, frozen=True):
    """The links of a page in order, before anyone asked which project they belong to."""

    rows: list[FileRow]
    state: Literal["active", "archived", "deprecated", "quarantined"] = "active"
    state_reason: str = ""


class VersionRows(msgspec.Struct, array_like=True, frozen=True):
    """The files of one version; ``rows`` stays packed until that version is looked at.

    Packed are rows, or bytes that are not even read before: anchors of an HTML page, or a list of files in JSON.
    """

    version: str
    rows: msgspec.Raw


class Digest(msgspec.Struct, array_like=True, frozen=True):
    """A project page in order of first appearance; ``skipped`` counts files that are no distribution, by ``LinkSkip`` name.

    ``base`` is the URL that unread links are relative to.
    """

    versions: list[VersionRows]
    skipped: dict[str, int] = {}
    state: Literal["active", "archived", "deprecated", "quarantined"] = "active"
    state_reason: str = ""
    base: str = ""


class Validity(msgspec.Struct, array_like=True, frozen=True):
    """When an answer came (seconds since the epoch), how long it is fresh (seconds), and how to ask whether it still holds."""

    fetched: float
    lifetime: float
    etag: str = ""
    last_modified: str = ""

    def is_fresh(self, now: float) -> bool:
        """Whether nobody need be asked; an answer from the future is not trusted."""
        return 0 <= now - self.fetched < self.lifetime


class CachedAnswer(msgspec.Struct, array_like=True, frozen=True):
    """What one URL said; ``body`` is a packed :class:`Digest` or :class:`Listing`, empty where there is nothing."""

    validity: Validity
    body: bytes = b""


class MetadataRecord(msgspec.Struct, array_like=True, frozen=True):
    """``model.CoreMetadata`` in plain types; ``source`` is the value of its enum."""

    name: str
    version: str | None
    requires: tuple[str, ...]
    provides_extra: tuple[str, ...]
    requires_python: str | None
    source: str
    malformed: tuple[str, ...]
    evidence: str


class JudgementRecord(msgspec.Struct, array_like=True, frozen=True):
    """``model.Judgement`` in plain types."""

    purity: str
    evidence: tuple[str, ...]
    metadata: MetadataRecord | None


class UseRecord(msgspec.Struct, array_like=True, frozen=True):
    """``model.ImportUse`` in plain types; ``kind`` is the name of its enum."""

    file: str
    line: int
    statement: str
    importer: str
    module: str
    names: tuple[str, ...]
    attributes: tuple[str, ...]
    kind: str


class SurveyRecord(msgspec.Struct, array_like=True, frozen=True):
    """``model.ImportSurvey`` in plain types; names in ``inner`` are sorted."""

    filename: str
    uses: tuple[UseRecord, ...]
    inner: dict[str, tuple[str, ...]]
    unread: str


class ModuleRecord(msgspec.Struct, array_like=True, frozen=True):
    """``model.ModuleNames`` in plain types; ``state`` is the name of its enum."""

    module: str
    state: str
    names: tuple[str, ...]
    open_ended: bool


encode = msgspec.msgpack.Encoder().encode
decode_answer = msgspec.msgpack.Decoder(CachedAnswer).decode
decode_digest = msgspec.msgpack.Decoder(Digest).decode
decode_listing = msgspec.msgpack.Decoder(Listing).decode
decode_rows = msgspec.msgpack.Decoder(list[FileRow] | bytes).decode
decode_metadata = msgspec.msgpack.Decoder(MetadataRecord).decode
decode_judgement = msgspec.msgpack.Decoder(JudgementRecord).decode
decode_survey = msgspec.msgpack.Decoder(SurveyRecord).decode
decode_modules = msgspec.msgpack.Decoder(tuple[ModuleRecord, ...]).decode
decode_names = msgspec.msgpack.Decoder(tuple[str, ...]).decode


def open_digest(content: bytes) -> Digest:
    """The digest in *content*, of which the rows stay packed; raises ``msgspec.DecodeError`` where they are packed in another way.

    Rows of one record are packed alike, so that the first and the last speak for all.
    """
    digest: Digest = decode_digest(content)
    for group in (*digest.versions[:1], *digest.versions[-1:]):
        decode_rows(group.rows)
    return digest
