"""Makes small wheels and source archives in memory for tests; the same arguments give the same bytes.

Nothing here is taken from a real project, and nothing validates: a test may ask for nonsense and gets it.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from packaging.utils import canonicalize_name

Content = str | bytes
SdistSuffix = Literal[".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".zip"]

_ZIP_DATE = (2020, 2, 2, 0, 0, 0)
_TAR_MTIME = 1_580_601_600


def metadata_text(
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    extras: Iterable[str] = (),
    requires_python: str | None = None,
    dynamic: Sequence[str] = (),
    metadata_version: str = "2.4",
    description: str = "",
) -> str:
    """A METADATA or PKG-INFO text with these fields and *description* as its body."""
    lines = [f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}"]
    lines += [f"Dynamic: {field}" for field in dynamic]
    if requires_python is not None:
        lines.append(f"Requires-Python: {requires_python}")
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return "\n".join(lines) + "\n" + (f"\n{description}\n" if description else "")


def make_wheel(
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    tags: str = "py3-none-any",
    extras: Iterable[str] = (),
    requires_python: str | None = None,
    build: str = "",
    files: Mapping[str, Content] | None = None,
    metadata: Content | None = None,
    filename: str | None = None,
) -> tuple[str, bytes]:
    """A wheel as ``(file name, bytes)`` with METADATA, WHEEL and RECORD.

    *tags* is the (compressed) tag part of its name, *files* are further members (path → content), *metadata* replaces the
    whole METADATA text, *filename* the name that is answered.
    """
    stem = canonicalize_name(name).replace("-", "_")
    escaped = version.replace("-", "_")
    if metadata is None:
        metadata = metadata_text(name, version, requires=requires, extras=extras, requires_python=requires_python)
    info = f"{stem}-{escaped}.dist-info"
    members: dict[str, bytes] = {f"{stem}/__init__.py": b""}
    members.update({path: _bytes(content) for path, content in (files or {}).items()})
    members[f"{info}/METADATA"] = _bytes(metadata)
    members[f"{info}/WHEEL"] = _wheel_text(tags, build).encode()
    members[f"{info}/RECORD"] = _record_text(members, f"{info}/RECORD").encode()
    middle = f"-{build}" if build else ""
    return filename or f"{stem}-{escaped}{middle}-{tags}.whl", make_zip(members)


def make_sdist(
    name: str,
    version: str,
    *,
    files: Mapping[str, Content] | None = None,
    requires: Sequence[str] | None = None,
    pkg_info: Content | None = None,
    metadata_version: str = "2.4",
    suffix: SdistSuffix = ".tar.gz",
    root: str | None = None,
    filename: str | None = None,
) -> tuple[str, bytes]:
    """A source archive as ``(file name, bytes)``; *files* are paths below its one top folder.

    PKG-INFO is written from *requires* (``None``: no Requires-Dist at all) unless *pkg_info* replaces it; ``pkg_info=""`` leaves
    it out. Without *files* the archive is a pure flit project.
    """
    stem = canonicalize_name(name).replace("-", "_")
    if files is None:
        files = {
            "pyproject.toml": f'[build-system]\nrequires = ["flit_core>=3.4"]\nbuild-backend = "flit_core.buildapi"\n\n'
            f'[project]\nname = "{name}"\nversion = "{version}"\ndescription = "made for tests"\n',
            f"{stem}/__init__.py": "",
        }
    members = {path: _bytes(content) for path, content in files.items()}
    if pkg_info is None:
        pkg_info = metadata_text(name, version, requires=requires or (), metadata_version=metadata_version)
    if pkg_info:
        members.setdefault("PKG-INFO", _bytes(pkg_info))
    top = f"{stem}-{version}" if root is None else root
    rooted = {f"{top}/{path}" if top else path: content for path, content in members.items()}
    return filename or f"{stem}-{version}{suffix}", pack(rooted, suffix)


def pack(members: Mapping[str, bytes], suffix: SdistSuffix) -> bytes:
    """*members* (path → content) as an archive of the kind that *suffix* names."""
    if suffix == ".zip":
        return make_zip(members)
    plain = make_tar((tar_file(path, content), content) for path, content in members.items())
    match suffix:
        case ".tar.bz2":
            return bz2.compress(plain)
        case ".tar.xz":
            return lzma.compress(plain)
        case ".tar":
            return plain
        case _:
            return gzip.compress(plain, mtime=0)


def make_zip(members: Mapping[str, bytes]) -> bytes:
    """*members* as a deflated zip with fixed dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in members.items():
            entry = zipfile.ZipInfo(path, date_time=_ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def make_tar(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """An uncompressed tar of *entries*, which may be links or devices (with empty content)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for entry, content in entries:
            archive.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return buffer.getvalue()


def tar_file(path: str, content: bytes) -> tarfile.TarInfo:
    """The tar entry of a plain file."""
    entry = tarfile.TarInfo(path)
    entry.size = len(content)
    entry.mtime = _TAR_MTIME
    return entry


def tar_link(path: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """The tar entry of a link (``tarfile.SYMTYPE`` or ``LNKTYPE``) or, with another *kind*, of a device."""
    entry = tarfile.TarInfo(path)
    entry.type = kind
    entry.linkname = target
    entry.mtime = _TAR_MTIME
    return entry


def sha256_hex(content: bytes) -> str:
    """The digest that an index announces for *content*."""
    return hashlib.sha256(content).hexdigest()


def _bytes(content: Content) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _wheel_text(tags: str, build: str) -> str:
    python, abi, platform = tags.split("-", 2)
    pure = "true" if (abi, platform) == ("none", "any") else "false"
    lines = ["Wheel-Version: 1.0", "Generator: wheelcheck-tests", f"Root-Is-Purelib: {pure}"]
    if build:
        lines.append(f"Build: {build}")
    lines += [f"Tag: {py}-{ab}-{pl}" for py in python.split(".") for ab in abi.split(".") for pl in platform.split(".")]
    return "\n".join(lines) + "\n"


def _record_text(members: Mapping[str, bytes], record: str) -> str:
    lines = []
    for path, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}")
    return "\n".join([*lines, f"{record},,"]) + "\n"
