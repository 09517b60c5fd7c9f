"""An environment that was put together from a runtime and wheels: where things lie in it, and whose each file is."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version


class RuntimeKind(Enum):
    """What a runtime archive or folder is."""

    EMBEDDABLE = "embeddable"
    """The embeddable package for Windows: python.exe, python3.dll, pythonXY.dll, pythonXY.zip and pythonXY._pth in one folder."""
    STANDALONE = "standalone"
    """A relocatable build (python-build-standalone): a whole installation under one folder."""
    INSTALLATION = "installation"
    """An existing installation, copied clean."""
    NONE = "none"
    """No runtime: a plain folder of site-packages."""


class Runtime(Struct, frozen=True, kw_only=True):
    """What was found out of a runtime without running it; ``python`` and ``machine`` are ``None`` for kind ``NONE``.

    ``system`` is ``windows``, ``linux`` (glibc), ``musl`` or ``macos``; ``machine`` as wheel tags spell it (``amd64``, ``arm64``
    on Windows; ``x86_64``, ``aarch64``, ``arm64`` elsewhere). ``python`` may lack the patch level where no file tells it.
    """

    kind: RuntimeKind
    python: Version | None
    system: str
    machine: str | None
    free_threaded: bool = False


class Layout(Struct, frozen=True, kw_only=True):
    """Where things lie, as ``/``-separated paths relative to the environment's root; ``.`` is the root itself.

    ``executable`` is empty without a runtime. ``site_packages`` takes purelib and platlib alike.
    """

    executable: str
    site_packages: str
    scripts: str
    headers: str
    data: str


class EnvironmentFile(Struct, frozen=True, kw_only=True):
    """One file: ``path`` relative to the root with ``/``, ``size`` in bytes, ``sha256`` in hex (empty for a link, which has none).

    ``owner`` is the project whose wheel brought it, ``None`` for the runtime's and our own. ``executable`` is the mode bit.
    ``link`` is what a symbolic link of the runtime points to (relative, inside the root), empty for a plain file.
    """

    path: str
    size: int
    sha256: str
    owner: NormalizedName | None = None
    executable: bool = False
    link: str = ""


class Environment(Struct, frozen=True, kw_only=True):
    """A finished environment under ``root``; ``packages`` sorted by name, ``files`` by path.

    ``warnings`` are sentences about what was done although it may not work everywhere, such as a path that Windows cuts off.
    """

    root: Path
    runtime: Runtime
    layout: Layout
    packages: tuple[tuple[NormalizedName, Version], ...]
    files: tuple[EnvironmentFile, ...]
    warnings: tuple[str, ...] = ()
