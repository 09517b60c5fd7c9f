"""What one link and one page say, as compact records that are cached as they are; understands no file name.

``msgspec`` packs a record of 2,000 links in about a millisecond; a record of another format version does not decode,
which is a cache miss.
"""

from __future__ import annotations

import msgspec

from wheelcheck.index.file_entries import Listing, PackedPage

FORMAT = 5
"""Part of every cache key; raise it when a record changes."""


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
    """What one URL said; ``body`` is a packed page or listing, nil where there is nothing at the URL."""

    validity: Validity
    body: msgspec.Raw = msgspec.Raw(b"\xc0")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at the URL."""
        return bytes(self.body) == b"\xc0"


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
decode_page = msgspec.msgpack.Decoder(PackedPage).decode
decode_listing = msgspec.msgpack.Decoder(Listing).decode
decode_metadata = msgspec.msgpack.Decoder(MetadataRecord).decode
decode_judgement = msgspec.msgpack.Decoder(JudgementRecord).decode
decode_survey = msgspec.msgpack.Decoder(SurveyRecord).decode
decode_modules = msgspec.msgpack.Decoder(tuple[ModuleRecord, ...]).decode
decode_names = msgspec.msgpack.Decoder(tuple[str, ...]).decode
