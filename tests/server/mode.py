"""How the test index behaves: one frozen value, every deviation from a good index a field; serves nothing itself."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from msgspec import Struct

Failure = Literal["500", "502", "503", "429", "reset", "truncate", "hang-up"]


class Flaky(Struct, frozen=True, kw_only=True):
    """The first *first* requests for each path that holds *on* fail as *how* says; later ones are answered.

    ``reset`` closes with RST before a byte, ``hang-up`` with FIN before a byte, ``truncate`` in the middle of the body.
    *retry_after* is sent as it is with 429 and 5xx (seconds or an HTTP date).
    """

    first: int = 1
    how: Failure = "503"
    on: str = "/"
    retry_after: str | None = None


class Lie(Enum):
    """What the index says that is not so."""

    PAGE_HASH = "the page announces another SHA-256 for every file"
    PAGE_SIZE = "the page announces sizes that are a thousand bytes too small"
    SIDECAR_HASH = "the page announces another SHA-256 for every sidecar"
    SIDECAR_OF_ANOTHER = "sidecars are the metadata of another project"
    SIDECAR_PROMISED = "sidecars are announced and answered with 404"
    CONTENT_TYPE_GET = "pages are labelled as the format that they are not"
    CONTENT_TYPE_HEAD = "HEAD names the other format than GET sends"
    CONTENT_RANGE = "partial answers announce a total that is a thousand bytes too large"


class Mode(Struct, frozen=True, kw_only=True):
    """A way of being an index; the default is a good one: PEP 691 JSON, announced sidecars, ranges, ETags.

    *pages*: what is served; ``json`` falls back to HTML for a client whose Accept does not name JSON, ``html`` is served
    whatever is asked. *upload_times*: ``asked`` shows them in HTML only when Accept names the JSON type.
    *sidecars*: ``patchy`` means unannounced, and missing for about one file in five.
    *ranges*: ``suffix-416`` and ``suffix-501`` refuse ``bytes=-N``; ``ignored`` answers 200 with the whole body.
    *credentials*: user and password of HTTP basic authentication, 401 without. *latency* is in seconds before each answer,
    *bandwidth* in bytes per second. *redirect_pages_to* and *redirect_files_to* are base URLs of another server, to which 302
    leads; *files_at* is the base URL that pages name for files. *absent_status* answers for unknown projects.
    *endless* kinds of answer never end, and come as a tiny gzip stream that expands without bound if *encoding* says so.
    """

    pages: Literal["json", "html"] = "json"
    links: Literal["absolute", "relative"] = "absolute"
    upload_times: Literal["shown", "asked", "hidden"] = "shown"
    sizes: Literal["shown", "hidden"] = "shown"
    hashes: Literal["shown", "hidden"] = "shown"
    sidecars: Literal["announced", "unannounced", "patchy", "absent"] = "announced"
    sidecar_word: Literal["hash", "true"] = "hash"
    sidecar_key: Literal["core-metadata", "dist-info-metadata"] = "core-metadata"
    ranges: Literal["all", "suffix-416", "suffix-501", "ignored"] = "all"
    validators: Literal["etag", "none"] = "etag"
    cache_control: str | None = "max-age=600, public"
    encoding: Literal["identity", "gzip"] = "identity"
    credentials: tuple[str, str] | None = None
    latency: float = 0.0
    bandwidth: int | None = None
    flaky: Flaky | None = None
    lies: frozenset[Lie] = frozenset()
    redirect_pages_to: str | None = None
    redirect_files_to: str | None = None
    files_at: str | None = None
    absent_status: int = 404
    endless: frozenset[Literal["page", "sidecar", "file"]] = frozenset()


PLAIN_HTML = Mode(
    pages="html", upload_times="hidden", sizes="hidden", sidecars="absent", validators="none", cache_control=None
)
"""PEP 503 and nothing else: no sidecars, no upload times, no sizes, no cache headers."""

MIRROR = Mode(
    pages="html", upload_times="asked", sizes="hidden", sidecars="patchy", validators="none", cache_control=None
)
"""Like many company mirrors: HTML whatever is asked, upload times on request, sidecars that nobody announces."""
