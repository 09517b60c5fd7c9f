"""Agreement with uv on the live index: same names, same versions, wheels only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.peers import QUESTIONS, Question, ask_uv, ask_wheelcheck, differences

pytestmark = pytest.mark.live


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: f"{each.name}-{each.platform}-{each.python}")
def test_names_and_versions_agree_with_uv(question: Question, tmp_path: Path) -> None:
    ours, _ = ask_wheelcheck(question, tmp_path, "--sdist", "deny")
    theirs = ask_uv(question, tmp_path)
    assert (ours.status == 0) == (theirs.status == 0), (ours.words, theirs.words)
    # Where both find no solution, ours lists what a resolution would need, and theirs nothing.
    assert ours.status != 0 or not differences(ours.versions, theirs.versions)
