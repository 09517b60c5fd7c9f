"""PEP 503 HTML → :class:`Listing`, with the additions of PEPs 592, 658, 714, 792 and of mirrors. Fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from wheelcheck.index.file_entries import (
    FileEntry,
    Listing,
    State,
    joined,
    known_state,
    reject_version,
)

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

OPENING = '<a href="'
"""The beginning of each anchor of a plain page."""

_SPACE = "\t\n\x0c\r "
_HASH = re.compile(r"(?:^|&)([a-z0-9_]+)=([0-9a-fA-F]+)(?:&|$)", re.ASCII)
_UNSAID = "\0"
_ANY_ATTRIBUTE = r"""[\s/]++[^\s>/][^\s>/=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]++))?+"""
# A tag with up to 64 attributes, and the rest of them. Nothing is looked at twice, because all is possessive and no tag fails.
_TAG = re.compile(rf"(<[A-Za-z][^\s>/]*+(?:{_ANY_ATTRIBUTE}){{0,64}}+)(?:{_ANY_ATTRIBUTE})*+")
_ATTRIBUTE = re.compile(r'[ \t\n]+([a-zA-Z0-9_-]+)(?:="([^"\r\0]*)")?(?=[ \t\n>])')
_REFERENCE = re.compile(r"&(?!(?:lt|gt|amp|quot|#39|#x27);)")
# What may stand before the first anchor of a plain page: nothing that hides what follows, or changes where links lead.
_PLAIN_HEAD = re.compile(
    r"[^<]*(?:<(?:!doctype|html|/?head|meta|title>[^<]*</title|/?body|h1>[^<]*</h1)\b[^<>]*>[^<]*)*", re.IGNORECASE
)

_PLAIN_TAIL = re.compile(r"\s*+(?:</html>)?\s*+(?:<!--[^<>-]*-->\s*+)*+")
# Other letters mean that the link has no hash, where the name was assumed to end, or that it must be decoded.
_COMMON_NAMES = re.compile(r"[A-Za-z0-9._+!%\-\n]*")


def read_html(text: str, base: str) -> Listing:
    """The links of the HTML page *text* that came from the URL *base*; about 3 µs a link.

    Raises ``PageUnreadable`` where the page declares a repository version that is not 1.x.
    """
    tree = _parsed(text)
    first_base = tree.css_first("base[href]")
    if first_base is not None:
        base = joined(base, (first_base.attributes.get("href") or "").strip(_SPACE)) or base
    state, reason = _status(tree)
    entries = (_entry(node.attributes, base) for node in tree.css("a[href]"))
    return Listing([entry for entry in entries if entry is not None], state, reason, base)


def _parsed(text: str) -> LexborHTMLParser:
    # Imported late: anchors are nearly always plain, and a run whose pages are cached or JSON needs no HTML parser.
    from selectolax.lexbor import LexborHTMLParser

    # The parser compares each attribute of a tag with all before it.
    return LexborHTMLParser(_TAG.sub(lambda tag: tag[1], text))


def _status(tree: LexborHTMLParser) -> tuple[State, str]:
    metas = {
        (node.attributes.get("name") or "").lower(): node.attributes.get("content") or ""
        for node in tree.css("meta[name]")
    }
    reject_version(metas.get("pypi:repository-version"))
    return known_state(metas.get("pypi:project-status", "")), metas.get("pypi:project-status-reason", "")


class PlainPage(NamedTuple):
    """A page whose anchors were split and not read: the file name and the text of each, in order, and the status."""

    names: list[str]
    anchors: list[str]
    state: State
    state_reason: str


def split_plain(text: str) -> PlainPage | None:
    """The anchors of *text*, unread, if it is as nearly all indexes write it; ``None`` for one that must be parsed.

    Plain is a page in which every ``<`` begins a known tag, and every anchor begins with its ``href``: then no comment, script
    or base can make of it what it does not seem to be. About 1 µs a link. Raises ``PageUnreadable`` as :func:`read_html` does.
    """
    end = text.find("</body>")
    if end < 0:
        end = len(text)
    head, *pieces = text.split(OPENING)
    # What stands behind the body is no part of the last piece; nor may an anchor stand there, as the tail must be plain.
    if pieces:
        pieces[-1] = pieces[-1].partition("</body>")[0]
    else:
        head = head[:end]
    if (
        not _has_plain_tags(text, len(head), end, len(pieces))
        or not _PLAIN_TAIL.fullmatch(text, min(end + len("</body>"), len(text)))
        or "\0" in text
        or not _PLAIN_HEAD.fullmatch(head)
    ):
        return None
    names = [piece.partition("#")[0].rpartition("/")[2] for piece in pieces]
    together = "\n".join(names)
    if not _COMMON_NAMES.fullmatch(together) or "?" in text or ("[" in text and not _all_absolute(text, len(pieces))):
        return None
    if "%" in together:
        names = list(map(unquote, names))
    if "" in names:
        pieces = [piece for name, piece in zip(names, pieces, strict=True) if name]
        names = list(filter(None, names))
    return PlainPage(names, pieces, *_status(_parsed(head)))


def _has_plain_tags(text: str, start: int, end: int, anchors: int) -> bool:
    """Whether every ``<`` between *start* and *end* begins one of the *anchors*, ends one, or begins a line break."""
    tags = text.count("<", start, end)
    # Nearly all indexes break the line after every link, which takes one look at megabytes less.
    if tags == 3 * anchors and text.count("</a><br", start, end) == anchors:
        return True
    return text.count("</a>", start, end) == anchors and tags == 2 * anchors + text.count("<br", start, end)


def _all_absolute(text: str, count: int) -> bool:
    return text.count(f"{OPENING}https://") + text.count(f"{OPENING}http://") == count


def _entry(attributes: Mapping[str, str | None], base: str) -> FileEntry | None:
    """The file that an anchor with *attributes* (decoded, names in lower case) leads to, if it leads to one."""
    address, _, fragment = (attributes["href"] or "").strip(_SPACE).partition("#")
    if not address:
        return None
    # An address that cannot be asked stays as it is written: it has a version here too, and no file of it can be used.
    address = joined(base, address) or address
    filename = address.partition("?")[0].rpartition("/")[2]
    if not filename:
        return None
    if "%" in filename:
        filename = unquote(filename)
    hashes = _hashes(fragment)
    if len(attributes) == 1:
        return FileEntry(filename, address, hashes)
    told = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata", _UNSAID))
    return FileEntry(
        filename,
        address,
        hashes,
        requires_python=attributes.get("data-requires-python") or None,
        core_metadata=None if told == _UNSAID else _sidecar(told or ""),
        yanked=(attributes["data-yanked"] or True) if "data-yanked" in attributes else None,
        upload_time=attributes.get("data-upload-time"),
    )


def read_anchors(text: str, base: str) -> Iterator[FileEntry]:
    """The files of *text*, anchors that each begin with ``OPENING``; about 4 µs each."""
    for piece in text.split(OPENING)[1:]:
        attributes = _attributes(piece)
        if attributes is None:
            node = _parsed(OPENING + piece).css_first("a[href]")
            attributes = {} if node is None else node.attributes
        entry = _entry(attributes, base) if "href" in attributes else None
        if entry is not None:
            yield entry


def _attributes(piece: str) -> dict[str, str | None] | None:
    """The attributes in *piece*, which begins inside that of ``href``; ``None`` for what only a parser of HTML should read."""
    end = piece.find('"')
    found: dict[str, str | None] = {"href": _decoded(piece[:end])}
    position = end + 1
    while matched := _ATTRIBUTE.match(piece, position):
        name, value = matched.groups()
        found.setdefault(name.lower(), value and _decoded(value))
        position = matched.end()
    if piece[position : position + 1] != ">" or _REFERENCE.search(piece, 0, position):
        return None
    return found


def _decoded(value: str) -> str:
    if "&" not in value:
        return value
    value = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return value.replace("&#39;", "'").replace("&#x27;", "'").replace("&amp;", "&")


def _hashes(fragment: str) -> dict[str, str]:
    if fragment.startswith("sha256=") and len(fragment) == 71:
        return {"sha256": fragment[7:]}
    return {name: digest for name, digest in _HASH.findall(fragment) if name not in ("egg", "subdirectory")}


def _sidecar(told: str) -> bool | dict[str, str]:
    return False if told.lower() == "false" else _hashes(told) or True
