"""URLs as they may be shown: without credentials; refuses to fetch or to resolve them."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def masked(url: str) -> str:
    """*url* without user name and password, otherwise unchanged, so that it can be shown, stored and used again.

    What is no URL with a host (a path, a malformed address) is given back as it is.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
