"""Builds pure source archives into wheels, each in its own environment, and checks them; runs only what was allowed by name."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.parser import HeaderParser
from pathlib import Path
from typing import IO

from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename

from wheelcheck.environments.trees import digests_of, sha256_of
from wheelcheck.environments.verify.running import kill
from wheelcheck.environments.wheelhouse import PART, Entry, Record, Wanted, built_entry, load_record
from wheelcheck.errors import ArchiveRefused, DiskFailure, UsageProblem
from wheelcheck.model.distribution import Installability
from wheelcheck.model.environment import EARLIEST
from wheelcheck.model.plan import Plan
from wheelcheck.model.requirement import project_in
from wheelcheck.model.urls import masked_within
from wheelcheck.ports import Transfers
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.texts.archive_members import DAMAGED, open_zip

_TAIL_LINES = 25
_TAIL_BYTES = 64 * 1024
# What belongs to this interpreter must not reach the build's own.
_DROPPED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")
ALL = "all"


class BuildContext(Struct, frozen=True, kw_only=True):
    """The environment variables of a build, with pip's for its requirements, and its time limit in ``seconds``."""

    environ: Mapping[str, str]
    seconds: float = 600.0


def run_build(wanted: Wanted, source: Path, out: Path, around: BuildContext) -> None:
    """Build the wheel of the source tree *source* into *out*; raises ``ArchiveRefused`` with the end of its output."""
    # Not from the source's folder, and without it on the path: a folder "build" in it would be taken for the library.
    command = [sys.executable, "-P", "-m", "build", "--wheel", "--outdir", str(out), str(source)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=out,
            env=_build_environment(wanted, around.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(timeout=around.seconds)
        except BaseException as error:
            kill(process)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise _failed(wanted, f"was not built within {around.seconds:g} seconds", output) from error
            raise
        if status != 0:
            raise _failed(wanted, f"could not be built (exit status {status})", output)


def _build_environment(wanted: Wanted, environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name not in _DROPPED}
    if wanted.package.installability is Installability.SDIST_OPTIONAL:
        # With a compiler at hand it would compile for this machine; no compiler is what makes its wheel fit every target.
        kept |= {"CC": "false", "CXX": "false", "DISTUTILS_USE_SDK": "1"}
    return kept | {
        "SOURCE_DATE_EPOCH": str(source_date(wanted.file.upload_time)),
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }


def source_date(upload_time: str | None) -> int:
    """Seconds since the epoch for the dates of a build: the upload of the source, so that each build has the same."""
    try:
        moment = datetime.datetime.fromisoformat(upload_time or "")
    except ValueError:
        return EARLIEST
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(EARLIEST, int(moment.timestamp()))


def _failed(wanted: Wanted, fact: str, output: IO[bytes]) -> ArchiveRefused:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _TAIL_BYTES))
    lines = output.read().decode("utf-8", "replace").splitlines()[-_TAIL_LINES:]
    # pip repeats the address of its index, which may have a password.
    shown = "\n".join(f"    {masked_within(line)}" for line in lines)
    return ArchiveRefused(
        f"{wanted.file.filename} {fact}" + (f"; the end of its output:\n{shown}" if shown else ""),
        address=str(wanted),
        hint="a pure project needs no more than its build requirements: see the output for what else it looks for, or take "
        "a version with a wheel",
    )


def unbuilt(folder: Path, wanted: Sequence[Wanted]) -> tuple[Wanted, ...]:
    """The sources of *wanted* without a wheel in *folder* that was built from them; local folders always count."""
    record = load_record(folder)
    sources = (each for each in wanted if not each.is_wheel)
    return tuple(each for each in sources if each.local_folder is not None or not _is_built(folder, each, record))


def _is_built(folder: Path, source: Wanted, record: Record) -> bool:
    entry = built_entry(folder, source, record)
    return entry is not None and sha256_of(folder / entry.filename) == entry.sha256


def refuse_unallowed(folder: Path, wanted: Sequence[Wanted], allowed: frozenset[NormalizedName | str]) -> None:
    """Raise ``UsageProblem`` naming the source archives of *wanted* that must be built and are not in *allowed* (``all``: any).

    Building runs the code of their authors on this machine: that is the user's decision, package by package. A name in
    *allowed* that the plan does not build is refused too, because it is a typing error.
    """
    names = {each.package.name for each in wanted if not each.is_wheel}
    strange = sorted(allowed - names - {ALL})
    if strange:
        raise UsageProblem(
            f"--allow-build names what the plan does not build: {', '.join(strange)}",
            hint=f"the plan builds {', '.join(sorted(names))}" if names else "the plan has wheels only",
        )
    if ALL in allowed:
        return
    refused = [each for each in unbuilt(folder, wanted) if each.package.name not in allowed]
    if refused:
        raise UsageProblem(
            f"{len(refused)} of the plan's packages {'come' if len(refused) > 1 else 'comes'} as source and must be built "
            f"into wheels, which runs their authors' code on this machine: {', '.join(map(str, refused))}",
            hint=f"allow it with --allow-build {','.join(each.package.name for each in refused)}",
        )


def iter_built(
    folder: Path, plan: Plan, wanted: Sequence[Wanted], around: BuildContext, reporter: Transfers
) -> Iterator[Entry]:
    """Build the sources of *wanted* that are not built yet, in the order of the plan's phase; yields an entry for each.

    The caller holds the folder's lock and has called :func:`refuse_unallowed`. Raises ``ArchiveRefused`` where a build fails,
    takes too long or makes another wheel than planned.
    """
    place = {name: position for position, name in enumerate(plan.built_once)}
    for each in sorted(unbuilt(folder, wanted), key=lambda each: place.get(each.package.name, len(place))):
        reporter.stage(f"building {each}")
        with tempfile.TemporaryDirectory(prefix="wheelcheck-build-") as scratch:
            source = _unpacked(folder, each, Path(scratch) / "source")
            out = Path(scratch) / "out"
            out.mkdir()
            run_build(each, source, out, around)
            wheels = [path for path in out.iterdir() if path.suffix == ".whl"]
            if len(wheels) != 1:
                raise ArchiveRefused(f"building it gave {len(wheels)} wheels", address=str(each))
            refuse_unplanned(wheels[0], each, plan)
            yield _housed(folder, each, wheels[0])


def _unpacked(folder: Path, wanted: Wanted, into: Path) -> Path:
    """The source tree of *wanted* in a scratch folder, because a build may write beside its sources."""
    local = wanted.local_folder
    try:
        if local is not None:
            return Path(shutil.copytree(local, into, symlinks=True))
        archive = wanted.place_in(folder)
        if archive.suffix == ".zip":
            shutil.unpack_archive(archive, into, "zip")
        else:
            # The filter refuses members that lead out of the folder; zip members never do.
            with tarfile.open(archive) as opened:
                opened.extractall(into, filter="data")
    except (OSError, ValueError, shutil.ReadError, tarfile.TarError) as error:
        raise ArchiveRefused(f"cannot be unpacked: {error}", address=str(wanted)) from error
    entries = list(into.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else into


def _housed(folder: Path, wanted: Wanted, wheel: Path) -> Entry:
    place = folder / wheel.name
    part = place.with_name(place.name + PART)
    try:
        shutil.copyfile(wheel, part)
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        digests = digests_of(part)
        part.replace(place)
    except OSError as error:
        raise DiskFailure(
            f"cannot be written: {error.strerror or error}", address=str(place), hint="free some space and run it again"
        ) from error
    source = load_record(folder).source(wanted.file)
    return wanted.entry(digests.digest(), digests.size, wheel=wheel.name, source=source)


def refuse_unplanned(path: Path, wanted: Wanted, plan: Plan) -> None:
    """Raise ``ArchiveRefused`` unless the wheel at *path* is what *plan* expects to be built of *wanted*.

    A platform wheel is named with its tag: it was built for this machine, with this machine's compiler, and not for the target.
    """
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except ValueError as error:
        raise _refused(wanted, f"gave a file that is no wheel: {error}") from error
    if (name, version) != (wanted.package.name, wanted.package.version):
        raise _refused(wanted, f"gave {name} {version}", "the source archive says another version than the index does")
    native = [tag for tag in tags if tag.platform != "any" or tag.abi != "none"]
    if native:
        raise _refused(
            wanted,
            f"gave a wheel for one platform: {_shown(native)}",
            "it compiles something, so it must be built on the target's platform: take a version with a wheel, or "
            "--sdist deny to see the others",
        )
    if not any((tag.interpreter, tag.abi, tag.platform) in plan.target.rank for tag in tags):
        raise _refused(wanted, f"gave a wheel for {_shown(tags)}, which {plan.target} does not take")
    # A package may require itself with its extras.
    changed = {project_in(text) for text in (*plan.options.overrides, *plan.options.excludes)}
    allowed = {wanted.package.name, *wanted.package.requires, *changed}
    unplanned = sorted(set(_stated(path, wanted, plan)) - allowed)
    if unplanned:
        raise _refused(
            wanted,
            f"gave a wheel that asks for {', '.join(unplanned)}, which the plan does not have it require",
            "the build adds what the source archive does not say: name it beside the other requirements and plan again",
        )


def _shown(tags: Iterable[Tag]) -> str:
    return ", ".join(sorted(str(tag) for tag in tags))


def _stated(path: Path, wanted: Wanted, plan: Plan) -> Iterator[NormalizedName]:
    """Yield the requirements of the wheel at *path* on the plan's target."""
    judge = Compatibility(plan.target)
    extras = ("", *wanted.package.extras)
    for text in _requires_dist(path, wanted):
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise _refused(wanted, f"gave a wheel with a requirement that means nothing: {text!r}") from error
        marker = requirement.marker
        if marker is None or any(judge.evaluate(marker, extra).holds for extra in extras):
            yield canonicalize_name(requirement.name)


def _requires_dist(path: Path, wanted: Wanted) -> list[str]:
    try:
        with open_zip(path) as archive:
            member = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
            text = archive.read(member).decode("utf-8", "replace")
    except (*DAMAGED, StopIteration, OSError, NotImplementedError) as error:
        raise _refused(wanted, "gave a wheel that cannot be read") from error
    found: list[str] = HeaderParser().parsestr(text).get_all("Requires-Dist") or []
    return found


def _refused(wanted: Wanted, fact: str, hint: str = "") -> ArchiveRefused:
    return ArchiveRefused(
        f"building {wanted.file.filename} {fact}", address=str(wanted), hint=hint or "take another version"
    )
