"""User and password by host, from URLs and netrc, as request headers. Never shows a secret."""

from __future__ import annotations

import base64
import netrc
import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from wheelcheck.model.urls import masked

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
        return masked(url)

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
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
