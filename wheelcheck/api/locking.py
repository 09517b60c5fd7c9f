"""A lock among the inputs: which file is one, and what a question about its packages would be; resolves nothing.

``Request → Lock``, and ``Lock, Target → LockedAnswer``: a lock is taken as it stands, and its resolution then goes the way of any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.lock import Lock, LockKind
from wheelcheck.model.plan import InputRecord
from wheelcheck.model.requirement import InputSet, Requirement

if TYPE_CHECKING:
    from wheelcheck.api.preparing import Prepared
    from wheelcheck.model.finding import Finding
    from wheelcheck.model.resolution import Resolution
    from wheelcheck.model.target import Target
    from wheelcheck.ports import Projects
    from wheelcheck.targets.fitting import Compatibility

PROJECT_LOCKS = frozenset(LockKind) - {LockKind.REQUIREMENTS}
"""The locks that are nothing else: requirements with hashes can be resolved like any requirements."""

_MOST_BYTES = 100_000_000


class ReadLock(Struct, frozen=True, kw_only=True):
    """A lock that was read, and the record of its file."""

    lock: Lock
    record: InputRecord


def load_lock(inputs: tuple[str, ...], kinds: frozenset[LockKind]) -> ReadLock | None:
    """The lock of one of *kinds* that *inputs* name, ``None`` where they name none.

    Requirements with hashes are a lock alone, and requirements like any beside other inputs. Raises ``UsageProblem`` for another
    lock beside other inputs: it already says everything. Raises ``InputUnreadable`` as reading does.
    """
    kinds = kinds if len(inputs) == 1 else kinds - {LockKind.REQUIREMENTS}
    found = [(text, content) for text in inputs for content in _content(text, kinds)]
    if not found:
        return None
    path, content = found[0]
    if len(inputs) > 1:
        raise UsageProblem(
            f"{path} is a lock, which is read as it is and alone",
            hint="give the other inputs in a run of their own, or --relock to resolve",
        )
    from wheelcheck.locks.formats import parse_lock

    record = InputRecord(path=path, sha256=hashlib.sha256(content).hexdigest())
    return ReadLock(lock=parse_lock(content, path), record=record)


def _content(text: str, kinds: frozenset[LockKind]) -> Iterable[bytes]:
    name = text.replace("\\", "/").rpartition("/")[2]
    if "://" in text or not name.endswith((".lock", ".toml", ".json", ".txt", ".in")):
        return
    try:
        with Path(text).open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError:
        return  # whoever reads the inputs says so
    if len(content) > _MOST_BYTES:
        raise InputUnreadable(f"larger than {_MOST_BYTES:,} bytes: no lock", address=text)
    if name.endswith((".txt", ".in")) and b"--hash" not in content:
        return  # no lock, and no need to load the room's readers to know it
    from wheelcheck.locks.formats import kind_of

    if kind_of(content, text) in kinds:
        yield content


def source_of(lock: Lock) -> str:
    """The file that *lock* was made of, beside it; raises ``UsageProblem`` where there is none to resolve."""
    from wheelcheck.locks.formats import format_of

    if lock.kind is LockKind.REQUIREMENTS:
        return lock.path
    made_of = format_of(lock.kind).made_of
    beside = Path(lock.path).parent / made_of
    if not made_of or not beside.is_file():
        raise UsageProblem(
            f"--relock: what {lock.path} was made of is not beside it", hint="name the requirements as INPUT instead"
        )
    return str(beside)


def pinned_roots(lock: Lock) -> InputSet:
    """What was asked for when *lock* was made, each in its locked version: the question that a repair changes."""
    own = [package for package in lock.packages if package.is_own]
    names = {edge.name for package in own for edge in package.dependencies} | {root.name for root in lock.roots}
    depended = {edge.name for package in lock.packages if not package.is_own for edge in package.dependencies}
    packages = [package for package in lock.packages if not package.is_own and package.version is not None]
    asked = [package for package in packages if package.name in names] or [
        package for package in packages if package.name not in depended
    ]
    return InputSet(
        requirements=tuple(
            Requirement.parse(f"{package.name}=={package.version}", package.origin, marker=package.marker)
            for package in asked
        )
    )


class LockedAnswer(Struct, frozen=True, kw_only=True):
    """What a lock gives on one target, and where the index disagrees with it."""

    resolution: Resolution
    findings: tuple[Finding, ...]


def answer_of_lock(
    lock: Lock,
    prepared: Prepared,
    target: Target,
    projects: Projects,
    compatibility: Compatibility,
) -> LockedAnswer:
    """Take the packages of *lock* that apply on *target*, as they are; raises ``InputUnreadable`` and ``IndexUnavailable``."""
    from wheelcheck.findings.asked import find_disagreements, silent_lock
    from wheelcheck.locks.choosing import applicable, uncovered
    from wheelcheck.resolver.locked import resolve_locked

    policy = prepared.question.policy
    reason = uncovered(lock, target, compatibility=compatibility)
    if reason:
        empty = resolve_locked(lock, (), policy, projects, compatibility)
        return LockedAnswer(resolution=empty, findings=(silent_lock(lock.path, reason, target),))
    packages = applicable(lock, target, extras=prepared.extras, groups=prepared.groups, compatibility=compatibility)
    resolution = resolve_locked(lock, packages, policy, projects, compatibility)
    return LockedAnswer(resolution=resolution, findings=tuple(find_disagreements(packages, resolution, projects)))
