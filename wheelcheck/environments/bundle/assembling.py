"""Puts a runtime, without absolute paths of its build, and the wheels of a wheelhouse together in one folder; runs nothing."""

from __future__ import annotations

import errno
import functools
import io
import os
import posixpath
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from wheelcheck.environments.bundle.runtimes import (
    RuntimeSource,
    is_path_file,
    keeps_of_installation,
    keeps_of_prefix,
    open_site_packages,
    refuse_mismatch,
)
from wheelcheck.environments.bundle.scripts import ScriptStyle, script_style
from wheelcheck.environments.bundle.wheel_contents import Placement, WheelContents, read_contents, read_member, unpack
from wheelcheck.environments.bundle.writing import Admission, Claim, Claims, Folder, name_problem
from wheelcheck.environments.trees import TreeEntry, iter_entries, refuse
from wheelcheck.errors import DiskFailure, UsageProblem, reading
from wheelcheck.model.environment import Environment, EnvironmentFile, Layout, RuntimeKind, Wheelhouse
from wheelcheck.model.target import Target
from wheelcheck.ports import Reporter
from wheelcheck.texts.archive_members import leads_outside

_MOST_THREADS = 4
_SPACE = "free some space, or choose another folder"
_WRITE_HINTS = {
    errno.ENOSPC: _SPACE,
    getattr(errno, "EDQUOT", errno.ENOSPC): _SPACE,
    errno.ENAMETOOLONG: "choose a folder with a shorter path: file systems bound the length of a name and of a path",
}
_KEEPS = {
    RuntimeKind.EMBEDDABLE: keeps_of_prefix,
    RuntimeKind.STANDALONE: keeps_of_prefix,
    RuntimeKind.INSTALLATION: keeps_of_installation,
}
_BUILD_PATHS = re.compile(r"'(prefix|exec_prefix|abs_srcdir|abs_builddir)': '(/[^']+)'")
_MARKS = {"prefix": "/install", "exec_prefix": "/install", "abs_srcdir": "/build", "abs_builddir": "/build"}
_SYSCONFIG = re.compile(r"lib/python3\.\d+t?/_sysconfigdata_[^/]*\.py")
# pydoc, idle and others of the interpreter's own, in the way that ``make install`` writes them.
_COMMANDS = re.compile(r"bin/[^/]+")
_ABSOLUTE_PYTHON = re.compile(rb"#!/[^\n]*/(python3?(?:\.\d+t?)?)[ \r]*\n")
_SHARED = re.compile(r"bin/python3\.\d+t?|lib/libpython3[^/]*\.so[^/]*|lib/python3\.\d+t?/lib-dynload/[^/]+\.so")


def assemble(
    source: RuntimeSource, wheelhouse: Wheelhouse, target: Target, into: Path, reporter: Reporter
) -> Environment:
    """Lay the runtime of *source* and the wheels of *wheelhouse* down in *into*, which must not exist or be empty.

    Costs one pass over every file: read, hashed and written once. No wheel is unpacked before the names in every wheel were
    found good. Raises ``UsageProblem`` for a runtime that is not the target's, ``ArchiveRefused``, naming wheel and member, for
    hostile wheels, and ``DiskFailure`` where *into* cannot be written; the files written until then are removed.
    """
    refuse_mismatch(source, target)
    layout, system = source.layout, source.runtime.system
    style = script_style(source, target)
    with _cleared_on_failure(into):
        reporter.stage("reading wheels")
        contents = [read_contents(wheel, layout, system, style) for wheel in wheelhouse.wheels]
        claims, folder = Claims(system=system), Folder(into)
        reporter.stage("laying down the runtime")
        files = list(lay_runtime(source, folder, claims))
        admitted = [_claimed(wheel, layout, claims) for wheel in contents]
        reporter.stage("unpacking wheels")
        files += _unpacked(contents, admitted, folder, layout, style, reporter)
        folder.fix_folders()
    files.sort(key=lambda file: file.path)
    texts = (text for wheel in contents for text in wheel.warnings)
    return Environment(
        root=into,
        runtime=source.runtime,
        layout=layout,
        packages=tuple(sorted((wheel.name, wheel.version) for wheel in wheelhouse.wheels)),
        files=tuple(files),
        warnings=(*source.warnings, *texts, *claims.iter_warnings()),
    )


def _claimed(contents: WheelContents, layout: Layout, claims: Claims) -> dict[str, Admission]:
    """Claim every path of a wheel; return the admission of those that an earlier wheel has too."""
    owner = contents.wheel.path.name
    others: dict[str, Admission] = {}
    for placement in contents.placements:
        claim = Claim(
            path=placement.target,
            owner=owner,
            member=placement.member,
            # Without a hash nothing says that two files are the same one.
            digest=placement.digest or f"{owner} {placement.member}",
            project=contents.wheel.name,
            importable=_importable(placement, layout),
            read=functools.partial(read_member, contents.wheel, placement.member),
        )
        admission = claims.admit(claim)
        if admission is not Admission.NEW:
            others[claim.path] = admission
    return others


def _importable(placement: Placement, layout: Layout) -> str:
    if placement.scheme in {"purelib", "platlib"}:
        return placement.path
    # Data may be laid there too, by the name of that folder on Windows.
    site = f"{layout.site_packages}/"
    return placement.target.removeprefix(site) if placement.target.startswith(site) else ""


def _unpacked(
    contents: list[WheelContents],
    admitted: list[dict[str, Admission]],
    folder: Folder,
    layout: Layout,
    style: ScriptStyle,
    reporter: Reporter,
) -> Iterator[EnvironmentFile]:
    def one(wheel: WheelContents, others: dict[str, Admission]) -> list[EnvironmentFile]:
        reporter.fetching(wheel.wheel.path.name)
        try:
            with reading(wheel.wheel.path.name):
                return list(unpack(wheel, folder, layout.site_packages, style, others))
        finally:
            reporter.fetched(wheel.wheel.path.name)

    # zlib, hashing and writing let go of the GIL; the largest first, so that none is left over for the end.
    order = sorted(zip(contents, admitted, strict=True), key=lambda pair: -pair[0].wheel.size)
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(one, wheel, others) for wheel, others in order]
        try:
            for future in futures:
                yield from future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def _cleared_on_failure(into: Path) -> Iterator[None]:
    """Restore *into*, missing or empty, where the work in it fails."""
    existed = into.exists()
    try:
        if existed and (not into.is_dir() or any(into.iterdir())):
            raise UsageProblem("not an empty folder", address=str(into))
    except OSError as problem:
        raise DiskFailure(f"cannot be read: {problem.strerror}", address=str(into)) from problem
    done = False
    try:
        yield
        done = True
    except OSError as problem:
        raise DiskFailure(
            f"cannot be written: {problem.strerror or problem}",
            address=str(problem.filename or into),
            hint=_WRITE_HINTS.get(problem.errno or 0, "choose another folder, one that can be written"),
        ) from problem
    finally:
        if not done:
            shutil.rmtree(into, ignore_errors=True)
            if existed:
                into.mkdir(exist_ok=True)


def lay_runtime(source: RuntimeSource, folder: Folder, claims: Claims) -> tuple[EnvironmentFile, ...]:
    """Write the runtime of *source* into *folder*, claiming its paths; returns the files written.

    Raises ``ArchiveRefused`` for a member that leads outside or that the target cannot have, and ``OSError``.
    """
    if source.path is None:
        return ()
    keeps = _KEEPS[source.runtime.kind]
    files: dict[str, EnvironmentFile] = {}
    links: dict[str, str] = {}
    for entry in iter_entries(source.path):
        path = entry.path.removeprefix(source.prefix)
        if not entry.path.startswith(source.prefix) or not keeps(path):
            continue
        problem = name_problem(path, source.runtime.system)
        if problem:
            refuse(source.path, problem, entry.path)
        if entry.link and not entry.is_hard:
            links[path] = entry.link
            continue
        file = _written(source, source.path, entry, path, folder, files, claims)
        if file is not None:
            files[path] = file
    for path, link in _whole(links, frozenset(files)).items():
        if leads_outside(path, link):
            refuse(source.path, f"a link to {link}, outside of the runtime", path)
        claim = Claim(path=path, owner=source.path.name, member=path, digest=f"link {link}")
        if claims.admit(claim) is Admission.NEW:
            folder.link(path, link)
            files[path] = EnvironmentFile(path=path, size=0, sha256="", link=link)
    return tuple(files.values())


def _written(
    source: RuntimeSource,
    archive: Path,
    entry: TreeEntry,
    path: str,
    folder: Folder,
    files: dict[str, EnvironmentFile],
    claims: Claims,
) -> EnvironmentFile | None:
    if entry.is_hard:
        original = files.get(entry.link.removeprefix(source.prefix))
        if original is None:
            return None
        content, executable = folder.read(original.path), original.executable
    else:
        content, executable = entry.read(), entry.executable
        if source.runtime.kind is not RuntimeKind.EMBEDDABLE:
            content = relocated(path, content)
        elif is_path_file(path):
            content = open_site_packages(content)
    # Not a hash of the content: no wheel may replace a file of the runtime, whatever is in it.
    claim = Claim(path=path, owner=archive.name, member=entry.path, digest=f"runtime {path}")
    if claims.admit(claim) is not Admission.NEW:
        refuse(archive, "twice in the archive", entry.path)
    return folder.write(path, (content,), executable=executable)


def _whole(links: dict[str, str], files: frozenset[str]) -> dict[str, str]:
    """The links whose target exists, directly or over other links."""
    there = set(files)
    for path in files:
        folder = posixpath.dirname(path)
        while folder and folder not in there:
            there.add(folder)
            folder = posixpath.dirname(folder)
    whole: dict[str, str] = {}
    found = True
    while found:
        found = False
        for path, link in sorted(links.items()):
            at = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
            if path not in whole and (at in there or leads_outside(path, link)):
                whole[path] = link
                there.add(path)
                found = True
    return whole


def relocated(path: str, content: bytes) -> bytes:
    """The file at *path*, relative to the prefix, without the absolute paths of its build that are known; else unchanged.

    ``_sysconfigdata`` holds the folders of build and installation. An executable built with a shared library may search it by
    an absolute path (DT_RUNPATH), which becomes relative to itself, like the interpreter in the first line of a command.
    """
    if _SYSCONFIG.fullmatch(path):
        return _without_build_paths(content)
    if _SHARED.fullmatch(path) and content.startswith(b"\x7fELF"):
        return _with_relative_search(path, content)
    if _COMMANDS.fullmatch(path) and (found := _ABSOLUTE_PYTHON.match(content)):
        first = ScriptStyle(machine="", python=found[1].decode()).shebang("console")
        return first + b"\n" + content[found.end() :]
    return content


def _without_build_paths(content: bytes) -> bytes:
    text = content.decode()
    found = {value: _MARKS[key] for key, value in _BUILD_PATHS.findall(text) if value.count("/") > 1}
    for value in sorted(found, key=len, reverse=True):
        text = text.replace(value, found[value])
    return text.encode()


def _with_relative_search(path: str, content: bytes) -> bytes:
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile

    try:
        image = ELFFile(io.BytesIO(content))
        section = next((part for part in image.iter_sections() if isinstance(part, DynamicSection)), None)
        if section is None:
            return content
        strings = image.get_section(section["sh_link"])["sh_offset"]
        places = [
            (strings + tag.entry.d_val, getattr(tag, "runpath", "") or getattr(tag, "rpath", ""))
            for tag in section.iter_tags()
            if tag.entry.d_tag in {"DT_RUNPATH", "DT_RPATH"}
        ]
    except ELFError:
        return content
    changed = bytearray(content)
    for offset, search in places:
        old = search.encode()
        if not search.startswith("/") or bytes(changed[offset : offset + len(old)]) != old:
            continue
        up = posixpath.relpath("lib", posixpath.dirname(path))
        new = (b"$ORIGIN" if up == "." else b"$ORIGIN/" + up.encode()) + b"\0"
        # In its place, so that nothing else in the file moves; no real build folder has a shorter path.
        if len(new) <= len(old) + 1:
            changed[offset : offset + len(old)] = new[:-1].ljust(len(old), b"\0")
    return bytes(changed)
