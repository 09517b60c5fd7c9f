"""Progress on stderr: one line while a plan is made, a bar while files are transferred; silent where stderr is no terminal.

Short runs never pay for it: rich is imported only when something is drawn.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Self, TextIO

from wheelcheck.ports import SilentTransfers

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.progress import Progress, TaskID

    from wheelcheck.model.environment import PlanSizes

_PER_SECOND = 8
"""How often the line is drawn anew; events come thousands of times a second and only leave notes."""
_EVERY = 0.1
"""Seconds between two drawings of the bar: bytes arrive in thousands of pieces."""


class _Closing:
    """A context manager that closes itself at the end of the run."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what is drawn; nothing is drawn afterwards. It may be called twice."""
        raise NotImplementedError


class ProgressReporter(_Closing):
    """The port ``Reporter`` on a terminal line; a context manager around one run.

    The line appears after *delay* seconds, from a thread of its own. Every method may be called from any thread and takes a
    microsecond or two. Nothing is written when *stream* is no terminal, and the line is gone when the context ends.
    """

    def __init__(self, stream: TextIO, *, delay: float = 0.3) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._drawing = threading.Lock()
        self._stage = ""
        self._pins = 0
        self._latest = ""
        self._in_flight: dict[str, int] = {}
        self._fetched = 0
        self._live: Live | None = None
        self._ended = False
        self._timer = threading.Timer(delay, self._begin)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._stream.isatty():
            self._timer.start()
        return self

    def close(self) -> None:
        """Remove the line; nothing is drawn afterwards. It may be called twice."""
        self._timer.cancel()
        with self._drawing:
            self._ended = True
            if self._live is not None:
                self._live.stop()
                self._live = None

    def stage(self, name: str) -> None:
        """A stage begins."""
        self._stage = name

    def pinned(self, name: NormalizedName, version: Version, total: int) -> None:
        """The solver holds *total* pins now, *name* the latest."""
        self._pins, self._latest = total, f"{name} {version}"

    def fetching(self, what: str) -> None:
        """A request starts."""
        with self._lock:
            self._in_flight[what] = self._in_flight.get(what, 0) + 1

    def fetched(self, what: str) -> None:
        """That request ended."""
        with self._lock:
            left = self._in_flight.get(what, 0) - 1
            if left > 0:
                self._in_flight[what] = left
            elif self._in_flight.pop(what, None) is not None:
                self._fetched += 1

    def line(self) -> str:
        """The present text of the line: ``resolving | 42 pinned | 130 fetched | 3 in flight: numpy``."""
        with self._lock:
            flying, latest = sum(self._in_flight.values()), next(reversed(self._in_flight), "")
            fetched = self._fetched
        parts: Iterable[str] = (
            self._stage or "starting",
            f"{self._pins} pinned" if self._pins else "",
            f"{fetched} fetched" if fetched else "",
            f"{flying} in flight: {latest}" if flying else self._latest,
        )
        return " | ".join(part for part in parts if part)

    def _begin(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream, stderr=True)
        if console.is_dumb_terminal:
            return
        with self._drawing:
            if self._ended:
                return
            # Messages go to stderr through the command line, never through rich, so no stream is redirected.
            self._live = Live(
                get_renderable=lambda: self._renderable(console),
                console=console,
                refresh_per_second=_PER_SECOND,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def _renderable(self, console: Console) -> RenderableType:
        from rich.text import Text

        line = _printable(self.line())
        # Cut by hand to plain dots: an ellipsis is not in every stream's encoding.
        room = max(console.width - 1, 10)
        text = line if len(line) <= room else line[: room - 3] + "..."
        return Text(text, style="dim", no_wrap=True, overflow="crop")


class TransferProgress(_Closing, SilentTransfers):
    """The port ``Transfers`` on a terminal: a bar with bytes and rate; a context manager around one run.

    *note* prints a line that stays, on any stream. Every method may be called from any thread.
    """

    def __init__(self, stream: TextIO, note: Callable[[str], None], *, draws: bool) -> None:
        self._stream = stream
        self._note = note
        self._draws = draws and stream.isatty()
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._received = 0
        self._drawn = 0.0
        self._left = 0

    def close(self) -> None:
        """Remove the bar."""
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
                self._progress = _transfer_bar(self._stream)
                self._task = self._progress.add_task(_printable(name), total=None)
            elif self._task is not None:
                # The bytes of the stage before do not count for this one.
                self._received = 0
                self._progress.remove_task(self._task)
                self._task = self._progress.add_task(_printable(name), total=None)

    def sizes_known(self, sizes: PlanSizes) -> None:
        """The sizes are known: print them before anything is transferred."""
        from wheelcheck.report.fetch import render_sizes

        self._say(render_sizes(sizes))

    def waiting(self, what: str) -> None:
        """The run waits for *what*, such as another run's lock: print it."""
        self._say(f"waiting for {what}")

    def expect(self, files: int, size: int | None) -> None:
        """So many *files* and bytes are to be transferred."""
        self._left = files
        with self._lock:
            if self._progress is not None and self._task is not None:
                self._progress.reset(self._task, total=size, description=self._files())

    def arrived(self, count: int) -> None:
        """So many bytes arrived."""
        with self._lock:
            self._received += count
            now = time.monotonic()
            if self._progress is not None and now - self._drawn >= _EVERY:
                self._drawn = now
                self._draw()

    def landed(self, filename: str) -> None:  # noqa: ARG002 - the port
        """A file is complete."""
        with self._lock:
            self._left -= 1
            if self._progress is not None:
                self._draw()

    def _say(self, line: str) -> None:
        with self._lock:
            if self._progress is not None:
                self._progress.stop()
            self._note(line)
            if self._progress is not None:
                self._progress.start()

    def _draw(self) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=max(0, self._received), description=self._files())

    def _files(self) -> str:
        return f"{self._left} file{'s' if self._left != 1 else ''} to come"


def _transfer_bar(stream: TextIO) -> Progress:
    """Start a bar with bytes, rate and time left, on *stream*."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.text import Text

    columns = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())

    class Transferred(ProgressColumn):
        def render(self, task: Task) -> Text:
            # A stage without a transfer, such as unpacking, shows no bytes.
            has_bytes = task.total is not None or bool(task.completed)
            return Text(" ").join(column.render(task) for column in columns) if has_bytes else Text()

    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        Transferred(),
        console=Console(file=stream, stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    progress.start()
    return progress


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
