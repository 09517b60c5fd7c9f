"""Makes a catalog of a slim recording: whole pages, and wheels whose metadata is as long as metadata is; copies no text."""

from __future__ import annotations

import functools
from collections.abc import Callable

from tests.fakes.archives import make_wheel, metadata_text, sha256_hex
from tests.recordings.model import Recording
from tests.server.catalog import IndexFile, IndexProject
from tests.server.replayed import sdist_of
from wheelcheck.model.distribution import CoreMetadata, Distribution, Sdist

DESCRIPTION = "\n".join(["A line of a description, which nobody who resolves has a use for."] * 70)
"""4.6 kB: the median METADATA of a hundred installed packages had 4.5 kB, the mean 8.6."""


def catalog_of(recording: Recording) -> tuple[IndexProject, ...]:
    """Every recorded project with all its files; those whose metadata was not recorded have a link alone.

    Hashes are those of what is served, since clients check what they download.
    """
    return tuple(
        IndexProject(
            name=page.name,
            status=page.state,
            files=tuple(_file(file, recording) for files in page.distributions.values() for file in files),
        )
        for page in recording.pages.values()
        if page.state != "absent"
    )


def _file(file: Distribution, recording: Recording) -> IndexFile:
    content: Callable[[], bytes] | None = None
    sidecar: Callable[[], bytes] | None = None
    made: bytes | None = None
    if isinstance(file, Sdist):
        judgement = recording.sources.get(file.filename)
        made = None if judgement is None else sdist_of(file, judgement)
    elif (fields := recording.metadata.get(file.filename)) is not None:
        text = metadata_bytes(fields)
        made = wheel_of(file.filename, text)
        sidecar = functools.partial(bytes, text)
    if made is not None:
        content = functools.partial(bytes, made)
    return IndexFile(
        filename=file.filename,
        sha256=sha256_hex(file.filename.encode() if made is None else made),
        content=content,
        sidecar=sidecar,
        upload_time=file.at.upload_time,
        requires_python=file.at.requires_python,
        yanked=file.at.yanked,
    )


def metadata_bytes(fields: CoreMetadata) -> bytes:
    """A METADATA text with *fields* and a description."""
    text = metadata_text(
        fields.name,
        str(fields.version or "0"),
        requires=(*fields.requires, *fields.malformed),
        extras=sorted(fields.provides_extra),
        requires_python=fields.requires_python,
        description=DESCRIPTION,
    )
    return text.encode()


def wheel_of(filename: str, metadata: bytes) -> bytes:
    """A wheel of that name with nothing but its metadata."""
    stem = filename.removesuffix(".whl").split("-")
    _, content = make_wheel(
        stem[0], stem[1], tags="-".join(stem[-3:]), build=stem[2] if len(stem) == 6 else "", metadata=metadata
    )
    return content
