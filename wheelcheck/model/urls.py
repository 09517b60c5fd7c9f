"""URLs as they may be shown, without credentials, and the index that installers ask when nobody names one."""

from __future__ import annotations

import functools
import re
from importlib import import_module
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


@functools.cache
def default_index_url() -> str:
    """The ``PYPI_SIMPLE_ENDPOINT`` that pypi-simple publishes; empty in a checkout that was never installed."""
    try:
        generated = import_module("wheelcheck.model._default_index")
    except ModuleNotFoundError:
        return ""
    return str(generated.DEFAULT_INDEX_URL)


def is_default_index(url: str) -> bool:
    """Whether *url* is that index, whatever its trailing slash."""
    return url.rstrip("/") == default_index_url().rstrip("/")
