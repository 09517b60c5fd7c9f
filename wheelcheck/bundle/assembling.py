"""Puts a runtime and the wheels of a wheelhouse together in one folder; fetches nothing, runs nothing, strips nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from wheelcheck.bundle.runtimes import RuntimeSource
    from wheelcheck.model import Environment, Target, Wheelhouse
    from wheelcheck.ports import Reporter


def assemble(
    source: RuntimeSource, wheelhouse: Wheelhouse, target: Target, into: Path, reporter: Reporter
) -> Environment:
    """Lay the runtime of *source* and the wheels of *wheelhouse* down in *into*, which must not exist or be empty.

    Costs one pass over every file: read, hashed and written once. Raises ``ArchiveRefused``, naming wheel and member, for
    hostile wheels, and ``DiskFailure`` where *into* can't be written; what had been written is then removed again.
    """
    raise NotImplementedError
