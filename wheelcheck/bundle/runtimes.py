"""Tells what a runtime archive or folder is, and whether it is for a target; runs nothing and unpacks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from wheelcheck.model import Layout, Runtime, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSource:
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
    """Find out what *path*, an archive (zip, tar.gz, tar.zst, tar.xz) or a folder, is, without running any of it.

    Costs one pass of decompression. Raises ``InputUnreadable``, saying what was looked for, where no runtime is recognised.
    """
    raise NotImplementedError


def plain_source(target: Target) -> RuntimeSource:
    """No runtime: the environment is a folder of site-packages for *target*."""
    raise NotImplementedError


def refuse_mismatch(source: RuntimeSource, target: Target) -> None:
    """Raise ``UsageProblem`` with both facts where the runtime of *source* cannot use what was planned for *target*."""
    raise NotImplementedError
