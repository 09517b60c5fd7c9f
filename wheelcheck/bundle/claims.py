"""Who owns which path of an environment, before anything is written; two different files in one place are a refusal."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import NoReturn

from wheelcheck.bundle.members import collision_key
from wheelcheck.errors import ArchiveRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A file that is to be at ``path``, from the member ``member`` of ``owner``; ``digest`` tells equal contents."""

    path: str
    owner: str
    member: str
    digest: str


@dataclass(slots=True)
class Claims:
    """The paths taken so far on *system* (a word of ``Runtime``)."""

    system: str
    _files: dict[str, Claim] = field(default_factory=dict)
    _folders: dict[str, Claim] = field(default_factory=dict)

    def admit(self, claim: Claim) -> bool:
        """Whether *claim* is a new file; ``False`` where the very same is there already.

        Raises ``ArchiveRefused``, naming both owners, where another file has that place, on a file system that ignores case too.
        """
        key = collision_key(claim.path, self.system)
        other = self._files.get(key)
        if other is not None:
            if other.path == claim.path and other.digest == claim.digest:
                return False
            fact = (
                "with other content"
                if other.path == claim.path
                else f"as {other.member!r}, the same name where case is ignored"
            )
            _refuse(claim, f"{claim.path!r} comes from {_named(other, claim)} too, {fact}")
        if key in self._folders:
            other = self._folders[key]
            _refuse(claim, f"{claim.path!r} is a folder for {other.member!r} of {_named(other, claim)}")
        self._files[key] = claim
        folder = posixpath.dirname(key)
        while folder and folder not in self._folders:
            other = self._files.get(folder)
            if other is not None:
                _refuse(claim, f"{other.path!r} is a file of {_named(other, claim)}")
            self._folders[folder] = claim
            folder = posixpath.dirname(folder)
        return True


def _named(other: Claim, claim: Claim) -> str:
    return "this archive" if other.owner == claim.owner else other.owner


def _refuse(claim: Claim, fact: str) -> NoReturn:
    raise ArchiveRefused(
        f"member {claim.member!r}: {fact}",
        address=claim.owner,
        hint="only one of them can be in an environment: leave one out, or choose versions that do not overlap",
    )
