"""The repository and the index that these tests commit to and ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hooks.scratch import CATALOG, Scratch, open_scratch, program
from tests.server import IndexServer


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    """A new git repository."""
    return open_scratch(tmp_path)


@pytest.fixture
def index() -> Iterator[IndexServer]:
    """An index on loopback with a project that has wheels, and one whose newest version wants a compiler."""
    with IndexServer(CATALOG) as server:
        yield server


@pytest.fixture(params=["pre-commit", "prek"])
def runner(request: pytest.FixtureRequest) -> str:
    """The path of each program that runs hooks."""
    found = program(str(request.param))
    if found is None:
        pytest.skip(f"{request.param} is not installed: pip install -e '.[hooks]'")
    return found
