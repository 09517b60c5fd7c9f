"""Which shared libraries the import of a module needs is read from how it looks for them."""

from __future__ import annotations

import pytest

from wheelcheck.archives.import_time import read_import_time
from wheelcheck.archives.modules import SourceTexts, map_modules
from wheelcheck.imports.failing import import_target
from wheelcheck.model.code import LibraryLoad
from wheelcheck.targets.targets import parse_target

HEAD = "import os, sys\nimport ctypes\nfrom contextlib import suppress\nfrom ctypes.util import find_library\n"
TRIES_ALL = """
def first_of(names, others, fatal=True):
    for name in names:
        found = find_library(name)
        if found:
            others = (found, *others)
    for other in others:
        try:
            return ctypes.CDLL(other)
        except OSError as problem:
            last = problem
    if not fatal:
        return None
    raise OSError(last)
"""
SUPPRESSES = """
def first_of(*names, optional=False):
    for name in names:
        with suppress(OSError):
            return ctypes.CDLL(name)
    if optional:
        return
    return ctypes.CDLL(names[0])
"""


def loads(files: dict[str, str], platform: str = "win_amd64") -> list[LibraryLoad]:
    """What the modules of *files* load at import time on *platform*."""
    contents = {path: text.encode() for path, text in files.items()}
    code = SourceTexts("a-1-py3-none-any.whl", contents, map_modules(contents, "wheel"))
    read = read_import_time(code, import_target(parse_target(platform, "3.11")))
    return [load for module in read.modules for load in module.loads]


def needed(source: str, platform: str = "win_amd64") -> list[tuple[str, ...]]:
    return [load.names for load in loads({"a.py": HEAD + source}, platform) if load.is_needed]


NEEDED: dict[str, tuple[str, tuple[str, ...]]] = {
    "a literal name": ("lib = ctypes.CDLL('x.dll')", ("x.dll",)),
    "in a class": ("class A:\n    lib = ctypes.WinDLL('x.dll')", ("x.dll",)),
    "of cffi": ("lib = ffi.dlopen('x.dll')", ("x.dll",)),
    "a variable": ("name = 'x.dll'\nlib = ctypes.cdll.LoadLibrary(name)", ("x.dll",)),
    "one beside the program": ("name = 'x.dll'\nlib = ctypes.CDLL('.\\\\' + name)", (".\\x.dll",)),
    "one that is looked for": (
        "name = find_library('zap')\nif not name:\n    raise ImportError",
        ("zap",),
    ),
    "a search in one statement": (
        "def find():\n    if find_library('zap') is None:\n        raise ImportError\nfind()",
        ("zap",),
    ),
    "several in turn": (f"{TRIES_ALL}\nlib = first_of(('zap', 'libzap'), ('x.dll',))", ("zap", "libzap", "x.dll")),
    "several, the last of which raises": (f"{SUPPRESSES}\nlib = first_of('zap', 'x.dll')", ("zap", "x.dll")),
    "a failure that is told in other words": (
        "try:\n    lib = ctypes.CDLL('x.dll')\nexcept OSError as e:\n    raise ImportError('install x') from e",
        ("x.dll",),
    ),
    "one that no variable of the environment names": (
        "def f():\n    if 'X' in os.environ:\n        return ctypes.CDLL(os.environ['X'])\n    return ctypes.CDLL('zap')\nf()",
        ("zap",),
    ),
    "a branch of this system": ("if sys.platform == 'win32':\n    lib = ctypes.CDLL('x.dll')", ("x.dll",)),
}


@pytest.mark.parametrize(("source", "names"), NEEDED.values(), ids=NEEDED)
def test_import_that_fails_without_a_library_needs_it(source: str, names: tuple[str, ...]) -> None:
    assert needed(source) == [names]


WORKING: dict[str, str] = {
    "a failure is caught": "try:\n    lib = ctypes.CDLL('x.dll')\nexcept OSError:\n    lib = None",
    "a failure is suppressed": "with suppress(OSError):\n    lib = ctypes.CDLL('x.dll')",
    "a function is not called": "def load():\n    return ctypes.CDLL('x.dll')",
    "all may fail": f"{SUPPRESSES}\nlib = first_of('zap', optional=True)",
    "the last may be none": f"{TRIES_ALL}\nlib = first_of(('zap',), (), fatal=False)",
    "another system": "if os.name != 'nt':\n    lib = ctypes.CDLL('libx.so.1')",
    "a place that is made up": "lib = ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'x.dll'))",
    "a condition that is not known": "if wanted:\n    lib = ctypes.CDLL('x.dll')",
    "a generator": "def load():\n    yield ctypes.CDLL('x.dll')\nloads = load()",
    "a lambda": "load = lambda: ctypes.CDLL('x.dll')",
    "the program itself": "lib = ctypes.PyDLL(None) if os.name != 'nt' else None",
    "a function of its own by that name": "def dlopen(name):\n    return name\nlib = dlopen('x.dll')",
}


@pytest.mark.parametrize("source", WORKING.values(), ids=WORKING)
def test_import_that_may_work_without_a_library_needs_none(source: str) -> None:
    assert needed(source) == []


def test_load_in_a_function_or_a_guard_is_told_as_one_that_a_part_needs() -> None:
    source = "try:\n    a = ctypes.CDLL('one.dll')\nexcept OSError:\n    pass\ndef f():\n    ctypes.CDLL('two.dll')"
    found = loads({"a.py": HEAD + source})
    assert [(load.names, load.is_needed) for load in found] == [(("one.dll",), False), (("two.dll",), False)]


def test_functions_of_other_modules_of_the_archive_are_followed() -> None:
    loader = (
        "def names():\n    yield find_library('zap')\n    if sys.platform == 'win32':\n        yield 'x-1.dll'\n    else:\n"
        "        yield 'libx.so.1'\n"
        "def load():\n    for name in names():\n        try:\n            return ctypes.CDLL(name)\n        except OSError:\n"
        "            pass\n    else:\n        raise ImportError('no x')\n"
    )
    for start in ("from . import loader\nlib = loader.load()", "from a.loader import load as get\nlib = get()"):
        found = loads({"a/__init__.py": start, "a/loader.py": HEAD + loader})
        assert [load.names for load in found if load.is_needed] == [("zap", "x-1.dll")]


def test_search_in_vain_gives_the_program_itself_but_on_windows() -> None:
    source = "lib = ctypes.CDLL(find_library('zap'))"
    assert needed(source) == [("zap",)]
    assert needed(source, "manylinux_2_28_x86_64") == []
