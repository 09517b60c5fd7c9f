"""Replies that several machines share, so that each is fetched once for all of them: a folder, or any address that fsspec knows.

``Request → Reply``, from the store where it is there; else whoever claims it first fetches it, and the others wait for that. A
reply is taken for a day, so that all questions of a run are answered from the same pages. Replies whose body has credentials in it
are not kept. Whatever is wrong with the store means a request, never an error.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from wheelcheck.errors import UsageProblem
from wheelcheck.index.exchange import Reply, Request
from wheelcheck.model.urls import has_secrets, masked

_FRESH = 24 * 3600.0  # seconds
_PATIENCE = 60.0  # seconds after which the one who claimed a reply counts as dead
_POLL = (0.01, 0.25)  # seconds between looks, the first and the longest
_KEPT = frozenset({200, 206, 304, 404, 410})
_VARY = ("accept", "range")
_CONDITIONS = ("if-none-match", "if-modified-since")


class SharedStore:
    """The replies at *address*; *clock* tells the time in seconds since 1970. Its methods run on the loop's thread."""

    def __init__(self, address: str, clock: Callable[[], float] = time.time) -> None:
        """Raises ``UsageProblem`` for an address that fsspec does not know, or whose library is not installed."""
        from fsspec.core import url_to_fs

        try:
            self._files, self._top = url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise UsageProblem(
                f"the store {masked(address)} cannot be used: {error}",
                address="--store",
                hint="name a folder that all workers see, or an address that fsspec knows, and install its library on all of them",
            ) from error
        self._is_local = "file" in self._files.protocol
        self._clock = clock

    async def reply(self, request: Request, fetch: Callable[[Request], Awaitable[Reply]]) -> Reply:
        """The reply to *request*, by *fetch* where nobody has it."""
        key = _key(request, _VARY + _CONDITIONS)
        keys = dict.fromkeys((_key(request, _VARY), key))  # the whole reply serves whoever asks whether it has changed
        wait, until = _POLL[0], self._clock() + _PATIENCE
        while True:
            found = await asyncio.to_thread(self._read_any, keys)
            if found is not None:
                return found
            if self._clock() > until or await asyncio.to_thread(self._claimed, key):
                break
            await asyncio.sleep(wait)
            wait = min(2 * wait, _POLL[1])
        # Between the look and the claim the one who had it before may have ended.
        found = await asyncio.to_thread(self._read_any, keys)
        if found is not None:
            await asyncio.to_thread(self._release, key)
            return found
        try:
            fetched = await fetch(request)
            if fetched.status in _KEPT and not fetched.is_cut and not has_secrets(fetched.body):
                await asyncio.to_thread(self._write, key, fetched)
            return fetched
        finally:
            self._release(key)

    def _path(self, key: str, ending: str = "") -> str:
        return f"{self._top}/{key[:2]}/{key}{ending}"

    def _read_any(self, keys: Iterable[str]) -> Reply | None:
        return next((found for key in keys if (found := self._read(key)) is not None), None)

    def _read(self, key: str) -> Reply | None:
        try:
            content = self._files.cat_file(self._path(key))
            stored, status, headers, url, body = msgspec.msgpack.decode(zlib.decompress(content))
            if self._clock() - stored > _FRESH:
                return None
            return Reply(status=status, headers=headers, body=body, url=url, is_cut=False)
        except Exception:  # absent, damaged, or the store does not answer: a request is sent
            return None

    def _write(self, key: str, reply: Reply) -> None:
        headers = {name: value for name, value in reply.headers.items() if name != "set-cookie"}
        packed = msgspec.msgpack.encode((self._clock(), reply.status, headers, reply.url, bytes(reply.body)))
        path = self._path(key)
        try:
            if self._is_local:  # an object store writes whole or not at all; a folder does so by a rename
                half = self._path(key, f".{os.getpid()}.partial")
                self._make_folder(path)
                self._files.pipe_file(half, zlib.compress(packed, 1))
                os.replace(half, path)  # noqa: PTH105 - fsspec has texts
            else:
                self._files.pipe_file(path, zlib.compress(packed, 1))
        except Exception:  # as above: others send their own request
            return

    def _claimed(self, key: str) -> bool:
        """Whether the caller is now the one who fetches; a store that cannot tell lets everybody fetch."""
        path = self._path(key, ".claim")
        try:
            if self._is_local:  # fsspec looks and then writes, so that two may both be first
                self._make_folder(path)
                os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            else:
                self._files.pipe_file(path, b"", mode="create")
        except FileExistsError:
            return False
        except Exception:  # as above
            return True
        return True

    def _release(self, key: str) -> None:
        try:
            self._files.rm_file(self._path(key, ".claim"))
        except Exception:  # it was taken over, or the store is gone
            return

    def _make_folder(self, path: str) -> None:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 - fsspec has texts


def _key(request: Request, vary: tuple[str, ...]) -> str:
    said: list[Any] = [request.method, request.url, request.limit]
    said += sorted((name.lower(), value) for name, value in request.headers.items() if name.lower() in vary)
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()
