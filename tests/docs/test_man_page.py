"""The manual page is the one that the table of options makes, and man reads it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.docs.man_page import PAGE, manual


def test_manual_page_is_that_of_the_program() -> None:
    assert PAGE.read_text(encoding="utf-8") == manual(), "run `python -m tests.docs.readme`"


def test_every_command_has_its_section() -> None:
    text = manual()
    for name in ("plan", "matrix", "check", "tree", "why", "export"):
        assert f".SH WHEELCHECK {name.upper()}\n" in text
    assert "\\-\\-only\\-binary" in text


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not there to read the page")
def test_groff_has_no_complaint() -> None:
    done = subprocess.run(["groff", "-man", "-ww", "-z", str(PAGE)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
