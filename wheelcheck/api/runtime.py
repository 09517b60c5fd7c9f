"""``runtime``: a target → the Python that is published for it, fetched, checked and kept in the cache."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from wheelcheck.api.edges import cache_dir, read_plan_file
from wheelcheck.api.fetch import open_files
from wheelcheck.api.request import Request, completed
from wheelcheck.errors import HashMismatch, IndexUnavailable, UsageProblem
from wheelcheck.model.environment import FetchedRuntime, KnownRuntime, RuntimeKind
from wheelcheck.model.plan import PlannedFile
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked
from wheelcheck.ports import SilentTransfers, Transfers
from wheelcheck.settings.loading import Settings, load_settings

WORDS: Mapping[str, RuntimeKind | None] = {
    "auto": None,
    "embeddable": RuntimeKind.EMBEDDABLE,
    "standalone": RuntimeKind.STANDALONE,
}
"""What can be said in place of a path: any kind, which on Windows is the embeddable package, or one kind."""
MIRROR = "WHEELCHECK_RUNTIME_MIRROR"
"""The environment variable that names a mirror."""


def load_target(words: str) -> Target:
    """The target of a plan file, or of words such as ``win_amd64/3.11``; raises ``UsageProblem`` and ``InputUnreadable``."""
    from wheelcheck.plans.documents import parse_executable
    from wheelcheck.targets.pythons import split_target
    from wheelcheck.targets.targets import parse_target

    if Path(words).is_file():
        return parse_executable(read_plan_file(words), words).plan.target
    platform, python = split_target(words)
    if not python:
        raise UsageProblem(f"{words!r} is no plan file, and names no Python", hint="write, for example, win_amd64/3.11")
    return parse_target(platform, python)


def known_runtimes(
    target: Target, kind: RuntimeKind | None = None, folders: Iterable[Path] = ()
) -> tuple[KnownRuntime, ...]:
    """The runtimes that are known for *target*, of *kind* or of any, embeddable packages before standalone builds.

    A patch level that *target* names is meant. *folders* hold the user's own knowledge.
    """
    from wheelcheck.environments.bundle.runtimes import is_free_threaded, machine_of, system_of
    from wheelcheck.knowledge.systems import load_runtimes

    full, machine = target.python_full, machine_of(target)
    found = [
        each
        for each in load_runtimes(folders)
        if target.implementation == "cpython"
        and kind in (None, each.kind)
        and (each.system, each.machine) == (system_of(target), machine)
        and each.free_threaded == is_free_threaded(target)
        and (each.python == full or (target.patch_assumed and each.minor == (full.major, full.minor)))
    ]
    return tuple(sorted(found, key=lambda each: (each.kind is not RuntimeKind.EMBEDDABLE, -each.python.micro)))


def fetch_runtime(
    target: Target, word: str, where: Request, reporter: Transfers | None = None, *, into: Path | None = None
) -> FetchedRuntime:
    """Fetch the runtime for *target* that *word* of ``WORDS`` means, into the cache, or into the folder *into* without one.

    Goes on where an earlier run was interrupted. Raises ``UsageProblem`` where none is known, and ``IndexUnavailable`` with what
    to fetch and where to put it, where it is not at hand and its host cannot be asked.
    """
    from wheelcheck.environments.wheelhouse import locked

    reporter = reporter or SilentTransfers()
    settings = load_settings(Path(where.folder), where.environ)
    found = known_runtimes(target, WORDS[word], map(Path, completed(where, settings)["knowledge"]))
    if not found:
        raise _unknown(target, word)
    runtime, others = found[0], found[1:]
    folder = _folder(where, settings, into)
    file = _file(runtime, _mirror(where, settings))
    place = folder / runtime.filename
    with locked(folder, reporter):
        if not _is_whole(place, runtime):
            _download(file, place, where, reporter)
    if into is not None and into != folder:
        into.mkdir(parents=True, exist_ok=True)
        place = Path(shutil.copy2(place, into / runtime.filename))
    return FetchedRuntime(runtime=runtime, path=place, url=masked(file.url), others=others)


def _unknown(target: Target, word: str) -> UsageProblem:
    kind = "" if word == "auto" else f" as {word} package" if word == "embeddable" else f" as {word} build"
    full = target.python_full
    python = str(full) if not target.patch_assumed else f"{full.major}.{full.minor}"
    return UsageProblem(
        f"no Python {python} for {target.platform} is known{kind} with its hash",
        hint="fetch an embeddable zip (python.org) or a python-build-standalone archive, compare its hash with its publisher's, "
        "and give it with --runtime PATH",
    )


def _folder(where: Request, settings: Settings, into: Path | None) -> Path:
    from wheelcheck.index.disk_cache import RUNTIMES

    cache = cache_dir(where, settings)
    if cache is not None:
        return cache / RUNTIMES
    if into is None:
        raise UsageProblem(
            "--no-cache leaves no place for the runtime", hint="leave --no-cache out, or give --runtime PATH"
        )
    return into


def _mirror(where: Request, settings: Settings) -> str:
    said = where.options["runtime_mirror"] or where.environ.get(MIRROR) or settings.options.get("runtime_mirror") or ""
    return said if not said or "://" in said else Path(said).absolute().as_uri()


def _file(runtime: KnownRuntime, mirror: str) -> PlannedFile:
    return PlannedFile(
        filename=runtime.filename, url=runtime.url(mirror), sha256=runtime.sha256, size=None, upload_time=None, tag=None
    )


def _is_whole(place: Path, runtime: KnownRuntime) -> bool:
    from wheelcheck.environments.trees import sha256_of

    return place.is_file() and sha256_of(place) == runtime.sha256


def _download(file: PlannedFile, place: Path, where: Request, reporter: Transfers) -> None:
    from wheelcheck.environments.filling import PartFile

    landing = PartFile(file, place, reporter)
    try:
        with open_files(where, reporter) as files:
            size = files.sizes([file]).files[file.filename].download
            reporter.expect(1, size)
            files.download([(file, landing)])
    except HashMismatch:
        raise
    except IndexUnavailable as error:
        raise IndexUnavailable(
            f"{file.filename} could not be fetched: {error.message}",
            address=error.address or masked(file.url),
            hint=f"fetch {masked(file.url)} (SHA-256 {file.sha256}) where its host can be reached, and put it into "
            f"{place.parent}, or give it with --runtime PATH; --runtime-mirror names another host",
        ) from error
    finally:
        landing.close()
