"""Which inputs a survey finds, and what it says of rows that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from wheelcheck.errors import InputUnreadable
from wheelcheck.survey.sources import SurveyInput, load_sources


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_txt", ".txt").replace("_lock", ".lock").replace(
            "_toml", ".toml"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_folder_gives_the_file_of_each_project_in_it_a_lock_preferred(tmp_path: Path) -> None:
    project = '[project]\nname = "a"\nversion = "1"\ndependencies = ["six"]\n'
    lock = 'version = 1\nrequires-python = ">=3.11"\n'
    _write(
        tmp_path,
        a__pyproject_toml=project,
        a__uv_lock=lock,
        b__c__requirements_txt="six\n",
        node_modules__d__requirements_txt="x\n",
    )
    found = load_sources((str(tmp_path),))
    assert [each.id for each in found.inputs] == ["a/uv.lock", "b/c/requirements.txt"]
    assert found.faults == ()


def test_table_of_json_lines_has_paths_texts_and_requirements(tmp_path: Path) -> None:
    table = tmp_path / "inputs.jsonl"
    table.write_text(
        '{"id": "p", "path": "r.txt", "targets": "win_amd64/3.12, linux/3.13"}\n'
        '{"id": "t", "text": "six\\n", "kind": "requirements"}\n'
        '{"id": "r", "requirement": "six>=1"}\n',
        encoding="utf-8",
    )
    assert load_sources((str(table),)).inputs == (
        SurveyInput(id="p", words=(str(tmp_path / "r.txt"),), targets=("win_amd64/3.12", "linux/3.13")),
        SurveyInput(id="t", words=("requirements.txt",), text="six\n"),
        SurveyInput(id="r", words=("six>=1",)),
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"path": "a"}', "the row has no id"),
        ('{"id": "a"}', "the row has no path, text or requirement"),
        ('{"id": "a", "path": "b", "text": "c"}', "the row has path and text"),
        ('{"id": "a", "text": "b", "kind": "cargo"}', "there is no kind 'cargo'"),
        ("nonsense", "no JSON"),
        ("[1]", "no JSON object"),
    ],
)
def test_row_that_is_no_input_is_told_with_its_line_and_the_rest_counts(tmp_path: Path, row: str, reason: str) -> None:
    table = tmp_path / "inputs.jsonl"
    table.write_text(
        f'{{"id": "good", "requirement": "six"}}\n{row}\n{{"id": "last", "requirement": "six"}}\n', encoding="utf-8"
    )
    found = load_sources((str(table),))
    assert [each.id for each in found.inputs] == ["good", "last"]
    (fault,) = found.faults
    assert fault.place == f"{table}:2"
    assert reason in fault.reason


def test_table_in_csv_counts_its_lines_from_the_head(tmp_path: Path) -> None:
    table = tmp_path / "inputs.csv"
    table.write_text("id,requirement\na,six\n,idna\na,attrs\n", encoding="utf-8")
    found = load_sources((str(table),))
    assert [each.words for each in found.inputs] == [("six",)]
    assert [(fault.place, fault.reason) for fault in found.faults] == [
        (f"{table}:3", "the row has no id"),
        ("a", "this id is there twice; the first counts"),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("names.txt", "six # the one\n\nidna\n"),
        ("top.json", '{"rows": [{"project": "six"}, {"project": "idna"}]}'),
        ("list.json", '["six", "idna"]'),
    ],
)
def test_list_of_projects_gives_an_input_for_each(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [each.words for each in load_sources((), (str(tmp_path / name),)).inputs] == [("six",), ("idna",)]


def test_word_that_names_nothing_is_refused() -> None:
    with pytest.raises(InputUnreadable, match="no such file or folder"):
        load_sources(("nowhere/*.txt",))
