"""PEP 503 HTML → :class:`Listing`, with what PEPs 592, 658, 714, 792 and mirrors add; fetches nothing."""

from __future__ import annotations

import re
from urllib.parse import unquote, urljoin

from selectolax.lexbor import LexborHTMLParser

from wheelcheck.index.page_problems import PageUnreadable, known_state, reject_version
from wheelcheck.index.records import FileRow, Listing

_HASH = re.compile(r"(?:^|&)([a-z0-9_]+)=([0-9a-fA-F]+)(?:&|$)", re.ASCII)
_SPACE = "\t\n\x0c\r "


def read_html(text: str, base: str) -> Listing:
    """The links of the HTML page *text* that came from the URL *base*; about 3 µs a link.

    Raises ``PageUnreadable`` where the page declares a repository version that is not 1.x.
    """
    tree = LexborHTMLParser(text)
    metas = {
        (node.attributes.get("name") or "").lower(): node.attributes.get("content") or ""
        for node in tree.css("meta[name]")
    }
    reject_version(metas.get("pypi:repository-version"))
    first_base = tree.css_first("base[href]")
    if first_base is not None:
        base = _joined(base, (first_base.attributes.get("href") or "").strip(_SPACE))
    rows: list[FileRow] = []
    for node in tree.css("a[href]"):
        row = _row(node.attributes, base)
        if row is not None:
            rows.append(row)
    return Listing(rows, known_state(metas.get("pypi:project-status", "")), metas.get("pypi:project-status-reason", ""))


def _row(attributes: dict[str, str | None], base: str) -> FileRow | None:
    href = (attributes["href"] or "").strip(_SPACE)
    address, _, fragment = href.partition("#")
    if not address:
        return None
    if not address.startswith(("https://", "http://")):
        address = _joined(base, address)
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


_UNSAID = "\0"


def _hashes(fragment: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    if fragment.startswith("sha256=") and len(fragment) == 71:
        return fragment[7:].lower(), ()
    found = {name: digest.lower() for name, digest in _HASH.findall(fragment) if name not in ("egg", "subdirectory")}
    return found.pop("sha256", ""), tuple(found.items())


def _sidecar(told: str) -> tuple[bool | None, str, tuple[tuple[str, str], ...]]:
    if told.lower() == "false":
        return False, "", ()
    return True, *_hashes(told)


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError as problem:
        raise PageUnreadable(f"holds a link that is no URL: {problem}") from problem
