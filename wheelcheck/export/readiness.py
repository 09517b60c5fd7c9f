"""Decides whether a plan may be exported at all; an export that would fail on the user's machine is never made."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import Struct

from wheelcheck.errors import UsageProblem
from wheelcheck.export.trusting import refuse_hostile
from wheelcheck.model.plan import Plan, PlannedFile, PlannedPackage
from wheelcheck.plans.executing import refuse_unexecutable

SECURE = ("blake2b", "blake2s", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512")
"""The algorithms whose hashes prove a file."""


class ReadyPackage(Struct, frozen=True, kw_only=True):
    """A package that has a file with hashes; ``hashes`` are ``(algorithm, lower-case hex)``, at least one."""

    package: PlannedPackage
    file: PlannedFile
    hashes: tuple[tuple[str, str], ...]


def iter_ready(plan: Plan, algorithms: Collection[str]) -> Iterator[ReadyPackage]:
    """Each package of *plan* with its hashes in *algorithms*, which are those that the format's readers accept.

    Raises ``UsageProblem`` naming every blocker of a plan that is blocked or undecided, and the package that lacks a hash.
    """
    refuse_unexecutable(plan)
    refuse_hostile(plan)
    for package in plan.packages:
        if package.file is None:
            raise UsageProblem(f"{_title(package)} has no file, so the plan cannot be exported", address=package.name)
        known = dict(package.file.hashes)
        if package.file.sha256:
            known.setdefault("sha256", package.file.sha256)
        hashes = tuple((algorithm, known[algorithm]) for algorithm in sorted(known) if algorithm in algorithms)
        if not hashes:
            raise UsageProblem(
                f"the index gives no usable hash for {package.file.filename}, so the plan cannot be exported",
                address=package.name,
                hint="Use an index that announces SHA-256 hashes, or download the file once and ask for it by path.",
            )
        yield ReadyPackage(package=package, file=package.file, hashes=hashes)


def refuse_unhashed(plan: Plan) -> None:
    """As :func:`iter_ready`, for formats whose reader fetches by the plan itself, with any of its hashes."""
    for _ in iter_ready(plan, SECURE):
        pass


def _title(package: PlannedPackage) -> str:
    return f"{package.name} {package.version}"
