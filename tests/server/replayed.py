"""Turns a recording into a catalog that the test index serves, with archives made from the recorded fields; copies no code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal

from tests.fakes.archives import make_sdist, make_wheel, metadata_text, sha256_hex
from tests.recordings.model import Recording
from tests.server.catalog import IndexFile, IndexProject
from wheelcheck.model.distribution import CoreMetadata, Distribution, Judgement, MetadataSource, Purity, Sdist

Announced = Literal["recorded", "served"]
"""Which hashes of wheels the pages show: the real files' (plans are then the real ones, but a whole download does not match) or
those of the small wheels that are served."""


def recorded_catalog(recording: Recording, *, wheel_hashes: Announced = "recorded") -> tuple[IndexProject, ...]:
    """Every recorded project; absent ones are left out, so the server answers 404 (or what its mode says).

    A wheel whose metadata was not recorded has a link, but neither file nor sidecar. An sdist that was judged is a small
    archive with the recorded fields and contents of the recorded purity, announced with its own hash.
    """
    return tuple(
        IndexProject(
            name=page.name,
            status=page.state,
            files=tuple(
                _file(file, recording, wheel_hashes) for files in page.distributions.values() for file in files
            ),
        )
        for page in recording.pages.values()
        if page.state != "absent"
    )


def _file(file: Distribution, recording: Recording, wheel_hashes: Announced) -> IndexFile:
    sha256, content, sidecar = file.at.sha256, None, None
    if isinstance(file, Sdist):
        judgement = recording.sources.get(file.filename)
        if judgement is not None:
            made = sdist_of(file, judgement)
            sha256, content = sha256_hex(made), _constant(made)
    elif (fields := recording.metadata.get(file.filename)) is not None:
        text = _fields_text(fields, "2.4").encode()
        sidecar = _constant(text)
        content = functools.cache(functools.partial(_wheel_of, file, text))
        if wheel_hashes == "served":
            sha256 = sha256_hex(content())
    return IndexFile(
        filename=file.filename,
        sha256=sha256 or sha256_hex(file.filename.encode()),
        content=content,
        sidecar=sidecar,
        upload_time=file.at.upload_time,
        requires_python=file.at.requires_python,
        yanked=file.at.yanked,
    )


def _constant(content: bytes) -> Callable[[], bytes]:
    return lambda: content


def _wheel_of(file: Distribution, metadata: bytes) -> bytes:
    stem = file.filename.removesuffix(".whl").split("-")
    _, content = make_wheel(
        stem[0], stem[1], tags="-".join(stem[-3:]), build=stem[2] if len(stem) == 6 else "", metadata=metadata
    )
    return content


def sdist_of(file: Sdist, judgement: Judgement) -> bytes:
    """A small archive named like *file* that says and is what *judgement* found.

    Static fields go into a PKG-INFO of 2.4, recorded ones into one of 2.1, unknown ones are computed by a ``setup.py``.
    """
    fields = judgement.metadata
    stem = file.name.replace("-", "_")
    is_known = fields is not None and fields.source is not MetadataSource.UNKNOWN
    members = {f"{stem}/__init__.py": "", **_build_files(file.name, stem, judgement.purity, is_known)}
    pkg_info = metadata_text(file.name, str(file.version), metadata_version="1.2")
    if fields is not None and is_known:
        pkg_info = _fields_text(fields, "2.4" if fields.source is MetadataSource.SDIST_STATIC else "2.1")
    _, content = make_sdist(
        file.name,
        str(file.version),
        files=members,
        pkg_info=pkg_info,
        suffix=".zip" if file.filename.endswith(".zip") else ".tar.gz",
    )
    return content


def _build_files(name: str, stem: str, purity: Purity, is_known: bool) -> dict[str, str]:
    requires = "" if is_known else ", install_requires=decided()"
    script = ["from setuptools import Extension, setup", *([] if is_known else ["from elsewhere import decided"]), ""]
    extensions = f', ext_modules=[Extension("{stem}.native", ["{stem}/native.c"])]' if purity is Purity.NATIVE else ""
    script.append(f'setup(name="{name}", packages=["{stem}"]{requires}{extensions})')
    files = {"setup.py": "\n".join([*script, ""])}
    if purity is Purity.NATIVE:
        files[f"{stem}/native.c"] = "int made_for_tests;\n"
    if purity is Purity.UNKNOWN:
        # Nobody can know what a backend does that nobody has heard of.
        files = {"pyproject.toml": '[build-system]\nrequires = ["unheard-of"]\nbuild-backend = "unheard_of.build"\n'}
    return files


def _fields_text(fields: CoreMetadata, metadata_version: str) -> str:
    return metadata_text(
        fields.name,
        str(fields.version or "0"),
        requires=(*fields.requires, *fields.malformed),
        extras=sorted(fields.provides_extra),
        requires_python=fields.requires_python,
        metadata_version=metadata_version,
    )
