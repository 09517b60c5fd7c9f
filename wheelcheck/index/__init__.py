"""The index room: transport, pages, metadata and cache, behind the port ``Projects``; resolves and judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.index.config import IndexConfig

if TYPE_CHECKING:
    from wheelcheck.index.disk_cache import CacheInfo, cache_info, clear_cache, default_cache_dir
    from wheelcheck.index.statistics import RequestKind, Statistics
    from wheelcheck.index.store import IndexStore

__all__ = [
    "CacheInfo",
    "IndexConfig",
    "IndexStore",
    "RequestKind",
    "Statistics",
    "cache_info",
    "clear_cache",
    "default_cache_dir",
]

# Importing the room must not load msgspec, selectolax and the rest for a command that fetches nothing.
_PLACES = {
    "CacheInfo": "disk_cache",
    "cache_info": "disk_cache",
    "clear_cache": "disk_cache",
    "default_cache_dir": "disk_cache",
    "IndexStore": "store",
    "RequestKind": "statistics",
    "Statistics": "statistics",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
