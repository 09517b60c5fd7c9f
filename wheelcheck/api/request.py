"""The question as a caller puts it: one field an option; refuses what no option can mean, understands nothing yet."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypedDict

from wheelcheck.errors import UsageProblem
from wheelcheck.values import dataclass

SdistPolicy = Literal["deny", "pure", "any"]

_OPTIONS = {
    "platform": "--platform",
    "python": "--python",
    "target_file": "--target",
    "constraints": "--constraint",
    "overrides": "--override",
    "replacements": "--replace",
    "excludes": "--exclude",
    "extras": "--extra",
    "groups": "--group",
    "exclude_newer": "--exclude-newer",
    "index_url": "--index-url",
    "extra_index_urls": "--extra-index-url",
    "find_links": "--find-links",
    "sources": "--source",
    "knowledge": "--knowledge",
    "fix": "--fix",
    "cache_dir": "--cache-dir",
}
_SEVERAL = (
    "inputs",
    "constraints",
    "overrides",
    "replacements",
    "excludes",
    "extras",
    "groups",
    "extra_index_urls",
    "find_links",
    "sources",
    "knowledge",
)
_FIX = re.compile(r"low|medium|high|R[1-9][0-9]*")


class RequestOptions(TypedDict, total=False):
    """The fields of :class:`Request` besides the inputs, for callers that give them by keyword."""

    platform: str | None
    python: str | None
    target_file: str | None
    constraints: tuple[str, ...]
    overrides: tuple[str, ...]
    replacements: tuple[str, ...]
    excludes: tuple[str, ...]
    extras: tuple[str, ...]
    groups: tuple[str, ...]
    sdist: SdistPolicy | None
    pre: bool | None
    exclude_newer: str | None
    index_url: str | None
    extra_index_urls: tuple[str, ...]
    find_links: tuple[str, ...]
    sources: tuple[str, ...]
    no_index: bool
    max_seconds: float | None
    fix: str | None
    repairs: int | None
    repair_seconds: float | None
    knowledge: tuple[str, ...]
    offline: bool
    refresh: bool
    cache_dir: str | None
    no_cache: bool
    folder: str
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to :func:`plan`; what is ``None`` or empty is taken from the settings, then from pip's, then the default.

    ``inputs`` are files, ``-`` or requirements. ``overrides`` and ``constraints`` are requirements or files of them,
    ``replacements`` requirements that take the place of what the inputs ask of the same project. ``sources`` are
    ``NAME=URL``, the one index for a project. ``fix`` is the highest risk (``low``, ``medium``, ``high``) of a repair to apply,
    or a repair's id (``R2``). ``repairs`` is how many to look for, 0 for none, ``repair_seconds`` for how long. ``knowledge`` are
    folders of the user's own knowledge files.
    ``exclude_newer`` is a day, of which everything still counts, or an ISO 8601 instant. ``folder`` is where settings are looked
    for, ``environ`` stands in for the process's environment.
    """

    inputs: tuple[str, ...]
    platform: str | None = None
    python: str | None = None
    target_file: str | None = None
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    replacements: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    sdist: SdistPolicy | None = None
    pre: bool | None = None
    exclude_newer: str | None = None
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    no_index: bool = False
    max_seconds: float | None = None
    fix: str | None = None
    repairs: int | None = None
    repair_seconds: float | None = None
    knowledge: tuple[str, ...] = ()
    offline: bool = False
    refresh: bool = False
    cache_dir: str | None = None
    no_cache: bool = False
    folder: str = "."
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def __post_init__(self) -> None:
        # A lone string is a sequence too, of letters: a slip that a type checker sees and a script does not.
        for name in _SEVERAL:
            if isinstance(getattr(self, name), str):
                raise TypeError(f"{name} takes a tuple of strings, not one string")


def refuse_empty(request: Request) -> None:
    """An option whose value is empty is most often a variable that is not set; the default in its place would be a surprise."""
    for name, option in _OPTIONS.items():
        value = getattr(request, name)
        if value == "" or (isinstance(value, tuple) and "" in value):
            raise UsageProblem(f"{option} is empty", hint="give a value or leave the option out; is a variable unset?")
    _refuse_no_time("--max-seconds", request.max_seconds)
    _refuse_no_time("--repair-seconds", request.repair_seconds)
    if request.repairs is not None and request.repairs < 0:
        raise UsageProblem(f"--repairs {request.repairs} is no number of repairs", hint="give 0 or more")
    if request.fix is None:
        return
    if not _FIX.fullmatch(request.fix):
        raise UsageProblem(
            f"--fix={request.fix} is neither a risk nor the id of a repair",
            hint="write --fix=low, --fix=medium, --fix=high or an id such as --fix=R2",
        )
    if request.repairs == 0:
        raise UsageProblem(
            f"--fix={request.fix} applies a repair, and none are to be looked for", hint="take --no-repair out"
        )


def _refuse_no_time(option: str, seconds: float | None) -> None:
    if seconds is not None and not seconds >= 0:
        raise UsageProblem(f"{option} {seconds} is no time", hint="give seconds, 0 or more")
