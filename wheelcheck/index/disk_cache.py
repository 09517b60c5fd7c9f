"""Keeps bytes on disk between runs, shared by processes. Does not interpret them, and never lets a run fail."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import zlib
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from wheelcheck.errors import DiskFailure

if TYPE_CHECKING:
    import diskcache

FORMAT = 6
"""Part of every key; raise it when a type that is cached changes."""

CacheKind = Literal["page", "links", "metadata", "judgement", "code", "size"]

_DATABASE = "cache.db"
_FOLDER = "index"
RUNTIMES = "runtimes"
"""The folder of the cache for the Pythons that were fetched, which are files and no entries."""
_SIZE_LIMIT = 2 * 1024**3
_BATCH = 4 * 1024**2  # bytes that are worth a transaction during the run
_FILE_FROM = 64 * 1024  # bytes: the database would write a large page twice, at thrice the cost of a file


class CacheInfo(Struct, frozen=True, kw_only=True):
    """What a cache folder holds; ``size`` is in bytes on disk."""

    folder: Path
    entries: int
    size: int


class DiskCache:
    """A folder of entries by kind and key; opened at the first read of an existing one, or the first write.

    Writes are gathered, as SQLite's cost is per transaction, and many of them are written by a thread of their own while the
    run waits for the network; :meth:`flush` waits until all is on disk. Whatever is wrong with the folder (corrupt, foreign,
    full, not writable) means misses, never an error.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER
        self._guard = threading.Lock()
        """Protects what is in memory; never held while waiting for the disk."""
        self._disk = threading.RLock()
        self._was_cold = self.is_cold
        self._opened: diskcache.Cache | None = None
        self._is_unusable = False
        self._unwritten: dict[str, bytes | None] = {}
        self._batch: list[str] = []
        self._batch_size = 0
        self._batches: SimpleQueue[list[str]] = SimpleQueue()
        self._writer: threading.Thread | None = None
        self._written: set[str] = set()

    @property
    def is_cold(self) -> bool:
        """Whether there is nothing on disk yet."""
        return not (self._folder / _DATABASE).exists()

    def get(self, kind: CacheKind, key: str) -> bytes | memoryview | None:
        """The entry, ``None`` where there is none; about 40 µs."""
        full_key = _key(kind, key)
        with self._guard:
            if full_key in self._unwritten:
                return self._unwritten[full_key]
            is_here_only = self._was_cold and full_key not in self._written
        # A folder that was empty at the start holds only what this run wrote; entries of other processes are not looked for.
        if is_here_only:
            return None
        with self._disk:
            cache = self._cache()
            if cache is None:
                return None
            try:
                value = cache.get(full_key)
            except _failures():
                self._start_afresh()
                return None
        return _unsealed(full_key, value) if isinstance(value, bytes) else None

    def put(self, kind: CacheKind, key: str, content: bytes) -> None:
        """Store *content*; it is on disk after the next flush at the latest."""
        self._note(_key(kind, key), content)

    def drop(self, kind: CacheKind, key: str) -> None:
        """Forget an entry that could not be understood, or must not be kept."""
        self._note(_key(kind, key), None)

    def _note(self, full_key: str, content: bytes | None) -> None:
        with self._guard:
            self._unwritten[full_key] = content
            self._batch.append(full_key)
            self._batch_size += len(content or b"")
            if self._batch_size < _BATCH:
                return
            batch, self._batch, self._batch_size = self._batch, [], 0
            if self._writer is None:
                # No daemon, so that everything is on disk before the process ends.
                self._writer = threading.Thread(target=self._write_batches, name="wheelcheck cache")
                self._writer.start()
            self._batches.put(batch)

    def flush(self) -> None:
        """Write what was gathered, and wait until it is written."""
        with self._guard:
            batch, self._batch, self._batch_size = self._batch, [], 0
            writer, self._writer = self._writer, None
            if writer is not None:
                if batch:
                    self._batches.put(batch)
                self._batches.put([])
        if writer is None:
            self._write(batch)
            self._cull()
        else:
            writer.join()

    def _write_batches(self) -> None:
        try:
            ended = False
            while not ended:
                batch = self._batches.get()
                ended = not batch
                # Batches that already wait go into the same transaction.
                while not ended and not self._batches.empty():
                    more = self._batches.get()
                    ended = not more
                    batch += more
                self._write(batch)
            self._cull()
        finally:
            self.close_thread()

    def _write(self, batch: list[str]) -> None:
        with self._guard:
            contents = {key: self._unwritten[key] for key in batch if key in self._unwritten}
        if not contents:
            return
        with self._disk:
            cache = self._cache()
        if cache is None:
            return
        try:
            with cache.transact():
                for key, content in contents.items():
                    if content is None:
                        cache.delete(key)
                    else:
                        cache.set(key, _sealed(key, content))
        except _failures():
            # Another process holds it, or the disk is full: the next run fetches again.
            return
        with self._guard:
            for key, content in contents.items():
                if self._unwritten.get(key) is content:
                    self._unwritten.pop(key, None)
            self._written.update(contents)

    def _cull(self) -> None:
        """Keep the cache within its size; once a run, as looking costs more than writing a small entry."""
        if self._written and self._opened is not None:
            with contextlib.suppress(*_failures()):
                self._opened.cull()

    def close_thread(self) -> None:
        """Close the connection that the current thread has."""
        opened = self._opened
        if opened is not None:
            with contextlib.suppress(sqlite3.Error):
                opened.close()

    def _cache(self) -> diskcache.Cache | None:
        if self._opened is None and not self._is_unusable:
            try:
                self._opened = _open(self._folder)
            except _failures():
                self._start_afresh()
        return self._opened

    def _start_afresh(self) -> None:
        """Rename a broken cache and begin an empty one; if that fails too, continue without."""
        self.close_thread()
        self._opened = None
        if self._is_unusable:
            return
        aside = self._folder.with_name(f"{self._folder.name}.broken-{os.getpid()}")
        try:
            # Renamed first: another process that has it open keeps its files until it ends.
            self._folder.rename(aside)
        except OSError:
            self._is_unusable = True
            return
        from shutil import rmtree

        rmtree(aside, ignore_errors=True)
        try:
            self._opened = _open(self._folder)
        except _failures():
            self._is_unusable = True


def _key(kind: CacheKind, key: str) -> str:
    return f"{FORMAT}:{kind}:{key}"


def _sealed(full_key: str, content: bytes) -> bytes:
    return content + _seal(full_key, content)


def _seal(full_key: str, content: bytes | memoryview) -> bytes:
    return zlib.adler32(content, zlib.adler32(full_key.encode())).to_bytes(4, "big")


def _unsealed(full_key: str, sealed: bytes) -> memoryview | None:
    """The content of a sealed entry; ``None`` if the checksum differs, because entries are decoded late or in parts."""
    # A view, as pages are megabytes and only a part of them is looked at.
    content, seal = memoryview(sealed)[:-4], sealed[-4:]
    return content if _seal(full_key, content) == seal else None


def _failures() -> tuple[type[Exception], ...]:
    """The errors of reading and writing a cache: broken database, foreign values, disk, a lock held too long."""
    import diskcache

    return (sqlite3.Error, OSError, ValueError, TypeError, diskcache.Timeout)


def _open(folder: Path) -> diskcache.Cache:
    import diskcache

    class ByteDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
        """Storage for bytes only: any other value in the database was not written by us, and is never unpickled."""

        def __init__(self, directory: str, **options: object) -> None:
            super().__init__(directory, **options)
            self._folder = Path(directory)

        def fetch(self, _mode: int, filename: str | None, value: object, _read: object) -> bytes | None:
            """The bytes of an entry, ``None`` for anything else; called by diskcache with positions."""
            if filename is not None:
                return (self._folder / filename).read_bytes()
            return value if isinstance(value, bytes) else None

    class ByteCache(diskcache.Cache):  # type: ignore[misc]
        """A cache that leaves no connection open where the database turns out to be broken."""

        def __init__(self, directory: str, **options: object) -> None:
            try:
                super().__init__(directory, **options)
            except Exception:
                with contextlib.suppress(AttributeError):  # nothing was opened yet
                    self.close()
                raise

    return ByteCache(
        str(folder), timeout=10, disk=ByteDisk, size_limit=_SIZE_LIMIT, disk_min_file_size=_FILE_FROM, cull_limit=0
    )


def default_cache_dir() -> Path:
    """Where the cache lies unless told otherwise: ``WHEELCHECK_CACHE_DIR``, else the platform's cache folder."""
    named = os.environ.get("WHEELCHECK_CACHE_DIR")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("wheelcheck", appauthor=False)


def cache_info(cache_dir: Path) -> CacheInfo:
    """What *cache_dir* holds; an absent or unreadable cache holds nothing."""
    folder, runtimes = cache_dir / _FOLDER, cache_dir / RUNTIMES
    size = sum(each.stat().st_size for each in (*folder.rglob("*"), *runtimes.rglob("*")) if each.is_file())
    entries = 0
    if (folder / _DATABASE).exists():
        with contextlib.suppress(*_failures()):
            cache = _open(folder)
            try:
                entries = len(cache)
            finally:
                cache.close()
    return CacheInfo(folder=cache_dir, entries=entries, size=size)


def clear_cache(cache_dir: Path) -> CacheInfo:
    """Delete the cache in *cache_dir* and answer what it held; raises ``DiskFailure`` where it cannot be deleted.

    Only the cache's own folders below *cache_dir* are touched.
    """
    from shutil import rmtree

    held = cache_info(cache_dir)
    try:
        for folder in (cache_dir / _FOLDER, cache_dir / RUNTIMES, *cache_dir.glob(f"{_FOLDER}.broken-*")):
            if folder.is_dir():
                rmtree(folder)
    except OSError as problem:
        raise DiskFailure(f"the cache could not be deleted: {problem}", address=str(cache_dir)) from problem
    return held
