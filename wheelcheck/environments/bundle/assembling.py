"""Puts a runtime and the wheels of a wheelhouse together in one folder; fetches nothing, runs nothing, strips nothing."""

from __future__ import annotations

import functools
import hashlib
import os
import posixpath
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from wheelcheck.environments.bundle.claims import Admission, Claim, Claims
from wheelcheck.environments.bundle.laying import lay_runtime
from wheelcheck.environments.bundle.runtimes import RuntimeSource, machine_of, refuse_mismatch
from wheelcheck.environments.bundle.scripts import ScriptStyle, has_launcher, script_style
from wheelcheck.environments.bundle.unpacking import unpack
from wheelcheck.environments.bundle.wheel_contents import Placement, WheelContents, read_contents, read_member
from wheelcheck.environments.bundle.writing import Folder
from wheelcheck.errors import DiskFailure, UsageProblem, reading
from wheelcheck.model.environment import Environment, EnvironmentFile
from wheelcheck.model.target import Target
from wheelcheck.model.wheelhouse import Wheelhouse
from wheelcheck.ports import Reporter

_MOST_THREADS = 4


def assemble(
    source: RuntimeSource, wheelhouse: Wheelhouse, target: Target, into: Path, reporter: Reporter
) -> Environment:
    """Lay the runtime of *source* and the wheels of *wheelhouse* down in *into*, which must not exist or be empty.

    Costs one pass over every file: read, hashed and written once. No wheel is unpacked before the names in every wheel were
    found good. Raises ``UsageProblem`` for a runtime that is not the target's, ``ArchiveRefused``, naming wheel and member, for
    hostile wheels, and ``DiskFailure`` where *into* cannot be written; the files written until then are removed.
    """
    refuse_mismatch(source, target)
    system = source.runtime.system
    machine = source.runtime.machine or machine_of(target)
    _refuse_missing_launcher(system, machine)
    with _cleared_on_failure(into):
        reporter.stage("reading wheels")
        contents = [read_contents(wheel, source.layout, system) for wheel in wheelhouse.wheels]
        claims = Claims(system=system)
        folder = Folder(into)
        reporter.stage("laying down the runtime")
        files = list(lay_runtime(source, folder, claims))
        windowed = any(file.path == "pythonw.exe" for file in files)
        style = script_style(source.layout, system, machine, windowed=windowed)
        admitted = [_claimed(wheel, source, style, claims) for wheel in contents]
        reporter.stage("unpacking wheels")
        files += _unpacked(contents, admitted, folder, source, style, reporter)
        folder.fix_folders()
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
            *claims.iter_warnings(),
        ),
    )


def _refuse_missing_launcher(system: str, machine: str) -> None:
    if system == "windows" and not has_launcher(machine):
        raise UsageProblem(
            f"there are no launchers of scripts for {machine} on Windows", hint="use amd64, arm64 or win32"
        )


def _claimed(
    contents: WheelContents, source: RuntimeSource, style: ScriptStyle, claims: Claims
) -> dict[str, Admission]:
    """Claim every path of a wheel; return the admission of those that an earlier wheel has too."""
    others: dict[str, Admission] = {}
    for claim in _iter_claims(contents, source, style):
        admission = claims.admit(claim)
        if admission is not Admission.NEW:
            others[claim.path] = admission
    return others


def _iter_claims(contents: WheelContents, source: RuntimeSource, style: ScriptStyle) -> Iterator[Claim]:
    owner, project = contents.wheel.path.name, contents.wheel.name
    for placement in contents.placements:
        # Without a hash nothing says that two files are the same one.
        digest = placement.digest or f"{owner} {placement.member}"
        yield Claim(
            path=placement.target,
            owner=owner,
            member=placement.member,
            digest=digest,
            project=project,
            importable=_importable(placement, source),
            read=functools.partial(read_member, contents.wheel, placement.member),
        )
    for script in contents.entry_points:
        name, content = style.entry_point(script.name, script.module, script.attr, script.section)
        path = posixpath.normpath(posixpath.join(source.layout.scripts, name))
        member = f"{contents.dist_info}/entry_points.txt"
        yield Claim(path=path, owner=owner, member=member, digest=hashlib.sha256(content).hexdigest(), project=project)


def _importable(placement: Placement, source: RuntimeSource) -> str:
    if placement.scheme in {"purelib", "platlib"}:
        return placement.path
    # Data may be laid there too, by the name of that folder on Windows.
    site = f"{source.layout.site_packages}/"
    return placement.target.removeprefix(site) if placement.target.startswith(site) else ""


def _unpacked(
    contents: list[WheelContents],
    admitted: list[dict[str, Admission]],
    folder: Folder,
    source: RuntimeSource,
    style: ScriptStyle,
    reporter: Reporter,
) -> Iterator[EnvironmentFile]:
    def one(wheel: WheelContents, others: dict[str, Admission]) -> tuple[EnvironmentFile, ...]:
        reporter.fetching(wheel.wheel.path.name)
        try:
            with reading(wheel.wheel.path.name):
                return unpack(wheel, folder, source.layout, style, others)
        finally:
            reporter.fetched(wheel.wheel.path.name)

    # zlib, hashing and writing let go of the GIL; the largest first, so that none is left over for the end.
    order = sorted(range(len(contents)), key=lambda number: -contents[number].wheel.size)
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(one, contents[number], admitted[number]) for number in order]
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
            hint="free some space, or choose another folder",
        ) from problem
    finally:
        if not done:
            shutil.rmtree(into, ignore_errors=True)
            if existed:
                into.mkdir(exist_ok=True)
