"""One run at a time in a folder: others wait; decides nothing about what is in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheelcheck.errors import DiskFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheelcheck.ports import Transfers

NAME = ".wheelhouse.lock"


@contextmanager
def locked(folder: Path, told: Transfers) -> Iterator[None]:
    """Make *folder*, and be the only one who writes in it; *told* hears when another run has to end first.

    The lock is the operating system's, which takes it from a process that is killed. Raises ``DiskFailure`` where the folder
    cannot be written.
    """
    import filelock

    lock = filelock.FileLock(folder / NAME)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            told.waiting(f"another run that fills {folder}")
            lock.acquire(poll_interval=0.2)
    except OSError as error:
        fact = "it is a file" if folder.is_file() else error.strerror or str(error)
        raise DiskFailure(
            f"cannot be used as a wheelhouse: {fact}", address=str(folder), hint="name a folder that can be written"
        ) from error
    try:
        yield
    finally:
        lock.release()
