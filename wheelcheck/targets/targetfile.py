"""A target as a JSON file: ``compatible_tags`` and ``marker_environment``, the shape of Pex's complete platforms."""

from __future__ import annotations

import json
import re
from typing import cast

from packaging.tags import parse_tag
from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.target import Target

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
