"""Reads every file that names targets; ``TARGET_SOURCES`` is the one table of their kinds. Opens no file.

To add a source: a module here that reads text to ``NamedTargets``, and a row in ``TARGET_SOURCES``. A value that cannot
be taken literally becomes a note, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from msgspec import Struct, field

from wheelcheck.model.systems import ImageKnowledge
from wheelcheck.model.target import NamedTargets


class TargetQuery(Struct, frozen=True, kw_only=True):
    """The facts that reading a source may need besides its text.

    ``known`` is the table of images and machines, ``pythons`` the words of the Pythons that are supported, in their order.
    ``stage`` and ``build_args`` are those of ``docker build``.
    """

    known: ImageKnowledge
    pythons: tuple[str, ...]
    stage: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)


class TargetSource(Struct, frozen=True, kw_only=True):
    """One kind of file that names targets: *name* is how a person calls it, *files* matches the names of such files.

    *sign* is a text that the file then has to contain. *reader* names the module of this room and its function
    ``(text, path, query)``, imported when the first such file is met.
    """

    name: str
    files: str
    sign: str = ""
    reader: str


TARGET_SOURCES = (
    TargetSource(
        name="Dockerfile",
        files=r"(?i:(Docker|Container)file(\..+)?|.+\.(docker|container)file)",
        reader="dockerfile:parse_dockerfile",
    ),
    TargetSource(
        name=".python-version", files=r"\.python-versions?", reader="python_version:parse_python_version_file"
    ),
    TargetSource(name="GitHub Actions workflow", files=r".+\.ya?ml", reader="github_actions:parse_workflow"),
    TargetSource(
        name="tool.cibuildwheel", files=r".+\.toml", sign="[tool.cibuildwheel", reader="cibuildwheel:parse_cibuildwheel"
    ),
    TargetSource(name="requires-python", files=r".+\.toml", reader="pythons:parse_requires_python"),
)
"""The first row that matches counts; a file that none matches is taken for a Dockerfile."""


def source_of(path: str, text: str) -> TargetSource:
    """The kind of the file *path* with the content *text*."""
    name = path.replace("\\", "/").rpartition("/")[2]
    told = (each for each in TARGET_SOURCES if re.fullmatch(each.files, name) and each.sign in text)
    return next(told, TARGET_SOURCES[0])


def parse_targets(text: str, path: str, query: TargetQuery) -> NamedTargets:
    """The targets that *text*, called *path* in messages, names. Raises ``InputUnreadable`` with the line."""
    module, _, function = source_of(path, text).reader.partition(":")
    read = getattr(import_module(f"wheelcheck.targets.{module}"), function)
    return cast("Callable[[str, str, TargetQuery], NamedTargets]", read)(text, path, query)
