"""Which inputs a survey finds, and what it says of rows that are none."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords
from wheelcheck.errors import InputUnreadable
from wheelcheck.survey.questions import Asked, Asker
from wheelcheck.survey.sources import KINDS, SurveyInput, load_sources
from wheelcheck.survey.tables import FailureRow

FIXTURES = Path(__file__).parents[2] / "fixtures"


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


def test_names_that_no_project_can_have_are_told_and_a_file_of_that_name_is_not_meant(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("six\n../x\nrequirements.txt\nhttps://index.example/a.whl\n", encoding="utf-8")
    found = load_sources((), (str(names),))
    assert [(each.id, each.text) for each in found.inputs] == [
        ("six", None),
        ("requirements.txt", "requirements.txt\n"),
    ]
    assert [fault.place for fault in found.faults] == [f"{names}:2", f"{names}:4"]


def test_standard_input_is_a_table_of_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"id": "a", "requirement": "six"}\n[]\n'))
    found = load_sources(("-",))
    assert [each.words for each in found.inputs] == [("six",)]
    assert [fault.place for fault in found.faults] == ["-:2"]


def _git(folder: Path, *words: str) -> None:
    name = ("-c", "user.name=a", "-c", "user.email=a@a.example")
    subprocess.run(("git", *name, *words), cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    """Two repositories, of which ``a`` has another file at its tag than in its working tree, and ``bare`` is a mirror of it."""
    top = tmp_path / "repositories"
    for name in ("a", "b"):
        _write(top / name, requirements_txt="-r more.txt\n", more_txt="six==1\n", sub__requirements_txt="idna\n")
        _git(top / name, "init", "-q", "-b", "main")
        _git(top / name, "add", "-A")
        _git(top / name, "commit", "-qm", "first")
    _git(top / "a", "tag", "old")
    _write(top / "a", more_txt="six==2\n")
    _git(top, "clone", "-q", "--bare", "a", "bare")
    return top


def _asker(folder: Path, day: str = "2026-11-29") -> Asker:
    request = Request(inputs=(), environ={}, folder=str(folder))
    scratch = folder / f".scratch-{day}"
    scratch.mkdir()
    return Asker(request, TargetWords(platforms=("linux",), pythons=("3.12",)), version="1", day=day, scratch=scratch)


@pytest.mark.parametrize("name", ["a", "bare"])
def test_repository_at_a_revision_is_read_as_it_was(repositories: Path, tmp_path: Path, name: str) -> None:
    word = f"{repositories / name}@old"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    found = load_sources((word,), scratch=scratch, environ=dict(os.environ))
    assert [each.id for each in found.inputs] == [f"{word}/requirements.txt", f"{word}/sub/requirements.txt"]
    (main, _) = found.inputs
    assert Path(main.words[0]).with_name("more.txt").read_text(encoding="utf-8") == "six==1\n"
    asked = _asker(tmp_path).ask(main)
    assert isinstance(asked, Asked)
    assert [(each.file, each.line) for each in asked.places] == [("more.txt", 1)]


def test_repository_without_the_revision_is_told_and_the_others_are_read(repositories: Path, tmp_path: Path) -> None:
    found = load_sources((f"{repositories}/[ab]@old",), scratch=tmp_path, environ=dict(os.environ))
    assert {each.id.partition("@")[0] for each in found.inputs} == {f"{repositories}/a"}
    assert [(fault.place, "no such revision" in fault.reason) for fault in found.faults] == [
        (f"{repositories}/b@old", True)
    ]


def test_equal_locks_are_one_question_wherever_they_lie(tmp_path: Path) -> None:
    lock, other = ((FIXTURES / "locks" / name / "uv.lock").read_text(encoding="utf-8") for name in ("quay", "wharf"))
    _write(tmp_path, a__uv_lock=lock, b__uv_lock=lock)
    asker = _asker(tmp_path)
    inputs = [
        *load_sources((str(tmp_path),)).inputs,
        SurveyInput(id="text", words=("uv.lock",), text=lock),
        SurveyInput(id="other", words=("uv.lock",), text=other),
    ]
    keys = [asked.key for each in inputs if isinstance(asked := asker.ask(each), Asked)]
    assert (len(keys), len(set(keys))) == (4, 2)


def test_equal_texts_are_read_once_and_each_input_has_its_own_places(tmp_path: Path) -> None:
    asker = _asker(tmp_path)
    texts = {"a": "six\n", "b": "six\n", "c": "=nonsense=\n", "d": "=nonsense=\n"}
    found = {
        name: asker.ask(SurveyInput(id=name, words=("requirements.txt",), text=text)) for name, text in texts.items()
    }
    first, second = found["a"], found["b"]
    assert isinstance(first, Asked)
    assert isinstance(second, Asked)
    assert (first.question is None, second.question is None, first.key == second.key) == (False, True, True)
    assert [(place.id, place.name, place.line) for place in (*first.places, *second.places)] == [
        ("a", "six", 1), ("b", "six", 1),
    ]  # fmt: skip
    unread = [each for each in found.values() if isinstance(each, FailureRow)]
    assert [each.id for each in unread] == ["c", "d"]
    assert all(each.reason.startswith("requirements.txt:1") for each in unread)


def test_settings_of_a_row_are_part_of_its_question(tmp_path: Path) -> None:
    asker = _asker(tmp_path)
    rows = [
        {"id": "plain", "text": "six"},
        {"id": "table", "text": "six", "settings": {"pre": True, "sdist": None}},
        {"id": "json", "text": "six", "settings": '{"pre": true}'},
        {"id": "toml", "text": "six", "settings": "pre = true"},
        {"id": "unknown", "text": "six", "settings": {"prae": True}},
        {"id": "nothing", "text": "six", "settings": "["},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = load_sources((str(tmp_path / "in.jsonl"),))
    assert [(fault.place.rpartition("/")[2], fault.reason) for fault in found.faults] == [
        ("in.jsonl:6", "settings are keys and values of [tool.wheelcheck], as JSON or TOML")
    ]
    asked = {each.id: asker.ask(each) for each in found.inputs}
    keys = {name: each.key for name, each in asked.items() if isinstance(each, Asked)}
    assert len({keys["table"], keys["json"], keys["toml"]}) == 1
    assert keys["plain"] != keys["table"]
    assert isinstance(asked["unknown"], FailureRow)
    assert "in.jsonl:5: unknown key 'prae'" in asked["unknown"].reason


def test_another_day_is_another_question(tmp_path: Path) -> None:
    six = SurveyInput(id="a", words=("six",))
    keys = {
        asked.key for day in ("2026-11-28", "2026-11-29") if isinstance(asked := _asker(tmp_path, day).ask(six), Asked)
    }
    assert len(keys) == 2


def test_table_in_parquet_has_rows_like_the_others(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="the extra wheelcheck[survey] is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [
        {"id": "t", "text": "six\n", "kind": "requirements", "targets": "linux/3.13", "settings": {"pre": True}},
        {"id": None, "text": "idna\n", "kind": None, "targets": None, "settings": None},
        {"id": "u", "text": "attrs\n", "kind": "cargo", "targets": None, "settings": None},
        {"id": "v", "text": "attrs\n", "kind": None, "targets": None, "settings": None},
    ]
    table = tmp_path / "inputs.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), table)
    found = load_sources((str(table),))
    assert found.inputs == (
        SurveyInput(
            id="t",
            words=("requirements.txt",),
            text="six\n",
            targets=("linux/3.13",),
            settings={"pre": True},
            place=f"{table}:1",
        ),
        SurveyInput(id="v", words=("requirements.txt",), text="attrs\n"),
    )
    assert [(fault.place, fault.reason) for fault in found.faults] == [
        (f"{table}:2", "the row has no id"),
        (f"{table}:3", f"there is no kind 'cargo'; kinds are {', '.join(KINDS)}"),
    ]


@pytest.mark.parametrize("name", ["inputs.parquet", "inputs.csv", "inputs.jsonl", "names.txt", "names.json"])
def test_table_or_list_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    pytest.importorskip("pyarrow", reason="the extra wheelcheck[survey] is not installed")
    path = tmp_path / name
    path.write_bytes(b"\xff\x00\x81no table")
    with pytest.raises(InputUnreadable) as raised:
        load_sources(() if name.startswith("names") else (str(path),), (str(path),) if name.startswith("names") else ())
    assert str(path) in str(raised.value)


def test_standard_input_that_is_no_text_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8"))
    with pytest.raises(InputUnreadable, match="standard input: it is not UTF-8"):
        load_sources(("-",))


def test_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match=r"absent\.txt: cannot be read: No such file"):
        load_sources((), (str(tmp_path / "absent.txt"),))


def test_text_in_csv_keeps_its_lines_and_the_next_row_is_counted_after_them(tmp_path: Path) -> None:
    table = tmp_path / "inputs.csv"
    long = "".join(f"project-{number}==1\n" for number in range(20_000))
    table.write_text(f'id,text\na,"six\nidna\n"\n,"attrs\n"\nb,"{long}"\n', encoding="utf-8")
    found = load_sources((str(table),))
    assert [each.text for each in found.inputs] == ["six\nidna\n", long]
    assert [fault.place for fault in found.faults] == [f"{table}:5"]
