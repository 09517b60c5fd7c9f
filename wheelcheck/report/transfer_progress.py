"""A bar on stderr with bytes and rate while files come; silent where nobody watches, but for what must be told beforehand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from wheelcheck.report.fetch import render_weights

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version
    from rich.progress import Progress, TaskID

    from wheelcheck.model.wheelhouse import Weights

_EVERY = 0.1
"""Seconds between two drawings: bytes come in thousands of pieces."""


class TransferProgress:
    """The port ``Transfers`` on a terminal; a context manager. *note* prints a line that stays, on any stream.

    Every method may be called from any thread.
    """

    def __init__(self, stream: TextIO, note: Callable[[str], None], *, draws: bool) -> None:
        self._stream = stream
        self._note = note
        self._draws = draws and stream.isatty()
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._came = 0
        self._drawn = 0.0
        self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away."""
        with self._lock:
            if self._progress is not None:
                self._progress.stop()
                self._progress = None

    def stage(self, name: str) -> None:
        """A stage begins."""
        if not self._draws:
            return
        with self._lock:
            if self._progress is None:
                self._progress = self._begun()
                self._task = self._progress.add_task(_plain(name), total=None)
            elif self._task is not None:
                # Whatever came in the stage before is not this one's.
                self._came = 0
                self._progress.remove_task(self._task)
                self._task = self._progress.add_task(_plain(name), total=None)

    def weighed(self, weights: Weights) -> None:
        """Say what is to come, before it comes."""
        self._say(render_weights(weights))

    def waiting(self, what: str) -> None:
        """Say what everything waits for."""
        self._say(f"waiting for {what}")

    def expect(self, files: int, size: int | None) -> None:
        """So much is to come."""
        self._left = files
        with self._lock:
            if self._progress is not None and self._task is not None:
                self._progress.reset(self._task, total=size, description=self._files())

    def arrived(self, count: int) -> None:
        """Bytes came."""
        with self._lock:
            self._came += count
            now = time.monotonic()
            if self._progress is not None and now - self._drawn >= _EVERY:
                self._drawn = now
                self._draw()

    def landed(self, filename: str) -> None:  # noqa: ARG002 - the port
        """A file is whole."""
        with self._lock:
            self._left -= 1
            if self._progress is not None:
                self._draw()

    def pinned(self, name: NormalizedName, version: Version, total: int) -> None:
        """Nothing is resolved here."""

    def fetching(self, what: str) -> None:
        """Bytes tell enough."""

    def fetched(self, what: str) -> None:
        """Bytes tell enough."""

    def _say(self, line: str) -> None:
        with self._lock:
            if self._progress is not None:
                self._progress.stop()
            self._note(line)
            if self._progress is not None:
                self._progress.start()

    def _draw(self) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=max(0, self._came), description=self._files())

    def _files(self) -> str:
        return f"{self._left} file{'s' if self._left != 1 else ''} to come"

    def _begun(self) -> Progress:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            Task,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.text import Text

        # A stage that nothing comes in, such as unpacking, has no bytes to tell of.
        def comes(task: Task) -> bool:
            return task.total is not None or bool(task.completed)

        class Bytes(DownloadColumn):
            def render(self, task: Task) -> Text:
                return super().render(task) if comes(task) else Text()

        class Rate(TransferSpeedColumn):
            def render(self, task: Task) -> Text:
                return super().render(task) if comes(task) else Text()

        class Left(TimeRemainingColumn):
            def render(self, task: Task) -> Text:
                return super().render(task) if comes(task) else Text()

        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            Bytes(),
            Rate(),
            Left(),
            console=Console(file=self._stream, stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        progress.start()
        return progress


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
