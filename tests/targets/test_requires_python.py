"""``requires-python`` as a list of Pythons."""

from __future__ import annotations

import pytest

from wheelcheck.errors import InputUnreadable
from wheelcheck.knowledge.systems import load_images
from wheelcheck.targets.pythons import parse_requires_python
from wheelcheck.targets.sources import TargetQuery

PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.13t", "pp3.10")
QUERY = TargetQuery(known=load_images(), pythons=PYTHONS)


def admitted(text: str) -> list[str | None]:
    return [target.python for target in parse_requires_python(text, "pyproject.toml", QUERY).targets]


@pytest.mark.parametrize(
    ("bounds", "pythons"),
    [
        (">=3.11", ["3.11", "3.12", "3.13"]),
        (">=3.9,<3.12", ["3.9", "3.10", "3.11"]),
        (">=3.11.5", ["3.11.5", "3.12", "3.13"]),
        ("==3.10.*", ["3.10"]),
        (">=3.9,!=3.10.*,!=3.11.0", ["3.9", "3.11.1", "3.12", "3.13"]),
        ("~=3.12", ["3.12", "3.13"]),
        (">3.12", ["3.12.1", "3.13"]),
        ("==3.11.9", ["3.11.9"]),
        ("", ["3.9", "3.10", "3.11", "3.12", "3.13"]),
    ],
)
def test_every_supported_minor_that_is_admitted_is_a_target(bounds: str, pythons: list[str]) -> None:
    assert admitted(f'[project]\nname = "x"\nrequires-python = "{bounds}"\n') == pythons


@pytest.mark.parametrize(
    ("constraint", "pythons"),
    [
        ("^3.11", ["3.11", "3.12", "3.13"]),
        ("~3.11", ["3.11"]),
        ("^3.11.4", ["3.11.4", "3.12", "3.13"]),
        (">= 3.10, <3.12", ["3.10", "3.11"]),
        ("3.11.*", ["3.11"]),
        ("~3.9 || ^3.12", ["3.9", "3.12", "3.13"]),
        ("*", ["3.9", "3.10", "3.11", "3.12", "3.13"]),
    ],
)
def test_poetry_says_it_in_its_own_way(constraint: str, pythons: list[str]) -> None:
    assert admitted(f'[tool.poetry.dependencies]\npython = "{constraint}"\n') == pythons


def test_a_target_tells_its_line_and_words() -> None:
    found = parse_requires_python('[project]\nname = "x"\nrequires-python = "==3.12.*"\n', "a/pyproject.toml", QUERY)
    (target,) = found.targets
    assert (target.platform, str(target.origin)) == (None, "a/pyproject.toml:3")


@pytest.mark.parametrize(
    ("text", "address", "says"),
    [
        ("[project]\nname = 'x'\n", "pyproject.toml", "says no requires-python"),
        ("[project]\nrequires-python = '>=3.20'\n", "pyproject.toml:2", "admits no Python that is supported"),
        ("[project]\nrequires-python = '3.11 or so'\n", "pyproject.toml:2", "no version specifier"),
        ("[project]\nrequires-python = 3.11\n", "pyproject.toml:2", "must be a string"),
        ("[tool.poetry.dependencies]\npython = 'snake'\n", "pyproject.toml:2", "no version constraint"),
        ("[project\n", "pyproject.toml:1", "not valid TOML"),
    ],
)
def test_what_admits_nothing_is_refused(text: str, address: str, says: str) -> None:
    with pytest.raises(InputUnreadable) as refused:
        admitted(text)
    assert refused.value.address == address
    assert says in refused.value.message
