"""Decides which texts of a plan may stand in a script, and how an address is spelt there; renders nothing.

A plan is a file that anybody can write, and its digest can be made again. What it says goes into scripts that run on other
machines, so texts that name something are held to the characters that such names have; all others are quoted by each format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from wheelcheck.errors import UsageProblem
from wheelcheck.model.plan import Plan
from wheelcheck.model.urls import masked

_WORD = re.compile(r"[A-Za-z0-9_.+-]*")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HEX = re.compile(r"[0-9A-Fa-f]*")
_FILENAME = re.compile(r"(?![.-])[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/\\:*?\"<>|%$`&;'\[\]{}]+")
_PLACE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*")
_MARKERS = ("sys_platform", "platform_machine", "implementation_name")
_KEPT = "%/:=&?~#+!$,;'@()*[]"
"""What an address may hold as it is; the rest (blanks, quotes, braces, what is not ASCII) is percent-encoded."""


def refuse_hostile(plan: Plan) -> None:
    """Raise ``UsageProblem`` for a plan with texts that no name, tag, hash or address has, or with phases of other packages."""
    for what, text, form in _iter_texts(plan):
        if not form.fullmatch(text):
            raise UsageProblem(
                f"the plan has {text[:80]!r} as {what}, which no script should hold",
                hint="this plan was not made by wheelcheck, or was changed since: make it again with `wheelcheck plan`",
            )
    known = {package.name for package in plan.packages}
    for phase in plan.phases:
        for name in phase.packages:
            if name not in known:
                raise UsageProblem(
                    f"a phase of the plan has {name}, which is not among its packages",
                    hint="make the plan again with `wheelcheck plan`",
                )


def _iter_texts(plan: Plan) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    target = plan.target
    yield "its platform", target.platform, _WORD
    yield "its Python", target.python, _WORD
    yield "its implementation", target.implementation, _WORD
    yield from ((f"its marker {name}", target.markers.get(name, ""), _WORD) for name in _MARKERS)
    yield from (("an index", place, _PLACE) for place in (*plan.options.indexes, *plan.options.find_links))
    for package in plan.packages:
        yield "the name of a package", package.name, _NAME
        if package.file is not None:
            yield f"the file of {package.name}", package.file.filename, _FILENAME
            yield f"the address of {package.name}", package.file.url, _PLACE
            yield f"the index of {package.name}", package.file.index, _PLACE
            yield f"the hash of {package.name}", package.file.sha256, _HEX
            yield from ((f"a hash of {package.name}", digest, _HEX) for _, digest in package.file.hashes)


def spelt(address: str) -> str:
    """*address* without credentials, in characters that no shell, requirements file or Dockerfile reads as its own.

    What is no URL (a folder) stays as it is, but for a separator at its end, which would escape a quote on Windows.
    """
    plain = masked(address)
    if "://" not in plain:
        return plain.rstrip("\\") if len(plain.rstrip("\\")) > 2 else plain
    return quote(plain, safe=_KEPT)


def told(text: str) -> str:
    """*text* in one line, without control characters, for titles and comments."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
