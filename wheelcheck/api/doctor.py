"""Looks at this machine and the hosts of a plan (``doctor``), or at a bundle or environment (``verify``), and has it judged."""

from __future__ import annotations

import os
import platform
import shutil
import site
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wheelcheck.api.fetch import open_files
from wheelcheck.errors import IndexUnavailable, UsageProblem
from wheelcheck.model.environment import Host, Machine, MachineCheck
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wheelcheck.api.request import Request
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
    from wheelcheck.archives.installed import InstalledCode
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
