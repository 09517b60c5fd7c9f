"""PEP 503 HTML → :class:`Listing`, with what PEPs 592, 658, 714, 792 and mirrors add; fetches nothing."""

from __future__ import annotations

import re
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from wheelcheck.index.anchors import OPENING, joined, row_of
from wheelcheck.index.page_problems import State, known_state, reject_version
from wheelcheck.index.records import FileRow, Listing
from wheelcheck.index.split_pages import SplitPage

_SPACE = "\t\n\x0c\r "
# What may stand before the first anchor of a plain page: nothing that hides what follows, or changes where links lead.
_PLAIN_HEAD = re.compile(
    r"[^<]*(?:<(?:!doctype|html|/?head|meta|title>[^<]*</title|/?body|h1>[^<]*</h1)\b[^<>]*>[^<]*)*", re.IGNORECASE
)

_PLAIN_TAIL = re.compile(r"\s*(?:</html>)?\s*(?:<!--[^<>-]*-->\s*)*")
# Other letters mean that the link has no hash, which is where the name was taken to end, or that it must be decoded.
_COMMON_NAMES = re.compile(r"[A-Za-z0-9._+!%\-\n]*")


def read_html(text: str, base: str) -> Listing:
    """The links of the HTML page *text* that came from the URL *base*; about 3 µs a link.

    Raises ``PageUnreadable`` where the page declares a repository version that is not 1.x.
    """
    tree = LexborHTMLParser(text)
    first_base = tree.css_first("base[href]")
    if first_base is not None:
        base = joined(base, (first_base.attributes.get("href") or "").strip(_SPACE))
    state, reason = _status(tree)
    rows: list[FileRow] = []
    for node in tree.css("a[href]"):
        row = row_of(node.attributes, base)
        if row is not None:
            rows.append(row)
    return Listing(rows, state, reason)


def _status(tree: LexborHTMLParser) -> tuple[State, str]:
    metas = {
        (node.attributes.get("name") or "").lower(): node.attributes.get("content") or ""
        for node in tree.css("meta[name]")
    }
    reject_version(metas.get("pypi:repository-version"))
    return known_state(metas.get("pypi:project-status", "")), metas.get("pypi:project-status-reason", "")


def split_plain(text: str) -> SplitPage[str] | None:
    """The anchors of *text*, unread, if it is as nearly all indexes write it; ``None`` for one that must be parsed.

    Plain is a page in which every ``<`` begins a known tag, and every anchor begins with its ``href``: then no comment, script
    or base can make of it what it does not seem to be. About 1 µs a link. Raises ``PageUnreadable`` as :func:`read_html` does.
    """
    body, _, tail = text.partition("</body>")
    head, *pieces = body.split(OPENING)
    known = 2 * len(pieces) + body.count("<br", len(head))
    if (
        body.count("</a>") != len(pieces)
        or body.count("<", len(head)) != known
        or not _PLAIN_TAIL.fullmatch(tail)
        or "\0" in text
        or not _PLAIN_HEAD.fullmatch(head)
    ):
        return None
    names = [piece.partition("#")[0].rpartition("/")[2] for piece in pieces]
    together = "\n".join(names)
    if not _COMMON_NAMES.fullmatch(together) or "?" in body or ("[" in body and not _all_absolute(body, len(pieces))):
        return None
    if "%" in together:
        names = list(map(unquote, names))
    links = tuple((name, piece) for name, piece in zip(names, pieces, strict=True) if name)
    return SplitPage(links, *_status(LexborHTMLParser(head)))


def _all_absolute(body: str, count: int) -> bool:
    return body.count(f"{OPENING}https://") + body.count(f"{OPENING}http://") == count
