"""Two surveys compared: what opened, what closed, and who published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.survey.samples import write_survey
from wheelcheck.cli.main import cli
from wheelcheck.errors import InputUnreadable

pytest.importorskip("pyarrow", reason="the extra wheelcheck[survey] is not installed")
pytest.importorskip("distributed", reason="the extra wheelcheck[survey] is not installed")

from wheelcheck.survey.summary import SurveyDifference, compare_surveys, render_difference


@pytest.fixture
def surveys(tmp_path: Path) -> tuple[Path, Path]:
    old = {
        "shop": ("blocked", {"av": ("11", "error")}),
        "desk": ("installs", {"six": ("1", "wheel")}),
        "same": ("blocked", {"lxml": ("5", "error")}),
        "less": ("blocked", {"av": ("11", "error"), "lxml": ("5", "error")}),
        "built": ("blocked", {"pure": ("1", "error")}),
        "gone": ("installs", {}),
    }
    new = {
        "shop": ("installs", {"av": ("12", "wheel")}),
        "desk": ("blocked", {"six": ("2", "error")}),
        "same": ("blocked", {"lxml": ("5", "error")}),
        "less": ("blocked", {"av": ("12", "wheel"), "lxml": ("5", "error")}),
        "built": ("needs-build", {"pure": ("2", "pure-sdist")}),
        "come": ("installs", {}),
    }
    return write_survey(tmp_path / "old", old), write_survey(tmp_path / "new", new)


@pytest.fixture
def difference(surveys: tuple[Path, Path]) -> SurveyDifference:
    return compare_surveys(*surveys)


def test_cells_that_opened_and_closed_are_named_with_what_blocked(difference: SurveyDifference) -> None:
    assert [(each.id, each.after, each.blockers) for each in difference.opened] == [
        ("built", "needs-build", ("pure",)),
        ("shop", "installs", ("av",)),
    ]
    assert [(each.id, each.blockers) for each in difference.closed] == [("desk", ("six",))]
    assert (difference.compared, difference.came, difference.gone) == (5, ("come",), ("gone",))


def test_project_with_a_wheel_has_published_even_where_another_still_blocks(difference: SurveyDifference) -> None:
    (published,) = difference.published
    assert (published.project, published.before, published.after, published.cells) == ("av", ("11",), ("12",), 2)


def test_survey_does_not_differ_from_itself(surveys: tuple[Path, Path]) -> None:
    same = compare_surveys(surveys[0], surveys[0])
    assert (same.opened, same.closed, same.others, same.published) == ((), (), (), ())


def test_text_names_publishers_first(difference: SurveyDifference) -> None:
    text = render_difference(difference)
    assert "5 cells in both surveys: 2 opened, 1 closed, 0 otherwise" in text
    assert "av 11 -> 12: 2 cells, win_amd64/3.14" in text
    assert text.index("Who published") < text.index("Opened") < text.index("Closed")


def test_command_gives_json_with_a_version(surveys: tuple[Path, Path]) -> None:
    ended = CliRunner().invoke(cli, ["survey", "diff", *map(str, surveys), "--json"])
    assert ended.exit_code == 0, ended.output
    document = json.loads(ended.stdout)
    assert document["schema"] == "wheelcheck.survey-diff/1"
    assert [each["id"] for each in document["closed"]] == ["desk"]


def test_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match="no table of a survey"):
        compare_surveys(tmp_path, tmp_path)
