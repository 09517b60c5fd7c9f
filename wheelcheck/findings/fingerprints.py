"""A name for a finding that stays while its cause stays; knows no baseline."""

from __future__ import annotations

import hashlib
import re

from wheelcheck.model.finding import Finding
from wheelcheck.model.target import Target

_PATCH = re.compile(r"((?:pp)?\d+\.\d+)\.\d+")


def fingerprint(finding: Finding, target: Target) -> str:
    """What *finding* on *target* is called, such as ``WC102:av:win_amd64:3.11``, for people and programs alike.

    Code, project, platform and Python minor: a new release of the project, another patch release of Python or another way to
    the project do not make it a new finding. Two findings of one code about one project share it. Where no project is named, the
    first eight hex digits of the sentence's SHA-256 stand for it, after a ``#``.
    """
    about = finding.package or "#" + hashlib.sha256(finding.message.encode()).hexdigest()[:8]
    return f"{finding.code.number}:{about}:{target.platform}:{minor_word(target)}"


def target_word(target: Target) -> str:
    """*target* as settings and baselines write it: ``win_amd64/3.11``."""
    return f"{target.platform}/{minor_word(target)}"


def minor_word(target: Target) -> str:
    """The target's Python without its patch release: ``3.11``, ``3.13t``, ``pp3.10``."""
    return _PATCH.sub(r"\1", target.python)
