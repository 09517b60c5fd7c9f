"""The kinds of text in knowledge files, each a function that returns the value or raises ``ValueError`` with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.model.finding import Severity
from wheelcheck.model.requirement import FileOrigin, Requirement

_Value = TypeVar("_Value")


def parsed_by(make: Callable[[str], _Value], reason: str) -> Callable[[str], _Value]:
    """The kind of text that *make* understands; *reason* is why it refuses another."""

    def kind(text: str) -> _Value:
        try:
            return make(text)
        except ValueError as problem:
            raise ValueError(reason) from problem

    return kind


def matching(pattern: str, reason: str) -> Callable[[str], str]:
    """The kind of text that the whole *pattern* matches; *reason* is why another is refused."""
    compiled = re.compile(pattern, re.ASCII)

    def kind(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(reason)
        return text

    return kind


identifier = matching(r"[a-z0-9]+([.-][a-z0-9]+)*", "an id has lower-case letters, digits, dots and dashes")
minor = matching(r"3\.\d+", 'not a Python minor such as "3.11"')
platform_pattern = matching(r"[a-z0-9_.*?\[\]!-]+", "not a pattern of platform tags such as win*")
project = parsed_by(lambda text: canonicalize_name(text, validate=True), "not a valid project name")
version = parsed_by(Version, "not a version (PEP 440)")
pythons = parsed_by(SpecifierSet, 'not version bounds such as ">=3.12"')
day = parsed_by(lambda text: date.fromisoformat(text).isoformat(), "not a day such as 2024-06-16")
severity = parsed_by(Severity, f"use one of {', '.join(each.value for each in Severity)}")


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


def link(text: str) -> str:
    """An address on the web."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("not an http or https address")
    if "@" in parts.netloc:
        raise ValueError("credentials do not belong here")
    return text


def import_name(text: str) -> str:
    """A dotted import name."""
    if not all(part.isidentifier() for part in text.split(".")):
        raise ValueError("not a name that can be imported")
    return text
