"""``wheelcheck config``: a table to read, JSON for programs, nothing secret in either."""

from __future__ import annotations

import json

from tests.cli.programs import Shell

SETTINGS = """platform = ["windows", "linux"]
fail-on = "WC2"
index-url = "https://user:${TOKEN}@index.example/simple"

[[allow]]
package = "av"
reason = "built in our own index"
expires = 2027-01-31
"""


def test_table_is_aligned_and_names_file_and_line(shell: Shell) -> None:
    shell.write("wheelcheck.toml", SETTINGS)
    done = shell.run("config", "--python", "3.12", "--cache-dir", "here")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["platform", "windows", "wheelcheck.toml:1"]
    assert lines[1].split() == ["linux"]
    assert lines[2].endswith("  command line")
    assert len({line.index("wheelcheck.toml:") for line in lines if "wheelcheck.toml:" in line}) == 1
    assert any(line.startswith("allow ") and line.endswith("wheelcheck.toml:5") for line in lines)
    assert any(line.startswith("max-seconds ") and line.endswith("default") for line in lines)


def test_origin_stands_below_where_a_terminal_would_break_the_line(shell: Shell) -> None:
    environ = {"PIP_FIND_LINKS": "/a/folder/with/a/long/name/and/another"}
    table = shell.program("config", environ=environ).out
    value = "find-links      /a/folder/with/a/long/name/and/another"
    assert f"\n{value}\n                (environment variable PIP_FIND_LINKS)\n" in table


def test_json_has_a_row_for_each_place(shell: Shell) -> None:
    shell.write("wheelcheck.toml", SETTINGS)
    shell.patch.setenv("TOKEN", "secret")
    done = shell.run("config", "--format", "json", "--no-repair")
    document = json.loads(done.out)
    assert document["schema"] == "wheelcheck.config/1"
    rows = {row["name"]: row for row in document["settings"]}
    assert rows["platform"] == {"name": "platform", "value": ["windows", "linux"], "origin": "wheelcheck.toml:1"}
    assert rows["repairs"] == {"name": "repairs", "value": "0", "origin": "command line"}
    assert rows["index-url"]["value"] == "https://***@index.example/simple"
    assert "secret" not in done.out


def test_result_may_go_to_a_file(shell: Shell) -> None:
    done = shell.run("config", "-o", "settings.txt")
    assert (done.status, done.out) == (0, "")
    assert "sdist" in (shell.folder / "settings.txt").read_text(encoding="utf-8")


def test_unreadable_settings_are_refused_with_line_and_key(shell: Shell) -> None:
    shell.write("wheelcheck.toml", 'pre = true\n[[allow]]\npackage = "av"\n')
    refused = shell.run("config").refused(2)
    assert "wheelcheck.toml:2: allow[0].reason is missing" in refused
    assert "hint: " in refused


def test_control_characters_do_not_reach_the_terminal(shell: Shell) -> None:
    shell.write("wheelcheck.toml", 'groups = ["\\u001b[31mred"]\n')
    done = shell.run("config")
    assert "\x1b" not in done.out
    assert "?[31mred" in done.out


PROJECT = """[project]
name = "p"
[tool.uv]
exclude-newer = "2026-06-01"
override-dependencies = ["six==1.16"]
environments = ["sys_platform == 'win32'"]
required-environments = ["platform_machine == 'AMD64'"]
no-build = true
resolution = "lowest"
"""


def test_settings_of_other_tools_stand_behind_those_of_wheelcheck_with_their_key(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT + '[tool.wheelcheck]\noverrides = ["six==1.17"]\n')
    document = json.loads(shell.run("config", "--format", "json", "--exclude-newer", "2026-01-01").out)
    rows = [(row["name"], row["value"], row["origin"]) for row in document["settings"]]
    assert [row[1:] for row in rows if row[0] == "overrides"] == [
        (["six==1.17"], "pyproject.toml:11"),
        (["six==1.16"], "pyproject.toml:5: tool.uv.override-dependencies"),
    ]
    assert [row[1:] for row in rows if row[0] == "exclude-newer"] == [("2026-01-01", "command line")]
    assert [row[1:] for row in rows if row[0] == "platform"] == [
        (["sys_platform == 'win32'"], "pyproject.toml:6: tool.uv.environments"),
        (["platform_machine == 'AMD64'"], "pyproject.toml:7: tool.uv.required-environments"),
    ]
    assert rows[-2:] == [
        ("tool.uv.no-build", ["true"], "pyproject.toml:8"),
        ("tool.uv.resolution", ["lowest"], "pyproject.toml:9, not followed: the newest versions are chosen"),
    ]


def test_a_table_of_another_tool_that_cannot_be_read_names_tool_key_file_and_line(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT.replace('["six==1.16"]', "3"))
    refused = shell.run("config").refused(2)
    assert "pyproject.toml:5: tool.uv.override-dependencies must be a list of strings" in refused
