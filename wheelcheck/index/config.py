"""Configuration of the index room: indexes, local files, sign-in, limits. Reads no settings file; shows no secret."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct, field
from packaging.utils import NormalizedName

from wheelcheck.model.urls import without_user
from wheelcheck.options import IndexStrategy

if TYPE_CHECKING:
    import netrc

USER_AGENT = "wheelcheck/0.1.0"


class IndexConfig(Struct, frozen=True, kw_only=True):
    """Where projects come from and how they are fetched.

    ``index_urls`` are all that are asked for every project, the default one first. ``tiers`` say in which order: the indexes of
    one tier are asked together, and what they list is pooled (of equal files the one of the earlier index comes first); the next
    tier is asked only for a project that no index of the former knows. Without ``tiers`` each index is one of its own. The
    versions of ``supplemental`` indexes come behind those of the others of their tier (Poetry).
    ``project_indexes`` names the one index for a project. ``find_links`` (folders, HTML files, URLs) are pooled with
    what the index has; ``fallback_find_links`` serve projects that nothing else has. ``no_index`` leaves only these two.

    An index does not know a project for which it answers 404 or 410; 403 says the same on some, so it counts too, unless
    ``absent_statuses`` has a row for the index. ``fault`` says what happens where one of several indexes fails: the run ends
    (``ends``), or the others answer and the page names the failure (``is-told``), as pip does unless it has to sign in. By the
    ``strategy`` ``unsafe-first-match`` the versions of an earlier index of a tier come before those of the next, however old they
    are. ``apart`` says that of one version the wheels of the first index with a fit count, and not the best fit of all.

    ``cache_dir`` ``None`` caches nothing on disk. ``offline`` takes any cached answer and sends no request; ``refresh``
    revalidates every cached page. ``ca_bundle`` is a PEM file or folder, ``client_cert`` a PEM file with key.
    ``timeout`` is in seconds for one connect or read, ``retries`` how often a failed request is tried again; a caller waits
    ``longest_wait`` seconds at most, unless it has a limit of its own. After ``silence`` seconds in which nothing arrived for any
    request, an open request is sent again. The limits are in bytes; pages after the first ``uncompressed_limit`` are kept
    compressed in memory, fetched or cached, but small ones. ``shared_store`` is the address of replies that several machines share.
    """

    index_urls: tuple[str, ...] = ()
    tiers: tuple[tuple[str, ...], ...] = ()
    supplemental: frozenset[str] = frozenset()
    strategy: IndexStrategy = "first-index"
    apart: bool = False
    fault: Literal["ends", "is-told"] = "ends"
    absent_statuses: Mapping[str, frozenset[int]] = field(default_factory=dict)
    find_links: tuple[str, ...] = ()
    fallback_find_links: tuple[str, ...] = ()
    project_indexes: Mapping[NormalizedName, str] = field(default_factory=dict)
    no_index: bool = False
    cache_dir: Path | None = None
    shared_store: str = ""
    offline: bool = False
    refresh: bool = False
    ca_bundle: Path | None = None
    client_cert: Path | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = 30.0
    silence: float = 10.0
    retries: int = 4
    longest_wait: float = 120.0
    backoff: float = 0.25
    requests_per_host: int = 50
    page_limit: int = 64 * 1024**2
    uncompressed_limit: int = 32 * 1024**2
    metadata_limit: int = 8 * 1024**2
    file_limit: int = 200 * 1024**2
    user_agent: str = USER_AGENT

    def tiers_for(self, name: NormalizedName) -> tuple[tuple[str, ...], ...]:
        """The indexes that may be asked for *name*, tier by tier."""
        if self.no_index:
            return ()
        pinned = self.project_indexes.get(name)
        if pinned is not None:
            return ((pinned,),)
        return self.tiers or tuple((url,) for url in self.index_urls)


Origin = tuple[str, str, int | None]

_PORTS = {"http": 80, "https": 443}


class Credentials:
    """Basic credentials by URL: those written in *urls* for everything on the same origin, else netrc's for the host."""

    def __init__(self, urls: Iterable[str] = ()) -> None:
        self._known: list[tuple[Origin, str, str]] = []
        self._netrc: netrc.netrc | None = None
        self._netrc_read = False
        for url in urls:
            self.learn(url)

    def learn(self, url: str) -> str:
        """Remember user and password of *url*; return the URL without them."""
        try:
            parts = urlsplit(url)
            user = parts.username
        except ValueError:
            return url
        if user is None and parts.password is None:
            return url
        header = _basic(unquote(user or ""), unquote(parts.password or ""))
        entry = (_origin(parts), parts.path, header)
        if entry not in self._known:
            self._known.append(entry)
        return without_user(url)

    def header_for(self, url: str) -> str | None:
        """The Authorization header for *url*.

        Of several on one origin, the one whose path is the longest beginning of the URL's; files mostly lie elsewhere on
        the host, so without such a beginning the first is taken.
        """
        parts = urlsplit(url)
        origin = _origin(parts)
        mine = [(path, header) for known, path, header in self._known if known == origin]
        if mine:
            below = [entry for entry in mine if parts.path.startswith(entry[0])]
            return max(below, key=lambda entry: len(entry[0]))[1] if below else mine[0][1]
        return self._from_netrc(parts.hostname or "")

    def _from_netrc(self, host: str) -> str | None:
        if not self._netrc_read:
            self._netrc_read = True
            self._netrc = _load_netrc()
        found = self._netrc.authenticators(host) if self._netrc is not None else None
        return None if found is None else _basic(found[0], found[2] or "")


def _load_netrc() -> netrc.netrc | None:
    named = os.environ.get("NETRC")
    places = (Path(named),) if named else (Path.home() / ".netrc", Path.home() / "_netrc")
    if not any(map(os.path.lexists, places)):
        return None
    import netrc  # most runs have no such file

    for place in places:
        try:
            return netrc.netrc(str(place))
        except FileNotFoundError:
            continue
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
            # As in other installers, a netrc that cannot be read counts as none, and the index answers 401.
            return None
    return None


def _origin(parts: SplitResult) -> Origin:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)


def _basic(user: str, password: str) -> str:
    import base64  # most runs have no credentials

    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def local_path(location: str) -> Path | None:
    """The path that *location* names, a ``file:`` URL or a plain path; ``None`` for URLs of other schemes."""
    scheme, colon, _ = location.partition(":")
    if scheme.lower() == "file" and colon:
        path = urlsplit(location).path
        if os.name == "nt":
            from urllib.request import url2pathname

            return Path(url2pathname(path))
        return Path(unquote(path))
    if "://" in location:
        return None
    return Path(location).expanduser()
