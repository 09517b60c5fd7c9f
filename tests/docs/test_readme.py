"""README.md and the pages of docs/ say what the program does today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.readme import CI, PAGES, README, REFERENCE, ROOT, filled
from wheelcheck.settings.allowances import _KEYS as ALLOWANCE_KEYS
from wheelcheck.settings.loading import load_settings

REPAIRS = ROOT / "docs" / "repairs.md"
LINKED = (*(str(page.relative_to(ROOT)) for page in PAGES), "CONTRIBUTING.md", "CHANGELOG.md")
COMMANDS = "python3 -m venv .venv && .venv/bin/pip install -q"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tables_are_those_of_the_program(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(text) == text, "run `python -m tests.docs.readme`"


@pytest.mark.parametrize(
    ("page", "kind", "script"),
    [
        (REPAIRS, "printed", "repairs_report"),
        (CI, "gate", "gate_report"),
        (ROOT / "docs" / "builders.md", "builders", "builders_report"),
    ],
)
def test_printed_runs_are_those_of_the_report(page: Path, kind: str, script: str) -> None:
    blocks = re.findall(rf"<!-- {kind} \S+ -->\n(.*?)\n<!-- /{kind} -->", page.read_text(encoding="utf-8"), re.DOTALL)
    name = {"printed": "repairs.md", "gate": "gate.md", "builders": "imports.md"}[kind]
    report = (ROOT / "reports" / name).read_text(encoding="utf-8")
    assert len(blocks) == 2
    assert all(block in report for block in blocks), f"run `python -m tests.live.{script}`"


def test_repair_that_the_readme_shows_is_the_one_that_was_printed() -> None:
    shown = README.read_text(encoding="utf-8").split("```console\n  R1 ")[1].split("```")[0]
    assert shown in REPAIRS.read_text(encoding="utf-8")


def test_readme_is_read_in_one_sitting() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_readme_begins_with_two_commands_for_a_fresh_machine() -> None:
    begin = README.read_text(encoding="utf-8").splitlines()[:50]
    assert sum(line.startswith(COMMANDS) for line in begin) == 2


@pytest.mark.parametrize("name", LINKED)
def test_links_within_the_repository_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)", page.read_text(encoding="utf-8")):
        target = page.parent / file if file else page
        assert target.exists(), file
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor[1:] in {_anchor(heading) for heading in headings}, anchor


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", [CI, REFERENCE], ids=["ci", "reference"])
def test_settings_examples_are_understood(page: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0], encoding="utf-8"
    )
    settings = load_settings(tmp_path, {})
    assert settings.platforms
    assert settings.pythons


def test_every_key_of_an_allowance_is_explained() -> None:
    section = REFERENCE.read_text(encoding="utf-8").partition("### Allowances")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == list(ALLOWANCE_KEYS)
