"""``doctor``, ``verify`` and ``runtime``: this machine, a bundle or environment, and the Python that is published for a target.

This machine with the hosts of a plan, and an environment, are looked at and judged. A Python is fetched, checked and kept.
"""

from __future__ import annotations

import os
import platform
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wheelcheck.api.edges import cache_dir, read_plan_file
from wheelcheck.api.fetch import open_files
from wheelcheck.api.request import Request, completed
from wheelcheck.errors import HashMismatch, IndexUnavailable, UsageProblem
from wheelcheck.model.environment import FetchedRuntime, Host, KnownRuntime, Machine, MachineCheck, RuntimeKind
from wheelcheck.model.plan import PlannedFile
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked
from wheelcheck.ports import Reporter, SilentReporter, SilentTransfers, Transfers
from wheelcheck.settings.loading import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelcheck.environments.fitness import Needs
    from wheelcheck.environments.verify.imports import ImportOptions
    from wheelcheck.model.inspection import Inspection
    from wheelcheck.model.plan import Plan
    from wheelcheck.plans.documents import ExecutablePlan


_SECONDS = 20


def doctor(
    plan: Plan | None, where: Request, place: Path, builder: str = "", reporter: Reporter | None = None
) -> tuple[MachineCheck, ...]:
    """The checks of this machine for building *plan* in the folder *place* with *builder*; without a plan, of the machine alone.

    Raises ``UsageProblem`` for a builder that is not known.
    """
    from wheelcheck.environments.fitness import BUILDERS, judge_machine

    if builder and builder not in BUILDERS:
        raise UsageProblem(f"--builder {builder!r} is not known", hint=f"one of {', '.join(BUILDERS)}")
    hosts = (
        ()
        if plan is None or where.options["offline"]
        else tuple(_iter_hosts(plan, where, reporter or SilentReporter()))
    )
    return judge_machine(load_machine(place, where.environ, builder, hosts), needs_of(plan), builder)


def needs_of(plan: Plan | None) -> Needs | None:
    """What *plan* takes, from the sizes that stand in it."""
    from wheelcheck.environments.fitness import Needs

    if plan is None:
        return None
    sizes = [package.file.size for package in plan.packages if package.file is not None]
    return Needs(target=plan.target, download=sum(size or 0 for size in sizes), is_complete=None not in sizes)


def load_machine(place: Path, environ: Mapping[str, str], builder: str, hosts: tuple[Host, ...]) -> Machine:
    """The facts of this machine; runs each program of the builders once for its version, and writes one empty file."""
    from wheelcheck.environments.fitness import BUILDERS

    place = place.resolve()
    above = next(each for each in (place, *place.parents) if each.is_dir())
    names = BUILDERS[builder] if builder else sorted({name for names in BUILDERS.values() for name in names})
    return Machine(
        python=platform.python_version(),
        system=sys.platform,
        machine=platform.machine(),
        bits=64 if sys.maxsize > 2**32 else 32,
        prefix=sys.prefix,
        is_conda=(Path(sys.base_prefix) / "conda-meta").is_dir() or "CONDA_PREFIX" in environ,
        user_site=_user_site(),
        environ=environ,
        path_lines=tuple(_iter_path_lines()),
        place=str(place),
        free=dict(_iter_free(above)),
        ignores_case=_ignores_case(above),
        long_paths=_long_paths(),
        tools={name: _version(name) for name in names},
        hosts=hosts,
    )


def _user_site() -> str:
    folder = Path(site.getusersitepackages())
    return str(folder) if site.ENABLE_USER_SITE and folder.is_dir() and any(folder.glob("*.dist-info")) else ""


def _iter_path_lines() -> Iterator[tuple[str, str]]:
    for folder in site.getsitepackages():
        for file in sorted(Path(folder).glob("*.pth")):
            for line in file.read_text("utf-8", "replace").splitlines():
                if line.strip() and not line.startswith(("#", "import ", "import\t")):
                    yield file.name, line.strip()


def _iter_free(above: Path) -> Iterator[tuple[str, int]]:
    from wheelcheck.index.disk_cache import default_cache_dir

    cache = default_cache_dir()
    folders = {"place": above, "temporary": Path(tempfile.gettempdir()), "cache": cache}
    for name, folder in folders.items():
        there = next(each for each in (folder, *folder.parents) if each.is_dir())
        yield name, shutil.disk_usage(there).free


def _ignores_case(folder: Path) -> bool:
    try:
        with tempfile.NamedTemporaryFile(prefix="CaSe", dir=folder) as file:
            made = Path(file.name)
            return made.with_name(made.name.swapcase()).exists()
    except OSError:
        return False


def _long_paths() -> bool | None:
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:
        return False


def _version(name: str) -> str:
    """The first line that the program *name* says of its version; ``there`` where it says nothing, empty where it is missing."""
    beside = shutil.which(name, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if beside is None:
        return ""
    option = {"makensis": "-VERSION", "mksquashfs": "-version"}.get(name, "--version")
    try:
        done = subprocess.run(
            [beside, option], capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "there, but does not answer"
    return next(iter((done.stdout or done.stderr).strip().splitlines()), "there")


def _iter_hosts(plan: Plan, where: Request, reporter: Reporter) -> Iterator[Host]:
    urls = [*plan.options.indexes, *(package.file.url for package in plan.packages if package.file is not None)]
    by_host = {
        urlsplit(url).netloc.rpartition("@")[2]: url for url in reversed(urls) if url.startswith(("http:", "https:"))
    }
    with open_files(where, reporter) as files:
        for name, url in sorted(by_host.items()):
            reporter.stage(f"asking {name}")
            try:
                date = files.clock_of(url)
            except IndexUnavailable as error:
                yield Host(name=name, error=error.message)
                continue
            skew = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds() if date else None
            yield Host(name=name, skew=skew)


def verify(path: str, imports: ImportOptions, *, plan: str = "", reporter: Reporter | None = None) -> Inspection:
    """Look at the bundle or environment at *path*: files, the plan in the file *plan* (empty for none), libraries and imports.

    Problems are an answer, not errors. Raises ``InputUnreadable`` where there is no environment or the plan cannot be read,
    ``UsageProblem`` for a runner that cannot be started, ``OSError`` where the disk fails.
    """
    from wheelcheck.archives.reader import InstalledCode
    from wheelcheck.environments.verify.inspecting import InspectionOptions, inspect
    from wheelcheck.environments.verify.opening import opened
    from wheelcheck.knowledge.loading import load_standard_library
    from wheelcheck.knowledge.systems import load_system_libraries

    reporter = reporter or SilentReporter()
    options = InspectionOptions(
        plan=_plan(plan),
        imports=imports,
        open_code=InstalledCode,
        library=load_standard_library(),
        environ=os.environ,
    )
    reporter.stage("opening")
    with opened(path) as subject:
        return inspect(subject, load_system_libraries(), options, reporter)


def _plan(path: str) -> ExecutablePlan | None:
    if not path:
        return None
    from wheelcheck.api.edges import read_plan_file
    from wheelcheck.plans.documents import parse_executable

    return parse_executable(read_plan_file(path), path)


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
