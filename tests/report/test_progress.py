"""The progress line: what it says, when it appears, and that it leaves nothing behind."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time

from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.ports import Reporter
from wheelcheck.report.progress import ProgressReporter


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def waited_for(stream: Terminal, text: str) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if text in stream.getvalue():
            return True
        time.sleep(0.01)
    return False


def test_it_is_a_reporter() -> None:
    reporter: Reporter = ProgressReporter(io.StringIO())
    reporter.stage("resolving")


def test_line_says_stage_pins_and_what_is_fetched() -> None:
    reporter = ProgressReporter(io.StringIO())
    reporter.stage("resolving")
    reporter.pinned(canonicalize_name("numpy"), Version("2.1"), 42)
    for name in ("numpy", "torch", "av"):
        reporter.fetching(name)
    reporter.fetched("av")
    assert reporter.line() == "resolving | 42 pinned | 1 fetched | 2 in flight: torch"


def test_line_names_the_latest_pin_when_nothing_is_fetched() -> None:
    reporter = ProgressReporter(io.StringIO())
    reporter.pinned(canonicalize_name("numpy"), Version("2.1"), 1)
    assert reporter.line() == "starting | 1 pinned | numpy 2.1"


def test_nothing_is_written_when_the_stream_is_no_terminal() -> None:
    stream = io.StringIO()
    with ProgressReporter(stream, delay=0) as reporter:
        reporter.stage("resolving")
        time.sleep(0.05)
    assert stream.getvalue() == ""


def test_line_appears_on_a_terminal_and_is_taken_away() -> None:
    stream = Terminal()
    with ProgressReporter(stream, delay=0) as reporter:
        reporter.stage("resolving")
        assert waited_for(stream, "resolving")
    # Erase-line after the last words: what the user sees in the end is nothing.
    assert (
        stream.getvalue().rstrip("\r").endswith("\x1b[2K") or "\x1b[2K" in stream.getvalue().rpartition("resolving")[2]
    )


def test_short_run_draws_nothing() -> None:
    stream = Terminal()
    with ProgressReporter(stream, delay=30) as reporter:
        reporter.stage("resolving")
    assert stream.getvalue() == ""


def test_short_run_never_imports_rich() -> None:
    code = (
        "import sys, wheelcheck.report.progress as report; sys.stderr.isatty = lambda: True\n"
        "with report.ProgressReporter(sys.stderr) as reporter: reporter.stage('resolving')\n"
        "sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_events_from_many_threads_are_counted() -> None:
    reporter = ProgressReporter(io.StringIO())

    def fetch(thread: int) -> None:
        for number in range(200):
            reporter.fetching(f"{thread}-{number}")
            reporter.line()
            reporter.fetched(f"{thread}-{number}")

    threads = [threading.Thread(target=fetch, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reporter.line() == "starting | 1600 fetched"


def test_closing_twice_or_before_the_line_appears_is_harmless() -> None:
    reporter = ProgressReporter(Terminal(), delay=0.01)
    with reporter:
        pass
    reporter.close()


def test_file_names_cannot_drive_the_terminal() -> None:
    stream = Terminal()
    with ProgressReporter(stream, delay=0) as reporter:
        reporter.fetching("evil\x1b]0;title\x07.whl")
        assert waited_for(stream, "evil")
    assert "\x1b]0" not in stream.getvalue()
