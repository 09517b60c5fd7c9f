"""Targets as other files name them, in the words that ``targets`` takes; makes no target of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelcheck.model.requirement import FileOrigin


class NamedTarget(Struct, frozen=True, kw_only=True):
    """One target of a file: *platform* (``manylinux_2_36_x86_64``) and *python* (``3.11``), ``None`` where it says nothing of it.

    ``said`` is what the file says at ``origin``, as short as a person needs to recognise it, with what was assumed besides.
    """

    platform: str | None
    python: str | None
    origin: FileOrigin
    said: str


class TargetNote(Struct, frozen=True, kw_only=True):
    """What a file says at ``origin`` of targets, and could not be taken; *reason* is a clause for a person."""

    origin: FileOrigin
    reason: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.reason}"


class NamedTargets(Struct, frozen=True, kw_only=True):
    """Everything that one file says: the targets in its order, each once, and what was passed over."""

    targets: tuple[NamedTarget, ...] = ()
    notes: tuple[TargetNote, ...] = ()

    @classmethod
    def gathered(cls, targets: Iterable[NamedTarget], notes: Iterable[TargetNote] = ()) -> NamedTargets:
        """*targets* without those whose platform and Python an earlier one has, and each of *notes* once."""
        found: dict[tuple[str | None, str | None], NamedTarget] = {}
        for target in targets:
            found.setdefault((target.platform, target.python), target)
        return cls(targets=tuple(found.values()), notes=tuple(dict.fromkeys(notes)))
