"""Integers of thousands of digits and nesting without an end are invalid input; what reads YAML takes no quadratic time."""

from __future__ import annotations

import time

import pytest

from wheelcheck.errors import InputUnreadable, WheelcheckError
from wheelcheck.knowledge.compatibility import parse_repair_knowledge
from wheelcheck.locks.formats import parse_lock
from wheelcheck.plans.documents import parse_plan
from wheelcheck.targets.targets import parse_target_file
from wheelcheck.texts.toml import parse_toml
from wheelcheck.texts.yaml import parse_yaml

DIGITS = "9" * 5_000
POETRY = '[[package]]\nname = "a"\nversion = "{}"\n[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "x"\n'


@pytest.mark.parametrize("mark", ["[", "{", "{a: ", "- ", "? ", "[a, ", "&a [*a,"])
def test_nesting_without_an_end_in_yaml_is_told_and_costs_little(mark: str) -> None:
    with pytest.raises(InputUnreadable):
        parse_yaml(mark * 3_200, "ci.yml")


def test_nesting_to_a_depth_that_people_write_is_read() -> None:
    assert parse_yaml("a: " + "[" * 40 + "]" * 40, "ci.yml") is not None
    assert parse_yaml("a: '" + "[" * 400 + "'\nb: |\n  " + "[[ " * 400, "ci.yml") is not None


@pytest.mark.parametrize("mark", ["[", "{", "[a, "])
def test_quadratic_time_is_not_spent_on_brackets(mark: str) -> None:
    def seconds(count: int) -> float:
        began = time.process_time()
        with pytest.raises(InputUnreadable):
            parse_yaml(mark * count, "ci.yml")
        return time.process_time() - began

    seconds(10)
    # With all of them open, ten times as many took a hundred times as long.
    assert seconds(4_000) < 30 * max(seconds(400), 0.01)


@pytest.mark.parametrize(
    "read",
    [
        lambda: parse_toml(f"a = {DIGITS}", "x.toml"),
        lambda: parse_lock(POETRY.format(DIGITS).encode(), "poetry.lock"),
        lambda: parse_lock(f'lock-version = "{DIGITS}"\n'.encode(), "pylock.toml"),
        lambda: parse_plan(f'{{"schema": "wheelcheck.plan/1", "a": {DIGITS}}}'.encode(), "plan.json"),
        lambda: parse_target_file(f'{{"a": {DIGITS}}}', "t.json"),
        lambda: parse_repair_knowledge(f"a = {DIGITS}", "own.toml"),
        lambda: parse_repair_knowledge(f'[[python]]\nminor = "3.{DIGITS}"', "own.toml"),
    ],
)
def test_integers_of_thousands_of_digits_are_invalid_input(read: object) -> None:
    with pytest.raises(WheelcheckError):
        read()  # type: ignore[operator]


@pytest.mark.parametrize(
    "read",
    [
        lambda: parse_toml("a = " + "[" * 20_000, "x.toml"),
        lambda: parse_plan(b'{"a": ' + b"[" * 20_000, "plan.json"),
        lambda: parse_target_file('{"a": ' + "[" * 20_000, "t.json"),
        lambda: parse_lock(b'{"pip_version": "1", "version": "1", "install": ' + b"[" * 20_000, "report.json"),
        lambda: parse_repair_knowledge("a = " + "[" * 20_000, "own.toml"),
    ],
)
def test_nesting_without_an_end_is_invalid_input(read: object) -> None:
    with pytest.raises(WheelcheckError):
        read()  # type: ignore[operator]
