"""README.md says what the program does today."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.docs.readme import README, filled
from wheelcheck.settings import KEYS

REPORT = README.parent / "reports" / "repairs.md"


def test_tables_are_those_of_the_program() -> None:
    text = README.read_text(encoding="utf-8")
    assert filled(text) == text, "run `python -m tests.docs.readme`"


def test_printed_runs_are_those_of_the_report() -> None:
    blocks = re.findall(
        r"<!-- printed \S+ -->\n(.*?)\n<!-- /printed -->", README.read_text(encoding="utf-8"), re.DOTALL
    )
    report = REPORT.read_text(encoding="utf-8")
    assert len(blocks) == 2
    assert all(block in report for block in blocks), "run `python -m tests.live.repairs_report`"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_within_the_repository_lead_somewhere(name: str) -> None:
    text = (README.parent / name).read_text(encoding="utf-8")
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)", text):
        target = README.parent / (file or name)
        assert target.exists(), file
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor[1:] in {_anchor(heading) for heading in headings}, anchor


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_settings_example_uses_keys_that_exist() -> None:
    block = README.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    keys = set(tomllib.loads(block)["tool"]["wheelcheck"])
    assert keys <= {key.name for key in KEYS}
