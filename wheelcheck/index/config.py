"""Configuration of the index room: which indexes, how to reach them, how much to read. Reads no settings file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from packaging.utils import NormalizedName

USER_AGENT = "wheelcheck/0.1.0"


class IndexConfig(Struct, frozen=True, kw_only=True):
    """Where projects come from and how they are fetched.

    ``index_urls`` are asked in order, and the first that knows a project is the only one used for it: the next is asked
    only where the former says 404, 410 or 403 (which some indexes say for what they do not hold; 401 is always an error).
    ``project_indexes`` names the one index for a project. ``find_links`` (folders, HTML files, URLs) are pooled with
    what the index has; ``fallback_find_links`` serve projects that nothing else has. ``no_index`` leaves only these two.

    ``cache_dir`` ``None`` caches nothing on disk. ``offline`` takes any cached answer and sends no request; ``refresh``
    revalidates every cached page. ``ca_bundle`` is a PEM file or folder, ``client_cert`` a PEM file with key.
    ``timeout`` is in seconds for one connect or read, ``retries`` how often a failed request is tried again. After ``silence``
    seconds in which nothing arrived for any request, an open request is sent again. The limits are in bytes; large pages that are
    fetched after the first ``uncompressed_limit`` are kept compressed in memory.
    """

    index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    fallback_find_links: tuple[str, ...] = ()
    project_indexes: Mapping[NormalizedName, str] = field(default_factory=dict)
    no_index: bool = False
    cache_dir: Path | None = None
    offline: bool = False
    refresh: bool = False
    ca_bundle: Path | None = None
    client_cert: Path | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = 30.0
    silence: float = 10.0
    retries: int = 4
    backoff: float = 0.25
    requests_per_host: int = 50
    page_limit: int = 64 * 1024**2
    uncompressed_limit: int = 32 * 1024**2
    metadata_limit: int = 8 * 1024**2
    file_limit: int = 200 * 1024**2
    user_agent: str = USER_AGENT

    def index_urls_for(self, name: NormalizedName) -> tuple[str, ...]:
        """The indexes that may be asked for *name*, in order."""
        if self.no_index:
            return ()
        pinned = self.project_indexes.get(name)
        return self.index_urls if pinned is None else (pinned,)
