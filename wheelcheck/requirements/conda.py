"""Understands one conda package: a spec of an environment, or a line that ``conda list --export`` or ``--explicit`` writes.

``text → UnsupportedRequirement`` whose ``stand_in`` is the release of the same name and version that an index may have, or a
``Requirement`` for what pip installed. Which project a conda package is, is not known here.
"""

from __future__ import annotations

import re

from packaging.specifiers import SpecifierSet

from wheelcheck.model.distribution import as_specifier
from wheelcheck.model.requirement import FileOrigin, Requirement, UnsupportedRequirement
from wheelcheck.texts.places import project_name

_EXPORTED = re.compile(r"(?P<name>[\w.-]+)=(?P<version>[^=\s]+)=(?P<build>[^=\s]+)")
_ARCHIVE = re.compile(
    r".*/(?:noarch|(?:linux|osx|win|emscripten)-\w+)/(?P<name>[\w.-]+)-(?P<version>[^-/]+)-(?P<build>[^-/]+)\.(?:conda|tar\.bz2)(?:#.*)?"
)
_SPEC = re.compile(r"(?:[^\s:]*::)?(?P<name>[\w.*-]+)(?P<version>[^\[]*)(?:\[(?P<keys>.*)\])?")
_KEY = re.compile(r"""\bversion\s*=\s*(['"]?)([^'",\]]+(?:,[^'"\]]+)?)\1""")
_CLAUSE = re.compile(r"(?P<operator>[<>]=?|[=!]=|~=|=)?\s*(?P<version>\d[\w.!+-]*?)(?P<any>\.?\*)?")
_INSTALLED_BY_PIP = "pypi"
HINT = "no project can have that name or version"


def is_exported(text: str) -> bool:
    """Whether *text* is a line of ``conda list --export`` or ``--explicit``: no requirement has two single equals signs."""
    return text == "@EXPLICIT" or _EXPORTED.fullmatch(text) is not None or _ARCHIVE.fullmatch(text) is not None


def parse_exported(text: str, origin: FileOrigin) -> Requirement | UnsupportedRequirement | None:
    """The package of a line that :func:`is_exported` knows; ``None`` for the line that only begins such a file."""
    matched = _EXPORTED.fullmatch(text) or _ARCHIVE.fullmatch(text)
    if matched is None:
        return None
    package = conda_package(matched["name"], f"=={matched['version']}", text, origin)
    if package.stand_in is not None and matched["build"].startswith(_INSTALLED_BY_PIP):
        return package.stand_in
    return package


def parse_spec(text: str, origin: FileOrigin) -> tuple[UnsupportedRequirement, SpecifierSet | None]:
    """The package that *text*, a spec of an environment file, asks for, and its bound; ``None`` for a bound without equivalent.

    As conda has it, ``numpy=1.26`` means any 1.26, ``numpy==1.26`` and ``numpy=1.26=BUILD`` mean that version.
    """
    matched = _SPEC.fullmatch(text.strip())
    if matched is None:
        return UnsupportedRequirement(kind="conda", text=text, origin=origin, hint=HINT), None
    keyed = _KEY.search(matched["keys"] or "")
    written = keyed[2] if keyed is not None else matched["version"]
    bound = _bound(written)
    package = conda_package(matched["name"], "" if bound is None else str(bound), text, origin)
    return package, bound


def conda_package(name: str, bound: str, text: str, origin: FileOrigin) -> UnsupportedRequirement:
    """The conda package *name*, written as *text*; the release of that name within *bound* may stand in for it."""
    project, specifier, stand_in = project_name(name), as_specifier(bound), None
    if project is not None and specifier is not None:
        stand_in = Requirement(name=project, specifier=specifier, origin=origin, text=f"{project}{specifier}")
    return UnsupportedRequirement(kind="conda", text=text, name=project, origin=origin, hint=HINT, stand_in=stand_in)


def _bound(written: str) -> SpecifierSet | None:
    """The bound of a spec, without its build; ``None`` where it has alternatives or wildcards that PEP 440 cannot say."""
    text = written.strip()
    if not text or text == "*":
        return SpecifierSet()
    if "|" in text:
        return None
    build = re.fullmatch(r"(?:={1,2}\s*|\s*)([^\s=<>!~,]+)(?:\s*=|\s+)[^\s=<>!~,]+", text)
    if build is not None:
        text = build[1] if "*" in build[1] else f"=={build[1]}"
    clauses = [_clause(part.strip()) for part in text.split(",")]
    return None if None in clauses else as_specifier(",".join(filter(None, clauses)))


def _clause(part: str) -> str | None:
    if part == "*":
        return ""
    matched = _CLAUSE.fullmatch(part)
    if matched is None:
        return None
    operator, version = matched["operator"] or "==", matched["version"]
    if operator == "=":
        return f"=={version}.*"
    return f"{operator}{version}{'.*' if matched['any'] and operator in ('==', '!=') else ''}"
