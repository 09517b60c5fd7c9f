"""Short ways into the archives room for its tests."""

from __future__ import annotations

import io

from tests.fakes.archives import Content, SdistSuffix, make_sdist
from wheelcheck.archives.reader import ArchiveReader
from wheelcheck.archives.source_tree import Limits
from wheelcheck.knowledge.loading import load_native
from wheelcheck.model.distribution import CoreMetadata, Judgement

READER = ArchiveReader(knowledge=load_native)


def judge(files: dict[str, Content], *, pkg_info: Content = "", suffix: SdistSuffix = ".tar.gz") -> Judgement:
    """The judgement on an sdist ``demo-1.0`` of *files*, without PKG-INFO unless given."""
    filename, content = make_sdist("demo", "1.0", files=files, pkg_info=pkg_info, suffix=suffix)
    return READER.judge_sdist(io.BytesIO(content), filename)


def metadata_of(files: dict[str, Content], *, pkg_info: Content = "") -> CoreMetadata:
    """The metadata in an sdist of *files*, which must have some."""
    metadata = judge(files, pkg_info=pkg_info).metadata
    assert metadata is not None
    return metadata


def limited(**limits: int) -> ArchiveReader:
    """A reader with other limits than the usual ones."""
    return ArchiveReader(knowledge=load_native, limits=Limits(**limits))
