"""An environment that was put together from a runtime and wheels: where things lie in it, and whose each file is."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.document import HEX_SHA256, Count, ProjectName, about

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName

# A manifest comes with a download: its paths are joined to a folder, and must stay in it on every system.
_PLACE = r"^(?![^/]:)(?!\.{1,2}(?:/|$))[^/\\\0]+(?:/(?!\.{1,2}(?:/|$))[^/\\\0]+)*$"
_PLACE_OR_ROOT = rf"^\.$|{_PLACE}"


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
    """What was found out of a runtime without running it."""

    kind: Annotated[
        RuntimeKind,
        about(
            "embeddable: the embeddable package for Windows. standalone: a relocatable build. installation: copied from an "
            "existing one. none: packages alone."
        ),
    ]
    python: Annotated[
        Version | None,
        about("The version of the interpreter, without its patch level where no file tells it; null for none."),
    ]
    system: Annotated[str, about("windows, linux (glibc), musl or macos.")]
    machine: Annotated[str | None, about("As wheel tags spell it: amd64, x86_64, arm64, …; null for none.")]
    free_threaded: Annotated[bool, about("Whether it has no global lock.")] = False


class Layout(Struct, frozen=True, kw_only=True):
    """Where things lie, as paths with / relative to the environment's root; . is the root itself."""

    executable: Annotated[str, about("The interpreter; empty without a runtime.", pattern=f"^$|{_PLACE}")]
    site_packages: Annotated[str, about("Where packages lie, compiled or not.", pattern=_PLACE_OR_ROOT)]
    scripts: Annotated[str, about("Where scripts lie.", pattern=_PLACE_OR_ROOT)]
    headers: Annotated[str, about("Where headers lie.", pattern=_PLACE_OR_ROOT)]
    data: Annotated[str, about("Where a wheel's data goes.", pattern=_PLACE_OR_ROOT)]


class EnvironmentFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of an environment."""

    path: Annotated[str, about("Relative to the root, with /.", pattern=_PLACE)]
    size: Annotated[Count, about("In bytes.")]
    sha256: Annotated[str, about("Its hash in hex; a link has none.", pattern=HEX_SHA256, max_length=64)] = ""
    owner: Annotated[
        ProjectName | None, about("The project whose wheel brought it; absent for the runtime's files.")
    ] = None
    executable: Annotated[bool, about("Whether it may be run; absent is false.")] = False
    link: Annotated[str, about("What a symbolic link points to, relative to its folder; absent for a file.")] = ""


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
