"""Simple-API pages as text: PEP 503 HTML and PEP 691 JSON, truthful or not as the mode says; opens no socket."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from packaging.utils import NormalizedName

from tests.fakes.archives import sha256_hex
from tests.server.catalog import IndexFile, IndexProject
from tests.server.mode import Lie, Mode

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "text/html; charset=utf-8"

_WRONG_SHA256 = "0" * 64
_LIE_BYTES = 1000

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


def render_json_page(project: IndexProject, mode: Mode, base: str) -> str:
    """The page as PEP 691 JSON (PEP 700 sizes and times, PEP 714 sidecars, PEP 792 status)."""
    page: dict[str, Json] = {
        "meta": {"api-version": "1.4" if mode.sizes == "shown" else "1.0"},
        "name": project.name,
        "files": [_json_file(each, mode, base) for each in project.files],
    }
    if project.status != "active":
        status: dict[str, Json] = {"status": project.status}
        if project.reason:
            status["reason"] = project.reason
        page["project-status"] = status
    return json.dumps(page)


def _json_file(file: IndexFile, mode: Mode, base: str) -> Json:
    entry: dict[str, Json] = {"filename": file.filename, "url": file_url(file, mode, base), "hashes": {}}
    if mode.hashes == "shown" and file.is_hashed:
        entry["hashes"] = {"sha256": announced_sha256(file, mode)}
    if file.requires_python is not None:
        entry["requires-python"] = file.requires_python
    if file.yanked is not None:
        entry["yanked"] = file.yanked or True
    if (size := announced_size(file, mode)) is not None:
        entry["size"] = size
    if file.upload_time is not None and mode.upload_times != "hidden":
        entry["upload-time"] = file.upload_time
    if (digest := announced_sidecar(file, mode)) is not None:
        entry[mode.sidecar_key] = True if mode.sidecar_word == "true" else {"sha256": digest}
    return entry


def render_html_page(project: IndexProject, mode: Mode, base: str, accept: str) -> str:
    """The page as PEP 503 HTML; *accept* is the client's header, for mirrors that show more when JSON is asked for."""
    times_shown = mode.upload_times == "shown" or (mode.upload_times == "asked" and JSON_TYPE in accept)
    lines = ["<!DOCTYPE html>", "<html><head>", '<meta name="pypi:repository-version" content="1.4">']
    if project.status != "active":
        lines.append(f'<meta name="pypi:project-status" content="{escape(project.status)}">')
        if project.reason:
            lines.append(f'<meta name="pypi:project-status-reason" content="{escape(project.reason)}">')
    lines += [f"<title>Links for {project.name}</title></head><body>", f"<h1>Links for {project.name}</h1>"]
    for each in project.files:
        shown = each.upload_time if times_shown else None
        lines.append(f"<a {_html_attributes(each, mode, base, shown)}>{escape(each.filename)}</a><br/>")
    return "\n".join([*lines, "</body></html>", ""])


def _html_attributes(file: IndexFile, mode: Mode, base: str, upload_time: str | None) -> str:
    fragment = f"#sha256={announced_sha256(file, mode)}" if mode.hashes == "shown" and file.is_hashed else ""
    attributes = {"href": file_url(file, mode, base) + fragment}
    if file.requires_python is not None:
        attributes["data-requires-python"] = file.requires_python
    if file.yanked is not None:
        attributes["data-yanked"] = file.yanked
    if upload_time is not None:
        attributes["data-upload-time"] = upload_time
    if (digest := announced_sidecar(file, mode)) is not None:
        attributes[f"data-{mode.sidecar_key}"] = "true" if mode.sidecar_word == "true" else f"sha256={digest}"
    return " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items())


def render_html_folder(hrefs: Iterable[str]) -> str:
    """A page of bare links, as ``--find-links`` takes it."""
    rows = "\n".join(f'<a href="{escape(href)}">{escape(href.rsplit("/", 1)[-1])}</a><br/>' for href in hrefs)
    return f"<!DOCTYPE html><html><body>\n{rows}\n</body></html>\n"


def render_project_list(names: Iterable[NormalizedName], kind: str) -> str:
    """The index's root: every project, sorted; *kind* is ``json`` or ``html``."""
    ordered = sorted(names)
    if kind == "json":
        return json.dumps({"meta": {"api-version": "1.0"}, "projects": [{"name": name} for name in ordered]})
    return render_html_folder(f"/simple/{name}/" for name in ordered).replace("/</a>", "</a>")


def file_url(file: IndexFile, mode: Mode, base: str) -> str:
    """The link to *file*: on the file host if the mode has one, else absolute below *base* or relative to the page."""
    quoted = quote(file.path)
    if mode.files_at is not None:
        return mode.files_at.rstrip("/") + quoted
    return f"../..{quoted}" if mode.links == "relative" else base + quoted


def announced_sha256(file: IndexFile, mode: Mode) -> str:
    """The digest on the page."""
    return _WRONG_SHA256 if Lie.PAGE_HASH in mode.lies else file.sha256


def announced_size(file: IndexFile, mode: Mode) -> int | None:
    """The size on the page in bytes."""
    if mode.sizes == "hidden" or file.size is None:
        return None
    return max(0, file.size - _LIE_BYTES) if Lie.PAGE_SIZE in mode.lies else file.size


def announced_sidecar(file: IndexFile, mode: Mode) -> str | None:
    """The sidecar's digest on the page, empty where the page has none; ``None`` where nothing is announced."""
    if mode.sidecars != "announced" or file.sidecar is None:
        return None
    if mode.sidecar_word == "true":
        return ""
    return _WRONG_SHA256 if Lie.SIDECAR_HASH in mode.lies else sha256_hex(file.sidecar())


def has_sidecar(file: IndexFile, mode: Mode) -> bool:
    """Whether ``.metadata`` is answered, whatever the page says."""
    if file.sidecar is None or mode.sidecars == "absent" or Lie.SIDECAR_PROMISED in mode.lies:
        return False
    # A checksum of the name: which fifth is missing must not change between runs.
    return mode.sidecars != "patchy" or zlib.crc32(file.filename.encode()) % 5 != 0
