"""One anchor of a PEP 503 page → :class:`FileRow`, from its attributes or from its text; fetches nothing, knows no page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urljoin

from wheelcheck.index.page_problems import PageUnreadable
from wheelcheck.index.records import FileRow

OPENING = '<a href="'
_HASH = re.compile(r"(?:^|&)([a-z0-9_]+)=([0-9a-fA-F]+)(?:&|$)", re.ASCII)
_SPACE = "\t\n\x0c\r "
_UNSAID = "\0"
_ATTRIBUTE = re.compile(r'[ \t\n]+([a-zA-Z0-9_-]+)(?:="([^"\r\0]*)")?(?=[ \t\n>])')
_REFERENCE = re.compile(r"&(?!(?:lt|gt|amp|quot|#39|#x27);)")


def row_of(attributes: Mapping[str, str | None], base: str) -> FileRow | None:
    """The file that an anchor with *attributes* (decoded, names in lower case) leads to, if it leads to one.

    Raises ``PageUnreadable`` for an address that is no URL.
    """
    href = (attributes["href"] or "").strip(_SPACE)
    address, _, fragment = href.partition("#")
    if not address:
        return None
    if not address.startswith(("https://", "http://")):
        address = joined(base, address)
    filename = address.partition("?")[0].rpartition("/")[2]
    if not filename:
        return None
    if "%" in filename:
        filename = unquote(filename)
    sha256, others = _hashes(fragment)
    if len(attributes) == 1:
        return FileRow(filename, address, sha256, other_hashes=others)
    told = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata", _UNSAID))
    announced, metadata_sha256, other_metadata = (None, "", ()) if told is _UNSAID else _sidecar(told or "")
    return FileRow(
        filename,
        address,
        sha256,
        upload_time=attributes.get("data-upload-time"),
        requires_python=attributes.get("data-requires-python") or None,
        yanked=(attributes["data-yanked"] or "") if "data-yanked" in attributes else None,
        core_metadata=announced,
        core_metadata_sha256=metadata_sha256,
        other_hashes=others,
        other_core_metadata_hashes=other_metadata,
    )


def read_anchors(text: str, base: str) -> Iterator[FileRow]:
    """The files of *text*, anchors that each begin with ``OPENING``; about 4 µs each. Raises ``PageUnreadable``."""
    for piece in text.split(OPENING)[1:]:
        attributes = _attributes(piece)
        if attributes is None:
            # Not above: what is looked at is nearly always plain, and in a warm run nothing else needs the parser.
            from selectolax.lexbor import LexborHTMLParser

            node = LexborHTMLParser(OPENING + piece).css_first("a[href]")
            attributes = {} if node is None else node.attributes
        row = row_of(attributes, base) if "href" in attributes else None
        if row is not None:
            yield row


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


def _hashes(fragment: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    if fragment.startswith("sha256=") and len(fragment) == 71:
        return fragment[7:].lower(), ()
    found = {name: digest.lower() for name, digest in _HASH.findall(fragment) if name not in ("egg", "subdirectory")}
    return found.pop("sha256", ""), tuple(found.items())


def _sidecar(told: str) -> tuple[bool | None, str, tuple[tuple[str, str], ...]]:
    if told.lower() == "false":
        return False, "", ()
    return True, *_hashes(told)


def joined(base: str, address: str) -> str:
    """*address* as *base* has it; raises ``PageUnreadable`` where that is no URL."""
    try:
        return urljoin(base, address)
    except ValueError as problem:
        raise PageUnreadable(f"holds a link that is no URL: {problem}") from problem
