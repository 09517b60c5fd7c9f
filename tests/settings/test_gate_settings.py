"""``allow``, ``fail-on``, ``warn-only``, ``targets`` and ``baseline``: what is taken, and how a slip is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from wheelcheck.errors import SettingsInvalid
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.settings.loading import Settings, load_settings

ENTRY = 'package = "av"\nreason = "built in our own index"\nexpires = 2027-01-31\n'


def loaded(folder: Path, text: str, name: str = "wheelcheck.toml") -> Settings:
    (folder / name).write_text(text)
    return load_settings(folder, {})


def wrong(folder: Path, text: str, name: str = "wheelcheck.toml") -> SettingsInvalid:
    with pytest.raises(SettingsInvalid) as caught:
        loaded(folder, text, name)
    assert caught.value.exit_status == 2
    return caught.value


def line(error: SettingsInvalid) -> int:
    return int(error.address.rpartition(":")[2])


def test_allowance_holds_what_was_decided_and_where(tmp_path: Path) -> None:
    text = f"""
[tool.wheelcheck]
sdist = "deny"

[[tool.wheelcheck.allow]]
{ENTRY}
[[tool.wheelcheck.allow]]
package = "Foo.Bar"
versions = ">=1,<2"
targets = ["windows", "linux/3.12", "macosx*/3.1?"]
codes = "wc10"
reason = " pure, but unknown "
expires = "2026-12-24"
"""
    one, other = loaded(tmp_path, text, "pyproject.toml").allowances
    assert (one.package, one.expires, str(one.specifier), one.targets, one.codes) == ("av", "2027-01-31", "", (), ())
    assert (other.package, other.expires, other.reason) == ("foo-bar", "2026-12-24", "pure, but unknown")
    assert str(other.specifier) == "<2,>=1"
    assert other.targets == ("win_amd64", "manylinux_2_28_x86_64/3.12", "macosx*/3.1?")
    assert other.codes == ("WC10",)
    path = str(tmp_path / "pyproject.toml")
    assert (one.origin, other.origin) == (FileOrigin(path=path, line=5), FileOrigin(path=path, line=10))


def test_inline_allowances_know_their_lines(tmp_path: Path) -> None:
    text = """# allow = [{}]
allow = [
  {package = "a", reason = "braces } in ] strings # too", expires = 2027-01-31},
  # { a comment }
  {package = "b", reason = 'x', codes = ["WC1"], expires = 2027-01-31},
  {package = "c", reason = "x", expires = 2027-01-31, codes = ["WC9"]},
]
"""
    error = wrong(tmp_path, text)
    assert "allow[2].codes: unknown code 'WC9'" in error.message
    assert line(error) == 6
    good = loaded(tmp_path, text.replace("WC9", "WC2"))
    assert [each.origin.line for each in good.allowances] == [3, 5, 6]


@pytest.mark.parametrize("key", ["package", "reason", "expires"])
def test_package_reason_and_expiry_are_required_and_the_message_says_why(tmp_path: Path, key: str) -> None:
    entry = "".join(row for row in ENTRY.splitlines(keepends=True) if not row.startswith(key))
    error = wrong(tmp_path, f"pre = true\n[[allow]]\n{ENTRY}\n[[allow]]\n{entry}")
    assert error.message == f"allow[1].{key} is missing"
    assert line(error) == 7
    assert error.hint


def test_missing_expiry_is_explained(tmp_path: Path) -> None:
    assert "last day" in wrong(tmp_path, '[[allow]]\npackage = "a"\nreason = "x"\n').hint


@pytest.mark.parametrize(
    ("row", "told", "hint"),
    [
        ('expire = "2027-01-31"', "unknown key 'allow[0].expire'", "did you mean expires?"),
        ("version = '1'", "unknown key 'allow[0].version'", "did you mean versions?"),
        ("sdist = 'any'", "unknown key 'allow[0].sdist'", "the keys are package"),
        ("versions = '11.0.0'", "allow[0].versions is no version specifier (PEP 440): '11.0.0'", 'write "==11.0.0"'),
        ("versions = 'new'", "allow[0].versions is no version specifier", ">=11,<12"),
        ("versions = 3", "allow[0].versions must be a string", ""),
        ("targets = 'windos'", "allow[0].targets: 'windos' is no platform", "windows"),
        ("targets = ['windows/311x']", "allow[0].targets: '311x' is no Python version", "3.11"),
        ("targets = [3]", "allow[0].targets must be a string or a list of strings", ""),
        ("codes = ['WC120']", "allow[0].codes: unknown code 'WC120'", "the codes that begin with WC1 are WC101, WC102"),
        ("codes = ['']", "allow[0].codes must be a string or a list of strings", ""),
    ],
)
def test_slip_in_an_allowance_names_its_line_and_key(tmp_path: Path, row: str, told: str, hint: str) -> None:
    error = wrong(tmp_path, f"[[allow]]\n{ENTRY}{row}\n")
    assert told in error.message
    assert hint in error.hint
    assert line(error) == 5


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("expires = 2027-01-31T10:00:00Z", "allow[0].expires must be a day"),
        ('expires = "in a year"', "allow[0].expires must be a day"),
        ('expires = "2027-02-30"', "allow[0].expires is a day that is in no calendar"),
        ("expires = true", "allow[0].expires must be a day"),
    ],
)
def test_expiry_is_a_day_of_the_calendar(tmp_path: Path, row: str, told: str) -> None:
    error = wrong(tmp_path, f'[[allow]]\npackage = "a"\nreason = "x"\n{row}\n')
    assert told in error.message
    assert line(error) == 4


@pytest.mark.parametrize("row", ['package = "av==11"', 'package = ""', "package = ['av']", "package = 'a b'"])
def test_package_is_a_name_alone(tmp_path: Path, row: str) -> None:
    error = wrong(tmp_path, f'[[allow]]\nreason = "x"\nexpires = 2027-01-31\n{row}\n')
    assert error.message.startswith("allow[0].package ")
    assert line(error) == 4


def test_reason_of_spaces_is_none(tmp_path: Path) -> None:
    assert "says nothing" in wrong(tmp_path, '[[allow]]\npackage = "a"\nreason = " "\nexpires = 2027-01-31\n').message


@pytest.mark.parametrize(
    "text", ["allow = true", "allow = ['av']", "allow = {package = 'av'}", "[allow]\npackage = 'av'"]
)
def test_allow_is_an_array_of_tables(tmp_path: Path, text: str) -> None:
    error = wrong(tmp_path, text)
    assert error.message == "allow must be an array of tables"
    assert line(error) == 1


def test_codes_are_known_ones_in_any_case(tmp_path: Path) -> None:
    found = loaded(tmp_path, "fail-on = ['wc2', 'WC107', 'WC']\nwarn-only = 'WC201'\n")
    assert (found.fail_on, found.warn_only) == (("WC2", "WC107", "WC"), ("WC201",))
    error = wrong(tmp_path, "pre = true\nfail-on = ['WC2001']\n")
    assert error.message == "fail-on: unknown code 'WC2001'"
    assert error.hint.startswith("the codes that begin with WC20 are WC201, ")
    assert line(error) == 2
    assert "the codes are WC101" in wrong(tmp_path, "warn-only = ['E501']").hint


@pytest.mark.parametrize(
    "word", ["win_amd64", "3.11", "win_amd64/*", "windos/3.11", "windows/2.7", "/3.11", "windows/"]
)
def test_targets_are_a_platform_and_a_python_each(tmp_path: Path, word: str) -> None:
    error = wrong(tmp_path, f"pre = true\ntargets = ['linux/3.11', '{word}']\n")
    assert error.message.startswith("targets: ")
    assert error.hint
    assert line(error) == 2


def test_baseline_lies_beside_the_settings(tmp_path: Path) -> None:
    assert loaded(tmp_path, "baseline = 'ci/known.json'\n").baseline == str(tmp_path / "ci" / "known.json")
