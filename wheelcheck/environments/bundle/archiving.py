"""Measures an environment, splits it into layers, and writes archives whose bytes depend on nothing but their files.

Not on folder, user, clock, time zone, umask or locale: names are sorted, moments, modes and owners fixed; there are no members for
folders, no extra fields and no comments. It opens no archive: an installer or the first run of an application does.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import tarfile
import time
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.environments.trees import sha256_of
from wheelcheck.errors import UsageProblem
from wheelcheck.model.environment import EARLIEST, MANIFEST, Budget, BundleSizes, Environment, EnvironmentFile, Manifest
from wheelcheck.model.plan import Plan

if TYPE_CHECKING:
    from backports.zstd import ZstdFile

_LATEST_IN_ZIP = 4_354_819_198  # 2107-12-31
_DEFLATE_LEVEL = 6
_ZSTD_LEVEL = 10
# The frame differs between one thread and several, not between two and four: so it is several everywhere.
_ZSTD_WORKERS = 4
_BLOCK = 1 << 20
_ENDINGS = (zlib.Z_SYNC_FLUSH, zlib.Z_FINISH)
_WINDOW = 1 << 15  # how far deflate looks back
_AHEAD = 32  # blocks in memory at once
SUMS = "SHA256SUMS"
"""The file beside archives that ``sha256sum --check`` reads."""
RUNTIME = "(runtime)"
_UNITS = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)")
_DEPTH = 2
"""The depth of the folders that are listed: a package's own and those in it."""
LAYERS = ("runtime", "base", "app")
"""From rarely to often changing, which is the order of unpacking."""
SMALL = 5_000_000
"""Bytes that a package of the app may have, installed; a larger one would be downloaded again with each change of the others."""


def source_date_epoch(environ: Mapping[str, str]) -> int | None:
    """The moment that ``SOURCE_DATE_EPOCH`` names, in seconds since 1970; ``None`` where it is not set.

    Raises ``UsageProblem`` when it is no whole number (https://reproducible-builds.org/specs/source-date-epoch/).
    """
    text = environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdecimal():
        raise UsageProblem(
            f"SOURCE_DATE_EPOCH is {text!r}, not a number of seconds since 1970",
            hint="set it with: SOURCE_DATE_EPOCH=$(git log -1 --pretty=%ct), or unset it",
        )
    return int(text)


def write_zip(files: Iterable[EnvironmentFile], root: Path, archive: Path, moment: int | None) -> None:
    """Write *files* under *root* to *archive* as zip, deflated by all processors; see :data:`FORMATS`."""
    date = time.gmtime(min(max(moment or 0, EARLIEST), _LATEST_IN_ZIP))[:6]
    waiting: deque[_Block] = deque()
    # zlib takes nearly all of the time, and lets go of the interpreter's lock.
    with (
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
        archive.open("xb") as out,
        zipfile.ZipFile(out, "w") as directory,
    ):
        for file in _sorted(files):
            info = zipfile.ZipInfo(file.path, date)
            info.create_system = 3  # modes as Unix has them, whatever system this is
            info.external_attr = _mode(file) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            info.CRC = info.compress_size = 0
            for block, before, is_last in _blocks(file, root):
                info.CRC = zlib.crc32(block, info.CRC)
                info.file_size += len(block)
                coming = pool.submit(_deflated, block, before, _ENDINGS[is_last])
                is_large = file.size > zipfile.ZIP64_LIMIT * 0.95  # deflate may add a little
                waiting.append(_Block(info=info, coming=coming, is_last=is_last, has_large_sizes=is_large))
                if len(waiting) >= _AHEAD:
                    _write_next(waiting, out, directory)
        while waiting:
            _write_next(waiting, out, directory)


class _Block(Struct, frozen=True, kw_only=True):
    """A part of the member *info* that is being compressed; *has_large_sizes* where its header takes 64 bits for a size."""

    info: zipfile.ZipInfo
    coming: Future[bytes]
    is_last: bool
    has_large_sizes: bool


def _write_next(waiting: deque[_Block], out: BinaryIO, directory: zipfile.ZipFile) -> None:
    """Write the next compressed block, after a header where it is the first of its member; ZipFile writes the directory."""
    block = waiting.popleft()
    info, compressed = block.info, block.coming.result()
    is_first = not info.compress_size
    info.compress_size += len(compressed)
    if is_first:
        info.header_offset = out.tell()
        out.write(info.FileHeader(block.has_large_sizes))
    out.write(compressed)
    if block.is_last:
        if not is_first:  # the header was written before its sizes were known
            out.seek(info.header_offset)
            out.write(info.FileHeader(block.has_large_sizes))
            out.seek(0, os.SEEK_END)
        directory.filelist.append(info)
        directory.NameToInfo[info.filename] = info
        directory.start_dir = out.tell()


def _deflated(block: bytes, before: bytes, ending: int) -> bytes:
    """A part of a deflate stream (RFC 1951) that follows the bytes *before*, as pigz makes them."""
    compressor = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=before)
    return compressor.compress(block) + compressor.flush(ending)


def write_tar_zst(files: Iterable[EnvironmentFile], root: Path, archive: Path, moment: int | None) -> None:
    """Write *files* under *root* to *archive* as tar in one Zstandard frame; see :data:`FORMATS`."""
    with (
        archive.open("xb") as out,
        _zstd(out) as compressed,
        # Not the default: a longer name gets a header of its own, without the fields that other formats add for times.
        tarfile.open(
            fileobj=compressed,
            mode="w|",
            format=tarfile.GNU_FORMAT,
            encoding="utf-8",
            errors="surrogateescape",
            bufsize=_BLOCK,
        ) as tar,
    ):
        for file in _sorted(files):
            member = tarfile.TarInfo(file.path)
            member.mtime = moment or 0
            member.mode = stat.S_IMODE(_mode(file))
            if file.link:
                member.type, member.linkname = tarfile.SYMTYPE, file.link
                tar.addfile(member)
                continue
            member.size = file.size
            with (root / file.path).open("rb") as source:
                tar.addfile(member, source)


def _zstd(out: BinaryIO) -> ZstdFile:
    # The standard library has it from Python 3.14 on, under another name (PEP 784).
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: _ZSTD_LEVEL,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    if zstd.CompressionParameter.nb_workers.bounds()[1]:
        options[zstd.CompressionParameter.nb_workers] = _ZSTD_WORKERS
    return zstd.ZstdFile(out, "wb", options=options)


FORMATS: Mapping[str, Callable[[Iterable[EnvironmentFile], Path, Path, int | None], None]] = MappingProxyType(
    {"zip": write_zip, "tar.zst": write_tar_zst}
)
"""The function that writes each format, by its word for ``--archive``, which is its suffix too.

It takes the files (in any order), their folder, the archive to write, which must not exist, and the moment of every member in
seconds since 1970, ``None`` for the earliest that the format knows. It raises ``OSError`` where the disk fails, and leaves the part
that was written.
"""


def _sorted(files: Iterable[EnvironmentFile]) -> list[EnvironmentFile]:
    return sorted(files, key=lambda file: file.path)


def _mode(file: EnvironmentFile) -> int:
    if file.link:
        return stat.S_IFLNK | 0o777
    return stat.S_IFREG | (0o755 if file.executable else 0o644)


def _blocks(file: EnvironmentFile, root: Path) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield each block of *file* with the bytes before it that deflate may look back to, and whether it is the last."""
    if file.link:
        yield file.link.encode(), b"", True
        return
    with (root / file.path).open("rb") as source:
        before, block = b"", source.read(_BLOCK)
        while True:
            following = source.read(_BLOCK) if len(block) == _BLOCK else b""
            yield block, before, not following
            if not following:
                return
            before, block = block[-_WINDOW:], following


def render_sums(sums: Iterable[tuple[str, str]]) -> bytes:
    """Render pairs of file name and SHA-256 (hex) as ``sha256sum --check`` reads them, sorted; no name may have a line end."""
    # The asterisk says that the bytes were hashed as they are, on Windows too.
    return "".join(f"{digest} *{name}\n" for name, digest in sorted(sums)).encode()


def sums_of(manifest: Manifest, folder: Path) -> bytes:
    """The content of :data:`SUMS` for the archives of *manifest*, and for the manifest itself as it lies in *folder*."""
    sums = [(archive.filename, archive.sha256) for archive in manifest.archives]
    return render_sums([*sums, (MANIFEST, sha256_of(folder / MANIFEST))])


def parse_budget(text: str) -> Budget:
    """Read *text* such as ``150MB``, ``1.5 GB`` or ``200MiB``; raises ``UsageProblem`` for anything else."""
    read = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(read[2].upper()) if read else None
    if read is None or unit is None:
        raise UsageProblem(
            f"a size budget is a number and its unit, and this is not: {text!r}",
            hint="write 150MB (of 1,000,000 bytes) or 150MiB (of 1,048,576 bytes); kB, GB and GiB too",
        )
    return Budget(limit=int(Decimal(read[1]) * unit), text=text.strip())


def measure(environment: Environment, strippable: Mapping[str, int]) -> BundleSizes:
    """Measure *environment* by package and by folder; *strippable* is kept with it.

    A folder is one of a package's (``torch/lib``), or one at the root of the runtime. A file counts once for its package and
    once for its folder.
    """
    packages: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    site = environment.layout.site_packages
    inside = "" if site == "." else f"{site}/"
    for file in environment.files:
        packages[file.owner or RUNTIME] += file.size
        base = inside if file.path.startswith(inside) else ""
        *above, _ = file.path.removeprefix(base).split("/")
        folders[base + "/".join(above[:_DEPTH]) if above else base.rstrip("/") or "."] += file.size
    return BundleSizes(
        installed=sum(file.size for file in environment.files),
        packages=_largest_first(packages),
        folders=_largest_first(folders),
        strippable=strippable,
    )


def _largest_first(sizes: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(sizes.items(), key=lambda row: (-row[1], row[0])))


def layers(files: Iterable[EnvironmentFile], plan: Plan) -> tuple[tuple[str, tuple[EnvironmentFile, ...]], ...]:
    """The layers that have files, with these, in the order of :data:`LAYERS`; each of *files* is in one."""
    whole, sizes = tuple(files), Counter[NormalizedName]()
    for file in whole:
        if file.owner is not None:
            sizes[file.owner] += file.size
    asked = (package for package in plan.packages if package.requested)
    app = {package.name for package in asked if package.direct or sizes[package.name] <= SMALL}
    found: dict[str, list[EnvironmentFile]] = {layer: [] for layer in LAYERS}
    for file in whole:
        found["runtime" if file.owner is None else "app" if file.owner in app else "base"].append(file)
    return tuple((layer, tuple(members)) for layer, members in found.items() if members)
