"""Reads every lock in its format; ``LOCK_FORMATS`` is the one table of them.

To add a format: a member of ``LockKind``, a module here that reads bytes to a ``Lock``, and a row in ``LOCK_FORMATS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import cast

from msgspec import Struct

from wheelcheck.errors import InputUnreadable, reading
from wheelcheck.locks.documents import MANGLED
from wheelcheck.model.lock import Lock, LockedPackage, LockKind


class LockFormat(Struct, frozen=True, kw_only=True):
    """One format of locks.

    *reader* names the module of this room and its function ``(content, path)``, imported when the first such lock is met. *names*
    are patterns of file names that only such locks have; of any other TOML or JSON file (*is_json*) *signs*, all of which it has,
    tell it. *found* are patterns of the names that count when a folder is looked through, best first.

    *header_first*: the facts of the whole lock come first, so that a lock which was cut is still readable. *all_edges*: it
    writes all that its packages depend on. *made_of* is the file beside it that it was made of, where that is known.
    """

    kind: LockKind
    reader: str
    names: tuple[str, ...] = ()
    signs: tuple[bytes, ...] = ()
    is_json: bool = False
    found: tuple[str, ...] = ()
    header_first: bool = False
    all_edges: bool = False
    made_of: str = ""


LOCK_FORMATS = (
    LockFormat(
        kind=LockKind.PYLOCK,
        reader="pip_formats:parse_pylock",
        names=(r"pylock(\.[^.]+)?\.toml",),
        signs=(rb"(?m)^lock-version\s*=", rb"\[\[packages\]\]"),
        found=(r"pylock\.toml", r"pylock\.[^./]+\.toml"),
        made_of="pyproject.toml",
    ),
    LockFormat(
        kind=LockKind.UV,
        reader="uv:parse_uv",
        # "script.py.lock" is what uv lock --script leaves.
        names=(r"uv\.lock", r".+\.py\.lock"),
        signs=(rb"\A(#[^\n]*\n|\s)*version\s*=\s*\d+\s*\n", rb"\[\[package\]\]"),
        found=(r"uv\.lock",),
        header_first=True,
        made_of="pyproject.toml",
    ),
    LockFormat(
        kind=LockKind.POETRY,
        reader="poetry_pdm_pipenv:parse_poetry",
        names=(r"poetry\.lock",),
        signs=(rb"(?m)^lock-version\s*=", rb"\[metadata\]"),
        found=(r"poetry\.lock",),
        all_edges=True,
        made_of="pyproject.toml",
    ),
    LockFormat(
        kind=LockKind.PDM,
        reader="poetry_pdm_pipenv:parse_pdm",
        names=(r"pdm(\..+)?\.lock",),
        signs=(rb"(?m)^lock_version\s*=", rb"\[metadata\]"),
        found=(r"pdm\.lock",),
        header_first=True,
        all_edges=True,
        made_of="pyproject.toml",
    ),
    LockFormat(
        kind=LockKind.PIPENV,
        reader="poetry_pdm_pipenv:parse_pipfile",
        names=(r"Pipfile\.lock",),
        signs=(rb'"pipfile-spec"',),
        is_json=True,
        found=(r"Pipfile\.lock",),
    ),
    LockFormat(
        kind=LockKind.PIXI,
        reader="pixi:parse_pixi",
        names=(r"pixi\.lock",),
        found=(r"pixi\.lock",),
        made_of="pyproject.toml",
    ),
    LockFormat(
        kind=LockKind.PIP_REPORT, reader="pip_formats:parse_pip_report", signs=(rb'"pip_version"',), is_json=True
    ),
    # Told by its lines, and found as the requirements file that it is.
    LockFormat(kind=LockKind.REQUIREMENTS, reader="pip_formats:parse_hashed"),
)
"""In the order in which they count when a folder has several."""

_BY_KIND = {each.kind: each for each in LOCK_FORMATS}


def format_of(kind: LockKind) -> LockFormat:
    """The row of *kind*."""
    return _BY_KIND[kind]


def is_lock_name(name: str) -> bool:
    """Whether only locks have the file name *name*."""
    return any(re.fullmatch(pattern, name) for each in LOCK_FORMATS for pattern in each.names)


def kind_of(content: bytes, path: str) -> LockKind | None:
    """The format of the lock *content*, ``None`` where it is no lock; a name that only locks have decides alone."""
    name = path.replace("\\", "/").rpartition("/")[2]
    for each in LOCK_FORMATS:
        if any(re.fullmatch(pattern, name) for pattern in each.names):
            return each.kind
    if name.endswith((".txt", ".in")):
        from wheelcheck.locks.pip_formats import is_hashed

        return LockKind.REQUIREMENTS if is_hashed(content, path) else None
    is_json = name.endswith(".json") or content.lstrip()[:1] == b"{"
    if not is_json and not name.endswith((".toml", ".lock")):
        return None
    told = (each for each in LOCK_FORMATS if each.signs and each.is_json == is_json)
    return next((each.kind for each in told if all(re.search(sign, content) for sign in each.signs)), None)


def parse_lock(content: bytes, path: str) -> Lock:
    """Read the whole lock *content*, called *path* in messages and origins; nothing of it is left out silently.

    Raises ``InputUnreadable``, with the line where it is known, for a file that is no lock, an unknown version of a format, a
    truncated or edited lock. A requirements file may open the files that it includes; nothing else is read. Costs about 0.2 ms for
    a package of twenty files in TOML.
    """
    kind = kind_of(content, path)
    if kind is None:
        raise InputUnreadable(
            "no lock file of a known format",
            address=path,
            hint=f"known are {', '.join(kind.value for kind in LockKind)}",
        )
    module, _, function = format_of(kind).reader.partition(":")
    reader = cast("Callable[[bytes, str], Lock]", getattr(import_module(f"wheelcheck.locks.{module}"), function))
    with reading(path):
        lock = reader(content, path)
    _refuse_duplicates(lock)
    _refuse_part(lock)
    return lock


def _refuse_duplicates(lock: Lock) -> None:
    """A project locked twice in one version under one marker overlaps everywhere; other overlaps are told on each target."""
    seen: dict[tuple[object, ...], LockedPackage] = {}
    for package in lock.packages:
        groups = package.groups if lock.kind in (LockKind.PIPENV, LockKind.PIXI) else frozenset()
        first = seen.setdefault((package.name, package.version, package.source, package.marker, groups), package)
        if first is not package:
            raise InputUnreadable(
                f"{package} is locked twice, first on line {first.origin.line}",
                address=str(package.origin),
                hint=MANGLED,
            )


def _refuse_part(lock: Lock) -> None:
    """Raise ``InputUnreadable`` where *lock* lists no package, or one that nothing in a ``uv.lock`` leads to.

    A file that was cut between two tables is still valid TOML, and the missing packages would pass unseen.
    """
    if not lock.packages and format_of(lock.kind).header_first:
        raise InputUnreadable("lists no package", address=lock.path, hint=MANGLED)
    if lock.kind is LockKind.UV:
        _refuse_unreached(lock)


def _refuse_unreached(lock: Lock) -> None:
    named = lock.named_from(root.name for root in lock.roots)
    for package in lock.packages:
        if package.name not in named:
            raise InputUnreadable(
                f"{package} is listed, but nothing in the lock leads to it", address=str(package.origin), hint=MANGLED
            )
