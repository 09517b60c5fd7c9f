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
