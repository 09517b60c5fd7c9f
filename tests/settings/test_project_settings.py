"""``[tool.wheelcheck]`` and ``wheelcheck.toml``."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from wheelcheck.errors import SettingsInvalid
from wheelcheck.options import KEYS
from wheelcheck.settings.loading import Settings, load_settings

EVERY_KEY = """
[project]
name = "x"

[tool.wheelcheck]
platform = ["win_amd64", "macos"]
python = "3.11"
targets = ["windows/3.12", "manylinux_2_28_x86_64/3.13t"]
sdist = "pure"
pre = true
exclude-newer = 2026-11-01
index-url = "https://${USER}:${TOKEN}@one.example/simple"
extra-index-url = ["https://two.example/simple"]
find-links = ["wheels", "https://three.example/files"]
constraints = ["bounds.txt", "numpy<2"]
overrides = ["av==12.0.0", "name @ https://files.example/name-1.0.zip"]
excludes = ["Foo_Bar"]
extras = ["Dev"]
groups = ["test"]
cache-dir = ".cache"
max-seconds = 30
repairs = 5
imports = "all"
index-strategy = "first-index"
repair-seconds = 7.5
knowledge = ["ours", "~/shared"]
runtime-mirror = "pythons"
indexes = {company = "https://four.example/simple"}
fail-on = ["WC2", "wc303"]
warn-only = "WC107"
baseline = "known.json"

[[tool.wheelcheck.allow]]
package = "AV"
versions = "<12"
targets = "windows"
codes = ["WC102"]
reason = "built in our own index"
expires = 2027-01-31

[tool.wheelcheck.sources]
Secret_Project = "company"
other = "https://five.example/simple"
"""


def wrong(folder: Path, text: str, name: str = "wheelcheck.toml") -> SettingsInvalid:
    (folder / name).write_text(text)
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(folder, {})
    return caught.value


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(EVERY_KEY)
    found = load_settings(tmp_path, {"USER": "me", "TOKEN": "t"})
    assert replace(found, written={}, lines={}) == Settings(
        file=tmp_path / "pyproject.toml",
        platforms=("win_amd64", "macos"),
        pythons=("3.11",),
        targets=("win_amd64/3.12", "manylinux_2_28_x86_64/3.13t"),
        options={
            "sdist": "pure",
            "pre": True,
            "exclude_newer": "2026-11-01",
            "index_url": "https://me:t@one.example/simple",
            "index_strategy": "first-index",
            "extra_index_urls": ("https://two.example/simple",),
            "find_links": (str(tmp_path / "wheels"), "https://three.example/files"),
            "constraints": (str(tmp_path / "bounds.txt"), "numpy<2"),
            "overrides": ("av==12.0.0", "name @ https://files.example/name-1.0.zip"),
            "excludes": ("foo-bar",),
            "extras": ("dev",),
            "groups": ("test",),
            "cache_dir": str(tmp_path / ".cache"),
            "max_seconds": 30.0,
            "repairs": 5,
            "imports": "all",
            "repair_seconds": 7.5,
            "knowledge": (str(tmp_path / "ours"), str(Path("~/shared").expanduser())),
            "runtime_mirror": str(tmp_path / "pythons"),
        },
        indexes={"company": "https://four.example/simple"},
        sources=found.sources,
        fail_on=("WC2", "WC303"),
        warn_only=("WC107",),
        allowances=found.allowances,
        baseline=str(tmp_path / "known.json"),
    )
    assert found.sources == {"secret-project": "https://four.example/simple", "other": "https://five.example/simple"}


def test_the_table_of_keys_names_each_key_of_the_test_above() -> None:
    for key in KEYS.values():
        assert f"{key.name} =" in EVERY_KEY or f".{key.name}]" in EVERY_KEY
        assert key.sentence.endswith(".")


@pytest.mark.parametrize("key", list(KEYS))
def test_a_value_of_the_wrong_kind_names_file_line_and_key(tmp_path: Path, key: str) -> None:
    error = wrong(tmp_path, f"# first line\n{key} = [1]\n")
    assert error.exit_status == 2
    assert error.address == f"{tmp_path / 'wheelcheck.toml'}:2"
    assert error.message.startswith(f"{key} must be ")


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "99999999999 days"])
def test_a_day_that_is_none_names_its_line(tmp_path: Path, day: str) -> None:
    error = wrong(tmp_path, f"# first line\nexclude-newer = '{day}'\n")
    assert (error.address, error.message[:21]) == (f"{tmp_path / 'wheelcheck.toml'}:2", "exclude-newer must be")


def test_an_unknown_key_names_the_nearest_good_one(tmp_path: Path) -> None:
    error = wrong(tmp_path, "[tool.wheelcheck]\npre = true\nexclude_newr = 'x'\n", "pyproject.toml")
    assert error.message == "unknown key 'exclude_newr'"
    assert error.hint == "did you mean exclude-newer?"
    assert error.address.endswith("pyproject.toml:3")


def test_a_source_must_name_a_known_index(tmp_path: Path) -> None:
    error = wrong(tmp_path, "[indexes]\ncompany = 'https://c.example'\n[sources]\nx = 'compny'\n")
    assert "compny" in error.message
    assert error.hint == "did you mean company?"
    assert error.address.endswith(":3")


def test_sdist_takes_three_words_and_seconds_are_positive(tmp_path: Path) -> None:
    assert "deny" in wrong(tmp_path, "sdist = 'all'").message
    assert "above 0" in wrong(tmp_path, "max-seconds = 0").message
    assert "above 0" in wrong(tmp_path, "repair-seconds = -1").message
    assert "true or false" in wrong(tmp_path, "pre = 1").message


def test_repairs_may_be_none_and_are_counted_in_whole_numbers(tmp_path: Path) -> None:
    (tmp_path / "wheelcheck.toml").write_text("repairs = 0\n")
    assert load_settings(tmp_path, {}).options["repairs"] == 0
    for text in ("-1", "2.5", "true", "'3'"):
        assert wrong(tmp_path, f"repairs = {text}").message == "repairs must be a whole number, 0 or more"


def test_broken_toml_names_its_line(tmp_path: Path) -> None:
    error = wrong(tmp_path, "pre = true\nwheelcheck = [\n")
    assert "TOML" in error.message
    assert error.address.startswith(f"{tmp_path / 'wheelcheck.toml'}:")
    (tmp_path / "wheelcheck.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsInvalid, match="not text"):
        load_settings(tmp_path, {})


def test_wheelcheck_toml_wins_over_pyproject(tmp_path: Path) -> None:
    (tmp_path / "wheelcheck.toml").write_text("python = '3.12'\n")
    (tmp_path / "pyproject.toml").write_text("[tool.wheelcheck]\npython = '3.11'\nunknown = 1\n")
    assert load_settings(tmp_path, {}).pythons == ("3.12",)


def test_settings_are_found_above_up_to_the_repository_root(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "one" / "two"
    inner.mkdir(parents=True)
    (tmp_path / "wheelcheck.toml").write_text("pre = true\n")
    (tmp_path / "repository" / ".git").mkdir()
    (inner / "pyproject.toml").write_text("[project]\nname = 'wheelcheck-user'\n")
    assert load_settings(inner, {}) == Settings()
    (tmp_path / "repository" / "wheelcheck.toml").write_text("python = '3.13'\n")
    assert load_settings(inner, {}).pythons == ("3.13",)


def test_outside_of_a_repository_only_the_folder_itself_counts(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "wheelcheck.toml").write_text("pre = true\n")
    assert "pre" not in load_settings(tmp_path / "inner", {}).options


def test_a_named_file_is_read_instead_of_any_search(tmp_path: Path) -> None:
    (tmp_path / "wheelcheck.toml").write_text("pre = true\n")
    named = tmp_path / "ci.toml"
    named.write_text("pre = false\n")
    assert load_settings(tmp_path, {}, config_file=named).options["pre"] is False
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(tmp_path, {}, config_file=tmp_path / "absent.toml")
    assert str(tmp_path / "absent.toml") in caught.value.address


def test_targets_are_written_in_the_words_of_machines_too(tmp_path: Path) -> None:
    (tmp_path / "wheelcheck.toml").write_text(
        'targets = ["linux/arm64/3.12", "ubuntu-22.04/cp313t", "mac/3.12"]\n', "utf-8"
    )
    assert load_settings(tmp_path, {}).targets == (
        "manylinux_2_28_aarch64/3.12",
        "manylinux_2_35_x86_64/3.13t",
        "macosx_13_0_arm64/3.12",
    )
