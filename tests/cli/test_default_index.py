"""A checkout that was never installed has no default index, and a run that needs one says so."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.programs import Shell
from wheelcheck.model.urls import default_index_url, is_default_index


def run_without_the_generated_module(shell: Shell, *words: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys\nsys.modules['wheelcheck.model._default_index'] = None\n"
        f"from wheelcheck.cli.main import main\nmain({list(words)!r})\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=shell.folder, env=shell.environ, capture_output=True, text=True, timeout=60
    )


def test_a_checkout_that_was_never_installed_says_what_to_do(shell: Shell) -> None:
    done = run_without_the_generated_module(shell, "plan", "a")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "no default index is known" in done.stderr
    assert "hint: install it (pip install -e .), or give --index-url" in done.stderr


def test_trailing_slash_makes_no_other_index() -> None:
    assert is_default_index(default_index_url().rstrip("/"))
    assert is_default_index(default_index_url())
    assert not is_default_index("https://index.example/simple/")
