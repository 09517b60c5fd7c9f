"""The folder of the cache: a database of small entries and a file for each large one. Raises what the disk and SQLite raise.

``key → bytes``. No key, and so no address, is readable in it. A process that is killed leaves what was there, or what it wrote.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from wheelcheck.texts.files import read_file

DATABASE = "cache.db"
_FILE_FROM = 64 * 1024  # bytes: the database would write a large page twice, at thrice the cost of a file
_LARGEST = 512 * 1024**2
_PATIENCE = 10.0  # seconds to wait for another process, which holds the lock for milliseconds
_CREATE = "CREATE TABLE IF NOT EXISTS Entries (key BLOB PRIMARY KEY, value BLOB NOT NULL, stored REAL NOT NULL)"


class Untrusted(OSError):
    """The folder is another user's, or others may write into it."""


class EntryStore:
    """The entries in *folder*, which is made for the user alone; raises :class:`Untrusted`, ``OSError`` and ``sqlite3.Error``.

    A folder that cannot be written is still read. One thread reads and one writes at a time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
            missing.mkdir(0o700, exist_ok=True)
        _refuse_foreign(folder)
        self.is_writable = os.access(folder, os.W_OK)
        if self.is_writable:
            # Made here, because SQLite would make it as readable as the umask says.
            os.close(os.open(folder / DATABASE, os.O_RDWR | os.O_CREAT, 0o600))
        with contextlib.ExitStack() as opened:
            # A damaged database may open, and be refused at its first table.
            self._reading = opened.enter_context(contextlib.closing(self._connected()))
            self._writing = self._reading
            if self.is_writable:
                self._writing = opened.enter_context(contextlib.closing(self._connected()))
                self._writing.execute(_CREATE)
            opened.pop_all()

    def _connected(self) -> sqlite3.Connection:
        mode = "mode=rw" if self.is_writable else "mode=ro&immutable=1"
        connection = sqlite3.connect(
            f"{(self._folder / DATABASE).absolute().as_uri()}?{mode}",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        # No file is mapped into memory, as one that another process cuts ends the process that looks. What the system did not write
        # before it crashed is a damaged entry, and so a miss.
        try:
            connection.executescript("PRAGMA mmap_size = 0; PRAGMA synchronous = OFF; PRAGMA journal_mode = TRUNCATE")
        except BaseException:
            connection.close()
            raise
        return connection

    def read(self, key: str) -> bytes | None:
        """The entry, ``None`` without one."""
        digest = _digest(key)
        row = self._reading.execute("SELECT value FROM Entries WHERE key = ?", (digest,)).fetchone()
        if row is not None:
            return row[0] if isinstance(row[0], bytes) else None
        try:
            return read_file(self._file(digest), _LARGEST)
        except OSError:
            return None

    def write(self, contents: Mapping[str, bytes | None]) -> None:
        """Store *contents*, all of them or none of the small ones; ``None`` deletes."""
        now, rows, gone = time.time(), [], []
        for key, content in contents.items():
            digest = _digest(key)
            is_large = content is not None and len(content) >= _FILE_FROM
            if content is not None and is_large:
                self._write_file(self._file(digest), content)
            else:
                self._file(digest).unlink(missing_ok=True)
            if content is not None and not is_large:
                rows.append((digest, content, now))
            else:
                gone.append((digest,))
        with self._transaction():
            self._writing.executemany("INSERT OR REPLACE INTO Entries VALUES (?, ?, ?)", rows)
            self._writing.executemany("DELETE FROM Entries WHERE key = ?", gone)

    def cull(self, limit: int) -> None:
        """Delete what was stored first, until all is no more than *limit* bytes; the older half of the small entries at once."""
        files = sorted(self._iter_files(), key=lambda each: each[0])
        size = sum(each for _, each, _ in files)
        if (self._folder / DATABASE).stat().st_size > limit // 2:
            with self._transaction():
                self._writing.execute(
                    "DELETE FROM Entries WHERE stored <= (SELECT stored FROM Entries ORDER BY stored "
                    "LIMIT 1 OFFSET (SELECT count(*) / 2 FROM Entries))"
                )
            self._writing.execute("VACUUM")
        for _, each, path in files:
            if size <= limit:
                break
            path.unlink(missing_ok=True)
            size -= each

    def count(self) -> int:
        """How many entries there are."""
        (rows,) = self._reading.execute("SELECT count(*) FROM Entries").fetchone()
        return int(rows) + sum(1 for _ in self._iter_files())

    def close(self) -> None:
        """Close the database."""
        for connection in (self._reading, self._writing):
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _file(self, digest: bytes) -> Path:
        return self._folder / f"{digest.hex()[:40]}.entry"

    def _iter_files(self) -> Iterator[tuple[float, int, Path]]:
        with os.scandir(self._folder) as found:
            for each in found:
                if each.name.endswith((".entry", ".part")) and each.is_file(follow_symlinks=False):
                    status = each.stat(follow_symlinks=False)
                    yield status.st_mtime, status.st_size, Path(each.path)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._writing.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._writing.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._writing.execute("ROLLBACK")
            raise

    @staticmethod
    def _write_file(path: Path, content: bytes) -> None:
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def is_damaged(error: Exception) -> bool:
    """Whether *error* says that the database itself is none any more; a full disk, a lock or a closed folder does not."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _refuse_foreign(folder: Path) -> None:
    if not hasattr(os, "geteuid"):
        return
    status = folder.stat()
    if status.st_uid != os.geteuid():
        raise Untrusted("it belongs to another user")
    if status.st_mode & 0o022:
        raise Untrusted("others may write into it")
    if status.st_mode & 0o077 and os.access(folder, os.W_OK):
        folder.chmod(0o700)
