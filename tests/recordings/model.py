"""A recording as a value and as compressed JSON, the same bytes for the same value; holds no prose and no real host.

Schema ``wheelcheck.recording/1``: ``projects`` maps a name to its ``state`` and its ``files``, each ``[file name, sha256,
upload time, requires-python, yanked, size]``; ``metadata`` maps a wheel's file name to its dependency fields; ``sources`` an
sdist's to its judgement. ``about`` tells what was asked, for people.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Required, TypedDict, get_args

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.model.distribution import (
    Availability,
    CoreMetadata,
    Distribution,
    Judgement,
    LinkSkip,
    MetadataSource,
    ProjectPage,
    ProjectState,
    Purity,
    parse_link,
)

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
SCHEMA = "wheelcheck.recording/1"
INDEX = "https://index.example/simple/"
FILES = "https://index.example/files"

FileRow = tuple[str, str, str | None, str | None, str | None, int | None]


class ProjectJson(TypedDict):
    """One page."""

    state: ProjectState
    files: list[FileRow]


class MetadataJson(TypedDict, total=False):
    """Dependency fields; what is empty is left out."""

    name: Required[str]
    version: str
    requires: list[str]
    extras: list[str]
    requires_python: str
    source: Required[str]
    malformed: list[str]
    evidence: str


class JudgementJson(TypedDict):
    """One sdist."""

    purity: str
    evidence: list[str]
    metadata: MetadataJson | None


class RecordingJson(TypedDict):
    """The whole file."""

    schema: str
    about: dict[str, str | list[str]]
    projects: dict[str, ProjectJson]
    metadata: dict[str, MetadataJson]
    sources: dict[str, JudgementJson]


class Recording(Struct, frozen=True, kw_only=True):
    """Pages by project, metadata by wheel file name, judgements by sdist file name."""

    pages: Mapping[NormalizedName, ProjectPage]
    metadata: Mapping[str, CoreMetadata]
    sources: Mapping[str, Judgement]
    about: Mapping[str, str | list[str]] = field(default_factory=dict)

    def iter_files(self) -> Iterator[Distribution]:
        """Every file of every page."""
        for page in self.pages.values():
            for files in page.distributions.values():
                yield from files


def load_recording(scenario: str, *, fixtures: Path = FIXTURES) -> Recording:
    """Read ``fixtures/scenarios/<scenario>/index.json.gz``; some tens of milliseconds for a hundred projects."""
    return parse_recording((fixtures / "scenarios" / scenario / "index.json.gz").read_bytes())


def parse_recording(content: bytes) -> Recording:
    """Read what :func:`render_recording` wrote; raise ``ValueError`` for another schema."""
    data: RecordingJson = json.loads(gzip.decompress(content))
    if data["schema"] != SCHEMA:
        raise ValueError(f"a recording of schema {data['schema']}, not {SCHEMA}: record it again")
    pages = (_page(canonicalize_name(name), page) for name, page in data["projects"].items())
    return Recording(
        pages={page.name: page for page in pages},
        metadata={filename: _metadata(found) for filename, found in data["metadata"].items()},
        sources={filename: _judgement(found) for filename, found in data["sources"].items()},
        about=data["about"],
    )


def render_recording(recording: Recording) -> bytes:
    """Write it as sorted JSON, gzipped without a date."""
    data: RecordingJson = {
        "schema": SCHEMA,
        "about": dict(recording.about),
        "projects": {name: _page_json(page) for name, page in recording.pages.items()},
        "metadata": {filename: _metadata_json(found) for filename, found in recording.metadata.items()},
        "sources": {filename: _judgement_json(found) for filename, found in recording.sources.items()},
    }
    # One project a line, so that two recordings can be compared with zdiff.
    text = json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":")).replace('],["', '],\n["')
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def without_prose(page: ProjectPage) -> ProjectPage:
    """The page with neutral URLs, and without the words that its maintainers wrote (reasons of yanks and states)."""
    return replace(
        page,
        distributions={
            version: tuple(replace(file, at=_neutral(file)) for file in files)
            for version, files in page.distributions.items()
        },
        skipped=(),
        state_reason="",
        index=INDEX if page.state != "absent" else "",
    )


def _neutral(file: Distribution) -> Availability:
    at = file.at
    return Availability(
        url=_file_url(at.sha256, file.filename),
        hashes=tuple(pair for pair in at.hashes if pair[0] == "sha256"),
        size=at.size,
        upload_time=at.upload_time,
        requires_python=at.requires_python,
        yanked=None if at.yanked is None else "",
        index=INDEX,
    )


def _file_url(sha256: str, filename: str) -> str:
    prefix = (sha256 or hashlib.sha256(filename.encode()).hexdigest())[:16]
    return f"{FILES}/{prefix}/{filename}"


def _page(name: NormalizedName, page: ProjectJson) -> ProjectPage:
    if page["state"] not in get_args(ProjectState):
        raise ValueError(f"{name}: no such state as {page['state']}")
    distributions: dict[Version, list[Distribution]] = {}
    for filename, sha256, upload_time, requires_python, yanked, size in page["files"]:
        at = Availability(
            url=_file_url(sha256, filename),
            hashes=(("sha256", sha256),) if sha256 else (),
            size=size,
            upload_time=upload_time,
            requires_python=requires_python,
            yanked=yanked,
            index=INDEX,
        )
        found = parse_link(filename, name, at)
        if isinstance(found, LinkSkip):
            raise ValueError(f"{filename}: {found.value}")  # noqa: TRY004 - the file's content is at fault
        distributions.setdefault(found.version, []).append(found)
    return ProjectPage(
        name=name,
        distributions={version: tuple(files) for version, files in distributions.items()},
        state=page["state"],
        index="" if page["state"] == "absent" else INDEX,
    )


def _page_json(page: ProjectPage) -> ProjectJson:
    rows: list[FileRow] = [
        (f.filename, f.at.sha256, f.at.upload_time, f.at.requires_python, f.at.yanked, f.at.size)
        for files in page.distributions.values()
        for f in files
    ]
    return {"state": page.state, "files": rows}


def _metadata(found: MetadataJson) -> CoreMetadata:
    version = found.get("version")
    return CoreMetadata(
        name=canonicalize_name(found["name"]),
        version=None if version is None else Version(version),
        requires=tuple(found.get("requires", ())),
        provides_extra=frozenset(canonicalize_name(extra) for extra in found.get("extras", ())),
        requires_python=found.get("requires_python"),
        source=MetadataSource(found["source"]),
        malformed=tuple(found.get("malformed", ())),
        evidence=found.get("evidence", ""),
    )


def _metadata_json(found: CoreMetadata) -> MetadataJson:
    entry: MetadataJson = {"name": found.name, "source": found.source.value}
    if found.version is not None:
        entry["version"] = str(found.version)
    if found.requires:
        entry["requires"] = list(found.requires)
    if found.provides_extra:
        entry["extras"] = sorted(found.provides_extra)
    if found.requires_python is not None:
        entry["requires_python"] = found.requires_python
    if found.malformed:
        entry["malformed"] = list(found.malformed)
    if found.evidence:
        entry["evidence"] = found.evidence
    return entry


def _judgement(found: JudgementJson) -> Judgement:
    metadata = found["metadata"]
    return Judgement(
        purity=Purity(found["purity"]),
        evidence=tuple(found["evidence"]),
        metadata=None if metadata is None else _metadata(metadata),
    )


def _judgement_json(found: Judgement) -> JudgementJson:
    metadata = None if found.metadata is None else _metadata_json(found.metadata)
    return {"purity": found.purity.value, "evidence": list(found.evidence), "metadata": metadata}
