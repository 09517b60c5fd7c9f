"""The quick way of reading file rows gives what tomllib gives, or leaves it to tomllib."""

from __future__ import annotations

import time
import tomllib

import pytest

from tests.locks.fixtures import LOCKS, target
from wheelcheck.locks.choosing import applicable
from wheelcheck.locks.documents import parse_toml
from wheelcheck.locks.formats import parse_lock

ROW = '    {{ url = "https://index.example/files/gem-{0}-py3-none-any.whl", hash = "sha256:{0}", size = {0} }},\n'
ROWS = "".join(ROW.format(number) for number in range(1, 40))


@pytest.mark.parametrize(
    "path", sorted(path for path in LOCKS.rglob("*") if path.suffix in {".toml", ".lock"}), ids=str
)
def test_locks_are_read_as_tomllib_reads_them(path: object) -> None:
    text = (LOCKS / str(path)).read_text(encoding="utf-8")
    if text.startswith("{"):
        return
    assert parse_toml(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        f"[[package]]\nwheels = [\n{ROWS}]\n",
        f"[[package]]\nfiles = [\n{ROWS}]\n",
        f"[[package]]\nother = [\n{ROWS}]\n",
        f'[[package]]\nname = """\n{ROWS}"""\n',
        f"[[package]]\nname = '''\n{ROWS}'''\nwheels = [\n{ROWS}]\n",
        f'[[package]]\nname = "row1"\nwheels = [\n{ROWS}"row2", "row~3"]\n',
        f"package = [{{ wheels = [\n{ROWS}] }}]\n",
    ],
)
def test_rows_in_odd_places_are_read_as_tomllib_reads_them(text: str) -> None:
    assert parse_toml(text) == tomllib.loads(text)


def test_an_error_behind_rows_keeps_its_line() -> None:
    text = f"[[package]]\nwheels = [\n{ROWS}]\nname =\n"
    with pytest.raises(tomllib.TOMLDecodeError, match="at line 43"):
        parse_toml(text)


def test_a_lock_of_a_hundred_packages_is_read_once_and_asked_for_many_targets_in_a_moment() -> None:
    digest = "0" * 64
    packages = "".join(
        f'[[package]]\nname = "gem{number}"\nversion = "1.0"\nsource = {{ registry = "https://index.example/simple" }}\n'
        f'dependencies = [\n    {{ name = "gem{number % 100 + 1}", marker = "python_full_version < \'3.{number}\'" }},\n]\n'
        "wheels = [\n"
        + "".join(
            f'    {{ url = "https://index.example/{digest}/gem{number}-1.0-cp3{minor}-cp3{minor}-{platform}.whl", '
            f'hash = "sha256:{digest}", size = 100, upload-time = "2026-01-15T12:00:00Z" }},\n'
            for minor in (10, 11, 12, 13, 14)
            for platform in ("win_amd64", "macosx_13_0_arm64")
        )
        + "]\n"
        for number in range(1, 101)
    )
    asked = "".join(f'    {{ name = "gem{number}" }},\n' for number in range(1, 101))
    text = (
        'version = 1\nrequires-python = ">=3.9"\n\n[[package]]\nname = "app"\nversion = "1"\nsource = { virtual = "." }\n'
        f"dependencies = [\n{asked}]\n{packages}"
    )
    targets = [
        target(platform, f"3.{minor}") for platform in ("win_amd64", "macosx_13_0_arm64") for minor in range(11, 14)
    ]
    start = time.perf_counter()
    found = parse_lock(text.encode(), "uv.lock")
    assert all(len(applicable(found, each)) == 100 for each in targets)
    # A tenth of that on an idle machine; the goal is a second for 24 targets.
    assert time.perf_counter() - start < 1
