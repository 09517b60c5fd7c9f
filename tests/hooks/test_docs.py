"""docs/ci.md says what the action takes today; ``python -m tests.hooks.test_docs`` writes its table anew."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.hooks.scratch import ROOT
from wheelcheck.settings.loading import load_settings

yaml = pytest.importorskip("yaml", reason="pip install -e '.[hooks]'")

PAGE = ROOT / "docs" / "ci.md"
_OPEN, _CLOSE = "<!-- action -->\n", "<!-- /action -->"


def filled(text: str) -> str:
    """*text* with the table of the action's inputs and outputs as ``action.yml`` has them."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    rows = ["| input | meaning |", "|---|---|"]
    rows += [f"| `{name}` | {each['description']} |" for name, each in action["inputs"].items()]
    rows += ["", "| output | meaning |", "|---|---|"]
    rows += [f"| `{name}` | {each['description']} |" for name, each in action["outputs"].items()]
    before, _, rest = text.partition(_OPEN)
    return "\n".join((before + _OPEN.rstrip(), *rows, _CLOSE + rest.partition(_CLOSE)[2]))


def test_table_is_that_of_the_action() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text) == text, "run `python -m tests.hooks.test_docs`"


def test_settings_of_the_page_are_understood(tmp_path: Path) -> None:
    block = PAGE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    assert set(tomllib.loads(block)) == {"tool"}
    (tmp_path / "pyproject.toml").write_text(block, encoding="utf-8")
    settings = load_settings(tmp_path, {})
    assert settings.platforms
    assert settings.pythons


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
