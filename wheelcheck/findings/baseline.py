"""The baseline file: fingerprints of findings that were there when the gate was adopted; judges nothing.

Each finding stands on its own line, in the order of the fingerprints, so that changes to the file read well in review.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from wheelcheck.errors import InputUnreadable
from wheelcheck.findings.verdicts import target_word
from wheelcheck.model.check import CheckedTarget, Verdict
from wheelcheck.model.document import render_line
from wheelcheck.model.finding import Code

SCHEMA_NAME = "wheelcheck.baseline/1"
_SCHEMA = re.compile(r"wheelcheck\.baseline/(\d{1,9})", re.ASCII)
_AGAIN = "write it anew with --write-baseline"


class KnownFinding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a baseline; all but the fingerprint is there for readers. ``package`` is empty where none is named."""

    fingerprint: str
    code: str
    package: str = ""
    target: str


class _Line(Struct, frozen=True, kw_only=True):
    fingerprint: Annotated[str, Meta(min_length=1)]


class _Lines(Struct, frozen=True, kw_only=True):
    findings: tuple[_Line, ...]


def known_findings(checked: Iterable[CheckedTarget]) -> tuple[KnownFinding, ...]:
    """The findings for a baseline of *checked*: all that fail or are known already, but never a search that ended early."""
    found = {
        judged.fingerprint: KnownFinding(
            fingerprint=judged.fingerprint,
            code=judged.finding.code.number,
            package=judged.finding.package or "",
            target=target_word(each.target),
        )
        for each in checked
        for judged in each.judged
        if judged.verdict in (Verdict.FAILS, Verdict.KNOWN) and judged.finding.code is not Code.BUDGET_SPENT
    }
    return tuple(found[name] for name in sorted(found))


def render_baseline(known: Iterable[KnownFinding]) -> bytes:
    """The text of the baseline file that holds *known*: the same bytes whatever their order."""
    rows = {each.fingerprint: each for each in known}
    lines = ",\n".join("    " + render_line(rows[name]) for name in sorted(rows))
    findings = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "schema": "{SCHEMA_NAME}",\n  "findings": {findings}\n}}\n'.encode()


def parse_baseline(content: bytes, path: str) -> frozenset[str]:
    """The fingerprints in the baseline *content* of the file *path*; keys that it does not know are skipped.

    Raises ``InputUnreadable`` naming file and key.
    """
    try:
        document: object = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputUnreadable("is not text in UTF-8", address=path, hint=_AGAIN) from None
    except json.JSONDecodeError as problem:
        raise InputUnreadable(
            f"is not valid JSON: {problem.msg}", address=f"{path}:{problem.lineno}", hint=_AGAIN
        ) from None
    except (RecursionError, ValueError):
        raise InputUnreadable("is not JSON that a baseline could be", address=path, hint=_AGAIN) from None
    if not isinstance(document, dict):
        raise InputUnreadable("is not a baseline: not an object", address=path, hint=_AGAIN)
    _refuse_schema(document.get("schema"), path)
    try:
        return frozenset(line.fingerprint for line in msgspec.convert(document, _Lines).findings)
    except msgspec.ValidationError as problem:
        raise InputUnreadable(_complaint(str(problem)), address=path, hint=_AGAIN) from None
    except UnicodeEncodeError:
        raise InputUnreadable("has half a character (\\ud800 to \\udfff)", address=path, hint=_AGAIN) from None


def _refuse_schema(schema: object, path: str) -> None:
    if schema == SCHEMA_NAME:
        return
    version = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if version is not None and int(version[1]) > 1:
        raise InputUnreadable(
            f"schema is {version[0]}, which a newer wheelcheck wrote; this one reads {SCHEMA_NAME}",
            address=path,
            hint="update wheelcheck, or write it anew with --write-baseline",
        )
    said = repr(schema) if isinstance(schema, str) else "missing" if schema is None else "not a string"
    raise InputUnreadable(f"is not a baseline: schema is {said}, not {SCHEMA_NAME!r}", address=path, hint=_AGAIN)


def _complaint(problem: str) -> str:
    """What is wrong, of a *problem* that names the place at its end, as ``$.findings[0].fingerprint``."""
    place = re.search(r"`\$\.(findings\[\d+\])(.*)`$", problem)
    if place is None:
        return "findings is missing or not an array"
    if place[2] or "missing required field" in problem:
        return f"{place[1]}.fingerprint is not a string that is not empty"
    return f"{place[1]} is not an object"
