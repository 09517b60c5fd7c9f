"""Tables read by type, every complaint with file, line and the whole key."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wheelcheck.errors import InputUnreadable, SettingsInvalid
from wheelcheck.texts.toml import Table, parse_toml, table_at

TEXT = """\
name = "top"

[project]
name = 3
[project.urls]
home = ["a"]

[[row]]
tool.flag = "no"
"""


def table(text: str = TEXT, *, first_line: int = 1) -> Table:
    return Table.of_toml(text, "a.toml", first_line=first_line)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda top: top.table("project").text("name"), "a.toml:4: project.name must be a string"),
        (lambda top: top.table("project").table("urls").text("home"), "a.toml:6: project.urls.home must be a string"),
        (lambda top: top.table("project").text("version"), "a.toml:3: project.version is missing"),
        (lambda top: top.table("name"), "a.toml:1: name must be a table"),
        (lambda top: top.table("tool"), "a.toml: tool is missing"),
        (lambda top: top.table("project").texts("name"), "a.toml:4: project.name must be a list of strings"),
        (lambda top: top.table("project").flag("name"), "a.toml:4: project.name must be true or false"),
        (lambda top: top.rows("project"), "a.toml:3: project must be an array of tables"),
        (
            lambda top: top.inner(top.rows("row")[0], label="the row").table("tool").flag("flag"),
            "a.toml:9: the row: tool.flag must be true or false",
        ),
    ],
)
def test_a_complaint_names_file_line_and_key(read: Callable[[Table], object], said: str) -> None:
    with pytest.raises(InputUnreadable) as refused:
        read(table())
    assert str(refused.value) == said


def test_a_known_line_is_that_of_all_within() -> None:
    row = Table({"source": {"kind": 1}}, path="x.lock", line=7, label="numpy")
    with pytest.raises(InputUnreadable) as refused:
        row.table("source").text("kind")
    assert str(refused.value) == "x.lock:7: numpy: source.kind must be a string"


def test_lines_count_from_the_first_of_an_embedded_document() -> None:
    embedded = table("a = 1\nb = 'x'\n", first_line=10)
    with pytest.raises(InputUnreadable, match=r"^a\.toml:10: a must be a string$"):
        embedded.text("a")
    assert str(embedded.origin_of("x", "b")) == "a.toml:11"
    with pytest.raises(SettingsInvalid, match=r"^a\.toml:11: not valid TOML: "):
        parse_toml("a = 1\nb =\n", "a.toml", first_line=10, failing=SettingsInvalid)


def test_values_that_are_there_are_given_and_others_have_their_default() -> None:
    top = table("a = 'x'\nb = ['y']\nc = true\n[d]\n[[e]]\nf = 1\n")
    assert (top.text("a"), top.texts("b"), top.flag("c"), top.rows("e")) == ("x", ["y"], True, [{"f": 1}])
    assert (top.optional_text("z"), top.texts("z"), top.flag("z"), top.rows("z")) == (None, [], False, [])
    assert (top.optional_table("z"), top.table_or_empty("z").values, top.table("d").values) == (None, {}, {})


def test_a_path_that_ends_early_leads_to_an_empty_table() -> None:
    document = {"tool": {"x": {"y": 1}, "z": 3}}
    assert table_at(document, "tool", "x") == {"y": 1}
    assert table_at(document, "tool", "z") == table_at(document, "tool", "x", "y") == table_at(document, "no") == {}
    assert table().within("project", "urls").values == {"home": ["a"]}
    assert table().within("project", "name").values == table().within("tool").values == {}
