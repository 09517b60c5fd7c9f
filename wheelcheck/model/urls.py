"""URLs as they may be shown, without credentials, and the index that installers ask when nobody names one."""

from __future__ import annotations

import functools
import re
from importlib import import_module
from urllib.parse import quote, unquote, urlsplit, urlunsplit

_DIGITS = {"sha256": 64, "sha512": 128, "sha384": 96, "sha224": 56, "sha1": 40, "md5": 32}
HASHES = tuple(_DIGITS)
"""The algorithms of hashes in fragments."""
_TELLING = (*HASHES, "subdirectory")
_HEX = re.compile("[0-9a-fA-F]+")

# The second form is a password with a "/", "?" or "#" in it, which makes the URL malformed and no less secret; a port before a
# path with "@" in it is none.
_USER_INFO = re.compile(r"(?<=://)(?:[^\s/?#'\"]+@|[^\s/?#'\"@:\[]*:(?!\d+[/?#])[^\s'\"]*@)")


# Addresses with other slashes than two, or with none, and without a scheme; the digest of an image is no host.
_ODD_USER_INFO = re.compile(r"(?i)\b((?:https?|ftp|ssh):[/\\]*)[^\s/\\?#'\"@]+@")
_BARE_USER_INFO = re.compile(r"(?<![\w./@:-])[\w.+%-]{1,100}:[^\s'\"/\\@:]{1,200}@(?!sha\d)(?=[\w\[])")
_QUERY_SECRET = re.compile(
    r"(?i)([?&;](?:[\w.-]{0,40}(?:token|secret|passw(?:or)?d|api[-_.]?key|signature|credential|session)[\w.-]{0,40}"
    r"|pwd|auth|key|sig|jwt)=)[^&;#\s'\"<>]*[^&;#\s'\"<>:,.)]"
)
_STORED_USER = re.compile(rb"//[^\s/?#'\"<>@]{1,500}@")
_STORED_QUERY = re.compile(_QUERY_SECRET.pattern.encode())


def without_user(url: str) -> str:
    """*url* without user name and password, so that it can be asked.

    What is no URL with a host (a path, a malformed address) is given back as it is.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def masked(url: str) -> str:
    """*url* as it may be shown and stored: :func:`without_user`, and ``***`` for the secrets in its query."""
    url = without_user(url)
    return _QUERY_SECRET.sub(r"\1***", url) if "?" in url else url


def masked_within(text: str) -> str:
    """*text* with the credentials of every address in it replaced by ``***``, for messages that quote what was written."""
    if "@" in text:
        text = _BARE_USER_INFO.sub("***@", _ODD_USER_INFO.sub(r"\1***@", _USER_INFO.sub("***@", text)))
    return _QUERY_SECRET.sub(r"\1***", text) if "=" in text else text


def has_secrets(content: bytes) -> bool:
    """Whether an address in *content* has credentials in it, which must not be stored."""
    return has_stored_user(content) or has_stored_query(content)


def has_stored_user(content: bytes) -> bool:
    """Whether an address in *content* names a user or has a password, which must not be stored."""
    # Readers of addresses drop tabs and ends of lines wherever they stand.
    return b"@" in content and _STORED_USER.search(content.translate(None, b"\t\r\n")) is not None


def has_stored_query(content: bytes) -> bool:
    """Whether an address in *content* has a secret in its query, which must not be stored."""
    return b"?" in content and _STORED_QUERY.search(content) is not None


def is_local(url: str) -> bool:
    """Whether *url* names a file of this machine: a ``file:`` URL, or a path."""
    return "://" not in url or url.lower().startswith("file:")


def is_askable(url: str) -> bool:
    """Whether *url* names a file that can be read: of this machine, or by http. A repository is none."""
    return is_local(url) or url.lower().startswith(("http://", "https://"))


@functools.lru_cache(maxsize=10_000)
def reference_key(url: str) -> str:
    """*url* as installers compare direct references; two are one file to them where this is equal.

    The order of a query, credentials, ``egg=`` and fragments without a meaning do not tell references apart, nor does
    ``file://localhost/`` from ``file:///`` (RFC 8089); hashes and ``subdirectory=`` do.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = parts.netloc.rpartition("@")[2].lower()
    if parts.scheme == "file" and host == "localhost":
        host = ""
    kept = sorted(part for part in parts.fragment.split("&") if part.partition("=")[0] in _TELLING and part[-1] != "=")
    query = "&".join(sorted(parts.query.split("&")))
    return urlunsplit((parts.scheme, host, quote(unquote(parts.path)), query, "&".join(kept).lower()))


def is_digest(algorithm: str, digest: str) -> bool:
    """Whether *digest* is one that *algorithm* gives: hexadecimal digits, and as many as it has, where that is known."""
    return len(digest) == _DIGITS.get(algorithm, len(digest)) and _HEX.fullmatch(digest) is not None


def hashes_in(url: str) -> tuple[tuple[str, str], ...]:
    """The hashes in the fragment of *url*, each as algorithm and digest in lower-case hex."""
    parts = (part.partition("=") for part in url.partition("#")[2].split("&"))
    return tuple((name, digest.lower()) for name, _, digest in parts if name in HASHES and _HEX.fullmatch(digest))


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
