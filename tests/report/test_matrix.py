"""The grid in text, JSON and Markdown."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from msgspec.structs import replace

from tests.fakes.checks import HOSTILE_TEXTS
from tests.fakes.matrices import cell, compared, full_of_wheels, mixed
from tests.fakes.samples import installable_plan
from wheelcheck.model.answers import Matrix
from wheelcheck.report.documents import json_schema
from wheelcheck.report.matrix import render_matrix_markdown, render_matrix_text
from wheelcheck.report.matrix_document import MatrixDocument, render_matrix_json
from wheelcheck.report.page import size_text
from wheelcheck.report.wording import listed_cells

MIXED = """\
                         3.11  3.12  3.13t
  win_amd64              ✓     ✓     ✗
  manylinux_2_28_x86_64  ~     ✗     ?
  musllinux_1_2_aarch64  ✗     ✗     !

  ✓ installs   ~ installs after pure builds   ✗ blocked   ? undecided in time
  ! no answer

  What blocks    wanted by         nearest       has wheels for
  ✗ Only a source archive that needs a compiler (1)  WC102
    on win_amd64 (3.13t), manylinux_2_28_x86_64 (3.12)
    av 11.0.0    audiocraft 1.3.0  12.0.0 newer
  ✗ Wheels only for other platforms (1)  WC106
    on musllinux_1_2_aarch64 (3.11, 3.12)
    torch 2.9.0  you               none
"""


def wide() -> Matrix:
    pythons = [f"3.{minor}" for minor in range(9, 15)]
    return compared(
        *(cell(platform, p, installable_plan()) for platform in ("win_amd64", "musllinux_1_2_aarch64") for p in pythons)
    )


def hostile() -> Matrix:
    return compared(*(cell("win_amd64", f"3.{9 + n}", None, failure=text) for n, text in enumerate(HOSTILE_TEXTS[:6])))


def test_grid_is_grasped_at_a_look() -> None:
    assert render_matrix_text(mixed()).startswith(MIXED)


def test_text_says_what_to_ship_and_what_opens_the_rest() -> None:
    text = " ".join(render_matrix_text(mixed()).split())
    assert "Ship Python 3.11: it is the newest that installs on 2 of 3 platforms" in text
    assert "No Python asked for installs on musllinux_1_2_aarch64" in text
    assert "on win_amd64, Python 3.13t; proved on each" in text
    assert "No repair was found for musllinux_1_2_aarch64 (3.11, 3.12)" in text
    assert text.endswith("Installs on 3 of 9 targets, 1 after pure builds; 4 blocked; 1 undecided in time; 1 no answer")


def test_what_is_built_and_downloaded_is_said_once() -> None:
    text = render_matrix_text(mixed())
    assert text.count("Build once, anywhere, without a compiler") == 1
    sized = [
        (cell.target.python, sum(package.file.size or 0 for package in cell.plan.packages if package.file is not None))
        for cell in full_of_wheels().good
        if cell.plan is not None
    ]
    assert all(size for _, size in sized)
    newest = full_of_wheels().best
    assert newest is not None
    (size,) = {size_text(size) for python, size in sized if python == newest.python}
    assert f"It downloads {size}\n" in render_matrix_text(full_of_wheels())


def test_all_is_well_in_one_line() -> None:
    text = render_matrix_text(full_of_wheels())
    assert text.endswith("\nInstalls on all 6 targets\n")
    assert "What blocks" not in text
    assert "it installs on all 2 platforms, and is the newest asked for" in text


@pytest.mark.parametrize("width", [44, 80, 120])
def test_lines_stay_within_the_width(width: int) -> None:
    for matrix in (mixed(), wide(), full_of_wheels()):
        assert max(map(len, render_matrix_text(matrix, width=width).splitlines())) <= width


def test_wide_grid_goes_on_below() -> None:
    lines = render_matrix_text(wide(), width=44).splitlines()
    heads = [line.split() for line in lines if line.strip().startswith("3.")]
    assert heads == [["3.9", "3.10", "3.11"], ["3.12", "3.13", "3.14"]]


def test_marks_are_ascii_where_there_are_no_others() -> None:
    text = render_matrix_text(mixed(), encoding="ascii")
    assert text.isascii()
    assert "manylinux_2_28_x86_64  ~     x     ?" in text


def test_color_adds_nothing_but_escape_codes() -> None:
    import re

    coloured = render_matrix_text(mixed(), color=True)
    assert "\x1b[" in coloured
    plain = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines())
    assert plain == render_matrix_text(mixed()).rstrip("\n")


def test_one_python_is_not_said_again_for_each_cell() -> None:
    matrix = mixed()
    column = compared(*(each for each in matrix.cells if each.target.python == "3.12"))
    text = render_matrix_text(column)
    assert "on musllinux_1_2_aarch64\n" in text
    assert "It does not install on manylinux_2_28_x86_64 and musllinux_1_2_aarch64" in text


@pytest.mark.parametrize("matrix", [mixed(), full_of_wheels(), wide(), hostile()], ids=["mixed", "full", "wide", "bad"])
def test_json_is_valid_and_the_same_each_time(matrix: Matrix) -> None:
    text = render_matrix_json(matrix)
    Draft202012Validator.check_schema(json_schema(MatrixDocument))
    Draft202012Validator(json_schema(MatrixDocument)).validate(json.loads(text))
    assert text == render_matrix_json(matrix)
    assert "user:secret" not in text


def test_json_has_every_cell_and_the_best() -> None:
    document = json.loads(render_matrix_json(mixed()))
    assert document["counts"] == {"installs": 2, "needs-build": 1, "blocked": 4, "undecided": 1, "failed": 1}
    assert [each["status"] for each in document["cells"][:3]] == ["installs", "installs", "blocked"]
    assert document["cells"][2]["blockers"] == ["av"]
    assert document["best"]["python"] == "3.11"
    assert document["openings"][0]["repair"]["risk"] in ("low", "medium", "high")


def test_markdown_is_one_table() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(render_matrix_markdown(mixed()))
    assert sum(token.type == "table_open" for token in tokens) == 1
    assert sum(token.type == "tr_open" for token in tokens) == 4
    links = {link.attrGet("href") for token in tokens for link in token.children or () if link.type == "link_open"}
    assert links == {finding.code.address for blocker in mixed().blockers for finding in blocker.findings}


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_text_stays_text(text: str) -> None:
    matrix = compared(cell("win_amd64", "3.11", None, failure=text))
    matrix = replace(matrix, blockers=())
    page = render_matrix_text(matrix)
    assert not any(ord(character) < 32 and character != "\n" for character in page)
    assert "<script>" not in MarkdownIt("commonmark").render(render_matrix_markdown(matrix))


def test_whole_rows_and_columns_are_said_once() -> None:
    matrix = mixed()
    by_name = {f"{each.target.platform[:3]}{each.target.python}": each.target for each in matrix.cells}

    def said(*names: str) -> str:
        return listed_cells(matrix, [by_name[name] for name in names])

    assert said(*by_name) == "every target"
    assert said("win3.11", "win3.12", "win3.13t") == "win_amd64 (all Pythons)"
    assert said("win3.11", "man3.11", "mus3.11") == "every platform (3.11)"
    assert said("win3.11", "win3.12", "win3.13t", "man3.11", "mus3.11", "mus3.12") == (
        "win_amd64 (all Pythons), every platform (3.11), musllinux_1_2_aarch64 (3.12)"
    )
    assert said("win3.12", "man3.12") == "win_amd64 and manylinux_2_28_x86_64 (3.12)"
