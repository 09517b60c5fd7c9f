"""Where the user wrote what leads to a finding: the way from a finding back to a line of a file; judges nothing."""

from __future__ import annotations

from collections.abc import Callable

from wheelcheck.api.preparing import Prepared
from wheelcheck.model.finding import Finding
from wheelcheck.model.lock import Lock
from wheelcheck.model.requirement import Origin


def origins_of(prepared: Prepared) -> Callable[[Finding], Origin | None]:
    """A function from a finding to the origin of the requirement that its shortest way begins with, ``None`` where none is known.

    For a lock it is the line of the package itself, which is the line that a bump changes.
    """
    if prepared.lock is not None:
        return _in_lock(prepared.lock)
    by_text = {str(requirement): requirement.origin for requirement in reversed(prepared.inputs.requirements)}
    by_name = {requirement.name: requirement.origin for requirement in reversed(prepared.inputs.requirements)}
    unsupported = {each.name: each.origin for each in prepared.inputs.unsupported}

    def origin(finding: Finding) -> Origin | None:
        for path in sorted(finding.paths, key=lambda path: (len(path), path)):
            if path and path[0] in by_text:
                return by_text[path[0]]
        if finding.package in unsupported:
            return unsupported[finding.package]
        return by_name.get(finding.package) if finding.package is not None else None

    return origin


def _in_lock(lock: Lock) -> Callable[[Finding], Origin | None]:
    by_version = {(package.name, package.version): package.origin for package in reversed(lock.packages)}
    by_name = {package.name: package.origin for package in reversed(lock.packages)}

    def origin(finding: Finding) -> Origin | None:
        if finding.package is None:
            return None
        return by_version.get((finding.package, finding.version), by_name.get(finding.package))

    return origin
