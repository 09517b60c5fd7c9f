"""What is looked at: a folder with an environment in it, and what was found out of it without running anything."""

from __future__ import annotations

import posixpath
from pathlib import Path

from msgspec import Struct

from wheelcheck.model.environment import Layout, Runtime
from wheelcheck.model.inspection import Problem
from wheelcheck.model.manifest import Manifest


class Subject(Struct, frozen=True, kw_only=True):
    """The environment under ``root``; paths are relative to it with ``/``, ``.`` is the root itself.

    ``site_packages`` are all the folders that Python takes packages from, the main one first. ``home`` is where a virtual
    environment says that its Python lives, empty for other kinds; ``sees_host`` says that it shows the host's packages too.
    ``problems`` are what opening it has found already.
    """

    given: str
    root: Path
    runtime: Runtime
    layout: Layout
    site_packages: tuple[str, ...]
    manifest: Manifest | None = None
    home: str = ""
    sees_host: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def has_own_python(self) -> bool:
        """Whether the interpreter and its libraries lie in the environment itself."""
        return bool(self.layout.executable) and not self.home

    @property
    def python_minor(self) -> str:
        """``3.11``, empty where no file tells it."""
        python = self.runtime.python
        return f"{python.major}.{python.minor}" if python is not None else ""


def joined(*parts: str) -> str:
    """A relative path of *parts* with ``/``, without the ``.`` of the root; ``..`` is resolved, and kept where it leads out."""
    return posixpath.normpath(posixpath.join(*(part.replace("\\", "/") for part in parts)))


def is_outside(path: str) -> bool:
    """Whether *path*, as :func:`joined` answers it, leads out of the root."""
    return path == ".." or path.startswith(("../", "/")) or path[1:2] == ":"
