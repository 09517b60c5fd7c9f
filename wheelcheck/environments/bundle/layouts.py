"""Where things lie in the prefixes of Windows and of Unix, and what the files of one say of its interpreter."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from wheelcheck.model.environment import Layout, Runtime

if TYPE_CHECKING:
    from wheelcheck.environments.bundle.surveys import Survey
    from wheelcheck.model.environment import RuntimeKind

WINDOWS_LAYOUT = Layout(
    executable="python.exe", site_packages="Lib/site-packages", scripts="Scripts", headers="Include", data="."
)
PLAIN_LAYOUT = Layout(executable="", site_packages=".", scripts="bin", headers="include", data=".")

_PATCHLEVEL = re.compile(r'^#define\s+PY_VERSION\s+"([^"+]+)\+?"', re.MULTILINE)


def unix_layout(python: str) -> Layout:
    """The layout of a Unix prefix for *python*, a minor version such as ``3.13t``."""
    return Layout(
        executable=f"bin/python{python}",
        site_packages=f"lib/python{python}/site-packages",
        scripts="bin",
        headers=f"include/site/python{python}",
        data=".",
    )


def windows_runtime(survey: Survey, prefix: str, kind: RuntimeKind) -> Runtime | None:
    """The runtime whose ``python.exe`` and ``python3XY.dll`` lie in *prefix*; ``None`` where one of them does not."""
    libraries = survey.matching(re.escape(prefix) + r"python3(\d+)(t?)\.dll")
    if not libraries or f"{prefix}python.exe" not in survey.paths:
        return None
    library = libraries[0]
    facts = survey.binaries.get(library[0]) or survey.binaries.get(f"{prefix}python.exe")
    if facts is None or facts.system != "windows":
        return None
    return Runtime(
        kind=kind,
        python=_told(survey, prefix) or facts.version or Version(f"3.{library[1]}"),
        system="windows",
        machine=facts.machine,
        free_threaded=bool(library[2]),
    )


def unix_runtime(survey: Survey, prefix: str, python: str, kind: RuntimeKind) -> Runtime | None:
    """The runtime whose executable is ``bin/python…`` of *python* in *prefix*; ``None`` where that is no binary that is known."""
    escaped = re.escape(prefix)
    shared = survey.matching(rf"{escaped}lib/libpython{re.escape(python)}\.(?:so.*|dylib)")
    places = (f"{prefix}bin/python{python}", *(found[0] for found in shared))
    facts = next((survey.binaries[place] for place in places if place in survey.binaries), None)
    if facts is None or facts.system == "windows":
        return None
    return Runtime(
        kind=kind,
        python=_told(survey, prefix) or Version(python.removesuffix("t")),
        system="macos" if facts.system == "macos" else _linux(survey, prefix, python, facts.libc),
        machine=facts.machine,
        free_threaded=python.endswith("t"),
    )


def _linux(survey: Survey, prefix: str, python: str, libc: str) -> str:
    if not libc:
        # A static executable names no loader; the build wrote its triplet into this file's name.
        build = survey.matching(rf"{re.escape(prefix)}lib/python{re.escape(python)}/_sysconfigdata_.*\.py")
        libc = "musl" if any("musl" in found[0] for found in build) else "glibc"
    return "musl" if libc == "musl" else "linux"


def _told(survey: Survey, prefix: str) -> Version | None:
    """The whole version, from the header that every complete installation has, or from what a standalone build says."""
    headers = survey.matching(rf"{re.escape(prefix)}(?:include/python[^/]+|[Ii]nclude)/patchlevel\.h")
    told = [found[1] for header in headers if (found := _PATCHLEVEL.search(survey.text(header[0])))]
    for name in (f"{prefix}PYTHON.json", f"{prefix.removesuffix('install/')}PYTHON.json"):
        if name in survey.texts:
            try:
                told.append(str(json.loads(survey.texts[name])["python_version"]))
            except (ValueError, KeyError, TypeError):
                continue
    for text in told:
        try:
            return Version(text)
        except InvalidVersion:
            continue
    return None
