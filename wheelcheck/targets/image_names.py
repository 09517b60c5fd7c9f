"""Understands the name of a container image by the table of known ones; asks no registry."""

from __future__ import annotations

import re

from msgspec import Struct
from packaging.version import Version

from wheelcheck.model.systems import ImageKnowledge, KnownImage, System
from wheelcheck.targets.platforms import machine_of, platform_of
from wheelcheck.targets.pythons import WrittenPython, parse_python_version

WAY_OUT = "give the target yourself: --platform manylinux_2_28_x86_64 --python 3.11"
_DEFAULT_MACHINE = "x86_64"
_HUB = ("docker.io/", "index.docker.io/", "registry-1.docker.io/", "registry.hub.docker.com/")
_MIRROR_FOLDER = re.compile(r"library|docker|hub|mirror|proxy|cache", re.IGNORECASE)
_PART = re.compile(r"[-_]")
_NO_RELEASE = ("", "latest", "slim", "minimal")
# Repositories that hold the official images of one machine, and tags that end in it.
_MACHINE_FOLDERS = {
    "amd64": "x86_64", "arm64v8": "aarch64", "arm32v7": "armv7l", "i386": "i686", "ppc64le": "ppc64le", "s390x": "s390x",
    "riscv64": "riscv64", "winamd64": "x86_64",
}  # fmt: skip
_MACHINE_ENDING = re.compile(r"-(arm64|amd64|x86_64|aarch64)$")


class ImageUnknown(Exception):
    """The name of an image does not tell the target; the message is a clause for a person."""


class ImageReading(Struct, frozen=True, kw_only=True):
    """The target that an image's name tells: a platform tag, the Python word (``None``: not said), and remarks on assumptions.

    ``has_python`` says that the image is made to run Python, of whatever version.
    """

    platform: str
    python: str | None
    has_python: bool
    remarks: tuple[str, ...] = ()


def parse_image(reference: str, known: ImageKnowledge, *, platform: str | None = None) -> ImageReading:
    """Understand *reference* (``registry/name:tag@digest``) built for *platform* (``linux/arm64``, ``None``: not said).

    Raises ``ImageUnknown`` for an image that is not in the table, a release that is not, or a name that says nothing.
    """
    name, tag, digest = _parts(reference)
    name, own_machine = _without_machine(name, tag)
    name, mirror = _without_registry(name, known)
    remarks = [f"taken for a mirror of {name}"] if mirror else []
    if not tag and digest:
        raise ImageUnknown("is given by its digest alone, which tells no version")
    image, system = known.image(name), known.system_of(name)
    python = _python(image, tag) if image is not None else None
    if python is not None and python.remark:
        remarks.append(python.remark)
    floor = _floor(name, tag, image, system, python, known)
    if platform is not None and platform.startswith("windows"):
        floor = "win"
    machine, machine_remark = _machine(platform, own_machine or ("x86_64" if floor == "win" else None))
    return ImageReading(
        platform=platform_of(floor, machine),
        python=_word(python, image),
        has_python=python is not None,
        remarks=(*remarks, *machine_remark),
    )


def _parts(reference: str) -> tuple[str, str, str]:
    name, _, digest = reference.partition("@")
    # A colon before the last slash belongs to a port.
    folder, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    return f"{folder}{slash}{last}".lower(), tag, digest


def _without_machine(name: str, tag: str) -> tuple[str, str | None]:
    for host in _HUB:
        name = name.removeprefix(host)
    folder, slash, last = name.partition("/")
    if slash and folder in _MACHINE_FOLDERS:
        return last, _MACHINE_FOLDERS[folder]
    ending = _MACHINE_ENDING.search(tag)
    return name, machine_of(ending[1]) if ending else None


def _without_registry(name: str, known: ImageKnowledge) -> tuple[str, bool]:
    name = name.removeprefix("library/")
    if known.image(name) or known.system_of(name) or "/" not in name:
        return name, False
    *folders, last = name.split("/")
    host, *between = folders
    is_host = "." in host or ":" in host or host == "localhost"
    is_known = known.image(last) is not None or known.system_of(last) is not None
    if is_known and is_host and (not between or _MIRROR_FOLDER.search("/".join(between))):
        return last, True
    return name, False


def _python(image: KnownImage, tag: str) -> WrittenPython | None:
    if image.python is not None:
        return WrittenPython(word=image.python, version=image.python)
    if image.prefix is None:
        return None
    found = [
        version
        for part in tag.split("-")
        if part.startswith(image.prefix) and (version := parse_python_version(part.removeprefix(image.prefix)))
    ]
    named = next((version for version in found if version.word is not None), None)
    if named is not None:
        pre = "-rc" in tag and not named.remark
        return WrittenPython(word=named.word, version=named.version, remark="a pre-release" if pre else named.remark)
    if re.match(r"\d+\.\d|2(?!\d)", tag) and not found and not image.prefix:
        raise ImageUnknown(f"has a Python that wheelcheck does not know: {tag}")
    if image.prefix and not found:
        # An image of an installer: without a Python in its tag it has none.
        return None
    return WrittenPython(word=None, remark="names no minor version of Python")


def _word(python: WrittenPython | None, image: KnownImage | None) -> str | None:
    if python is None or python.word is None:
        return None
    return f"pp{python.word}" if image is not None and image.implementation == "pypy" else python.word


def _floor(
    name: str,
    tag: str,
    image: KnownImage | None,
    system: System | None,
    python: WrittenPython | None,
    known: ImageKnowledge,
) -> str:
    if system is not None:
        return _own_floor(name, tag, system)
    if image is None:
        raise ImageUnknown("is no image that wheelcheck knows")
    for part in (*_PART.split(tag), *re.split(r"[-_/]", name)):
        named = _system_in(part, known)
        if named is not None:
            return named
    base = image.base(_newest(python))
    if base is None:
        raise ImageUnknown("does not say which system it is built on")
    system_name, _, word = base.partition(" ")
    release = next(each for each in known.systems if each.name == system_name).release(word)
    if release is None:
        raise ImageUnknown("is built on a system that wheelcheck does not know")
    return release.floor


def _own_floor(name: str, tag: str, system: System) -> str:
    """The floor of a plain image of *system*: by the tag, by its name (``redhat/ubi9``, whose tag counts builds), or the latest."""
    words = [*(_PART.split(tag) if tag not in _NO_RELEASE else []), *re.split(r"[-_/]", name)]
    for word in words:
        if release := system.release(word) or system.release(word.removeprefix(system.name)):
            return release.floor
    latest = system.release(system.latest)
    if latest is None or tag not in _NO_RELEASE:
        raise ImageUnknown(f"is a release of {system.name} that wheelcheck does not know")
    return latest.floor


def _system_in(part: str, known: ImageKnowledge) -> str | None:
    """The floor of the release that one part of a tag names: ``bookworm``, ``alpine3.19``, ``alpine``."""
    for system in known.systems:
        if part.startswith(system.name):
            word = part.removeprefix(system.name) or system.latest
            release = system.release(word)
            if release is None:
                raise ImageUnknown(f"is built on a release of {system.name} that wheelcheck does not know: {word}")
            return release.floor
        if part and not part[0].isdigit() and (release := system.release(part)):
            return release.floor
    return None


def _newest(python: WrittenPython | None) -> Version | None:
    """The version for the table of bases: without a patch level a tag moves on to the newest."""
    if python is None or not python.version:
        return None
    return Version(python.version if python.version.count(".") == 2 else f"{python.version}.999")


def _machine(platform: str | None, own: str | None) -> tuple[str, tuple[str, ...]]:
    system, _, machine = (platform or "").partition("/")
    if not machine and system not in ("", "linux", "windows"):
        machine = system
    if machine or own:
        return machine_of(machine) if machine else own or "", ()
    return _DEFAULT_MACHINE, (f"no machine is given, {_DEFAULT_MACHINE} is taken",)
