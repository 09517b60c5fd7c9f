"""The shell that these tests type into."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.programs import Shell, open_shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A clean folder and environment."""
    return open_shell(tmp_path, monkeypatch, capsys)
