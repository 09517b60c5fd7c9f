"""Metadata and judgements between the model's values and the cache's records; decides nothing."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.index.records import JudgementRecord, MetadataRecord
from wheelcheck.model.distribution import CoreMetadata, MetadataSource
from wheelcheck.model.judgement import Judgement, Purity


def record_of(metadata: CoreMetadata) -> MetadataRecord:
    """*metadata* as a record."""
    return MetadataRecord(
        metadata.name,
        None if metadata.version is None else str(metadata.version),
        metadata.requires,
        tuple(sorted(metadata.provides_extra)),
        metadata.requires_python,
        metadata.source.value,
        metadata.malformed,
        metadata.evidence,
    )


def metadata_of(record: MetadataRecord) -> CoreMetadata:
    """The value that *record* was made of; raises ``ValueError`` for one that was not."""
    return CoreMetadata(
        name=canonicalize_name(record.name),
        version=None if record.version is None else Version(record.version),
        requires=record.requires,
        provides_extra=frozenset(canonicalize_name(extra) for extra in record.provides_extra),
        requires_python=record.requires_python,
        source=MetadataSource(record.source),
        malformed=record.malformed,
        evidence=record.evidence,
    )


def record_of_judgement(judgement: Judgement) -> JudgementRecord:
    """*judgement* as a record."""
    metadata = None if judgement.metadata is None else record_of(judgement.metadata)
    return JudgementRecord(judgement.purity.value, judgement.evidence, metadata)


def judgement_of(record: JudgementRecord) -> Judgement:
    """The value that *record* was made of; raises ``ValueError`` for one that was not."""
    return Judgement(
        purity=Purity(record.purity),
        evidence=record.evidence,
        metadata=None if record.metadata is None else metadata_of(record.metadata),
    )
