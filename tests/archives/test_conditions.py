"""Conditions in code that hang on the target are decided as its Python would; others are left open."""

from __future__ import annotations

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelcheck.archives.import_statements import truth_of
from wheelcheck.model.code import ImportTarget

WINDOWS = ImportTarget(
    minor=12, sys_platform="win32", os_name="nt", platform_system="Windows", implementation="cpython"
)


@pytest.mark.parametrize(
    ("condition", "known"),
    [
        ("sys.platform == 'win32'", True),
        ("sys.platform.startswith('linux')", False),
        ("sys.platform in ('win32', 'cygwin')", True),
        ("'win' in sys.platform", True),
        ("os.name != 'nt'", False),
        ("platform.system() == 'Windows'", True),
        ("platform.system().lower() == 'linux'", False),
        ("platform.python_implementation() == 'PyPy'", False),
        ("sys.implementation.name == 'cpython'", True),
        ("sys.version_info >= (3, 12)", True),
        ("sys.version_info > (3, 12)", True),
        ("sys.version_info[:2] > (3, 12)", False),
        ("sys.version_info[:2] == (3, 12)", True),
        ("sys.version_info == (3, 12)", False),
        ("sys.version_info < (3,)", False),
        ("sys.version_info[0] == 2", False),
        ("sys.version_info.major >= 3", True),
        ("sys.version_info[1] < 8", False),
        ("sys.version_info >= (3, 12, 4)", None),
        ("sys.version_info >= (3, 11, 4)", True),
        ("six.PY2", False),
        ("PY3 and os.name == 'nt'", True),
        ("not PY2 or anything()", True),
        ("anything() and PY2", False),
        ("anything()", None),
        ("sys.platform == os.environ['X']", None),
        ("os.environ.get('DEMO_VERSION_ONLY') != '1'", True),
        ("os.environ.get('DEMO_VERSION_ONLY') == '1'", False),
        ("os.getenv('DEMO_VERSION_ONLY')", False),
        ("os.environ.get('DEMO_VERSION_ONLY', '1')", None),
        ("os.environ.get('DEMO_VERSION_ONLY', False)", False),
        ("not os.getenv('DEMO_VERSION_ONLY', '')", True),
        ("os.getenv('DEMO_VERSION_ONLY', '') == ''", True),
        ("os.getenv('DEMO_VERSION_ONLY', '') != '1'", True),
        ("os.getenv('DEMO_VERSION_ONLY') == ''", False),
        ("os.getenv('DEMO_VERSION_ONLY', other)", None),
        ("os.environ.get('XDG_SESSION_TYPE', '')", None),
        ("os.environ.get('DEMO_VERSION_ONLY') != other", None),
        ("os.environ.get('XDG_SESSION_TYPE') == 'x11'", None),
        ("os.environ.get('DISPLAY')", None),
        ("__name__ == '__main__'", None),
        ("0", False),
    ],
)
def test_condition_is_decided_where_the_target_tells(condition: str, known: bool | None) -> None:
    assert truth_of(ast.parse(condition, mode="eval").body, WINDOWS) is known


COMPARISONS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
LEFT = st.sampled_from(["sys.version_info", "sys.version_info[:2]", "sys.version_info[:1]", "sys.version_info[0]"])
RIGHT = st.lists(st.integers(2, 14), min_size=1, max_size=2)


@given(left=LEFT, comparison=COMPARISONS, right=RIGHT)
def test_what_is_known_of_versions_is_what_this_python_says(left: str, comparison: str, right: list[int]) -> None:
    wanted = str(right[0]) if left.endswith("[0]") else repr(tuple(right))
    condition = f"{left} {comparison} {wanted}"
    target = ImportTarget(
        minor=sys.version_info.minor,
        sys_platform="linux",
        os_name="posix",
        platform_system="Linux",
        implementation="cpython",
    )
    known = truth_of(ast.parse(condition, mode="eval").body, target)
    assert known is None or known is eval(condition, {"sys": sys})  # noqa: S307 - our own words
