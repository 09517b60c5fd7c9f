"""Platform and Python words, or a JSON file → a whole :class:`Target`, and the words that ``all`` stands for.

Tags come from ``packaging.tags``. The file has ``compatible_tags`` and ``marker_environment``: a complete platform of Pex.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
import sys
from collections.abc import Iterable
from typing import cast

from packaging import tags
from packaging.markers import default_environment
from packaging.tags import parse_tag
from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.target import Target
from wheelcheck.targets.platforms import Platform, parse_platform
from wheelcheck.targets.pythons import PythonWord, parse_python

# No words determine these: only the machine itself knows its kernel (PEP 508).
_UNKNOWABLE = frozenset({"platform_release", "platform_version"})
# Of universal2, one environment for two machines, nothing tells which it is.
_MACHINE = frozenset({"platform_machine"})


# One word for each kind of machine that people install on, with the floors of the bare words in `platforms.py`, so that
# `--platform all` and `--platform linux` speak of the same machine. Few projects have wheels for 32 bits and the rarer
# architectures: in every table they would be a column of dots, so they are asked for by name.
PLATFORMS: tuple[str, ...] = (
    "win_amd64",
    "win_arm64",
    "macosx_13_0_arm64",
    "macosx_13_0_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
)

ALL = "all"


@functools.lru_cache(maxsize=512)
def parse_target(platform: str | None = None, python: str | None = None) -> Target:
    """The target of two words; the running interpreter stands in for a missing one.

    Raises ``UsageProblem`` for a word that means nothing.
    """
    if platform is None and python is None:
        return host_target()
    parsed_python = parse_python(python) if python is not None else parse_python(_host_python_word())
    parsed_platform = parse_platform(platform, parsed_python.minor) if platform is not None else _host_platform()
    return _combined(parsed_platform, parsed_python)


@functools.cache
def host_target() -> Target:
    """The interpreter that this runs on, with everything it knows of itself."""
    found = tuple((tag.interpreter, tag.abi, tag.platform) for tag in tags.sys_tags())
    environment = {key: str(value) for key, value in default_environment().items() if key != "extra"}
    return Target(
        # The plain linux tag says nothing of the C library; the next one does.
        platform=next((tag[2] for tag in found if not tag[2].startswith("linux_")), found[0][2]),
        python=_host_python_word(),
        implementation=sys.implementation.name,
        python_full=Version(environment["python_full_version"].removesuffix("+")),
        tags=found,
        markers=environment,
    )


def _host_python_word() -> str:
    prefix = "pp" if sys.implementation.name == "pypy" else ""
    suffix = "t" if "t" in getattr(sys, "abiflags", "") else ""
    return f"{prefix}{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}{suffix}"


def _host_platform() -> Platform:
    host = host_target()
    platforms = tuple(dict.fromkeys(tag[2] for tag in host.tags if tag[2] != "any"))
    names = ("os_name", "sys_platform", "platform_system", "platform_machine", *sorted(_UNKNOWABLE))
    return Platform(word=host.platform, tags=platforms, markers={name: host.markers[name] for name in names})


@functools.lru_cache(maxsize=256)
def _tags(platform_tags: tuple[str, ...], python: PythonWord) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (interpreter, abi, platform)
        for interpreter, abi, any_platform in _pairs(python)
        for platform in (("any",) if any_platform else platform_tags)
    )


@functools.lru_cache(maxsize=64)
def _pairs(python: PythonWord) -> tuple[tuple[str, str, bool], ...]:
    """Interpreter, ABI, and whether the platform is ``any``; each of the others stands for all platforms, in their order.

    packaging names every platform for one pair of interpreter and ABI before the next pair, so that one platform shows the order.
    """
    version, one = (3, python.minor), ["one"]
    if python.implementation == "pypy":
        native = tags.generic_tags(python.interpreter, [python.abi], one)
        # As packaging yields them on a PyPy: no "none" ABI of its own interpreter, then the tags every Python has.
        universal = tags.compatible_tags(version, "pp3", one)
    else:
        native = tags.cpython_tags(version, [python.abi], one)
        universal = tags.compatible_tags(version, python.interpreter, one)
    found = ((tag.interpreter, tag.abi, tag.platform == "any") for tag in itertools.chain(native, universal))
    return tuple(dict.fromkeys(found))


def _combined(platform: Platform, python: PythonWord) -> Target:
    markers = {
        **platform.markers,
        "implementation_name": python.implementation,
        "platform_python_implementation": "PyPy" if python.implementation == "pypy" else "CPython",
        "python_version": f"3.{python.minor}",
        "python_full_version": str(python.full),
        "implementation_version": str(python.full),
    }
    unknowable = (_UNKNOWABLE | _MACHINE) - platform.markers.keys()
    if python.implementation == "pypy":
        # PyPy numbers its own releases (7.3.x), which no word gives.
        del markers["implementation_version"]
        unknowable |= {"implementation_version"}
    return Target(
        platform=platform.word,
        python=python.word,
        implementation=python.implementation,
        python_full=python.full,
        tags=_tags(platform.tags, python),
        markers=markers,
        unknowable=unknowable,
        patch_assumed=python.patch_assumed,
    )


def maintained_pythons(day: str) -> tuple[str, ...]:
    """Every CPython that gets security fixes on *day* (ISO 8601), oldest first, then the free-threaded builds of these."""
    from wheelcheck.knowledge.loading import load_pythons

    known = load_pythons()
    living = [each for each in known if each.released <= day <= each.secure_until] or known[-1:]
    return (*(each.minor for each in living), *(f"{each.minor}t" for each in living if each.free_threaded))


def pythons_by_choice(day: str) -> tuple[str, ...]:
    """The CPythons that a project may be for, those maintained on *day* first, then those past their end, newest first."""
    from wheelcheck.knowledge.loading import load_pythons

    ended = [each.minor for each in load_pythons() if each.secure_until < day]
    return (*maintained_pythons(day), *reversed(ended))


def expanded(words: Iterable[str], everything: tuple[str, ...]) -> tuple[str, ...]:
    """*words*, split at commas, with ``all`` written out as *everything*; each once, in the order of its first mention."""
    found: dict[str, None] = {}
    for word in (part.strip() for text in words for part in text.split(",")):
        found.update(dict.fromkeys(everything if word.lower() == ALL else (word,) if word else ()))
    return tuple(found)


_REQUIRED_MARKERS = (
    "implementation_name",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_system",
    "python_full_version",
    "python_version",
    "sys_platform",
)
_OPTIONAL_MARKERS = frozenset({"implementation_version", "platform_release", "platform_version"})


def parse_target_file(content: str, path: str) -> Target:
    """Read *content* of the file at *path*; raise ``InputUnreadable`` naming the file and the key that is wrong.

    Markers that the file leaves out, of those only the machine knows, stay unknowable. Unknown keys are ignored.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _bad(path, f"is not JSON ({error})") from error
    if not isinstance(data, dict):
        raise _bad(path, "is not a JSON object")
    tag_texts = data.get("compatible_tags")
    if not isinstance(tag_texts, list) or not tag_texts or not all(isinstance(text, str) for text in tag_texts):
        raise _bad(path, "has no compatible_tags, a list of tags such as 'cp311-cp311-win_amd64'")
    environment = data.get("marker_environment")
    if not isinstance(environment, dict):
        raise _bad(path, "has no marker_environment, an object of PEP 508 marker values")
    return _target(path, cast("list[str]", tag_texts), cast("dict[str, object]", environment), data)


def _target(path: str, tag_texts: list[str], environment: dict[str, object], data: dict[str, object]) -> Target:
    tags: list[tuple[str, str, str]] = []
    for text in tag_texts:
        if text.count("-") != 2:
            raise _bad(path, f"has a compatible tag {text!r} that is not python-abi-platform")
        try:
            tags.extend(sorted((tag.interpreter, tag.abi, tag.platform) for tag in parse_tag(text)))
        except ValueError as error:
            raise _bad(path, f"has a compatible tag {text!r} that cannot be read ({error})") from error
    for name in _REQUIRED_MARKERS:
        if not isinstance(environment.get(name), str):
            raise _bad(path, f"has no text for marker_environment.{name}")
    markers = {
        name: value
        for name, value in environment.items()
        if name in (*_REQUIRED_MARKERS, *_OPTIONAL_MARKERS) and isinstance(value, str)
    }
    try:
        full = Version(markers["python_full_version"].removesuffix("+"))
    except ValueError as error:
        raise _bad(path, f"has a python_full_version {markers['python_full_version']!r} that is no version") from error
    platform = data.get("platform")
    return Target(
        platform=platform if isinstance(platform, str) and platform else tags[0][2],
        python=_python_word(markers, tags[0]),
        implementation=markers["implementation_name"],
        python_full=full,
        tags=tuple(dict.fromkeys(tags)),
        markers=markers,
        unknowable=_OPTIONAL_MARKERS - markers.keys(),
    )


def _python_word(markers: dict[str, str], best: tuple[str, str, str]) -> str:
    prefix = "pp" if markers["implementation_name"] == "pypy" else ""
    return prefix + markers["python_full_version"] + ("t" if re.fullmatch(r"cp\d+t", best[1]) else "")


def render_target_file(target: Target) -> str:
    """The file for *target*, ending in a newline; :func:`parse_target_file` reads it back to an equal target."""
    data = {
        "platform": target.platform,
        "compatible_tags": ["-".join(tag) for tag in target.tags],
        "marker_environment": dict(sorted(target.markers.items())),
    }
    return json.dumps(data, indent=2) + "\n"


def _bad(path: str, what: str) -> InputUnreadable:
    return InputUnreadable(
        f"the target file {what}", address=path, hint="make one with `wheelcheck target` on the machine in question"
    )
