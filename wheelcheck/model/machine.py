"""What ``doctor`` finds out of the machine that builds, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated

from msgspec import Struct, field

from wheelcheck.model.document import about


class Fitness(Enum):
    """What a check says: it is good, may do harm, or keeps the build from working."""

    GOOD = "good"
    WARNING = "warning"
    ERROR = "error"


class MachineCheck(Struct, frozen=True, kw_only=True):
    """One thing of the machine that was looked at."""

    subject: Annotated[str, about("What was looked at.")]
    fitness: Annotated[Fitness, about("Whether it is good, may do harm, or keeps the build from working.")]
    fact: Annotated[str, about("What was found.")]
    remedy: Annotated[str, about("What to do; empty where nothing is needed.")] = ""


class Host(Struct, frozen=True, kw_only=True):
    """A host of the plan: *error* is why it could not be asked, *skew* the seconds by which its clock is ahead of ours."""

    name: str
    error: str = ""
    skew: float | None = None


class Machine(Struct, frozen=True, kw_only=True):
    """Facts about the machine and the folder *place* that is to be built in; nothing here is judged.

    *tools* are programs by name with the first line of what they say of themselves, empty where they are missing. *path_lines* are
    the lines of ``.pth`` files that name a folder, with their file. *free* are bytes on the disk of *place*, of the temporary
    folder and of the cache. *long_paths* says whether Windows opens long ones, ``None`` elsewhere.
    """

    python: str
    system: str
    machine: str
    bits: int
    prefix: str
    is_conda: bool = False
    user_site: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    path_lines: tuple[tuple[str, str], ...] = ()
    place: str = ""
    free: Mapping[str, int] = field(default_factory=dict)
    ignores_case: bool = False
    long_paths: bool | None = None
    tools: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[Host, ...] = ()
