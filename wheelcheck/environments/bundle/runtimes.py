"""Recognises a runtime archive or folder, and refuses one that is not for the target; runs nothing and unpacks nothing."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from wheelcheck.environments.bundle.runtime_kinds import (
    PLAIN_LAYOUT,
    recognise_embeddable,
    recognise_installation,
    recognise_standalone,
)
from wheelcheck.environments.bundle.trees import survey_runtime
from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.environment import Layout, Runtime, RuntimeKind
from wheelcheck.model.target import Target

_RECOGNISERS = (recognise_embeddable, recognise_standalone, recognise_installation)
_SYSTEM_WORDS = {"windows": "Windows", "linux": "Linux with glibc", "musl": "Linux with musl", "macos": "macOS"}
_MACHINE = re.compile(
    r"win_(?P<win>\w+)|(?P<win32>win32)|macosx_\d+_\d+_(?P<mac>\w+)|(?:many|musl)?linux(?:\d+|_\d+_\d+)?_(?P<linux>\w+)"
)
_HINT = "give the official embeddable zip for Windows, a python-build-standalone archive, or an installation's folder"
_NO_MACHINES = frozenset({"universal2", "universal", "intel", "fat", "fat32", "fat64"})


class RuntimeSource(Struct, frozen=True, kw_only=True):
    """A runtime that was recognised, not yet laid down; ``path`` is ``None`` for kind ``NONE``.

    ``prefix`` is the folder inside ``path`` that becomes the environment's root, with a ``/`` at its end or empty.
    ``warnings`` are sentences about what may not work in the environment.
    """

    path: Path | None
    runtime: Runtime
    layout: Layout
    prefix: str = ""
    warnings: tuple[str, ...] = ()


def recognise_runtime(path: Path) -> RuntimeSource:
    """Recognise the runtime in *path*, an archive (zip, tar.gz, tar.zst, tar.xz) or a folder, without running any of it.

    Costs one pass of decompression. Raises ``InputUnreadable`` where no runtime is recognised, and ``ArchiveRefused`` for a
    hostile archive.
    """
    if not path.exists():
        raise InputUnreadable("no such file or folder", address=str(path), hint=_HINT)
    survey = survey_runtime(path)
    for recognise in _RECOGNISERS:
        found = recognise(survey)
        if found is not None:
            prefix, runtime, layout = found
            return RuntimeSource(path=path, runtime=runtime, layout=layout, prefix=prefix)
    raise InputUnreadable(
        f"no Python runtime in these {len(survey.paths)} files: looked for python3XY._pth beside python.exe and python3XY.dll "
        "(embeddable package), for python.exe beside python3XY.dll, and for bin/python3.X, in the root or one or two folders deep "
        "(standalone build, installation)",
        address=str(path),
        hint=_HINT,
    )


def plain_source(target: Target) -> RuntimeSource:
    """The source without a runtime: the environment is a folder of site-packages for *target*."""
    runtime = Runtime(kind=RuntimeKind.NONE, python=None, system=system_of(target), machine=None)
    return RuntimeSource(path=None, runtime=runtime, layout=PLAIN_LAYOUT)


def system_of(target: Target) -> str:
    """The system of *target* in the words of ``Runtime``."""
    platforms = [platform for _, _, platform in target.tags]
    if any(platform.startswith("win") for platform in platforms):
        return "windows"
    if any(platform.startswith("macosx") for platform in platforms):
        return "macos"
    return "musl" if any(platform.startswith("musllinux") for platform in platforms) else "linux"


def machine_of(target: Target) -> str:
    """The machine of *target* as wheel tags spell it; empty where its tags name none."""
    for _, _, platform in target.tags:
        found = _MACHINE.fullmatch(platform)
        machine = next((word for word in found.groups() if word), "") if found else ""
        if machine and machine not in _NO_MACHINES:
            return machine
    return ""


def refuse_mismatch(source: RuntimeSource, target: Target) -> None:
    """Raise ``UsageProblem`` with both facts where the runtime of *source* cannot use what was planned for *target*."""
    runtime = source.runtime
    if runtime.python is None:
        return
    minor = f"{target.python_full.major}.{target.python_full.minor}"
    digits = minor.replace(".", "")
    threads = any(re.fullmatch(r"cp3\d+t", abi) for _, abi, _ in target.tags)
    planned_python = f"CPython {minor}{' free-threaded' if threads else ''} (cp{digits}{'t' if threads else ''} wheels)"
    own_python = f"{runtime.python}{' free-threaded' if runtime.free_threaded else ''}"
    planned_machine, own_machine = machine_of(target), runtime.machine or ""
    planned_system, own_system = system_of(target), runtime.system
    if target.implementation != "cpython":
        _refuse(source, f"{target.implementation} {minor}", f"CPython {own_python}")
    if (runtime.python.major, runtime.python.minor) != (target.python_full.major, target.python_full.minor):
        _refuse(source, planned_python, own_python)
    if runtime.free_threaded != threads:
        _refuse(source, planned_python, own_python if runtime.free_threaded else f"{own_python} with its GIL")
    if planned_system != own_system:
        _refuse(source, _SYSTEM_WORDS[planned_system], f"for {_SYSTEM_WORDS.get(own_system, own_system)}")
    if planned_machine and own_machine not in {planned_machine, "universal2"}:
        _refuse(source, f"{planned_machine} ({target.platform})", f"for {own_machine}")


def _refuse(source: RuntimeSource, planned: str, found: str) -> None:
    raise UsageProblem(
        f"the plan is for {planned}, the runtime is {found}",
        address=str(source.path or ""),
        hint="give the runtime that the plan is for, or plan again for this one (--platform, --python)",
    )
