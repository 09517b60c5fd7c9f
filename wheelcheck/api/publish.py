"""``publish`` and ``sign``: a bundle in archives → the folder that a static host serves to a program's first run and updates.

``Release`` and the values above it are ``latest.json`` and what it signs.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import shutil
import struct
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Literal, cast

import msgspec
from msgspec import Meta, Struct

from wheelcheck.errors import HashMismatch, InputUnreadable, UsageProblem
from wheelcheck.model.document import HEX_SHA256, Count, about, render_json, render_line
from wheelcheck.model.environment import MANIFEST
from wheelcheck.model.target import TargetName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from wheelcheck.model.environment import BundleArchive, EnvironmentFile, Manifest


LATEST = "latest.json"
"""The file that a program asks for first, and the only one whose content changes."""

_NAME = r"^(?!\.)[^/\\:\0]+$"


class ReleaseFile(Struct, frozen=True, kw_only=True):
    """A file that lies beside ``latest.json``."""

    filename: Annotated[str, about("Its name.", pattern=_NAME)]
    size: Annotated[Count, about("In bytes.")]
    sha256: Annotated[str, about("Its hash in hex.", pattern=HEX_SHA256)]


class ReleaseArchive(ReleaseFile, frozen=True, kw_only=True):
    """A zip of the bundle, with the list of its files.

    The list is a gzip of JSON: of each file its path, size, sha256, whether it may be run, what a symbolic link points to, and
    where its deflated bytes lie in the archive: an offset and their number. So a host that answers ranges gives single files.
    """

    files: Annotated[ReleaseFile, about("The list of the archive's files.")]


class Release(Struct, frozen=True, kw_only=True):
    """One version, as it is signed."""

    schema: Literal["wheelcheck.release/1"] = "wheelcheck.release/1"
    name: Annotated[str, about("What the bundle is called.")]
    version: Annotated[str, about("Its version, for people.")]
    sequence: Annotated[
        int, Meta(ge=1), about("Grows with each release; a program takes no smaller one unless it is told to.")
    ]
    target: Annotated[TargetName, about("The target of the plan.")]
    executable: Annotated[str, about("The interpreter, relative to the environment's folder; empty without a runtime.")]
    archives: Annotated[tuple[ReleaseArchive, ...], about("The archives that together are the environment.")]


class Latest(Struct, frozen=True, kw_only=True):
    """The content of ``latest.json``: the *payload* is a ``Release`` as JSON, kept as text so that its signed bytes are sure."""

    schema: Literal["wheelcheck.latest/1"] = "wheelcheck.latest/1"
    payload: Annotated[str, about("The release, as JSON.")]
    signature: Annotated[str, about("Ed25519 over the payload's UTF-8, base64; empty where it is not signed.")] = ""


_RELEASES = "releases"
_LOCAL_HEADER = struct.Struct("<26xHH")  # of a member of a zip: the lengths of its name and its extra field


class Published(Struct, frozen=True, kw_only=True):
    """The *release* in the folder *to*; ``written`` are the files that are new, ``removed`` those of releases that are not kept."""

    release: Release
    to: Path
    is_signed: bool
    written: tuple[str, ...]
    removed: tuple[str, ...]


def publish(bundle: Path, to: Path, *, key: Path | None = None, keep: int = 3, environ: Mapping[str, str]) -> Published:
    """Lay the archives of *bundle*, the folder of ``bundle --archive zip``, out in *to*, signed with *key*; keep *keep* releases.

    ``latest.json`` is written last, so that a host that serves *to* always has a whole release. Raises ``UsageProblem`` for a
    bundle that no first run can read, ``HashMismatch`` for an archive that was changed, and ``InputUnreadable``.
    """
    from wheelcheck.plans.manifests import parse_manifest

    place = bundle / MANIFEST
    try:
        manifest = parse_manifest(place.read_bytes(), str(place))
    except OSError as error:
        raise InputUnreadable(f"is no bundle: {error.strerror}", address=str(place)) from error
    if not manifest.archives or any(not each.filename.endswith(".zip") for each in manifest.archives):
        raise UsageProblem(
            "a program's first run unpacks zip archives, and this bundle has none",
            address=str(bundle),
            hint="bundle with --archive zip, and with --layers for small updates",
        )
    signer = None if key is None else load_key(key)
    former = _former(to)
    (to / _RELEASES).mkdir(parents=True, exist_ok=True)
    written: list[str] = []
    files = {file.path: file for file in manifest.files}
    archives = tuple(_laid(bundle, to, each, files, written) for each in manifest.archives)
    release = _release(manifest, archives, former, environ)
    payload = render_line(release)
    latest = Latest(payload=payload, signature=_signature(payload, signer))
    for name in (f"{_RELEASES}/{release.sequence}.json", LATEST):
        _write(to / name, render_json(latest))
    removed = tuple(_tidied(to, keep))
    return Published(release=release, to=to, is_signed=key is not None, written=tuple(written), removed=removed)


def _former(to: Path) -> Release | None:
    path = to / LATEST
    if not path.exists():
        return None
    try:
        latest = msgspec.json.decode(path.read_bytes(), type=Latest)
        return msgspec.json.decode(latest.payload, type=Release)
    except (msgspec.DecodeError, OSError) as error:
        raise InputUnreadable(f"is no {LATEST} of wheelcheck: {error}", address=str(path)) from error


def _release(
    manifest: Manifest, archives: tuple[ReleaseArchive, ...], former: Release | None, environ: Mapping[str, str]
) -> Release:
    from wheelcheck.environments.bundle.archiving import source_date_epoch

    moment = source_date_epoch(environ)
    sequence = int(time.time()) if moment is None else moment
    return Release(
        name=manifest.name,
        version=manifest.version,
        # Seconds since 1970 grow even where the folder of the releases was made anew.
        sequence=max(sequence, 1, former.sequence + 1 if former is not None else 1),
        target=manifest.target,
        executable=manifest.layout.executable,
        archives=archives,
    )


def _laid(
    bundle: Path, to: Path, archive: BundleArchive, files: Mapping[str, EnvironmentFile], written: list[str]
) -> ReleaseArchive:
    from wheelcheck.environments.trees import sha256_of

    source, place = bundle / archive.filename, to / archive.filename
    if not source.is_file() or sha256_of(source) != archive.sha256:
        raise HashMismatch("is missing, or not the file that the manifest names", address=str(source))
    if not place.exists():
        with _becoming(place) as partial:
            shutil.copyfile(source, partial)
        written.append(place.name)
    elif sha256_of(place) != archive.sha256:
        raise UsageProblem(
            "was published with other bytes, which programs may be downloading",
            address=str(place),
            hint="bundle with another --bundle-version, or with --layers, whose names have the hash of their content",
        )
    content = gzip.compress(json.dumps(list(_iter_rows(source, files)), separators=(",", ":")).encode(), mtime=0)
    listing = _listing(content)
    if not (to / listing.filename).exists():
        _write(to / listing.filename, content)
        written.append(listing.filename)
    return ReleaseArchive(filename=archive.filename, size=archive.size, sha256=archive.sha256, files=listing)


def _listing(content: bytes) -> ReleaseFile:
    digest = hashlib.sha256(content).hexdigest()
    return ReleaseFile(filename=f"files-{digest[:16]}.json.gz", size=len(content), sha256=digest)


def _iter_rows(
    archive: Path, files: Mapping[str, EnvironmentFile]
) -> Iterator[tuple[str, int, str, bool, str, int, int]]:
    """A row for each file of the environment in *archive*, as ``ReleaseArchive`` explains it."""
    with zipfile.ZipFile(archive) as members, archive.open("rb") as stream:
        for member in members.infolist():
            file = files.get(member.filename)
            if file is None:  # the manifest itself
                continue
            stream.seek(member.header_offset)
            lengths = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
            offset = member.header_offset + _LOCAL_HEADER.size + sum(lengths)
            if member.compress_type != zipfile.ZIP_DEFLATED:
                raise UsageProblem(
                    f"{member.filename} is not deflated", address=str(archive), hint="make the bundle again"
                )
            yield file.path, file.size, file.sha256, file.executable, file.link, offset, member.compress_size


def _tidied(to: Path, keep: int) -> Iterator[str]:
    """Remove the files of all but the newest *keep* releases; only what a release named is removed."""
    releases = sorted((to / _RELEASES).glob("*.json"), key=lambda path: int(path.stem), reverse=True)
    named = [(path, set(_iter_files(path))) for path in releases]
    kept = set().union(*(files for _, files in named[: max(keep, 1)]))
    for path, files in named[max(keep, 1) :]:
        for name in sorted(files - kept):
            if (to / name).exists():
                (to / name).unlink()
                yield name
        path.unlink()


def _iter_files(path: Path) -> Iterator[str]:
    latest = msgspec.json.decode(path.read_bytes(), type=Latest)
    for archive in msgspec.json.decode(latest.payload, type=Release).archives:
        yield from (archive.filename, archive.files.filename)


def _write(path: Path, content: bytes) -> None:
    with _becoming(path) as partial:
        partial.write_bytes(content)


@contextmanager
def _becoming(path: Path) -> Iterator[Path]:
    """A file beside *path* that takes its name once it is whole; where writing it fails, as on a full disk, it is removed."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def make_keys(path: Path) -> str:
    """Write a new private key to *path*, for its owner alone, and the public one beside it with ``.pub``; answers the public one.

    Raises ``UsageProblem`` where one of them exists: a key that was lost cannot be replaced in programs that are installed.
    """
    ed25519, serialization = _cryptography()
    public_path = path.with_name(f"{path.name}.pub")
    for each in (path, public_path):
        if each.exists():
            raise UsageProblem("is there already", address=str(each), hint="name another file: keys are never replaced")
    key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    made: list[Path] = []
    try:
        for each, mode, content in ((path, 0o600, pem), (public_path, 0o666, f"{public}\n".encode())):
            with os.fdopen(os.open(each, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                made.append(each)
                file.write(content)
    except BaseException:  # half a pair serves nobody, and would be there already at the next try
        for each in made:
            each.unlink()
        raise
    return public


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key in *path*; raises ``InputUnreadable``."""
    ed25519, serialization = _cryptography()
    try:
        key: object = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        fact = error.strerror if isinstance(error, OSError) else "no private key without a password"
        raise InputUnreadable(
            f"cannot be read: {fact}", address=str(path), hint="make one with: wheelcheck sign -o FILE"
        ) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise InputUnreadable("is no Ed25519 key", address=str(path), hint="make one with: wheelcheck sign -o FILE")
    return cast("Ed25519PrivateKey", key)


def load_public_key(path: Path) -> str:
    """The public key in *path*, 32 bytes in base64; raises ``InputUnreadable``."""
    try:
        text = path.read_text("ascii").strip()
        whole = len(base64.b64decode(text, validate=True)) == 32
    except (OSError, ValueError) as error:
        raise InputUnreadable(
            f"is no public key: {error}", address=str(path), hint="give NAME.pub of `wheelcheck sign`"
        ) from error
    if not whole:
        raise InputUnreadable("is no public key", address=str(path), hint="give NAME.pub of `wheelcheck sign`")
    return text


def resign(folder: Path, key: Path) -> Release:
    """Sign ``latest.json`` in *folder* with *key*, for keys that never come to the machine that publishes."""
    signer, release = load_key(key), _former(folder)
    if release is None:
        raise InputUnreadable(f"has no {LATEST}", address=str(folder), hint="publish a bundle there first")
    payload = msgspec.json.decode((folder / LATEST).read_bytes(), type=Latest).payload
    content = render_json(Latest(payload=payload, signature=_signature(payload, signer)))
    for name in (f"{_RELEASES}/{release.sequence}.json", LATEST):
        _write(folder / name, content)
    return release


def _signature(payload: str, key: Ed25519PrivateKey | None) -> str:
    return "" if key is None else base64.b64encode(key.sign(payload.encode())).decode()


def _cryptography() -> tuple[ModuleType, ModuleType]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise UsageProblem("keys need the package cryptography", hint="install wheelcheck[sign]") from error
    return ed25519, serialization
