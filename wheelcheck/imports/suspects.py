"""Chooses the files whose imports are read: those from before the target's Python, and wheels that may install the same files."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.model.distribution import Distribution, Wheel
from wheelcheck.model.resolution import Resolution
from wheelcheck.options import ImportScope

SUSPECTS = 60
LARGEST = 8 * 1024**2
"""How many suspects are read, and how many bytes one of them has at most, where the index tells its size."""
_LARGEST_PURE = 32 * 1024**2  # much of a large pure wheel is a web page's code, which is not fetched


class Suspects(Struct, frozen=True, kw_only=True):
    """The archives to be *read*, oldest first, how many *more* are suspect, and the wheels whose files are *compared*.

    Nothing is known of the modules of *unseen* projects: a repository, of which an index may have a stranger's release.
    """

    read: Mapping[NormalizedName, Distribution]
    more: int = 0
    compared: Mapping[NormalizedName, Wheel]
    unseen: frozenset[NormalizedName] = frozenset()


def is_read(file: Distribution) -> bool:
    """Whether *file* is small enough for its imports to be read unasked."""
    is_pure = isinstance(file, Wheel) and file.is_any
    return (file.at.size or 0) <= (_LARGEST_PURE if is_pure else LARGEST)


def unseen_projects(resolution: Resolution) -> frozenset[NormalizedName]:
    """The projects of *resolution* whose own files are not to be had: repositories, folders elsewhere, what has no file."""
    others = {each.name or NormalizedName("") for each in resolution.unsupported}
    return frozenset(others | {name for name, pin in resolution.pins.items() if pin.distribution is None})


def choose_suspects(
    resolution: Resolution, scope: ImportScope, released: str | None, variants: frozenset[str]
) -> Suspects:
    """The suspects of *resolution* within *scope*: all files; by default those that are older, and wheels that are alike.

    Older than the day (ISO 8601) on which the target's Python was *released*; alike where names differ by words of *variants*, such
    as ``gpu``, alone.
    """
    unseen = unseen_projects(resolution)
    pins = sorted(resolution.pins.items())
    files = {name: pin.distribution for name, pin in pins if pin.distribution is not None and name not in unseen}
    wheels = {name: file for name, file in files.items() if isinstance(file, Wheel)}
    match scope:
        case "all":
            return Suspects(read=files, compared=wheels, unseen=unseen)
        case "none":
            return Suspects(read={}, compared={})
    old = sorted(
        (file.at.upload_time, name)
        for name, file in files.items()
        if released and file.at.upload_time and file.at.upload_time < released and is_read(file)
    )
    chosen = {name: files[name] for _, name in old[:SUSPECTS]}
    return Suspects(read=chosen, more=len(old) - len(chosen), compared=_alike(wheels, variants), unseen=unseen)


def _alike(wheels: Mapping[NormalizedName, Wheel], variants: frozenset[str]) -> dict[NormalizedName, Wheel]:
    stems: dict[str, list[NormalizedName]] = {}
    for name in wheels:
        stems.setdefault("-".join(word for word in name.split("-") if word not in variants), []).append(name)
    return {name: wheels[name] for alike in stems.values() if len(alike) > 1 for name in alike}
