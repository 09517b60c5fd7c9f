"""``pixi.lock``: the versions that pixi wrote over time, platforms, environments and what is not pip's.

The first text is what rattler, the library behind pixi, writes; the others are older spellings of the same.
"""

from __future__ import annotations

import pytest

from tests.locks.fixtures import failure, target
from wheelcheck.locks.choosing import applicable, uncovered
from wheelcheck.locks.formats import parse_lock
from wheelcheck.model.lock import Lock, LockKind

SHA = "a" * 64
FILES = "https://index.example/files/"
LINUX, WINDOWS = (
    f"{FILES}anvil-2.0.1-cp311-cp311-manylinux_2_17_x86_64.whl",
    f"{FILES}anvil-2.0.1-cp311-cp311-win_amd64.whl",
)
SEVEN = f"""\
version: 7
platforms:
- name: linux-64
- name: laptop
  subdir: win-64
environments:
  default:
    channels:
    - url: https://conda.example/conda-forge/
    indexes:
    - https://index.example/simple
    packages:
      linux-64:
      - conda: https://conda.example/conda-forge/linux-64/openssl-3.2.0-hd590300_1.conda
      - conda: https://conda.example/conda-forge/linux-64/python-3.11.7-hab00c5b_1_cpython.conda
      - pypi: ./
      - pypi: git+https://user:secret@git.example/gem.git@abc#abcdef
      - pypi: {LINUX}
      laptop:
      - conda: https://conda.example/conda-forge/win-64/python-3.11.9-h631f459_0_cpython.conda
      - pypi: ./
      - pypi: {WINDOWS}
      - pypi: {FILES}colour-1.0-py3-none-any.whl
  test:
    channels: []
    packages:
      linux-64:
      - pypi: {LINUX}
      - pypi: {FILES}harbor-1.4.0-py3-none-any.whl
      laptop:
      - pypi: {FILES}harbor-1.5.0-py3-none-any.whl
packages:
- conda: https://conda.example/conda-forge/linux-64/openssl-3.2.0-hd590300_1.conda
  sha256: {SHA}
  depends:
  - ca-certificates
- conda: https://conda.example/conda-forge/linux-64/python-3.11.7-hab00c5b_1_cpython.conda
- pypi: ./
  name: quay
- pypi: git+https://user:secret@git.example/gem.git@abc#abcdef
  name: gem
  version: '1.0'
- pypi: {LINUX}
  name: anvil
  version: 2.0.1
  sha256: {SHA}
  requires_python: '>=3.8'
- pypi: {WINDOWS}
  name: anvil
  version: 2.0.1
  sha256: {SHA}
- conda: https://conda.example/conda-forge/win-64/python-3.11.9-h631f459_0_cpython.conda
- pypi: {FILES}colour-1.0-py3-none-any.whl
  name: colour
  version: '1.0'
- pypi: {FILES}harbor-1.4.0-py3-none-any.whl
  name: harbor
  version: 1.4.0
- pypi: {FILES}harbor-1.5.0-py3-none-any.whl
  name: harbor
  version: 1.5.0
"""
SIX = SEVEN.replace(
    "version: 7\nplatforms:\n- name: linux-64\n- name: laptop\n  subdir: win-64\n", "version: 6\n"
).replace("laptop", "win-64")
FIVE = (
    SIX.replace("version: 6", "version: 5")
    .replace("\n- pypi: ./\n", "\n- kind: pypi\n  path: ./\n")
    .replace("\n- pypi: ", "\n- kind: pypi\n  url: ")
    .replace("\n- conda: ", "\n- kind: conda\n  url: ")
)


def lock(text: str = SEVEN) -> Lock:
    return parse_lock(text.encode(), "pixi.lock")


@pytest.mark.parametrize("text", [SEVEN, SIX, FIVE, FIVE.replace("version: 5", "version: 4")])
def test_each_version_tells_what_pip_would_install_on_each_platform(text: str) -> None:
    found = lock(text)
    assert (found.kind, found.conda, str(found.requires_python)) == (LockKind.PIXI, 3, "==3.11.*")
    on = {
        platform: [str(each) for each in applicable(found, target(platform, "3.11"))]
        for platform in ("manylinux_2_28_x86_64", "win_amd64")
    }
    assert on == {"manylinux_2_28_x86_64": ["gem==1.0", "anvil==2.0.1"], "win_amd64": ["anvil==2.0.1", "colour==1.0"]}
    (anvil,) = [each for each in applicable(found, target("win_amd64", "3.11")) if each.name == "anvil"]
    (file,) = anvil.files or ()
    assert (file.at.url, file.at.sha256, anvil.index) == (WINDOWS, SHA, "https://index.example/simple")
    assert text.splitlines()[anvil.origin.line - 1].startswith("- ")
    assert WINDOWS in "".join(text.splitlines()[anvil.origin.line - 1 : anvil.origin.line + 1])


def test_an_environment_stands_in_place_of_the_default_one() -> None:
    found = lock()
    assert found.groups == ("test",)
    test = {
        platform: applicable(found, target(platform, "3.11"), groups=("test",)) for platform in ("linux", "windows")
    }
    assert [str(each) for each in test["linux"]] == ["anvil==2.0.1", "harbor==1.4.0"]
    assert [str(each) for each in test["windows"]] == ["harbor==1.5.0"]


def test_a_repository_is_named_without_its_secret_and_the_project_itself_is_its_own() -> None:
    gem = next(each for each in lock().packages if each.name == "gem")
    assert gem.unsupported is not None
    assert (gem.unsupported.kind, "secret" in str(gem)) == ("vcs", False)
    assert next(each for each in lock().packages if each.name == "quay").is_own


def test_other_platforms_and_pythons_are_not_covered() -> None:
    assert uncovered(lock(), target("macosx_13_0_arm64", "3.11")) == "locked for other environments only"
    assert uncovered(lock(), target("win_amd64", "3.12")) == "locked for Python ==3.11.* only"


def test_environments_of_several_pythons_bound_none() -> None:
    python = "      - conda: https://conda.example/conda-forge/linux-64/python-3.12.1-hab00c5b_1_cpython.conda\n"
    at = SEVEN.index("  test:")
    found = lock(SEVEN[:at] + SEVEN[at:].replace("      linux-64:\n", f"      linux-64:\n{python}", 1))
    assert found.requires_python is None
    assert [str(each) for each in applicable(found, target("linux", "3.12"), groups=("test",))] == [
        "anvil==2.0.1",
        "harbor==1.4.0",
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (SEVEN.replace("version: 7", "version: 8"), "version: 8", "format version 8 is not understood"),
        ("version: 6\n", "version: 6", "environments is missing"),
        (
            SEVEN.replace(f"      - pypi: {FILES}colour-1.0-py3-none-any.whl\n", ""),
            f"- pypi: {FILES}colour",
            "no environment of the lock lists it",
        ),
        (SEVEN.replace("  name: colour\n", ""), f"- pypi: {FILES}colour", "name is missing"),
        (
            SEVEN.replace("version: 1.4.0", "version: 1.4.1"),
            f"- pypi: {FILES}harbor-1.4.0",
            "is locked at 1.4.1, but lists harbor-1.4.0",
        ),
        (
            SEVEN.replace(f"sha256: {SHA}\n  requires_python", "sha256: abc\n  requires_python"),
            f"- pypi: {LINUX}",
            "is no sha256 in hex",
        ),
        (f"{SEVEN}- {{ broken\n", "", "not valid YAML"),
        (f"{SEVEN}- lone\n", "- lone", "a package that is no table"),
    ],
)
def test_what_is_not_as_pixi_writes_it_is_refused_with_its_line(text: str, line: str, message: str) -> None:
    error = failure(text, "pixi.lock")
    path, _, number = error.address.partition(":")
    assert path == "pixi.lock"
    assert [*text.splitlines(), ""][int(number) - 1].startswith(line)
    assert message in error.message


def test_a_file_that_is_no_table_is_no_lock() -> None:
    assert "no pixi.lock" in failure("- a\n", "pixi.lock").message
