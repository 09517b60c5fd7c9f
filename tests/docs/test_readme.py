"""README.md says what the program does today."""

from __future__ import annotations

import tomllib

from tests.docs.readme import README, filled
from wheelcheck.settings import KEYS


def test_tables_are_those_of_the_program() -> None:
    text = README.read_text(encoding="utf-8")
    assert filled(text) == text, "run `python -m tests.docs.readme`"


def test_settings_example_uses_keys_that_exist() -> None:
    block = README.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    keys = set(tomllib.loads(block)["tool"]["wheelcheck"])
    assert keys <= {key.name for key in KEYS}
