"""Keeps bytes on disk between runs, shared by processes. Does not interpret them, and never lets a run fail."""

from __future__ import annotations

import contextlib
import os
import threading
import zlib
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from wheelcheck.errors import DiskFailure

if TYPE_CHECKING:
    from wheelcheck.index.entry_store import EntryStore

FORMAT = 6
"""Part of every key; raise it when a type that is cached changes."""

CacheKind = Literal["page", "links", "metadata", "judgement", "code", "size"]

_DATABASE = "cache.db"
_FOLDER = "index"
RUNTIMES = "runtimes"
"""The folder of the cache for the Pythons that were fetched, which are files and no entries."""
_SIZE_LIMIT = 2 * 1024**3
_BATCH = 4 * 1024**2  # bytes that are worth a transaction during the run


class CacheInfo(Struct, frozen=True, kw_only=True):
    """What a cache folder holds; ``size`` is in bytes on disk."""

    folder: Path
    entries: int
    size: int


class DiskCache:
    """A folder of entries by kind and key; opened at the first read of an existing one, or the first write.

    Writes are gathered, as SQLite's cost is per transaction, and many of them are written by a thread of their own while the
    run waits for the network; :meth:`flush` waits until all is on disk. Whatever is wrong with the folder (damaged, another
    user's, full, locked, not writable) means misses, never an error. A damaged database alone is begun afresh; the rest is left as
    it is, and told once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER
        self._guard = threading.Lock()
        """Protects what is in memory; never held while waiting for the disk."""
        self._disk = threading.RLock()
        self._was_cold = self.is_cold
        self._opened: EntryStore | None = None
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
        return not os.path.exists(self._folder / _DATABASE)  # noqa: PTH110 - Path.exists() raises for odd names

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
            store = self._store()
            if store is None:
                return None
            try:
                value = store.read(full_key)
            except Exception as problem:  # damaged bytes make SQLite raise nearly anything
                self._give_up(problem)
                return None
        return _unsealed(full_key, value) if value is not None else None

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

    def _write(self, batch: list[str]) -> None:
        with self._guard:
            contents = {key: self._unwritten[key] for key in batch if key in self._unwritten}
        if not contents:
            return
        with self._disk:
            store = self._store()
        if store is None:
            return
        if not store.is_writable:
            _tell(self._folder, "is only read: it cannot be written")
            return
        try:
            store.write({key: None if content is None else _sealed(key, content) for key, content in contents.items()})
        except Exception as problem:  # as above: the next run fetches again
            with self._disk:
                self._give_up(problem)
            return
        with self._guard:
            for key, content in contents.items():
                if self._unwritten.get(key) is content:
                    self._unwritten.pop(key, None)
            self._written.update(contents)

    def _cull(self) -> None:
        """Keep the cache within its size; once a run, as looking costs more than writing a small entry."""
        if self._written and self._opened is not None:
            with contextlib.suppress(Exception):
                self._opened.cull(_SIZE_LIMIT)

    def close(self) -> None:
        """Close the database until it is needed again."""
        with self._disk:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _store(self) -> EntryStore | None:
        if self._opened is None and not self._is_unusable:
            from wheelcheck.index.entry_store import EntryStore

            try:
                self._opened = EntryStore(self._folder)
            except Exception as problem:  # as above
                self._give_up(problem)
        return self._opened

    def _give_up(self, problem: Exception) -> None:
        """Begin an empty cache in place of a damaged one; after any other *problem*, and a second one, continue without."""
        from wheelcheck.index.entry_store import EntryStore, is_damaged

        self.close()
        if self._is_unusable:
            return
        self._is_unusable = True
        if not is_damaged(problem):
            _tell(self._folder, f"is not used: {getattr(problem, 'strerror', None) or problem}")
            return
        aside = self._folder.with_name(f"{self._folder.name}.broken-{os.getpid()}")
        from shutil import rmtree

        with contextlib.suppress(Exception):
            # Renamed first: another process that has it open keeps its files until it ends.
            self._folder.rename(aside)
            rmtree(aside, ignore_errors=True)
            self._opened = EntryStore(self._folder)


def _tell(folder: Path, fact: str) -> None:
    """Say *fact* of the cache once, by the logging of whoever runs this: on stderr, unless it is set up otherwise."""
    import logging

    if folder not in _TOLD:
        _TOLD.add(folder)
        logging.getLogger("wheelcheck").warning("note: the cache in %s %s", folder, fact)


_TOLD: set[Path] = set()


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
        from wheelcheck.index.entry_store import EntryStore

        with contextlib.suppress(Exception):
            store = EntryStore(folder)
            try:
                entries = store.count()
            finally:
                store.close()
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
