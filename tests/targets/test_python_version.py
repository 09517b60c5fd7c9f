"""``.python-version`` as pyenv, uv and people write it."""

from __future__ import annotations

import pytest

from wheelcheck.errors import InputUnreadable
from wheelcheck.knowledge.systems import load_images
from wheelcheck.targets.python_version import parse_python_version_file
from wheelcheck.targets.sources import TargetQuery
from wheelcheck.targets.targets import parse_target

QUERY = TargetQuery(known=load_images(), pythons=())


@pytest.mark.parametrize(
    ("line", "platform", "python"),
    [
        ("3.11", None, "3.11"),
        ("3.11.9", None, "3.11.9"),
        ("3.13t", None, "3.13t"),
        ("3.13+freethreaded", None, "3.13t"),
        ("3.15-dev", None, "3.15"),
        ("3.15.0rc1", None, "3.15"),
        ("3", None, None),
        ("cpython-3.12.3-linux-x86_64-gnu", "manylinux_2_28_x86_64", "3.12.3"),
        ("cpython-3.13.1+freethreaded-linux-aarch64-musl", "musllinux_1_2_aarch64", "3.13.1t"),
        ("cpython-3.12.3-windows-x86_64-none", "win_amd64", "3.12.3"),
        ("cpython-3.12.3-windows-x86-none", "win32", "3.12.3"),
        ("cpython-3.12.3-macos-aarch64-none", "macosx_13_0_arm64", "3.12.3"),
        ("pypy-3.10.14-linux-x86_64-gnu", "manylinux_2_28_x86_64", "pp3.10"),
        ("cpython@3.12", None, "3.12"),
        ("cpython3.12", None, "3.12"),
        ("python3.12", None, "3.12"),
        ("pypy3.10-7.3.12", None, "pp3.10"),
        ("pypy@3.10", None, "pp3.10"),
    ],
)
def test_every_form_has_its_words(line: str, platform: str | None, python: str | None) -> None:
    (target,) = parse_python_version_file(f"{line}\n", ".python-version", QUERY).targets
    assert (target.platform, target.python) == (platform, python)
    parse_target(target.platform or "win_amd64", target.python or "3.11")


def test_several_lines_are_several_targets_once_each_and_what_is_no_python_is_noted() -> None:
    text = "# pyenv local\n3.12.4  # the one in production\n\n3.11 3.12.4\nsystem\nminiconda3-4.7.12\n"
    found = parse_python_version_file(text, ".python-version", QUERY)
    assert [(target.python, str(target.origin)) for target in found.targets] == [
        ("3.12.4", ".python-version:2"),
        ("3.11", ".python-version:4"),
    ]
    assert [str(note) for note in found.notes] == [
        ".python-version:5: 'system' is no version of CPython or PyPy 3",
        ".python-version:6: 'miniconda3-4.7.12' is no version of CPython or PyPy 3",
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ".python-version"),
        ("# none\n", ".python-version"),
        ("\nsystem\n", ".python-version:2"),
        ("2.7.18", ".python-version:1"),
    ],
)
def test_a_file_without_a_usable_version_is_refused(text: str, address: str) -> None:
    with pytest.raises(InputUnreadable) as refused:
        parse_python_version_file(text, ".python-version", QUERY)
    assert refused.value.address == address
    assert "--python" in refused.value.hint
