"""One transient line on stderr that says what is being fetched and resolved; silent where nobody watches.

Short runs never pay for it: rich is imported, on a thread of its own, once the run has lasted ``delay`` seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from packaging.utils import NormalizedName
from packaging.version import Version

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

_PER_SECOND = 8
"""How often the line is drawn anew; events come thousands of times a second and only leave notes."""


class ProgressReporter:
    """The port ``Reporter`` on a terminal line; a context manager, to be used around one run.

    ``delay`` is in seconds. Every method may be called from any thread and takes under a microsecond or two. Nothing is
    written when *stream* is no terminal, and the line is gone when the context ends.
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the line away; nothing is drawn afterwards. May be called twice."""
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
        """What the line says now: ``resolving · 42 pinned · 130 fetched, 3 in flight: numpy``."""
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

        line = "".join(character if character.isprintable() else " " for character in self.line())
        # Cut by hand to plain dots: an ellipsis is not in every stream's encoding.
        room = max(console.width - 1, 10)
        text = line if len(line) <= room else line[: room - 3] + "..."
        return Text(text, style="dim", no_wrap=True, overflow="crop")
