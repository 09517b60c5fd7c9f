"""Relocatable builds such as python-build-standalone's: recognised in an archive or by their own description, and kept whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheelcheck.environments.bundle.layouts import WINDOWS_LAYOUT, unix_layout, unix_runtime, windows_runtime
from wheelcheck.model.environment import RuntimeKind

if TYPE_CHECKING:
    from wheelcheck.environments.bundle.surveys import Survey
    from wheelcheck.model.environment import Layout, Runtime

_BYTECODE = re.compile(r"(?:^|/)__pycache__/|\.py[co]$")
_SITE_PACKAGES = re.compile(r"(?:Lib|lib/python3\.\d+t?)/site-packages/(?!README(?:\.txt)?$)")
# What the packages in site-packages put beside the interpreter: useless without them, full of their builder's paths, and in the
# place of the plan's own commands.
_SCRIPTS = re.compile(r"Scripts/|bin/(?!python|pydoc|idle|2to3)")


def recognise_standalone(survey: Survey) -> tuple[str, Runtime, Layout] | None:
    """The prefix, runtime and layout of a standalone build; ``None`` where *survey* holds none.

    Any archive of a whole prefix counts: who packs one means it to be moved. A folder counts where it holds the prefix in
    ``python/``, as these archives unpack.
    """
    found = whole_prefix(survey, RuntimeKind.STANDALONE)
    if found is None or (survey.is_folder and not found[0].startswith("python/")):
        return None
    return found


def whole_prefix(survey: Survey, kind: RuntimeKind) -> tuple[str, Runtime, Layout] | None:
    """The outermost prefix of an installation in *survey*, two folders deep at most."""
    for found in survey.matching(r"((?:[^/]+/){0,2})(?:python\.exe|bin/python(3\.\d+t?))"):
        prefix, python = found[1], found[2]
        if python is None:
            runtime, layout = windows_runtime(survey, prefix, kind), WINDOWS_LAYOUT
        else:
            runtime, layout = unix_runtime(survey, prefix, python, kind), unix_layout(python)
        if runtime is not None:
            return prefix, runtime, layout
    return None


def keeps(path: str) -> bool:
    """Whether the file at *path*, relative to the prefix, belongs into an environment.

    All does but byte code, which has its builder's paths and times, and what was installed into it: the wheels of the plan take
    that place, and nothing but them.
    """
    return not (_BYTECODE.search(path) or _SITE_PACKAGES.match(path) or _SCRIPTS.match(path))
