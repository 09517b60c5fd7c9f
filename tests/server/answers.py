"""One answer of the test index as a value, and what ranges, validators and encodings make of it; opens no socket."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from tests.fakes.archives import sha256_hex
from tests.server.mode import Lie, Mode

AnswerKind = Literal["page", "sidecar", "file", "other"]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$", re.ASCII)
_LIE_BYTES = 1000


class Answer(Struct, frozen=True, kw_only=True):
    """A status with headers and body; *kind* is what the mode's switches go by."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: AnswerKind = "other"


def refuse(status: int, message: str = "", **headers: str) -> Answer:
    """A plain-text answer with *status*; underscores in header names stand for dashes."""
    return Answer(
        status=status,
        body=(message or f"status {status}").encode() if status >= 400 else b"",
        content_type="text/plain; charset=utf-8",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def conditioned(answer: Answer, asked: Mapping[str, str], mode: Mode) -> Answer:
    """Apply cache headers, ``If-None-Match``, ``Range`` and content encoding to a 200 *answer*, in that order."""
    if answer.status != 200:
        return answer
    headers = dict(answer.headers)
    if answer.kind == "page" and mode.cache_control is not None:
        headers.setdefault("Cache-Control", mode.cache_control)
    if mode.validators == "etag":
        etag = headers.setdefault("ETag", f'"{sha256_hex(answer.body)[:32]}"')
        if asked.get("if-none-match") == etag:
            return replace(answer, status=304, body=b"", headers=headers)
    if answer.kind in ("file", "sidecar") and mode.ranges != "ignored":
        headers["Accept-Ranges"] = "bytes"
        if "range" in asked:
            return _ranged(replace(answer, headers=headers), asked["range"], mode)
    if mode.encoding == "gzip" and answer.kind in ("page", "sidecar") and "gzip" in asked.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return replace(answer, body=gzip.compress(answer.body, mtime=0), headers=headers)
    return replace(answer, headers=headers)


def _ranged(answer: Answer, asked: str, mode: Mode) -> Answer:
    """The part that *asked* names (RFC 9110, section 14); several ranges at once are answered with the whole."""
    matched = _RANGE.match(asked.strip())
    if matched is None or matched[0] == "bytes=-":
        return answer
    total = len(answer.body)
    if not matched[1]:
        if mode.ranges in ("suffix-416", "suffix-501"):
            return refuse(int(mode.ranges[-3:]), "no suffix ranges here", Content_Range=f"bytes */{total}")
        start, end = max(0, total - int(matched[2])), total - 1
    else:
        start, end = int(matched[1]), min(int(matched[2] or total - 1), total - 1)
    if start >= total or start > end:
        return refuse(416, "no such range", Content_Range=f"bytes */{total}")
    told = total + _LIE_BYTES if Lie.CONTENT_RANGE in mode.lies else total
    headers = {**answer.headers, "Content-Range": f"bytes {start}-{end}/{told}"}
    return replace(answer, status=206, body=answer.body[start : end + 1], headers=headers)
