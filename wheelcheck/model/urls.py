"""URLs as they may be shown: without credentials; refuses to fetch or to resolve them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

# The second form is a password with a "/", "?" or "#" in it, which makes the URL malformed and no less secret; a port before a
# path with "@" in it is none.
_USER_INFO = re.compile(r"(?<=://)(?:[^\s/?#'\"]+@|[^\s/?#'\"@:\[]*:(?!\d+[/?#])[^\s'\"]*@)")


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


def masked_within(text: str) -> str:
    """*text* with the credentials of every URL in it replaced by ``***``, for messages that quote what was written."""
    return _USER_INFO.sub("***@", text)
