"""What the test index holds: projects and files, with their bytes or a way to make them; knows nothing of HTTP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser

from packaging.utils import NormalizedName, canonicalize_name

from tests.fakes.archives import sha256_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """A file as its page shows it; *content* and *sidecar* make the bytes when asked, ``None`` where there are none.

    *sha256* is a part of its address; the page says it where *is_hashed*.
    """

    filename: str
    sha256: str
    is_hashed: bool = True
    content: Callable[[], bytes] | None = None
    sidecar: Callable[[], bytes] | None = None
    size: int | None = None
    upload_time: str | None = None
    requires_python: str | None = None
    yanked: str | None = None

    @property
    def path(self) -> str:
        """Where it lies on the server, unquoted."""
        return f"/files/{self.sha256[:16]}/{self.filename}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexProject:
    """A project's page; *status* and *reason* are PEP 792's."""

    name: NormalizedName
    files: tuple[IndexFile, ...] = ()
    status: str = "active"
    reason: str = ""


Made = tuple[str, bytes]
"""A file name and its bytes, as ``make_wheel`` and ``make_sdist`` answer them."""

Catalog = Mapping[str, Sequence[Made | IndexFile]] | Iterable[IndexProject]


def index_file(
    made: Made,
    *,
    upload_time: str | None = "2026-01-01T00:00:00.000000Z",
    requires_python: str | None = None,
    yanked: str | None = None,
    sidecar: bytes | None = None,
) -> IndexFile:
    """Put *made* on a page: hash, size, sidecar and Requires-Python are read from it unless given."""
    filename, content = made
    if sidecar is None and filename.endswith(".whl"):
        sidecar = wheel_metadata(content)
    if requires_python is None and sidecar is not None:
        requires_python = HeaderParser().parsestr(sidecar.decode("utf-8", "replace"))["Requires-Python"]
    return IndexFile(
        filename=filename,
        sha256=sha256_hex(content),
        content=lambda: content,
        sidecar=None if sidecar is None else (lambda found=sidecar: found),  # type: ignore[misc]
        size=len(content),
        upload_time=upload_time,
        requires_python=requires_python,
        yanked=yanked,
    )


def index_project(name: str, *files: Made | IndexFile, status: str = "active", reason: str = "") -> IndexProject:
    """The project *name* with *files*, under its normalised name."""
    return IndexProject(
        name=canonicalize_name(name),
        files=tuple(each if isinstance(each, IndexFile) else index_file(each) for each in files),
        status=status,
        reason=reason,
    )


def read_catalog(catalog: Catalog) -> dict[NormalizedName, IndexProject]:
    """Bring either way of writing a catalog into one shape."""
    if isinstance(catalog, Mapping):
        catalog = [index_project(name, *files) for name, files in catalog.items()]
    return {each.name: each for each in catalog}


def wheel_metadata(content: bytes) -> bytes | None:
    """The METADATA member of a wheel; ``None`` where it is no zip or has none, as tests of broken wheels want."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                if member.endswith(".dist-info/METADATA"):
                    return archive.read(member)
    except zipfile.BadZipFile:
        return None
    return None
