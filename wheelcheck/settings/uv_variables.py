"""The variables of uv that say which indexes it asks; they count where the input is one that uv reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, cast, get_args
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec.structs import replace

from wheelcheck.errors import SettingsInvalid
from wheelcheck.model.requirement import IndexOptions, NamedIndex
from wheelcheck.options import IndexStrategy

UV_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "index-strategy": ("UV_INDEX_STRATEGY",),
}
"""The variables that speak for each key of the settings, the weightier first."""
_NAME = re.compile(r"([A-Za-z0-9_.-]+)=(.*)", re.DOTALL)


def uv_variables(environ: Mapping[str, str]) -> IndexOptions:
    """What uv's variables in *environ* say; raises ``SettingsInvalid`` for a strategy that uv does not know."""
    strategy = environ.get("UV_INDEX_STRATEGY") or None
    if strategy is not None and strategy not in get_args(IndexStrategy):
        raise SettingsInvalid(
            f"must be one of {', '.join(get_args(IndexStrategy))}, not {strategy!r}", address="UV_INDEX_STRATEGY"
        )
    default = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL")
    indexes = [named_index(word) for word in environ.get("UV_INDEX", "").split()]
    if default:
        indexes.append(named_index(default, role="default"))
    return IndexOptions(
        indexes=tuple(indexes),
        extra_index_urls=tuple(environ.get("UV_EXTRA_INDEX_URL", "").split()),
        find_links=tuple(filter(None, re.split(r"[,\s]+", environ.get("UV_FIND_LINKS", "")))),
        strategy=cast("IndexStrategy | None", strategy),
    )


def named_index(text: str, role: Literal["extra", "default"] = "extra") -> NamedIndex:
    """The index that ``NAME=URL`` or a URL alone describes."""
    named = _NAME.fullmatch(text)
    if named is not None and "://" not in named[1]:
        return NamedIndex(name=named[1], url=named[2], role=role)
    return NamedIndex(url=text, role=role)


def with_credentials(index: NamedIndex, environ: Mapping[str, str]) -> NamedIndex:
    """*index* with the user and password that ``UV_INDEX_NAME_USERNAME`` and ``UV_INDEX_NAME_PASSWORD`` give for its name."""
    word = re.sub(r"[^A-Za-z0-9]", "_", index.name).upper()
    user, password = (environ.get(f"UV_INDEX_{word}_{what}", "") for what in ("USERNAME", "PASSWORD"))
    parts = urlsplit(index.url)
    if not index.name or not (user or password) or "@" in parts.netloc:
        return index
    secret = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"
    return replace(index, url=urlunsplit(parts._replace(netloc=secret)))
