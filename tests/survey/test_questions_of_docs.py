"""The questions in docs/survey.md can be asked of the tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec import structs

from wheelcheck.survey.tables import CellRow, FindingRow, InputRow, PlaceRow

duckdb = pytest.importorskip("duckdb", reason="the extra wheelcheck[tables] is not installed")
pytest.importorskip("pyarrow")

PAGE = (Path(__file__).parents[2] / "docs" / "survey.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
WHERE = {"question": "q", "platform": "win_amd64", "python": "3.13"}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    from wheelcheck.survey.tables import Dataset

    dataset = Dataset(tmp_path)
    dataset.open()
    cell = CellRow(**WHERE, status="blocked", failure="", packages=2, size=None, digest=None)
    finding = FindingRow(**WHERE, code="WC102", severity="error", package="av", version="11", root="media", message="m")
    dataset.add({"cells": [cell], "findings": [finding, structs.replace(finding, package="lxml")]})
    inputs = [InputRow(id="a", question="q"), InputRow(id="b", question="q")]
    places = [PlaceRow(id="a", name="media", file="r.txt", line=3)]
    dataset.finish({"inputs": inputs, "places": places}, frozenset({"q"}))
    return tmp_path


def test_every_question_has_its_answer(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tables)
    by_target, blockers, places = (duckdb.sql(query).fetchall() for query in QUERIES)
    assert by_target == [("win_amd64", "3.13", 2)]
    assert sorted(blockers) == [("av", 2, 0), ("lxml", 2, 0)]
    assert sorted(places) == [("a", "r.txt", 3, "av", "WC102"), ("a", "r.txt", 3, "lxml", "WC102")]
