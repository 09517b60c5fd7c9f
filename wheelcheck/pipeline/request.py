"""The question as a caller puts it: one field an option; refuses what no option can mean, understands nothing yet."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from wheelcheck.errors import UsageProblem

SdistPolicy = Literal["deny", "pure", "any"]

_OPTIONS = {
    "platform": "--platform",
    "python": "--python",
    "target_file": "--target",
    "constraints": "--constraint",
    "overrides": "--override",
    "excludes": "--exclude",
    "extras": "--extra",
    "groups": "--group",
    "exclude_newer": "--exclude-newer",
    "index_url": "--index-url",
    "extra_index_urls": "--extra-index-url",
    "find_links": "--find-links",
    "cache_dir": "--cache-dir",
}
_SEVERAL = ("inputs", "constraints", "overrides", "excludes", "extras", "groups", "extra_index_urls", "find_links")


class RequestOptions(TypedDict, total=False):
    """The fields of :class:`Request` besides the inputs, for callers that give them by keyword."""

    platform: str | None
    python: str | None
    target_file: str | None
    constraints: tuple[str, ...]
    overrides: tuple[str, ...]
    excludes: tuple[str, ...]
    extras: tuple[str, ...]
    groups: tuple[str, ...]
    sdist: SdistPolicy | None
    pre: bool | None
    exclude_newer: str | None
    index_url: str | None
    extra_index_urls: tuple[str, ...]
    find_links: tuple[str, ...]
    no_index: bool
    max_seconds: float | None
    offline: bool
    refresh: bool
    cache_dir: str | None
    no_cache: bool
    folder: str
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to :func:`plan`; what is ``None`` or empty is taken from the settings, then from pip's, then the default.

    ``inputs`` are files, ``-`` or requirements. ``overrides`` and ``constraints`` are requirements or files of them.
    ``exclude_newer`` is a day, of which everything still counts, or an ISO 8601 instant. ``folder`` is where settings are looked
    for, ``environ`` stands in for the process's environment.
    """

    inputs: tuple[str, ...]
    platform: str | None = None
    python: str | None = None
    target_file: str | None = None
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    sdist: SdistPolicy | None = None
    pre: bool | None = None
    exclude_newer: str | None = None
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    max_seconds: float | None = None
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
    if request.max_seconds is not None and not request.max_seconds >= 0:
        raise UsageProblem(f"--max-seconds {request.max_seconds} is no time", hint="give seconds, 0 or more")
