"""Every log of the fixtures tells what the table beside it says, however builders and CI wrap its lines."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Callable, Iterable

import pytest

from tests.logs.wrapping import LOGS, WRAPPERS, lines_of, wrapped_fixtures
from wheelcheck.knowledge.systems import load_build_failures, load_images
from wheelcheck.logs.reading import parse_log
from wheelcheck.logs.stream import Tables
from wheelcheck.model.failure import Failure, FailureLog

EXPECTED = tomllib.loads((LOGS / "expected.toml").read_text(encoding="utf-8"))
TABLES = Tables(images=load_images(), builds=load_build_failures())
OF_TOOLS = [name for name in EXPECTED if not name.startswith(("docker-", "github-", "gitlab-"))]


def read(content: bytes) -> FailureLog:
    return parse_log(io.BytesIO(content), "build.log", TABLES)


def failed(log: FailureLog) -> list[str]:
    return [f"{each.name} {each.version or each.specifier or '-'} {each.kind.value}" for each in log.failures]


def targets(failures: Iterable[Failure]) -> list[str]:
    return [f"{each.target.platform or '-'} {each.target.python or '-'}" for each in failures]


def test_every_log_is_in_the_table_and_every_row_is_a_log() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in LOGS.glob("*.log"))
    assert len(OF_TOOLS) >= 60


@pytest.mark.parametrize("name", EXPECTED)
def test_the_failing_distributions_all_and_no_others_and_their_target(name: str) -> None:
    expected = EXPECTED[name]
    log = read((LOGS / f"{name}.log").read_bytes())
    assert failed(log) == expected.get("failed", [])
    assert targets(log.failures) == expected.get("targets", [])
    causes = [each.causes[0].id if each.causes else "-" for each in log.failures]
    assert causes == expected.get("causes", ["-"] * len(causes))
    assert [each.name for each in log.failures if each.is_local] == expected.get("local", [])
    assert [each.by for each in log.failures if each.by] == expected.get("by", [])
    assert [each.kind.value for each in log.troubles] == expected.get("troubles", [])
    assert (log.has_succeeded and not log.failures) == expected.get("succeeded", False)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_quoted_line_is_the_line_of_the_log(name: str) -> None:
    content = (LOGS / f"{name}.log").read_bytes()
    lines = content.decode().split("\n")
    for failure in read(content).failures:
        line = lines[failure.quote.line - 1]
        words = failure.quote.text.split()[:2]
        assert all(word in line or "\x1b" in line for word in words)


@pytest.mark.parametrize("wrap", WRAPPERS, ids=lambda wrap: wrap.__name__)
def test_a_wrapped_log_tells_the_same(wrap: Callable[[Iterable[str]], bytes]) -> None:
    for name in OF_TOOLS:
        log = read(wrap(lines_of(name)))
        expected = EXPECTED[name]
        assert failed(log) == expected.get("failed", []), name
        assert targets(log.failures) == expected.get("targets", []), name
        assert [each.kind.value for each in log.troubles] == expected.get("troubles", []), name


def test_the_wrapped_fixtures_are_those_that_the_module_writes() -> None:
    for name, text in wrapped_fixtures().items():
        assert (LOGS / f"{name}.log").read_bytes() == text.encode(), name


def test_two_logs_in_one_file_tell_the_failures_of_both() -> None:
    both = read("\n".join((*lines_of("pip-26-two"), *lines_of("uv-0.13-sync-header"))).encode())
    assert failed(both) == [*EXPECTED["pip-26-two"]["failed"], *EXPECTED["uv-0.13-sync-header"]["failed"]]


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("nsist.wheels.NoWheelError: No compatible wheels found for av 11.0.0", "av 11.0.0 no match"),
        ("nsist.wheels.NoWheelError: No release 9.9 for package av", "av 9.9 no match"),
        ("nsist.wheels.NoWheelError: No package named avv found on PyPI", "avv - no match"),
        (
            "ValueError: Wheel av-11-cp310-cp310-win_amd64.whl is not compatible with Python 3.11.9, win_amd64",
            "av 11 no match",
        ),
        ("[InstallationError]: Couldn't install package: psycopg2", "psycopg2 - build"),
        (" and pyside2 (5.15.2) requires Python >=2.7, !=3.0.*, <3.10, pyside2 is forbidden.", "pyside2 - python"),
        (
            "error: distribution kaleido==0.2.1.post1 @ registry+https://index.example/simple can't be installed because it "
            "doesn't have a source distribution or wheel for the current platform",
            "kaleido 0.2.1.post1 no match",
        ),
    ],
)
def test_words_of_older_installers_are_understood(line: str, failure: str) -> None:
    assert failed(read(line.encode())) == [failure]


@pytest.mark.parametrize(
    ("listed", "offered"),
    [
        ("1.0, 1.1, 2.0)", ["1.0", "1.1", "2.0"]),
        ("1.0, 1.1, 2.", ["1.0", "1.1"]),
        ("1.0, 1.1, ..., 2.0)", ["1.0", "1.1"]),
        ("none)", []),
        ("1.0", None),
        ("0.1dev-r1716, 0.2, 0.3)", None),
    ],
)
def test_versions_that_pip_lists_are_read_up_to_where_the_list_is_cut(listed: str, offered: list[str] | None) -> None:
    line = f"ERROR: Could not find a version that satisfies the requirement a==3 (from versions: {listed}"
    found = read(line.encode()).failures[0].offered
    assert (None if found is None else [str(each) for each in found]) == offered


_OLD = r"""
  Downloading Fiona-1.8.18.tar.gz (1.3 MB)
    ERROR: Command errored out with exit status 1:
     command: 'C:\Python39\python.exe' -c 'import sys, setuptools' egg_info
         cwd: C:\Users\me\AppData\Local\Temp\pip-install-_kj9hn6q\fiona_8af7dbc19e494c6083f4f60ff0261881\
    Complete output (1 lines):
    A GDAL API version must be specified. Provide a path to gdal-config using a GDAL_CONFIG environment variable.
"""


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (_OLD, "fiona 1.8.18 build"),
        (_OLD.replace("  Downloading Fiona-1.8.18.tar.gz (1.3 MB)", ""), "fiona - build"),
        (
            'ERROR: Command "python setup.py egg_info" failed with error code 1 in /tmp/pip-install-k3vy/my.pkg/',
            "my-pkg - build",
        ),
        ('Command "python setup.py egg_info" failed with error code 1 in /tmp/pip-build-k3vy/pkg', "pkg - build"),
        ("ERROR: Command 'python setup.py egg_info' failed with error code 1 in /home/me/pkg", None),
    ],
)
def test_the_folder_of_the_source_names_what_older_pip_could_not_build(log: str, expected: str | None) -> None:
    assert failed(read(log.encode())) == ([expected] if expected else [])


def test_the_missing_gdal_is_the_cause_of_the_failed_build() -> None:
    (fiona,) = read(_OLD.encode()).failures
    assert [cause.id for cause in fiona.causes] == ["config-program"]


def test_a_build_that_failed_without_a_name_is_an_error_and_no_success() -> None:
    log = read(
        "\u00d7 python setup.py bdist_wheel did not run successfully.\n  error: invalid command 'bdist_wheel'\n".encode()
    )
    assert not log.failures
    assert [quote.line for quote in log.unknown] == [1, 2]


def test_words_in_the_output_of_a_build_tell_nothing_of_the_machine() -> None:
    log = read(
        "Collecting pkg==1.0\n  Getting requirements to build wheel ... error\n  ╰─> [3 lines of output]\n"
        "      For help see the page of Windows 10\n      [end of output]\nUbuntu 22.04\n".encode()
    )
    assert targets(log.failures) == ["manylinux_2_35_x86_64 -"]


def test_a_wheel_that_was_given_and_refused_is_kept() -> None:
    (refused,) = read(b"ERROR: pkg-1.0-cp310-cp310-win_amd64.whl is not a supported wheel on this platform.\n").failures
    assert refused.refused == "pkg-1.0-cp310-cp310-win_amd64.whl"


def test_a_name_that_no_wheel_has_is_no_matter_of_wheels() -> None:
    log = read(b"ERROR: Invalid wheel filename (wrong number of parts): 'pkg-1.0-new-cu128-cp312-cp312-win_amd64'\n")
    assert [trouble.kind.value for trouble in log.troubles] == ["filename"]


def test_a_distribution_that_a_second_attempt_installs_has_not_failed() -> None:
    again = "Collecting netifaces==0.11.0\nSuccessfully installed netifaces-0.11.0\n"
    log = read("\n".join((*lines_of("pip-26-two"), again)).encode())
    assert failed(log) == ["pycrypto 2.6.1 build"]


def test_lines_that_hold_no_sign_are_passed_over_without_loss() -> None:
    """The signs of the tables are right: with every line read, each log tells the same."""
    from wheelcheck.logs import reading
    from wheelcheck.logs.lines import cleaned, iter_raw, open_text

    for name in EXPECTED:
        content = (LOGS / f"{name}.log").read_bytes()
        log = reading._Log(TABLES)
        number = 0
        for number, raw in iter_raw(open_text(io.BytesIO(content), name)):
            for line in cleaned(number, raw):
                log.take(line)
        assert log.finished(number) == read(content), name


def test_every_pattern_stands_behind_a_sign_of_its_row() -> None:
    from wheelcheck.logs.messages import TABLE as MESSAGES
    from wheelcheck.logs.target_hints import TABLE as HINTS

    lines = {line for name in EXPECTED for line in lines_of(name)}
    rows = [(pattern, row.signs) for row, pattern in MESSAGES.rows] + [
        (pattern, row.signs) for row, pattern in HINTS.rows
    ]
    rows += [(pattern, cause.signs) for cause in TABLES.causes.rows for pattern in cause.patterns]
    for pattern, signs in rows:
        for line in lines:
            assert pattern.search(line) is None or any(sign in line for sign in signs), (pattern.pattern, line)


def test_a_run_of_pynsist_on_linux_is_one_for_windows() -> None:
    lines = (
        "Getting https://a.example/ftp/python/3.11.9/python-3.11.9-embed-amd64.zip",
        'File "/opt/hostedtoolcache/Python/3.12.4/x64/lib/python3.12/site-packages/nsist/wheels.py", line 137, in get_from_pypi',
        "    raise NoWheelError('No compatible wheels found for {0.name} {0.version}'.format(self))",
        "nsist.wheels.NoWheelError: No compatible wheels found for av 11.0.0",
    )
    log = read("\n".join(lines).encode())
    assert failed(log) == ["av 11.0.0 no match"]
    assert targets(log.failures) == ["win_amd64 3.11.9"]
