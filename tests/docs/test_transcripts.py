"""What the pages show of the made-up index is what the program prints today."""

from __future__ import annotations

import pytest

from docs.transcripts import FOLDERS, PAGES, PICTURES, ROOT, TRANSCRIPTS, filled, picture, run


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_transcript_is_what_the_command_prints(name: str) -> None:
    printed = {name: run(*TRANSCRIPTS[name])}
    shown = [page for page in PAGES if f"<!-- transcript {name} -->" in page.read_text(encoding="utf-8")]
    assert shown, "no page shows it"
    for page in shown:
        text = page.read_text(encoding="utf-8")
        others = {
            other: text.partition(f"<!-- transcript {other} -->\n```console\n")[2].partition("\n```\n<!-- /")[0]
            for other in TRANSCRIPTS
        }
        assert filled(text, others | printed) == text, "run `python -m docs.transcripts`"


def test_every_folder_is_used() -> None:
    assert {folder for folder, _ in TRANSCRIPTS.values()} == set(FOLDERS)


@pytest.mark.parametrize("name", ["plan", *PICTURES])
def test_picture_is_what_the_command_prints_in_colour_and_a_page_shows_it(name: str) -> None:
    path = ROOT / "docs" / "images" / f"{name}.svg"
    assert path.read_text(encoding="utf-8") == picture(name), "run `python -m docs.transcripts`"
    assert any(f"images/{name}.svg" in page.read_text(encoding="utf-8") for page in PAGES)


def test_every_picture_is_drawn() -> None:
    assert {path.stem for path in (ROOT / "docs" / "images").iterdir()} == {"plan", *PICTURES}
