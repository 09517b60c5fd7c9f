"""Judges whether a machine is fit to build a plan, from facts about it; looks at nothing itself.

To add a check: a function of the machine, the plan's needs and the builder that yields rows, and a place in ``_CHECKS``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from wheelcheck.environments.bundle.writing import PREFIX_LENGTH
from wheelcheck.model.environment import Fitness, Machine, MachineCheck
from wheelcheck.model.target import Target
from wheelcheck.texts.words import folded

BUILDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bundle": (),
        "nsis": ("makensis",),
        "pynsist": ("pynsist", "makensis"),
        "pyinstaller": ("pyinstaller",),
        "electron-builder": ("node", "npm"),
        "briefcase": ("briefcase",),
        "dockerfile": ("docker",),
        "container-dockerfile": ("docker",),
        "deb": ("dpkg-deb",),
        "appimage": ("mksquashfs",),
        "flatpak": ("flatpak-builder",),
        "cx-freeze": ("cxfreeze",),
        "nuitka": ("nuitka",),
    }
)
"""The programs that each builder runs, by the word of its export."""
_SYNCED = re.compile(r"(?i)[/\\](onedrive[^/\\]*|dropbox|google drive|icloud ?drive|com~apple~clouddocs)([/\\]|$)")
_WATCHED = re.compile(r"(?i)[/\\](downloads|desktop|temp|tmp)([/\\]|$)")
_MOST_SKEW = 300
_UNPACKED = 4  # a wheel is about a quarter of what it installs
_NAMED = 3


class Needs(Struct, frozen=True, kw_only=True):
    """What the plan takes: its *target*, the bytes to *download*, and whether all sizes are known. ``None`` without a plan."""

    target: Target
    download: int
    is_complete: bool


def judge_machine(machine: Machine, needs: Needs | None, builder: str = "") -> tuple[MachineCheck, ...]:
    """Every check of *machine* for the plan that *needs* something, and for *builder*, a word of :data:`BUILDERS`."""
    return tuple(row for check in _CHECKS for row in check(machine, needs, builder))


def _row(subject: str, fact: str, remedy: str = "", *, bad: Fitness = Fitness.WARNING) -> MachineCheck:
    return MachineCheck(subject=subject, fitness=bad if remedy else Fitness.GOOD, fact=fact, remedy=remedy)


def _python(machine: Machine, needs: Needs | None, builder: str) -> Iterator[MachineCheck]:
    fact = f"Python {machine.python}, {machine.bits} bits, for {machine.system} {machine.machine}"
    remedy = ""
    if needs is not None and builder in ("pyinstaller", "briefcase", "cx-freeze", "nuitka"):
        target = needs.target
        wanted = (target.markers.get("sys_platform", ""), target.markers.get("platform_machine", "").lower())
        minor = f"{target.python_full.major}.{target.python_full.minor}"
        if (machine.system, machine.machine.lower()) != wanted or not machine.python.startswith(f"{minor}."):
            fact, remedy = (
                f"{fact}; the plan is for {target}",
                f"{builder} freezes the Python that runs it: run it on the target",
            )
    yield _row("python", fact, remedy, bad=Fitness.ERROR)


def _contamination(machine: Machine, needs: Needs | None, builder: str) -> Iterator[MachineCheck]:  # noqa: ARG001
    before = len(found := list[MachineCheck]())
    for name in ("PYTHONPATH", "PYTHONHOME"):
        if value := machine.environ.get(name, ""):
            found.append(_row(name, value, f"unset {name}: builders would take what lies there along"))
    if machine.user_site:
        remedy = "set PYTHONNOUSERSITE=1, or use a virtual environment: a freezer takes these packages along"
        found.append(_row("user site", f"packages of the user are seen: {machine.user_site}", remedy))
    if machine.is_conda:
        remedy = "use a Python of python.org or uv: a freezer takes conda's libraries along, which need their own place"
        found.append(_row("conda", f"this Python is conda's: {machine.prefix}", remedy))
    if machine.path_lines:
        files = sorted({file for file, _ in machine.path_lines})
        fact = f"{folded(files, _NAMED)} add folders such as {machine.path_lines[0][1]}"
        found.append(_row(".pth files", fact, "build in a fresh environment: what lies there is no part of the plan"))
    yield from found
    if len(found) == before:
        yield _row("contamination", "no PYTHONPATH, user packages, conda or path files")


def _disk(machine: Machine, needs: Needs | None, builder: str) -> Iterator[MachineCheck]:  # noqa: ARG001
    download = needs.download if needs is not None else 0
    least = "" if needs is None or needs.is_complete else "at least "
    # Fetched, unpacked, packed again; a builder packs once more.
    phases = {
        "fetch": ("cache", download),
        "bundle": ("place", download * (_UNPACKED + 1)),
        "installer": ("temporary", download * 2),
    }
    for phase, (where, size) in phases.items():
        free = machine.free.get(where)
        if free is None:
            continue
        fact = (
            f"{_size(free)} free ({where}), {least}{_size(size)} needed" if needs else f"{_size(free)} free ({where})"
        )
        remedy = "free some space, or build on another disk" if size > free else ""
        yield _row(f"disk: {phase}", fact, remedy, bad=Fitness.ERROR)


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 10**8 else f"{size / 1e6:.0f} MB"


def _tools(machine: Machine, needs: Needs | None, builder: str) -> Iterator[MachineCheck]:  # noqa: ARG001
    for name in BUILDERS.get(builder, ()):
        version = machine.tools.get(name, "")
        remedy = "" if version else f"install {name}, and put it on the PATH"
        yield _row(f"tool: {name}", version or "not found", remedy, bad=Fitness.ERROR)
    if not builder:
        there = [f"{name} {version}" for name, version in machine.tools.items() if version]
        yield _row("tools", ", ".join(there) or "none of the builders' programs")


def _place(machine: Machine, needs: Needs | None, builder: str) -> Iterator[MachineCheck]:  # noqa: ARG001
    length, place = len(machine.place), machine.place
    if machine.long_paths is False:
        yield _row("long paths", "Windows opens no paths of 260 characters and more",
                   "enable LongPathsEnabled, or build in a short folder such as C:\\b")  # fmt: skip
    elif machine.system == "win32" and length > PREFIX_LENGTH:
        yield _row("long paths", f"the folder's path has {length} characters", "build in a short folder such as C:\\b")
    if found := _SYNCED.search(place):
        yield _row(
            "folder",
            f"{place} is synchronised ({found[1]})",
            "build elsewhere: files are locked while they are uploaded",
        )
    elif machine.system == "win32" and (found := _WATCHED.search(place)):
        yield _row("folder", f"{place} is a place that scanners watch ({found[1]})",
                   "build elsewhere, or exclude the folder: new programs are locked while they are scanned")  # fmt: skip
    else:
        yield _row("folder", place)
    is_linux = needs is not None and needs.target.markers.get("sys_platform") == "linux"
    if machine.ignores_case and is_linux:
        yield _row("case", "names that differ in case only are one file here, and two on the target",
                   "build on Linux, or in a folder that tells case apart")  # fmt: skip


def _network(machine: Machine, needs: Needs | None, builder: str) -> Iterator[MachineCheck]:  # noqa: ARG001
    for host in machine.hosts:
        remedy = "see that the host is reachable, or fetch on another machine: wheelcheck fetch PLAN -d wheels"
        yield _row(f"host: {host.name}", host.error or "answers", remedy if host.error else "", bad=Fitness.ERROR)
    skews = [host.skew for host in machine.hosts if host.skew is not None]
    if skews:
        skew = min(skews, key=abs)
        remedy = (
            "set the clock: certificates and times in archives are held against it" if abs(skew) > _MOST_SKEW else ""
        )
        yield _row("clock", f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} the hosts of the plan", remedy)


_CHECKS = (_python, _contamination, _disk, _tools, _place, _network)
