"""What was learnt of a file host in this run: whether it has sidecars, whether it answers ranges."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

_MISSES_ENOUGH = 8


class FileHost(Struct):
    """Habits of one host; optimistic until it disappoints."""

    sidecar_hits: int = 0
    sidecar_misses: int = 0
    takes_suffix_ranges: bool = True
    takes_ranges: bool = True

    @property
    def seems_bare(self) -> bool:
        """Whether it seems to have no sidecars at all, so that waiting for one is likely in vain."""
        return self.sidecar_hits == 0 and self.sidecar_misses >= _MISSES_ENOUGH


class FileHosts:
    """The hosts by name and port."""

    def __init__(self) -> None:
        self._hosts: dict[str, FileHost] = {}

    def of(self, url: str) -> FileHost:
        """The host that serves *url*."""
        return self._hosts.setdefault(urlsplit(url).netloc, FileHost())
