"""Tells which format a lock is in, by its name and else by its first words, and has it read; the one table of lock formats."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import cast

from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.tables import MANGLED
from wheelcheck.locks.wholeness import refuse_part
from wheelcheck.model.lock import Lock, LockedPackage, LockKind

_READERS = {
    LockKind.PYLOCK: ("pylock", "parse_pylock"),
    LockKind.UV: ("uv", "parse_uv"),
    LockKind.POETRY: ("poetry", "parse_poetry"),
    LockKind.PDM: ("pdm", "parse_pdm"),
    LockKind.PIPENV: ("pipfile", "parse_pipfile"),
    LockKind.REQUIREMENTS: ("hashed", "parse_hashed"),
    LockKind.PIP_REPORT: ("pip_report", "parse_pip_report"),
}
"""The module and function of each format; imported when the first such lock is met."""

_NAMES = (
    (re.compile(r"pylock(\.[^.]+)?\.toml"), LockKind.PYLOCK),
    # "script.py.lock" is what uv lock --script leaves.
    (re.compile(r"uv\.lock|.+\.py\.lock"), LockKind.UV),
    (re.compile(r"poetry\.lock"), LockKind.POETRY),
    (re.compile(r"pdm(\..+)?\.lock"), LockKind.PDM),
    (re.compile(r"Pipfile\.lock"), LockKind.PIPENV),
)
_SIGNS = (
    (re.compile(rb"^lock-version\s*=", re.MULTILINE), rb"[[packages]]", LockKind.PYLOCK),
    (re.compile(rb"^lock_version\s*=", re.MULTILINE), b"[metadata]", LockKind.PDM),
    (re.compile(rb"^lock-version\s*=", re.MULTILINE), b"[metadata]", LockKind.POETRY),
    (re.compile(rb"\A(#[^\n]*\n|\s)*version\s*=\s*\d+\s*\n"), b"[[package]]", LockKind.UV),
)
_JSON_SIGNS = ((b'"pipfile-spec"', LockKind.PIPENV), (b'"pip_version"', LockKind.PIP_REPORT))


def kind_of(content: bytes, path: str) -> LockKind | None:
    """The format of the lock *content*, ``None`` where it is no lock; a name that only locks have decides alone."""
    name = path.replace("\\", "/").rpartition("/")[2]
    for pattern, kind in _NAMES:
        if pattern.fullmatch(name):
            return kind
    if name.endswith((".txt", ".in")):
        from wheelcheck.locks.hashed import is_hashed

        return LockKind.REQUIREMENTS if is_hashed(content, path) else None
    if name.endswith(".json") or content.lstrip()[:1] == b"{":
        return next((kind for sign, kind in _JSON_SIGNS if sign in content), None)
    if name.endswith((".toml", ".lock")):
        return next((kind for sign, header, kind in _SIGNS if header in content and sign.search(content)), None)
    return None


def is_lock(path: str, content: bytes) -> bool:
    """Whether the file *path* with this *content* is a lock of a known format; it may still be one that cannot be read."""
    return kind_of(content, path) is not None


def parse_lock(content: bytes, path: str) -> Lock:
    """Read the whole lock *content*, called *path* in messages and origins; nothing of it is left out silently.

    Raises ``InputUnreadable``, with the line where it is known, for what is no lock, a version of a format that is not understood,
    a truncated or edited lock. A requirements file may open what it includes; nothing else is read. Costs what its parser costs:
    about 0.2 ms for a package of twenty files in TOML.
    """
    kind = kind_of(content, path)
    if kind is None:
        raise InputUnreadable(
            "no lock file of a known format",
            address=path,
            hint=f"known are {', '.join(kind.value for kind in LockKind)}",
        )
    module, function = _READERS[kind]
    reader = cast("Callable[[bytes, str], Lock]", getattr(import_module(f"wheelcheck.locks.{module}"), function))
    lock = reader(content, path)
    _refuse_duplicates(lock)
    refuse_part(lock)
    return lock


def _refuse_duplicates(lock: Lock) -> None:
    """What is locked in the same version twice under the same marker overlaps everywhere; the rest is told on each target."""
    seen: dict[tuple[object, ...], LockedPackage] = {}
    for package in lock.packages:
        groups = package.groups if lock.kind is LockKind.PIPENV else frozenset()
        first = seen.setdefault((package.name, package.version, package.source, id(package.marker), groups), package)
        if first is not package:
            raise InputUnreadable(
                f"{package} is locked twice, first on line {first.origin.line}",
                address=str(package.origin),
                hint=MANGLED,
            )
