"""The one table of files that name targets: which kind a file is, and which module reads it; knows no format itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path

from msgspec import Struct, field

from wheelcheck.model.images import ImageKnowledge
from wheelcheck.model.named_target import NamedTargets
from wheelcheck.texts.sources import Reader


class TargetSource(Enum):
    """What a file names targets as; the value is what a person calls it."""

    DOCKERFILE = "Dockerfile"
    PYTHON_VERSION = ".python-version"
    REQUIRES_PYTHON = "requires-python"
    CIBUILDWHEEL = "tool.cibuildwheel"
    GITHUB_ACTIONS = "GitHub Actions workflow"


class TargetAsk(Struct, frozen=True, kw_only=True):
    """What the reading of any source may need besides its text.

    ``known`` is the table of images and machines, ``pythons`` the words of the Pythons that are supported, in their order.
    ``stage`` and ``build_args`` are those of ``docker build``.
    """

    known: ImageKnowledge
    pythons: tuple[str, ...]
    stage: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)


def load_targets(path: Path, source: TargetSource, ask: TargetAsk) -> NamedTargets:
    """The targets that the file *path* names as *source*. Raises ``InputUnreadable`` with file and line."""
    read = Reader(fetch_text=None, stdin=None).file(path)
    return parse_targets(read.text, read.place, source, ask)


def parse_targets(text: str, path: str, source: TargetSource, ask: TargetAsk) -> NamedTargets:
    """The targets that *text*, called *path* in messages, names as *source*. Raises ``InputUnreadable`` with the line."""
    return _READERS[source](text, path, ask)


def source_of(path: Path) -> TargetSource | None:
    """What the file *path* is by its name; ``None`` for a ``pyproject.toml`` too, which may be two things."""
    name = path.name
    if re.fullmatch(r"(Docker|Container)file(\..+)?|.+\.(docker|container)file", name, re.IGNORECASE):
        return TargetSource.DOCKERFILE
    if name in (".python-version", ".python-versions"):
        return TargetSource.PYTHON_VERSION
    if path.suffix in (".yml", ".yaml") and path.absolute().parts[-3:-1] == (".github", "workflows"):
        return TargetSource.GITHUB_ACTIONS
    return None


def _dockerfile(text: str, path: str, ask: TargetAsk) -> NamedTargets:
    from wheelcheck.targets.dockerfile import parse_dockerfile

    return parse_dockerfile(text, path, bases=ask.known, stage=ask.stage, build_args=ask.build_args)


def _python_version(text: str, path: str, ask: TargetAsk) -> NamedTargets:  # noqa: ARG001 - one shape for the table
    from wheelcheck.targets.python_version import parse_python_version_file

    return parse_python_version_file(text, path)


def _requires_python(text: str, path: str, ask: TargetAsk) -> NamedTargets:
    from wheelcheck.targets.requires_python import parse_requires_python

    return parse_requires_python(text, path, pythons=ask.pythons)


def _cibuildwheel(text: str, path: str, ask: TargetAsk) -> NamedTargets:
    from wheelcheck.targets.cibuildwheel import parse_cibuildwheel

    return parse_cibuildwheel(text, path, pythons=ask.pythons, known=ask.known)


def _github_actions(text: str, path: str, ask: TargetAsk) -> NamedTargets:
    from wheelcheck.targets.github_actions import parse_workflow

    return parse_workflow(text, path, known=ask.known)


_READERS: Mapping[TargetSource, Callable[[str, str, TargetAsk], NamedTargets]] = {
    TargetSource.DOCKERFILE: _dockerfile,
    TargetSource.PYTHON_VERSION: _python_version,
    TargetSource.REQUIRES_PYTHON: _requires_python,
    TargetSource.CIBUILDWHEEL: _cibuildwheel,
    TargetSource.GITHUB_ACTIONS: _github_actions,
}
