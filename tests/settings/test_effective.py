"""Which settings count, and who said each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from wheelcheck.api import preparing
from wheelcheck.model.requirement import FileOrigin, ToolSetting
from wheelcheck.options import KEYS
from wheelcheck.settings.loading import load_settings
from wheelcheck.settings.pip_configuration import load_pip_configuration
from wheelcheck.settings.provenance import Effective, effective

NOTHING: Mapping[str, object] = {}


def rows(
    folder: Path,
    text: str = "",
    *,
    environ: Mapping[str, str] | None = None,
    pip: str = "",
    given: Mapping[str, object] = NOTHING,
    defaults: Mapping[str, str] | None = None,
    tools: Sequence[ToolSetting] = (),
) -> tuple[Effective, ...]:
    if text:
        name = "pyproject.toml" if "[tool.wheelcheck]" in text else "wheelcheck.toml"
        (folder / name).write_text(text)
    (folder / "pip.conf").write_text(pip)
    environ = environ or {}
    return effective(
        load_settings(folder, environ),
        load_pip_configuration(environ, files=[folder / "pip.conf"]),
        environ,
        folder=folder,
        given=given,
        defaults=defaults,
        tools=tools,
    )


def said(found: tuple[Effective, ...], name: str) -> list[tuple[object, str]]:
    return [(row.value, row.origin) for row in found if row.name == name]


def test_every_place_has_its_words(tmp_path: Path) -> None:
    found = rows(
        tmp_path,
        '[project]\nname = "x"\n[tool.wheelcheck]\nsdist = "deny"\nplatform = ["windows", "linux"]\n',
        environ={"PIP_INDEX_URL": "https://index.example/simple", "REQUESTS_CA_BUNDLE": "ca.pem"},
        pip="[global]\ntrusted-host = one.example\n",
        given={"python": "3.12", "cache-dir": None, "extras": ()},
    )
    assert said(found, "python") == [("3.12", "command line")]
    assert said(found, "sdist") == [("deny", "pyproject.toml:4")]
    assert said(found, "platform") == [(("windows", "linux"), "pyproject.toml:5")]
    assert said(found, "index-url") == [("https://index.example/simple", "environment variable PIP_INDEX_URL")]
    assert said(found, "cert") == [("ca.pem", "environment variable REQUESTS_CA_BUNDLE")]
    assert said(found, "trusted-host") == [(("one.example",), f"pip configuration file {tmp_path / 'pip.conf'}")]
    assert said(found, "repairs") == [("3", "default")]
    assert said(found, "extras") == []


def test_one_place_wins_for_a_single_value_in_the_order_of_weight(tmp_path: Path) -> None:
    pip = "[global]\nindex-url = https://pip.example/simple\n"
    asked = {"index-url": "https://asked.example/simple"}
    defaults = {"index-url": "https://default.example/simple"}
    text = 'index-url = "https://ours.example/simple"\n'
    assert said(rows(tmp_path, defaults=defaults), "index-url") == [("https://default.example/simple", "default")]
    assert said(rows(tmp_path, pip=pip, defaults=defaults), "index-url")[0][0] == "https://pip.example/simple"
    assert said(rows(tmp_path, text, pip=pip), "index-url") == [("https://ours.example/simple", "wheelcheck.toml:1")]
    assert said(rows(tmp_path, pip=pip, given=asked), "index-url") == [("https://asked.example/simple", "command line")]


def test_what_adds_up_has_a_row_for_each_place(tmp_path: Path) -> None:
    found = rows(
        tmp_path,
        'extra-index-url = "https://ours.example/simple"\n',
        pip="[global]\nextra-index-url = https://pip.example/simple https://other.example/simple\n",
        given={"extra-index-url": ("https://asked.example/simple",)},
    )
    assert [origin.partition(" ")[0] for _, origin in said(found, "extra-index-url")] == [
        "command",
        "wheelcheck.toml:1",
        "pip",
    ]


def test_every_allowance_is_told_with_its_line(tmp_path: Path) -> None:
    entry = 'package = "av"\nreason = "built here"\nexpires = 2027-01-31\n'
    found = rows(
        tmp_path, f"[[allow]]\n{entry}versions = '<12'\ncodes = 'WC102'\n[[allow]]\n{entry}targets = 'windows'\n"
    )
    assert said(found, "allow") == [
        ("av<12 WC102 until 2027-01-31: built here", "wheelcheck.toml:1"),
        ("av on win_amd64 until 2027-01-31: built here", "wheelcheck.toml:7"),
    ]


@pytest.mark.parametrize("key", ["index-url", "extra-index-url", "find-links", "indexes", "sources", "constraints"])
def test_no_credentials_are_shown(tmp_path: Path, key: str) -> None:
    url = "https://user:sec%2Fret@index.example/${TOKEN}/simple"
    text = f'{key} = {{company = "{url}"}}' if key in ("indexes", "sources") else f'{key} = ["{url}"]'
    if key == "index-url":
        text = f'{key} = "{url}"'
    if key == "constraints":
        text = f'{key} = ["name @ {url}"]'
    found = rows(
        tmp_path,
        text,
        environ={
            "TOKEN": "hidden",
            "HTTPS_PROXY": "user:secret@proxy.example:80",
            "PIP_EXTRA_INDEX_URL": "https://a:secret@b.example",
        },
        given={key: (url.replace("${TOKEN}", "x"),)},
    )
    assert not [word for word in ("secret", "sec%2Fret", "hidden") if word in repr(found)]
    assert said(found, "proxy") == [("***@proxy.example:80", "environment variable HTTPS_PROXY")]


def test_targets_leave_no_default_platform_and_python(tmp_path: Path) -> None:
    defaults = {"platform": "win_amd64", "python": "3.11"}
    found = rows(tmp_path, "targets = 'linux/3.12'\n", defaults=defaults)
    assert said(found, "platform") == said(found, "python") == []
    assert said(found, "targets") == [("linux/3.12", "wheelcheck.toml:1")]


def test_cache_folder_may_be_named_by_a_variable(tmp_path: Path) -> None:
    found = rows(tmp_path, environ={"WHEELCHECK_CACHE_DIR": "there"}, defaults={"cache-dir": "here"})
    assert said(found, "cache-dir") == [("there", "environment variable WHEELCHECK_CACHE_DIR")]
    assert said(rows(tmp_path, defaults={"cache-dir": "here"}), "cache-dir") == [("here", "default")]


def test_switches_and_numbers_read_as_in_the_file(tmp_path: Path) -> None:
    found = rows(tmp_path, "pre = false\nmax-seconds = 30\nrepairs = 0\n", given={"no-index": True})
    assert said(found, "pre") == [("false", "wheelcheck.toml:1")]
    assert said(found, "max-seconds") == [("30", "wheelcheck.toml:2")]
    assert said(found, "repairs") == [("0", "wheelcheck.toml:3")]
    assert said(found, "no-index") == [("true", "command line")]


def test_rows_come_in_the_order_of_the_documented_keys(tmp_path: Path) -> None:
    found = rows(tmp_path, "warn-only = 'WC2'\npython = '3.11'\nexcludes = ['x']\n")
    order = list(KEYS)
    names = [row.name for row in found if row.name in order]
    assert names == sorted(names, key=order.index)


def test_documented_defaults_are_those_that_count() -> None:
    documented = {name: key.default for name, key in KEYS.items()}
    assert (documented["max-seconds"], documented["repairs"], documented["repair-seconds"]) == ("120", "3", "120")
    assert preparing._DEFAULT_SECONDS == 120.0
    assert preparing._DEFAULT_REPAIRS == 3
    assert preparing._DEFAULT_REPAIR_SECONDS == 120.0


def test_variables_of_uv_are_shown_where_uv_reads_the_project(tmp_path: Path) -> None:
    environ = {
        "UV_INDEX": "corp=https://me:secret@corp.example/ https://other.example/",
        "UV_INDEX_STRATEGY": "first-index",
    }
    of_uv = ToolSetting(key="tool.uv.environments", value=("",), origin=FileOrigin(path="pyproject.toml", line=3))
    pip = "[global]\nextra-index-url = https://pip.example/\n"
    shown = {row.name: row for row in rows(tmp_path, pip=pip, environ=environ, tools=(of_uv,))}
    assert shown["extra-index-url"].value == ("corp=https://***@corp.example/", "https://other.example/")
    assert shown["extra-index-url"].origin == "environment variable UV_INDEX"
    assert shown["index-strategy"].origin == "environment variable UV_INDEX_STRATEGY"
    without = {row.name: row for row in rows(tmp_path, pip=pip, environ=environ)}
    assert without["extra-index-url"].value == ("https://pip.example/",)
    assert without["index-strategy"].origin == "default"
