"""Unpacks one checked wheel with the ``installer`` library; its scripts find their interpreter wherever they are moved to.

Each member is read, hashed and written once. Windows: the launchers of ``installer``, whose first line after the program may begin
with ``<launcher_dir>``: the launcher puts its own folder there. Elsewhere a kernel wants an absolute path after ``#!``, so
``/bin/sh`` looks for the interpreter beside the script; the lines are a string to Python.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import posixpath
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO, cast

from installer import install
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import Hash, RecordEntry
from installer.sources import WheelSource
from installer.utils import construct_record_file
from msgspec import Struct

from wheelcheck.environments.bundle.claims import Admission
from wheelcheck.environments.bundle.wheel_contents import (
    Placement,
    WheelContents,
    plain_refusals,
    refuse,
    scheme_folders,
)
from wheelcheck.environments.bundle.writing import Folder, Written
from wheelcheck.model.environment import EnvironmentFile, Layout

if TYPE_CHECKING:
    import os

    from installer.scripts import LauncherKind, ScriptSection
    from installer.utils import Scheme

_CHUNK = 1024**2
_INSTALLER = {"INSTALLER": b"wheelcheck\n"}
LAUNCHERS: dict[str, LauncherKind] = {"amd64": "win-amd64", "arm64": "win-arm64", "win32": "win-ia32"}
"""The launchers that there are, by the machine of a Windows target."""
_MARK = "wheelcheck"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_OWN_FOLDER = """\
import os.path
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(sys.argv[0]))))
"""


def unpack(
    contents: WheelContents, folder: Folder, layout: Layout, style: ScriptStyle, others: Mapping[str, Admission]
) -> tuple[EnvironmentFile, ...]:
    """Write the wheel of *contents* into *folder*; the answer leaves out the files in *others*, which another wheel writes.

    Its RECORD has lines for its own files and for those of others that are the same. Raises ``ArchiveRefused`` where a member
    differs from RECORD, before that member is complete, and ``OSError``.
    """
    with plain_refusals(contents.wheel), zipfile.ZipFile(contents.wheel.path) as archive:
        source = _Source(contents, archive)
        destination = _Destination(contents, folder, layout, style, others)
        try:
            install(source, destination, _INSTALLER)
        except InstallerError as problem:
            refuse(contents.wheel, str(problem))
    return tuple(destination.files)


class _Source(WheelSource):
    """The members that are to be written, with the names that their archive has."""

    def __init__(self, contents: WheelContents, archive: zipfile.ZipFile) -> None:
        self._contents = contents
        self._archive = archive
        stem = contents.dist_info.removesuffix(".dist-info")
        name, _, version = stem.rpartition("-")
        super().__init__(name, version)

    @property
    def dist_info_dir(self) -> str:
        return self._contents.dist_info

    @property
    def dist_info_filenames(self) -> list[str]:
        start = f"{self._contents.dist_info}/"
        return [name.removeprefix(start) for name in self._archive.NameToInfo if name.startswith(start)]

    def read_dist_info(self, filename: str) -> str:
        name = f"{self._contents.dist_info}/{filename}"
        if name not in self._archive.NameToInfo:
            refuse(self._contents.wheel, f"no {filename} in it")
        try:
            return self._archive.read(name).decode("utf-8")
        except UnicodeDecodeError:
            refuse(self._contents.wheel, "not UTF-8", name)

    def get_contents(self) -> Iterator[tuple[tuple[str, str, str], BinaryIO, bool]]:
        for placement in self._contents.placements:
            with self._archive.open(placement.member) as stream:
                yield (placement.member, "", ""), cast(BinaryIO, stream), placement.executable


class _Destination(WheelDestination):
    """Writes each file to its placement and keeps a list of the files written."""

    def __init__(
        self,
        contents: WheelContents,
        folder: Folder,
        layout: Layout,
        style: ScriptStyle,
        others: Mapping[str, Admission],
    ) -> None:
        self.files: list[EnvironmentFile] = []
        self._contents = contents
        self._folder = folder
        self._folders = scheme_folders(layout, contents.wheel.name)
        self._site_packages = self._folders["purelib"]
        self._style = style
        self._others = others
        self._lost: list[RecordEntry] = []
        self._places = {(_root(placement.scheme), placement.path): placement for placement in contents.placements}

    def write_script(self, name: str, module: str, attr: str, section: ScriptSection) -> RecordEntry:
        filename, content = self._style.entry_point(name, module, attr, section)
        return self._write(filename, posixpath.join(self._folders["scripts"], filename), (content,), 0o755)

    def write_file(
        self, scheme: Scheme, path: str | os.PathLike[str], stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        path = str(path)
        mode = 0o755 if is_executable else 0o644
        placement = self._places.get((_root(scheme), path))
        if placement is None:
            return self._write(path, posixpath.join(self._folders[scheme], path), (stream.read(),), mode)
        if placement.scheme == "scripts":
            content = stream.read()
            self._check(placement, hashlib.new(placement.algorithm or "sha256", content).digest())
            return self._write(path, placement.target, (self._style.rewritten(content),), mode)
        first = stream.read(_CHUNK)
        if len(first) == _CHUNK:
            return self._write(path, placement.target, self._streamed(placement, first, stream), mode)
        # What fits into a chunk is checked before a byte of it is written.
        digest = hashlib.new(placement.algorithm or "sha256", first).digest()
        self._check(placement, digest)
        known = digest if placement.algorithm in {"", "sha256"} else None
        return self._write(path, placement.target, (first,), mode, known)

    def finalize_installation(
        self,
        scheme: Scheme,  # noqa: ARG002 - the library passes it by name
        record_file_path: str,
        records: Iterable[tuple[Scheme, RecordEntry]],
    ) -> None:
        def prefix(other: str) -> str | None:
            if _root(other) == "purelib":
                return None
            return posixpath.relpath(self._folders[other] or ".", self._site_packages or ".") + "/"

        own = [(other, entry) for other, entry in records if not any(entry is lost for lost in self._lost)]
        with construct_record_file(own, prefix) as stream:
            self._write(
                record_file_path, posixpath.join(self._site_packages, record_file_path), (stream.read(),), 0o644
            )

    def _streamed(self, placement: Placement, first: bytes, stream: BinaryIO) -> Iterator[bytes]:
        digest = hashlib.new(placement.algorithm or "sha256", first)
        yield first
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            yield chunk
        self._check(placement, digest.digest())

    def _check(self, placement: Placement, found: bytes) -> None:
        if placement.digest and placement.digest != found.hex():
            refuse(
                self._contents.wheel, f"its content is not what RECORD says ({placement.algorithm})", placement.member
            )

    def _write(
        self, path: str, target: str, chunks: Iterable[bytes], mode: int, known: bytes | None = None
    ) -> RecordEntry:
        if target in self._others:
            content = b"".join(chunks)
            written = Written(size=len(content), digest=hashlib.sha256(content).digest())
        else:
            written = self._folder.write(target, chunks, mode, known)
            self.files.append(
                EnvironmentFile(
                    path=target,
                    size=written.size,
                    sha256=written.digest.hex(),
                    owner=self._contents.wheel.name,
                    executable=bool(mode & 0o111),
                )
            )
        encoded = base64.urlsafe_b64encode(written.digest).decode().rstrip("=")
        entry = RecordEntry(path, Hash("sha256", encoded), written.size)
        if self._others.get(target) is Admission.LOST:
            self._lost.append(entry)
        return entry


def _root(scheme: str) -> str:
    """One word for the two schemes that share a folder."""
    return "purelib" if scheme == "platlib" else scheme


class ScriptStyle(Struct, frozen=True, kw_only=True):
    """How the scripts of one environment start their interpreter.

    ``machine`` is that of the launchers, empty where scripts are plain files. ``python`` is the executable's path from the
    scripts' folder, empty where there is no runtime: then whatever ``python3`` is found runs them, and they look for their
    packages themselves. ``windowed`` says whether the runtime has an interpreter without a console window.
    """

    machine: str
    python: str
    windowed: bool = False

    def entry_point(self, name: str, module: str, attr: str, section: ScriptSection) -> tuple[str, bytes]:
        """File name and content of the script that calls *attr* of *module*."""
        code = _code(module, attr, section)
        if not self.python:
            head, _, body = code.partition(b"import sys\n")
            code = head + b"import sys\n" + _OWN_FOLDER.encode() + body
        if not self.machine:
            return name, self.shebang(section) + b"\n" + code
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(zipfile.ZipInfo("__main__.py", _ZIP_DATE), code)
        launcher = _launcher(section, LAUNCHERS[self.machine])
        return f"{name}.exe", launcher + self.shebang(section) + b"\n" + packed.getvalue()

    def shebang(self, section: ScriptSection) -> bytes:
        """The first line, or lines, of a launcher's or script's text, without the last line end."""
        if self.machine:
            python = self.python.replace("/", "\\")
            if section == "gui" and self.windowed:
                python = python.replace("python", "pythonw")
            return f"#!<launcher_dir>\\{python}".encode() if python else b"#!/usr/bin/env python.exe"
        if not self.python:
            return b"#!/usr/bin/env python3"
        # PEP 394 knows no relative interpreter; realpath, so that a link to the script in some bin folder works.
        return (
            f'#!/bin/sh\n\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")/{self.python}" "$0" "$@"\n\' \'\'\''.encode()
        )

    def rewritten(self, content: bytes) -> bytes:
        """A file from a wheel's scripts: the line ``#!python`` at its beginning becomes one that works here.

        "Recommended installer features" of the wheel specification. A plain script on Windows is started by the py launcher,
        which knows no relative path either and looks for a Python itself.
        """
        if not content.startswith(b"#!python"):
            return content
        first, end, rest = content.partition(b"\n")
        section: ScriptSection = "gui" if first.startswith(b"#!pythonw") else "console"
        return (b"#!/usr/bin/env python3" if self.machine else self.shebang(section)) + end + rest


def script_style(layout: Layout, system: str, machine: str, *, windowed: bool) -> ScriptStyle:
    """The style for an environment of *layout* on *system*; *machine* as wheel tags spell it."""
    python = posixpath.relpath(layout.executable, layout.scripts) if layout.executable else ""
    return ScriptStyle(machine=machine if system == "windows" else "", python=python, windowed=windowed)


def _code(module: str, attr: str, section: ScriptSection) -> bytes:
    from installer.scripts import Script

    _, data = Script(_MARK, module, attr, section).generate(_MARK, "posix")
    return data.partition(b"\n")[2]


@functools.lru_cache(maxsize=8)
def _launcher(section: ScriptSection, kind: LauncherKind) -> bytes:
    """The launcher program alone: the file that the library makes has the time of day in its zip."""
    from installer.scripts import Script

    _, data = Script(_MARK, "module", "attr", section).generate(_MARK, kind)
    return data.rpartition(f"#!{_MARK}\n".encode())[0]
