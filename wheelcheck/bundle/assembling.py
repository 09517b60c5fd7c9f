"""Puts a runtime and the wheels of a wheelhouse together in one folder; fetches nothing, runs nothing, strips nothing."""

from __future__ import annotations

import hashlib
import os
import posixpath
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheelcheck.bundle.claims import Claim, Claims
from wheelcheck.bundle.laying import lay_runtime
from wheelcheck.bundle.members import LONGEST_PATH, PREFIX_LENGTH, is_overlong
from wheelcheck.bundle.runtimes import machine_of, refuse_mismatch
from wheelcheck.bundle.scripts import has_launcher, script_style
from wheelcheck.bundle.unpacking import unpack
from wheelcheck.bundle.wheel_contents import WheelContents, read_contents
from wheelcheck.bundle.writing import Folder
from wheelcheck.errors import DiskFailure, UsageProblem
from wheelcheck.model import Environment, EnvironmentFile

if TYPE_CHECKING:
    from pathlib import Path

    from wheelcheck.bundle.runtimes import RuntimeSource
    from wheelcheck.bundle.scripts import ScriptStyle
    from wheelcheck.model import Target, Wheelhouse
    from wheelcheck.ports import Reporter

_MOST_THREADS = 4


def assemble(
    source: RuntimeSource, wheelhouse: Wheelhouse, target: Target, into: Path, reporter: Reporter
) -> Environment:
    """Lay the runtime of *source* and the wheels of *wheelhouse* down in *into*, which must not exist or be empty.

    Costs one pass over every file: read, hashed and written once. Raises ``UsageProblem`` for a runtime that is not the target's,
    ``ArchiveRefused``, naming wheel and member, for hostile wheels, and ``DiskFailure`` where *into* can't be written; what had
    been written is then removed again. No wheel is unpacked before the names in every wheel were found good.
    """
    refuse_mismatch(source, target)
    system = source.runtime.system
    machine = source.runtime.machine or machine_of(target)
    if system == "windows" and not has_launcher(machine):
        raise UsageProblem(
            f"there are no launchers of scripts for {machine} on Windows", hint="use amd64, arm64 or win32"
        )
    with _cleared_on_failure(into):
        reporter.stage("reading wheels")
        contents = [read_contents(wheel, source.layout, system) for wheel in wheelhouse.wheels]
        claims = Claims(system=system)
        folder = Folder(into)
        reporter.stage("laying down the runtime")
        files = list(lay_runtime(source, folder, claims))
        windowed = any(file.path == "pythonw.exe" for file in files)
        style = script_style(source.layout, system, machine, windowed=windowed)
        shared = [_claimed(wheel, source, style, claims) for wheel in contents]
        reporter.stage("unpacking wheels")
        files += _unpacked(contents, shared, folder, source, style, reporter)
        folder.settle()
    files.sort(key=lambda file: file.path)
    return Environment(
        root=into,
        runtime=source.runtime,
        layout=source.layout,
        packages=tuple(sorted((wheel.name, wheel.version) for wheel in wheelhouse.wheels)),
        files=tuple(files),
        warnings=(
            *source.warnings,
            *(text for wheel in contents for text in wheel.warnings),
            *_overlong(files, system),
        ),
    )


def _claimed(contents: WheelContents, source: RuntimeSource, style: ScriptStyle, claims: Claims) -> frozenset[str]:
    """Claim every path of a wheel; those that an earlier one has with the same content."""
    owner = contents.wheel.path.name
    shared: set[str] = set()
    for placement in contents.placements:
        # Without a hash nothing says that two files are the same one.
        digest = placement.digest or f"{owner} {placement.member}"
        if not claims.admit(Claim(path=placement.target, owner=owner, member=placement.member, digest=digest)):
            shared.add(placement.target)
    for script in contents.entry_points:
        name, content = style.entry_point(script.name, script.module, script.attr, script.section)
        path = posixpath.normpath(posixpath.join(source.layout.scripts, name))
        member = f"{contents.dist_info}/entry_points.txt"
        digest = hashlib.sha256(content).hexdigest()
        if not claims.admit(Claim(path=path, owner=owner, member=member, digest=digest)):
            shared.add(path)
    return frozenset(shared)


def _unpacked(
    contents: list[WheelContents],
    shared: list[frozenset[str]],
    folder: Folder,
    source: RuntimeSource,
    style: ScriptStyle,
    reporter: Reporter,
) -> Iterator[EnvironmentFile]:
    def one(wheel: WheelContents, known: frozenset[str]) -> tuple[EnvironmentFile, ...]:
        reporter.fetching(wheel.wheel.path.name)
        try:
            return unpack(wheel, folder, source.layout, style, known)
        finally:
            reporter.fetched(wheel.wheel.path.name)

    # zlib, hashing and writing let go of the GIL; the largest first, so that none is left over for the end.
    order = sorted(range(len(contents)), key=lambda number: -contents[number].wheel.size)
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(one, contents[number], shared[number]) for number in order]
        try:
            for future in futures:
                yield from future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _overlong(files: list[EnvironmentFile], system: str) -> Iterator[str]:
    for file in files:
        if is_overlong(file.path, system):
            owner = file.owner or "the runtime"
            yield (
                f"{owner}: {file.path!r} has {len(file.path)} characters: in a folder whose path has {PREFIX_LENGTH}, that is over "
                f"{LONGEST_PATH}, and Windows does not open it without long paths enabled"
            )


@contextmanager
def _cleared_on_failure(into: Path) -> Iterator[None]:
    """Leave *into* as it was found, missing or empty, where the work in it fails."""
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
            hint="free some space, or choose another folder",
        ) from problem
    finally:
        if not done:
            shutil.rmtree(into, ignore_errors=True)
            if existed:
                into.mkdir(exist_ok=True)
