"""Imports that fail are told with file and line, and what is not proved is not told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from tests.fakes.code import FakeCode
from tests.fakes.projects import FakeProjects, wheel
from tests.resolver.test_passes import answer
from wheelcheck.imports.failing import Surroundings, find_failing_imports, import_target
from wheelcheck.imports.suspects import LARGEST, Suspects, choose_suspects, find_overlaps
from wheelcheck.knowledge.loading import find_release_day, load_standard_library, load_variants
from wheelcheck.model.finding import Finding, Severity
from wheelcheck.model.requirement import CommandLineOrigin, UnsupportedRequirement
from wheelcheck.model.resolution import Resolution
from wheelcheck.options import ImportScope

LIBRARY = load_standard_library()
Archives = Mapping[str, Mapping[str, str]]


def resolved(archives: Archives, python: str, platform: str) -> Resolution:
    projects = FakeProjects({name: {"1": [wheel()]} for name in archives})
    outcome = answer(projects, *archives, python=python, platform=platform)
    assert isinstance(outcome, Resolution)
    return outcome


def code_of(archives: Archives) -> FakeCode:
    return FakeCode(
        archives={f"{name.replace('-', '_')}-1-py3-none-any.whl": files for name, files in archives.items()}
    )


def findings(archives: Archives, python: str = "3.12", platform: str = "manylinux_2_28_x86_64") -> list[Finding]:
    outcome = resolved(archives, python, platform)
    suspects = choose_suspects(outcome, "all", None, frozenset())
    return failing(outcome, suspects, code_of(archives))


def failing(outcome: Resolution, suspects: Suspects, code: FakeCode) -> list[Finding]:
    around = Surroundings(target=import_target(outcome.target), library=LIBRARY)
    return list(find_failing_imports(outcome.files, suspects, around, code, lambda _: ()))


def told(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.code.number, str(finding.package)) for finding in found]


FAILING: dict[str, tuple[str, Archives, str]] = {
    "a module that nobody brings": ("WC601", {"a": {"a.py": "import absent"}}, "brings the module `absent`"),
    "a module whose name no project can have": ("WC601", {"a": {"a.py": "import absent_"}}, "brings the module `absent_`"),
    "a module that Python no longer has": ("WC602", {"a": {"a.py": "import imp"}}, "no `imp` since Python 3.12"),
    "a module, beside a copy of six": (
        "WC601",
        {
            "a": {
                "a/__init__.py": "import absent\nfrom a import six",
                "a/six.py": "import sys\nsys.meta_path.append(Importer(__name__))",
            }
        },
        "brings the module `absent`",
    ),
    "a part of one": ("WC602", {"a": {"a.py": "from distutils.version import X"}}, "no `distutils.version` since Python 3.12"),
    "a name that Python no longer has": ("WC602", {"a": {"a.py": "from collections import Mapping"}}, "has no `Mapping`"),
    "an attribute that Python no longer has": (
        "WC602", {"a": {"a.py": "import inspect; spec = inspect.getargspec"}}, "has no `getargspec`"
    ),
    "what does not parse": ("WC603", {"a": {"a.py": "print 1"}}, "cannot parse a.py:1"),
    "a name of another project": (
        "WC604",
        {
            "a": {"a/__init__.py": "from .b import x", "a/b.py": "from c.d import gone"},
            "c": {"c/__init__.py": "", "c/d.py": "kept = 1"},
        },
        "c's `c.d` has no `gone`",
    ),
    "a module that another project no longer has": (
        "WC601",
        {"a": {"a.py": "from b.c import x"}, "b": {"b/__init__.py": "from b import d", "b/d.py": ""}},
        "as b has no module `b.c`",
    ),
    "a module of another project that imports what is missing": (
        "WC602",
        {"a": {"a.py": "import b.c"}, "b": {"b/__init__.py": "", "b/c.py": "from b import d", "b/d.py": "import imp"}},
        "no `imp` since Python 3.12: b/d.py:1 has `import imp`, which a.py:1 imports",
    ),
    "a submodule that is imported by name": (
        "WC601",
        {"a": {"a.py": "from b import c"}, "b": {"b/__init__.py": "", "b/c.py": "import absent"}},
        "brings the module `absent`: b/c.py:1 has `import absent`, which a.py:1 imports",
    ),
    "a version that the code refuses": (
        "WC607",
        {"a": {"a.py": "import pkg_resources as p; p.require('b<1')"}, "b": {}, "setuptools": {"pkg_resources/__init__.py": ""}},
        "which refuses b 1, as it is not <1",
    ),
    "a module of the other kind of system": ("WC602", {"a": {"a.py": "import winreg"}}, "`winreg` is not there on Linux"),
    "each of two that stand for one another": (
        "WC602",
        {"a": {"a.py": "try: from inspect import getargspec\nexcept ImportError: from inspect import formatargspec"}},
        "has no `formatargspec`",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("number", "archives", "words"), FAILING.values(), ids=FAILING)
def test_import_that_fails_is_told_with_its_place(number: str, archives: Archives, words: str) -> None:
    (finding,) = findings(archives)
    assert (finding.code.number, finding.package) == (number, "a")
    assert words in finding.message
    assert ".py:1" in finding.message


WORKING: dict[str, Archives] = {
    "one of two that stand for one another": {"a": {"a.py": "try: import absent\nexcept ImportError: import json"}},
    "another project of another name": {"a": {"a.py": "import b"}, "python-b": {"b.py": ""}},
    "a compiled module": {"a": {"a.py": "from b import anything"}, "b": {"b.cpython-312-x86_64-linux-gnu.so": ""}},
    "a module of machine code beside its source, which Python prefers": {
        "a": {"a.py": "import cython\nfrom b import inner", "a.cpython-312-x86_64-linux-gnu.so": ""},
        "b": {"b.py": "outer = 1", "b.cpython-312-x86_64-linux-gnu.so": ""},
    },
    "a module with __getattr__": {"a": {"a.py": "from b import x"}, "b": {"b.py": "def __getattr__(name): ..."}},
    "a module that fills globals()": {"a": {"a.py": "from b import x"}, "b": {"b.py": "g = globals()\nfill(g)"}},
    "a module that an importer of its own project fills": {
        "a": {"a.py": "from b import x"},
        "b": {"b/__init__.py": "from . import build", "b/build.py": "import sys\nsys.meta_path.append(Loader())"},
    },
    "a module that its package puts in place": {
        "a": {"a.py": "import b.c"},
        "b": {"b/__init__.py": "from b import d", "b/d.py": "import sys\nsys.modules['b.c'] = sys"},
    },
    "a module below a package that is not read": {
        "a": {"a.py": "import b.c.d"},
        "b": {"b/__init__.py": "", "b/c/__init__.py": ""},
    },
    "an object that stands for a module": {
        "a": {"a.py": "from b import x"},
        "b": {"b.py": "import sys\nsys.modules[__name__] = x"},
    },
    "a submodule": {"a": {"a.py": "from b import c"}, "b": {"b/__init__.py": "", "b/c.py": ""}},
    "distutils, which setuptools brings": {
        "a": {"a.py": "import distutils"},
        "setuptools": {"setuptools/__init__.py": ""},
    },
    "a removed module that a project brings": {"a": {"a.py": "import asyncore"}, "pyasyncore": {"asyncore.py": ""}},
    "an attribute of a module that need not be there": {
        "a": {"a.py": "try: import imp\nexcept ImportError: imp = fallback()\nfind = imp.find_module"}
    },
    "a guarded import in a module of another project": {
        "a": {"a.py": "from b.c import x"},
        "b": {"b/__init__.py": "", "b/c.py": "try: import absent\nexcept ImportError: absent = None\nx = 1"},
    },
    "a module of another project that is imported within a function": {
        "a": {"a.py": "def f():\n    from b.c import x"},
        "b": {"b/__init__.py": "", "b/c.py": "import absent"},
    },
    "a version that the code admits": {
        "a": {"a.py": "from importlib.metadata import version\nversion('b')\nversion('a')"},
        "b": {"b.py": ""},
    },
    "a private module": {"a": {"a.py": "import _anything"}},
    "a project with folders of its own on the path": {
        "a": {"a.py": "import sys\nsys.path.append('v')\nimport vendored"}
    },
    "a copy of another project in a folder of its own on the path": {
        "a": {
            "a/__init__.py": "import sys\nsys.path.insert(0, 'a/_vendor')\nfrom b.c import x",
            "a/_vendor/b/c.py": "x = 1",
        },
        "b": {"b/__init__.py": ""},
    },
    "a namespace that two share": {"a": {"a.py": "from n.c import x"}, "b": {"n/b.py": ""}, "c": {"n/c.py": "x = 1"}},
    "a module beside the one that the project is called by": {"a": {"a.py": "", "other.py": "import absent"}},
}


@pytest.mark.parametrize("archives", WORKING.values(), ids=WORKING)
def test_what_may_work_is_not_told(archives: Archives) -> None:
    assert told(findings(archives)) == []


def test_module_of_a_package_that_is_absent_itself_is_told() -> None:
    archives = {
        "a": {"a.py": "from b.v.w.x import y"},
        "b": {"b/__init__.py": "from b import v", "b/v/__init__.py": ""},
    }
    (finding,) = findings(archives)
    assert "as b has no module `b.v.w.x`" in finding.message
    makes = {"b/__init__.py": "import sys\nfrom b import v\nsys.modules['b.v.w'] = v", "b/v/__init__.py": ""}
    assert findings({**archives, "b": makes}) == []


def test_module_that_an_installed_project_lacks_is_told_whatever_folders_are_on_the_path() -> None:
    """The kind of streamlit 1.11 beside altair 5, which has no altair.vegalite.v4."""
    archives = {
        "a": {"a/__init__.py": "import sys\nsys.path.append('more')\nfrom b.c import x\nimport d", "a/e.py": ""},
        "b": {"b/__init__.py": "", "b/e.py": ""},
    }
    (finding,) = findings(archives)
    assert (finding.code.number, finding.package) == ("WC601", "a")
    assert "as b has no module `b.c`" in finding.message


def test_pkg_resources_that_nobody_asks_for_is_there_in_some_environments_of_older_pythons() -> None:
    archives = {"a": {"a.py": "import pkg_resources"}}
    (relying,) = findings(archives, python="3.11")
    assert (relying.code.number, relying.severity) == ("WC608", Severity.WARNING)
    assert "`pkg_resources`, which no project of this plan brings (setuptools<82 would): a.py:1" in relying.message
    assert told(findings(archives, python="3.12")) == [("WC601", "a")]


def test_setuptools_of_the_plan_replaces_that_of_the_environment() -> None:
    archives = {"a": {"a.py": "import pkg_resources"}, "setuptools": {"setuptools/__init__.py": ""}}
    assert told(findings(archives, python="3.11")) == [("WC601", "a")]
    archives["setuptools"]["pkg_resources/__init__.py"] = ""
    assert told(findings(archives, python="3.11")) == []


def test_standard_library_is_that_of_the_target() -> None:
    archives = {"a": {"a.py": "import tomllib"}, "b": {"b.py": "import cgi"}}
    assert told(findings(archives, python="3.10")) == [("WC602", "a")]
    assert told(findings(archives, python="3.12")) == []
    assert told(findings(archives, python="3.13")) == [("WC602", "b")]


@pytest.mark.parametrize("size", [LARGEST, 100 * LARGEST])
def test_modules_of_a_wheel_for_one_platform_are_read_whatever_its_size(size: int) -> None:
    """The kind of pandas-datareader 0.8.1, whose `pandas.util.testing` the 12 MB of pandas no longer have."""
    tags = "cp312-cp312-win_amd64"
    projects = FakeProjects({"a": {"1": [wheel()]}, "b": {"1": [wheel(tags, size=size)]}})
    outcome = answer(projects, "a", "b", python="3.12", platform="win_amd64")
    assert isinstance(outcome, Resolution)
    code = FakeCode(
        archives={
            "a-1-py3-none-any.whl": {"a.py": "from b import gone\nfrom b.util.lost import x"},
            f"b-1-{tags}.whl": {
                "b/__init__.py": "# import modules that are public\nfrom ._b import kept\nfrom b import util",
                "b/util/__init__.py": "",
                "b/_b.pyd": "",
            },
        }
    )
    suspects = choose_suspects(outcome, "all", None, frozenset())
    assert told(failing(outcome, suspects, code)) == [("WC604", "a"), ("WC601", "a")]


_GENERATED = (
    "from google.protobuf import descriptor as _descriptor\nDESCRIPTOR = _descriptor.FileDescriptor(name='a')\n"
)
_BY_OLD_PROTOC = f"{_GENERATED}_A = _descriptor.Descriptor(\n  name='A',\n)\n"


@pytest.mark.parametrize(
    ("version", "tags", "source", "expected"),
    [
        ("3.20.3", "cp312-abi3-win_amd64", _BY_OLD_PROTOC, []),
        ("4.21.0", "cp312-abi3-win_amd64", _BY_OLD_PROTOC, [("WC607", "a")]),
        ("4.21.0", "py3-none-any", _BY_OLD_PROTOC, []),
        ("4.21.0", "cp312-abi3-win_amd64", _GENERATED, []),
    ],
    ids=["older protobuf", "compiled protobuf", "pure protobuf", "no message"],
)
def test_code_of_an_old_protoc_fails_with_a_compiled_protobuf_since_4(
    version: str, tags: str, source: str, expected: list[tuple[str, str]]
) -> None:
    projects = FakeProjects({"a": {"1": [wheel()]}, "protobuf": {version: [wheel(tags)]}})
    outcome = answer(projects, "a", "protobuf", python="3.12", platform="win_amd64")
    assert isinstance(outcome, Resolution)
    code = FakeCode(
        archives={
            "a-1-py3-none-any.whl": {"a/__init__.py": "from a import a_pb2", "a/a_pb2.py": source},
            f"protobuf-{version}-{tags}.whl": {"google/protobuf/descriptor.py": "Descriptor = FileDescriptor = 1"},
        }
    )
    suspects = choose_suspects(outcome, "all", None, frozenset())
    assert told(failing(outcome, suspects, code)) == expected


@pytest.mark.parametrize(("size", "numbers"), [(4 * 1024**2, ["WC601"]), (4 * 1024**2 + 1, [])])
def test_submodule_that_only_another_imports_is_read_in_wheels_of_some_megabytes(size: int, numbers: list[str]) -> None:
    """The kind of dask.dataframe, which `import dask` does not import."""
    archives = {
        "a": {"a.py": "import b.frame"},
        "b": {"b/__init__.py": "", "b/frame.py": "from . import core", "b/core.py": "import absent"},
    }
    projects = FakeProjects({"a": {"1": [wheel()]}, "b": {"1": [wheel(size=size)]}})
    outcome = answer(projects, "a", "b")
    assert isinstance(outcome, Resolution)
    suspects = Suspects(read={each: outcome.files[each] for each in outcome.files if each == "a"}, compared={})
    found = failing(outcome, suspects, code_of(archives))
    assert [each.code.number for each in found] == numbers
    assert all("b/core.py:1 has `import absent`, which a.py:1 imports" in each.message for each in found)


def test_large_pure_wheel_is_a_suspect_and_a_large_one_for_a_platform_is_none() -> None:
    day = "2017-01-01T00:00:00.000000Z"
    native = wheel("cp312-cp312-win_amd64", size=LARGEST + 1, upload_time=day)
    projects = FakeProjects({"a": {"1": [wheel(size=LARGEST + 1, upload_time=day)]}, "b": {"1": [native]}})
    outcome = answer(projects, "a", "b", python="3.12", platform="win_amd64")
    assert isinstance(outcome, Resolution)
    assert [*choose_suspects(outcome, "suspects", find_release_day("3.12"), frozenset()).read] == ["a"]


def test_index_that_fails_proves_nothing() -> None:
    archives = {"a": {"a.py": "import absent"}}
    outcome = resolved(archives, "3.12", "win_amd64")
    code = FakeCode(failing=frozenset({"a-1-py3-none-any.whl"}))
    suspects = choose_suspects(outcome, "all", None, frozenset())
    assert failing(outcome, suspects, code) == []


@pytest.mark.parametrize("statement", ["import absent", "import asyncore"])
def test_archive_that_cannot_be_had_may_bring_what_is_missing(statement: str) -> None:
    archives = {"a": {"a.py": statement}, "b": {"b.py": ""}}
    outcome = resolved(archives, "3.12", "win_amd64")
    suspects = choose_suspects(outcome, "all", None, frozenset())
    asked = Suspects(read={name: each for name, each in suspects.read.items() if name == "a"}, compared={})
    whole, partial = code_of(archives), code_of(archives)
    partial.failing = frozenset({"b-1-py3-none-any.whl"})
    found = [failing(outcome, asked, code) for code in (whole, partial)]
    assert (len(found[0]), found[1]) == (1, [])


def test_archive_that_cannot_be_had_hides_no_other() -> None:
    archives = {"a": {"a.py": ""}, "b": {"b.py": "from collections import Mapping"}}
    outcome = resolved(archives, "3.12", "win_amd64")
    code = FakeCode(archives=code_of(archives).archives, failing=frozenset({"a-1-py3-none-any.whl"}))
    suspects = choose_suspects(outcome, "all", None, frozenset())
    found = failing(outcome, suspects, code)
    assert told(found) == [("WC602", "b")]


def test_suspects_are_older_than_the_python_of_the_target() -> None:
    projects = FakeProjects(
        {
            "old": {"1": [wheel(upload_time="2023-10-01T23:59:59Z")]},
            "new": {"1": [wheel(upload_time="2023-10-02T00:00:00Z")]},
            "unknown": {"1": [wheel(upload_time=None)]},
        }
    )
    outcome = answer(projects, "old", "new", "unknown", python="3.12", platform="win_amd64")
    assert isinstance(outcome, Resolution)
    chosen = {
        scope: choose_suspects(outcome, scope, find_release_day("3.12"), frozenset()).read
        for scope in ("all", "suspects", "none")
    }
    assert {scope: sorted(wheels) for scope, wheels in chosen.items()} == {
        "all": ["new", "old", "unknown"],
        "suspects": ["old"],
        "none": [],
    }


def test_archive_that_cannot_be_read_is_said_and_may_bring_what_is_missing() -> None:
    outcome = resolved({"a": {}, "b": {}}, "3.12", "win_amd64")
    code = code_of({"a": {"a.py": "import absent"}})
    code.unread = {"b-1-py3-none-any.whl": "it has no end"}
    (finding,) = failing(outcome, choose_suspects(outcome, "all", None, frozenset()), code)
    assert (finding.code.number, finding.message) == ("WC606", "not all imports were read: b 1: it has no end")


def test_release_that_stands_in_for_a_repository_proves_nothing() -> None:
    outcome = resolved({"a": {}, "b": {}}, "3.12", "win_amd64")
    code = code_of({"a": {"a.py": "import absent"}, "b": {"b.py": "import gone_too"}})
    origin = CommandLineOrigin(text="b @ git+https://code.example/b")
    repository = UnsupportedRequirement(
        kind="vcs", text="b @ git+https://code.example/b", name=canonicalize_name("b"), origin=origin, is_judged=True
    )
    partly = replace(outcome, unsupported=(repository,))
    assert told(failing(outcome, choose_suspects(outcome, "all", None, frozenset()), code)) == [
        ("WC601", "a"),
        ("WC601", "b"),
    ]
    assert failing(partly, choose_suspects(partly, "all", None, frozenset()), code) == []


def test_suspects_that_are_not_read_are_counted() -> None:
    outcome = resolved({"a": {"a.py": ""}}, "3.12", "win_amd64")
    found = failing(outcome, Suspects(read={}, more=3, compared={}), FakeCode())
    assert [(each.code.number, each.message.split()[0]) for each in found] == [("WC606", "3")]


def overlaps(archives: Archives, scope: ImportScope = "suspects") -> list[tuple[str, str]]:
    compared = choose_suspects(resolved(archives, "3.12", "win_amd64"), scope, None, load_variants()).compared
    return [
        (str(finding.package), finding.evidence[0])
        for finding in find_overlaps(compared, code_of(archives), lambda _: ())
    ]


def test_projects_of_names_that_are_alike_may_not_install_one_file_twice() -> None:
    archives = {"kit": {"kit/__init__.py": "a = 1"}, "kit-headless": {"kit/__init__.py": "a = 2"}}
    assert overlaps(archives) == [("kit-headless", "kit/__init__.py")]


@pytest.mark.parametrize(
    "second",
    [{"kit/__init__.py": "a = 1"}, {"kit/other.py": ""}, {"LICENSE": "x"}, {"tests/__init__.py": "x"}],
    ids=["the same content", "another file", "no module", "tests"],
)
def test_files_that_do_no_harm_are_not_told(second: Mapping[str, str]) -> None:
    first = {"kit/__init__.py": "a = 1", "LICENSE": "", "tests/__init__.py": ""}
    assert overlaps({"kit": first, "kit-headless": second}) == []


def test_all_wheels_are_compared_where_all_are_asked_for() -> None:
    archives = {"one": {"shared/__init__.py": "a = 1"}, "other": {"shared/__init__.py": "a = 2"}}
    assert overlaps(archives) == []
    assert overlaps(archives, "all") == [(str(canonicalize_name("other")), "shared/__init__.py")]
