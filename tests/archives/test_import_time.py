"""What importing an archive's modules carries out: unguarded, unconditional, on the target asked about."""

from __future__ import annotations

import sys
import time
from unittest.mock import ANY

import pytest

from wheelcheck.archives.import_time import read_import_time, why_unparsable
from wheelcheck.archives.modules import SourceTexts, map_modules
from wheelcheck.model.code import ImportTarget, ImportTime

LINUX = ImportTarget(minor=12, sys_platform="linux", os_name="posix", platform_system="Linux", implementation="cpython")
WINDOWS = ImportTarget(
    minor=12, sys_platform="win32", os_name="nt", platform_system="Windows", implementation="cpython"
)


def read(files: dict[str, str], target: ImportTarget = LINUX, filename: str = "a-1-py3-none-any.whl") -> ImportTime:
    contents = {path: text.encode() for path, text in files.items()}
    return read_import_time(SourceTexts(filename, contents, map_modules(contents, "wheel")), target)


def outer(text: str, target: ImportTarget = LINUX) -> list[str]:
    (module,) = read({"a/__init__.py": text}, target).modules
    return [each.module for each in module.imports if not each.is_attribute]


@pytest.mark.parametrize(
    ("text", "imported"),
    [
        ("import b", ["b"]),
        ("from b.c import d", ["b.c"]),
        ("try:\n    import b\nexcept ImportError:\n    b = None", []),
        ("try:\n    import b\nexcept ImportError:\n    raise", ["b"]),
        ("try:\n    import b\nexcept Exception:\n    quit()", ["b"]),
        ("try:\n    b\nexcept NameError:\n    import b", []),
        ("try:\n    long\n    import b\nexcept NameError:\n    import c", []),
        ("try:\n    import b\n    long\nexcept NameError:\n    import c", ["b"]),
        ("try:\n    long\nexcept NameError:\n    pass\nelse:\n    import b", []),
        ("try:\n    x()\n    import b\nfinally:\n    y()", ["b"]),
        ("try:\n    import b\nexcept ImportError:\n    import c", ["b"]),
        ("try:\n    import b\nexcept ImportError:\n    if x:\n        import c", []),
        ("try:\n    from .x import b\nexcept ImportError:\n    import c", []),
        ("def f():\n    import b", []),
        ("class C:\n    import b", ["b"]),
        ("import sys\nif sys.platform == 'win32':\n    import b\nelse:\n    import c", ["sys", "c"]),
        ("if sys.version_info < (3, 8):\n    import b", []),
        ("if something():\n    import b", []),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import b", ["typing"]),
        ("if sys.platform != 'win32':\n    raise ImportError('Windows alone')\nimport b", []),
        ("raise ImportError('moved')\nimport b", []),
        ("match x:\n    case 1:\n        import b", []),
        ("if __name__ == '__main__':\n    import b", []),
    ],
)
def test_only_what_always_runs_on_the_target_counts(text: str, imported: list[str]) -> None:
    assert outer(text) == imported


def test_the_target_decides_which_branch_runs() -> None:
    text = "if os.name == 'nt':\n    import winreg\nelse:\n    import fcntl"
    assert (outer(text), outer(text, WINDOWS)) == (["fcntl"], ["winreg"])


def test_modules_are_followed_inside_the_archive_and_no_others_are_read() -> None:
    files = {
        "a/__init__.py": "from . import b\nfrom a.c import x",
        "a/b.py": "import outside",
        "a/c.py": "from .d.e import y",
        "a/d/__init__.py": "",
        "a/d/e.py": "import far",
        "a/contrib.py": "import never",
        "tests/__init__.py": "import never",
    }
    reached = read(files).modules
    assert [module.module for module in reached] == ["a", "a.b", "a.c", "a.d", "a.d.e"]
    assert [each.module for module in reached for each in module.imports] == ["outside", "far"]
    assert {module.entry for module in reached} == {"a"}


SHARED = "__import__('pkg_resources').declare_namespace(__name__)"


@pytest.mark.parametrize(
    ("files", "entries"),
    [
        ({"g/__init__.py": SHARED, "g/c/p/__init__.py": "", "g/c/q/__init__.py": ""}, {"g", "g.c.p"}),
        ({"g/c/p.py": "", "g/c/other/__init__.py": ""}, {"g.c.p"}),
        ({"g/only/__init__.py": "", "g/only/part.py": ""}, {"g.only"}),
        ({"g/one/__init__.py": "", "g/two/__init__.py": ""}, set()),
        ({"g/only/__init__.py": "", "whole/__init__.py": ""}, {"whole"}),
    ],
)
def test_below_a_namespace_the_module_is_followed_that_the_archive_is_named_for(
    files: dict[str, str], entries: set[str]
) -> None:
    assert {each.entry for each in read(files, filename="g_c_p-1-py3-none-any.whl").modules} == entries


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("class A(c.Mapping): pass", ["Mapping"]),
        ("@c.coroutine\ndef f(): pass", ["coroutine"]),
        ("class A:\n    def f(self, x=c.Mapping): pass", ["Mapping"]),
        ("try:\n    import re\nexcept ImportError:\n    pass\nelse:\n    y = c.Mapping", ["Mapping"]),
        ("try:\n    import x\nexcept ImportError:\n    pass\nelse:\n    y = c.Mapping", []),
        ("try:\n    import x\n    y = c.Mapping\nexcept ImportError:\n    pass", []),
        ("try:\n    import x\nexcept ImportError:\n    def f(): raise\ny = c.Mapping", ["Mapping"]),
        ("if sys.version_info >= (3,):\n    y = c.Mapping", ["Mapping"]),
        ("if sys.version_info < (3,):\n    y = c.Mapping", []),
        ("if unknown:\n    y = c.Mapping", []),
        ("def f(): return c.Mapping", []),
        ("y = lambda: c.Mapping", []),
        ("y = [c.Mapping for x in z]", []),
        ("y = unknown and c.Mapping", []),
        ("y = c.Mapping if unknown else None", []),
        ("try:\n    y = c.Mapping\nexcept AttributeError:\n    pass", []),
        ("try:\n    y = c.Mapping\nexcept KeyError:\n    pass", ["Mapping"]),
        ("c.Mapping = 1\ny = c.Mapping", []),
        ("y = hasattr(c, 'Mapping')\nz = c.Mapping", []),
        ("c = other\ny = c.Mapping", []),
        ("if unknown:\n    raise ImportError\ny = c.Mapping", ["Mapping"]),  # which fails as well
        ("raise ImportError\ny = c.Mapping", []),
    ],
)
def test_attribute_of_the_standard_library_counts_where_it_is_taken_for_sure(text: str, taken: list[str]) -> None:
    (module,) = read({"a/__init__.py": f"import collections as c\n{text}"}).modules
    assert [name for each in module.imports if each.is_attribute for name in each.names] == taken


def test_what_the_main_module_reaches_counts_as_its_own() -> None:
    files = {"a/__init__.py": "", "z/__init__.py": "import a", "b/__init__.py": "import a"}
    found = read(files, filename="z-1-py3-none-any.whl").modules
    assert [(each.entry, each.module) for each in found] == [("z", "z"), ("z", "a"), ("b", "b")]


def test_python_2_does_not_parse_and_says_where() -> None:
    (module,) = read({"a.py": "import b\nprint 'hello'\n"}).modules
    assert module.broken
    assert (module.line, module.imports) == (2, ())


def test_grammar_is_that_of_the_target() -> None:
    assert why_unparsable(b"match x:\n    case 1:\n        pass\n", 9) is not None
    assert why_unparsable(b"match x:\n    case 1:\n        pass\n", 10) is None
    # What this Python cannot parse may be in the grammar of a newer one, unless it is Python 2.
    newer = sys.version_info.minor + 1
    assert why_unparsable(b"x = new syntax\n", newer) is None
    assert why_unparsable(b"print 'hello'\n", newer) == (1, ANY)
    assert why_unparsable(b"x = 010\n", newer) is not None
    assert why_unparsable(b"type A = int\ndef f[T](x: T) -> T: ...\n", 13) is None


MOVES = {
    "a/__init__.py": "from a.packages.six.moves import urllib",
    "a/packages/__init__.py": "",
    "a/packages/six.py": "class Importer:\n    def find_module(self, name): ...\nimport sys\nsys.meta_path.append(Importer())",
}


def test_module_that_an_old_import_hook_makes_is_not_made_since_3_12() -> None:
    unmade = [module.unmade for module in read(MOVES).modules if module.unmade]
    assert unmade == [
        "a/packages/six.py makes `a.packages.six.moves` by `find_module`, which Python no longer calls since 3.12"
    ]
    older = ImportTarget(
        minor=11, sys_platform="linux", os_name="posix", platform_system="Linux", implementation="cpython"
    )
    assert not any(module.unmade for module in read(MOVES, older).modules)
    newer = MOVES | {"a/packages/six.py": MOVES["a/packages/six.py"] + "\n    def find_spec(self): ..."}
    assert not any(module.unmade for module in read(newer).modules)


@pytest.mark.parametrize(
    "text",
    [
        "sys.path.insert(0, 'vendor')",
        "sys.path += ['vendor']",
        "sys.path[:0] = ['vendor']",
        "sys.path = [v]",
        "sys.path[i[0]] = x",
        "sys.path[len(sys.path[0]):] = x",
        "sys.path[0], y = a, b",
        "sys.path[0], y[0] = a, b",
        "sys.meta_path.append(x)",
    ],
)
def test_module_that_extends_the_path_says_so(text: str) -> None:
    assert read({"a.py": text}).modules[0].extends_path


@pytest.mark.parametrize(
    "text",
    [
        "import sys",
        "if sys.path[0] == x: pass",
        "sys.path.remove(x)",
        "y = sys.path == x",
        "y = sys.path[0], x == z",
        "y = x[sys.path[0]]",
    ],
)
def test_module_that_looks_at_the_path_alone_does_not_extend_it(text: str) -> None:
    assert not read({"a.py": text}).modules[0].extends_path


@pytest.mark.parametrize("text", ["sys.path[", "sys.path[],", "sys.path[]],],],],],],", "modules[", "from sys import "])
def test_brackets_without_end_are_read_in_linear_time(text: str) -> None:
    began = time.thread_time()
    assert not read({"a.py": f"# {text * 20_000}"}).modules[0].makes_modules
    assert time.thread_time() - began < 4
