"""The kinds of text in knowledge files, each a function that returns the value or raises ``ValueError`` with the reason."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.model.finding import Severity
from wheelcheck.model.requirement import FileOrigin, Requirement

_ID = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*", re.ASCII)
_MINOR = re.compile(r"3\.\d+", re.ASCII)
_PATTERN = re.compile(r"[a-z0-9_.*?\[\]!-]+", re.ASCII)


def sentence(text: str) -> str:
    """Words for a person: not empty, one line."""
    if not text.strip() or "\n" in text.strip():
        raise ValueError("not a sentence on one line")
    return text.strip()


def word(text: str) -> str:
    """Any text without spaces around it."""
    if not text or text != text.strip():
        raise ValueError("empty, or with spaces around it")
    return text


def identifier(text: str) -> str:
    """An entry's own name, such as ``torch-numpy-2``."""
    if _ID.fullmatch(text) is None:
        raise ValueError("an id has lower-case letters, digits, dots and dashes")
    return text


def project(text: str) -> NormalizedName:
    """A project's name, normalised."""
    try:
        return canonicalize_name(text, validate=True)
    except ValueError as problem:
        raise ValueError("not a valid project name") from problem


def requirement(text: str) -> Requirement:
    """A project with or without version bounds; extras, markers and addresses have no meaning here."""
    try:
        parsed = Requirement.parse(text, FileOrigin(path="knowledge"))
    except ValueError as problem:
        raise ValueError("not a requirement (PEP 508)") from problem
    if parsed.extras or parsed.marker is not None or parsed.url is not None:
        raise ValueError("only a name and version bounds are allowed here")
    return parsed


def bound(text: str) -> Requirement:
    """A requirement that does bound versions."""
    parsed = requirement(text)
    if not parsed.specifier:
        raise ValueError("it bounds no versions")
    return parsed


def version(text: str) -> Version:
    """A version (PEP 440)."""
    try:
        return Version(text)
    except ValueError as problem:
        raise ValueError("not a version (PEP 440)") from problem


def pythons(text: str) -> SpecifierSet:
    """Python versions as bounds, such as ``>=3.12``."""
    try:
        return SpecifierSet(text)
    except ValueError as problem:
        raise ValueError('not version bounds such as ">=3.12"') from problem


def minor(text: str) -> str:
    """A Python minor."""
    if _MINOR.fullmatch(text) is None:
        raise ValueError('not a Python minor such as "3.11"')
    return text


def day(text: str) -> str:
    """A day, ISO 8601."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as problem:
        raise ValueError("not a day such as 2024-06-16") from problem


def link(text: str) -> str:
    """An address on the web."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("not an http or https address")
    if "@" in parts.netloc:
        raise ValueError("credentials do not belong here")
    return text


def platform_pattern(text: str) -> str:
    """A shell pattern of wheel platform tags, such as ``win*``."""
    if _PATTERN.fullmatch(text) is None:
        raise ValueError("not a pattern of platform tags such as win*")
    return text


def import_name(text: str) -> str:
    """A dotted import name."""
    if not all(part.isidentifier() for part in text.split(".")):
        raise ValueError("not a name that can be imported")
    return text


def severity(text: str) -> Severity:
    """A severity, by the word of the reports."""
    try:
        return Severity(text)
    except ValueError as problem:
        raise ValueError(f"use one of {', '.join(each.value for each in Severity)}") from problem
