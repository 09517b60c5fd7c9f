"""How the bytes of a log become lines: endless ones, progress bars, prefixes, other encodings; hostile text costs little."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.test_logs import TABLES, failed, read
from wheelcheck.logs.lines import LONGEST, LogLine, cleaned, iter_raw, open_text
from wheelcheck.logs.reading import parse_log

FAILURE = "ERROR: No matching distribution found for torch==2.5.1"


def lines(content: bytes) -> list[LogLine]:
    return [line for number, raw in iter_raw(open_text(io.BytesIO(content), "x")) for line in cleaned(number, raw)]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("2026-11-20T10:00:00.1234567Z ##[error]oh", "oh"),
        ("2026-11-20T10:00:00.123456Z 01O oh", "oh"),
        ("2026-11-20T10:00:00.123456Z 01E+oh", "oh"),
        ("[2026-11-20T10:00:00.123Z] oh", "oh"),
        ("[10:00:00] oh", "oh"),
        ("#12 34.56 oh", "oh"),
        ("#12 oh", "oh"),
        ("12.345   oh", "  oh"),
        (" => => # oh", "oh"),
        ("web-1  | oh", "oh"),
        ("remote: -----> oh", "oh"),
        ("[Container] 2026/11/20 10:00:00.123456 oh", "oh"),
        ('Step #0 - "build": oh', "oh"),
        ("2026-11-20T10:00:00Z #12 34.5   oh", "  oh"),
        ("\x1b[31moh\x1b[0m", "oh"),
        ("\x1b]8;;https://host.example\x1b\\oh\x1b]8;;\x1b\\", "oh"),
        ("  a  2.0 b", "  a  2.0 b"),
    ],
)
def test_what_builders_and_ci_write_before_a_line_is_taken_off(written: str, text: str) -> None:
    assert [line.text for line in lines(written.encode())] == [text]


def test_job_and_step_are_told() -> None:
    (line,) = lines(b"build (3.12)\tInstall\t2026-11-20T10:00:00.1234567Z #7 1.25 oh\n")
    assert line == LogLine(1, "build (3.12)\tInstall", "#7", "oh")


def test_each_drawing_of_a_progress_bar_is_a_line_of_its_own() -> None:
    assert [line.text for line in lines(b"a 1%\ra 2%\r\x1b[2Kdone\r\nnext")] == ["a 1%", "a 2%", "done", "next"]
    assert [line.number for line in lines(b"a\rb\nc")] == [1, 1, 2]


def test_what_follows_a_thousand_drawings_is_still_read() -> None:
    content = b"#9 1.0 " + b"\r\x1b[2K\x1b[36mResolving\x1b[0m (1.2s)" * 5_000 + b"\r" + FAILURE.encode() + b"\n"
    assert failed(read(content)) == ["torch 2.5.1 no match"]
    assert {line.step for line in lines(content)} == {"#9"}


def test_an_endless_line_is_read_at_its_beginning_alone() -> None:
    content = (FAILURE + " " + "x" * 10_000_000 + "\n" + FAILURE.replace("torch", "numpy") + "\n").encode()
    found = lines(content)
    assert [(line.number, len(line.text)) for line in found] == [(1, LONGEST), (2, len(FAILURE))]
    assert failed(read(content)) == ["numpy 2.5.1 no match"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_encodings_of_terminals_are_read(encoding: str, end: str) -> None:
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    content = (mark + end.join(("Collecting torch", FAILURE, ""))).encode(encoding)
    assert failed(read(content)) == ["torch 2.5.1 no match"]


def test_bytes_that_are_no_utf_8_do_not_end_the_reading() -> None:
    assert failed(read(b"caf\xe9 \xff\n" + FAILURE.encode())) == ["torch 2.5.1 no match"]


@pytest.mark.parametrize(
    "row",
    [
        "Failed to build " + "a-1," * 1900 + "!",
        "Because " + "a==1" * 1900 + " has no ",
        "ERROR: Could not find a version that satisfies the requirement " + "(" * 7000,
        "Downloading " + "a/" * 3900,
        "only " + "is available and you require " * 250,
        "fatal error: " + "a/" * 3900,
        " " * 7900 + "Building wheel for ",
        "error: " + "'" * 3000 + "_Py" + "x" * 4000,
        "Using Docker executor with image " + "a:" * 3900,
        "ERROR: Ignored the following versions that require a different python version: "
        + "1 Requires-Python >=3.9; " * 280,
    ],
)
def test_a_hostile_line_costs_little(row: str) -> None:
    content = b"error: Failed to build `a==1`\n" + (row + "\n").encode() * 30
    began = time.process_time()
    read(content)
    assert time.process_time() - began < 5


def test_a_log_of_many_jobs_is_bounded() -> None:
    content = "".join(f"#{number} [s{number} 1/2] RUN x\n#{number} 1.0 {FAILURE}\n" for number in range(3_000)).encode()
    assert failed(read(content)) == ["torch 2.5.1 no match"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60), max_size=20))
def test_any_text_gives_an_answer(texts: list[str]) -> None:
    log = parse_log(io.BytesIO(("Collecting a\n" + "\n".join(texts)).encode()), "x", TABLES)
    assert log.lines >= 1


MESSAGES = (
    "Collecting a==1.0",
    "error: Failed to build `b==1.0`",
    "  cause: Failed to build `c==2`",
    "  ╰─> [3 lines of output]",
    "      error: command 'gcc' failed: No such file or directory",
    "      [end of output]",
    "\u00d7 No solution found",
    "  ╰─▶ Because",
    "      d==1 has no usable wheels and",
    "Successfully installed a-1.0 b-1.0",
    "  ERROR: Failed building wheel for a",
    "",
    FAILURE,
    "metadata-generation-failed",
    "╰─> a, b",
    "Note: This error originates from the build backend, and is with e (1.0)",
)


@given(st.lists(st.sampled_from(MESSAGES), max_size=14))
def test_messages_in_any_order_give_an_answer(messages: list[str]) -> None:
    log = read("\n".join(messages).encode() or b"x")
    assert len({(each.name, each.version) for each in log.failures}) == len(log.failures)
