"""Which shared libraries the import of a module needs is read from how it looks for them."""

from __future__ import annotations

import pytest

from wheelcheck.archives.import_time import read_import_time
from wheelcheck.archives.library_loads import find_library_loads
from wheelcheck.archives.modules import SourceTexts, map_modules
from wheelcheck.imports.failing import import_target
from wheelcheck.model.code import LibraryLoad, ParsedModule, parse_source
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
THROUGH_A_CLASS = """
def search(name, path=None):
    found = []
    if path and path != 'system':
        found += glob(path)
    system = sys.platform
    if system == 'darwin':
        found += glob('/opt')
    where = find_library(name)
    if where:
        found.append(where)
    return found

class Library:
    def __init__(self, name, path=os.getenv('ZAP_PATH')):
        self.lib = None
        found = search(name, path)
        if len(found) == 0:
            raise RuntimeError(name)
        for each in found:
            try:
                self.lib = ctypes.CDLL(each)
                break
            except Exception:
                pass
        if self.lib is None:
            raise RuntimeError(name)
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
    "what a function of a function gives": (
        "def system():\n    for name in ['zap', 'zap-1']:\n        found = find_library(name)\n        if found:\n"
        "            return found\n"
        "def find():\n    if own := os.environ.get('ZAP_LIBRARY'):\n        return own\n    return system()\n"
        "path = find()\nif path is None:\n    raise ImportError",
        ("zap", "zap-1"),
    ),
    "an empty list of what was found": (
        "def find(names):\n    found = []\n    for name in names + [name + 'd' for name in names]:\n"
        "        path = find_library(name)\n"
        "        if path:\n            found.append(path)\n    return found\npaths = find(['zap'])\nif not paths:\n"
        "    raise ImportError",
        ("zap", "zapd"),
    ),
    "a class": (
        f"{THROUGH_A_CLASS}\ntry:\n    lib = Library('zap')\nexcept RuntimeError as e:\n    raise ImportError(e)",
        ("zap",),
    ),
    "a method of an instance": (
        "class Loader:\n    def __init__(self, name):\n        self.name = name\n    def load(self, name):\n"
        "        return ctypes.CDLL(name)\n"
        "loader = Loader('zap')\nlib = loader.load('x.dll')",
        ("x.dll",),
    ),
    "a class method": (
        "class Loader:\n    @classmethod\n    def load(cls, name):\n        return ctypes.CDLL(f'lib{name}.so.1')\n"
        "lib = Loader.load('x')",
        ("libx.so.1",),
    ),
    "a variable that stays empty": (
        "lib = None\nfor name in ('zap', 'x.dll'):\n    try:\n        lib = ctypes.CDLL(name)\n        break\n"
        "    except OSError:\n        pass\nif lib is None:\n    raise ImportError",
        ("zap", "x.dll"),
    ),
    "a file that is looked for first, and a name of a last resort": (
        "MAJOR = 1\ndef find(name, version):\n    found = None\n"
        "    for each in [f'{name}.dll', f'lib{name}-{version}.dll']:\n"
        "        if os.path.isfile(each):\n            found = each\n            break\n"
        "    if found is None:\n        found = find_library(name)\n    return found or f'{name}.dll'\n"
        "lib = ctypes.cdll.LoadLibrary(find('zap', MAJOR))",
        ("zap.dll", "libzap-1.dll", "zap"),
    ),
    "a file beside the module": (
        "for name in ('x.dll', 'x-2.dll'):\n    path = find_library(name)\n    if path:\n        break\nelse:\n"
        "    path = os.path.join(os.path.dirname(__file__), 'x.dll')\n    if not os.path.exists(path):\n        raise OSError",
        ("x.dll", "x-2.dll"),
    ),
    "an attribute of nothing": (
        "def load():\n    try:\n        return ctypes.CDLL('x.dll')\n    except OSError:\n        return None\n"
        "lib = load()\nlib.f.argtypes = []",
        ("x.dll",),
    ),
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
    "a class whose failure is caught": f"{THROUGH_A_CLASS}\ntry:\n    lib = Library('zap')\nexcept RuntimeError:\n    lib = None",
    "a class that is given a place": f"{THROUGH_A_CLASS}\nlib = Library('zap', here)",
    "a class that another one makes": f"{THROUGH_A_CLASS.replace('class Library:', 'class Library(metaclass=Lazy):')}\n"
    "lib = Library('zap')",
    "a file that is no library": "if not os.path.exists(os.path.join(here, 'x.json')):\n    raise OSError",
    "a folder that is not known": "if not os.path.exists(os.path.join(here, name)):\n    raise OSError",
    "a method that may be another class's": "class A(B):\n    pass\nlib = A().load('x.dll')",
}
FOUND_ELSEWHERE: dict[str, str] = {
    "a loop that is not followed": "    while left():\n        if there():\n            return place()\n",
    "a choice that is not followed": "    match place():\n        case str() as found:\n            return found\n",
    "a loop over places": "    for place in places():\n        if os.path.exists(place):\n            return place\n",
    "a variable that a loop sets": "    for place in places():\n        found = place\n",
    "a variable of a branch": "    if there():\n        found = place()\n",
    "a variable that is set with others": "    found, other = places()\n",
    "a variable that a block binds": "    with place() as found:\n        pass\n",
    "a variable that is imported": "    from .places import found\n",
    "a handler of what may fail": "    try:\n        look()\n    except KeyError:\n        found = place()\n",
    "a variable of the environment with a place": "    found = os.environ.get('A_PLACE', place())\n",
    "a choice of which one part sets it": "    if there() and (found := place()):\n        pass\n",
    "too much to follow": "    a = 1\n" * 500 + "    found = place()\n",
}


@pytest.mark.parametrize("lines", FOUND_ELSEWHERE.values(), ids=FOUND_ELSEWHERE)
@pytest.mark.parametrize("start", ["    found = find_library('zap')\n", "    found = None\n    find_library('zap')\n"])
def test_import_may_work_where_a_library_may_be_found_elsewhere(lines: str, start: str) -> None:
    find = f"def find():\n{start}{{}}    return found\npath = find()\nif path is None:\n    raise ImportError"
    assert needed(find.format(lines)) == []
    assert needed(find.format("")) == [("zap",)]


def test_variable_that_a_function_sets_for_the_module_is_not_known() -> None:
    source = (
        "def look():\n    {}\n    found = place()\nfound = find_library('zap')\nlook()\nif found is None:\n"
        "    raise ImportError"
    )
    assert needed(source.format("global found")) == []
    assert needed(source.format("pass")) == [("zap",)]


FILLED: dict[str, str] = {
    "a function that is given it": "    fill(found)\n",
    "a function of its own": "    def fill(name):\n        found.append(name)\n    fill(place())\n",
    "a place that is added": "    found.append(place())\n",
    "a sum": "    found += places()\n",
    "a part that is set": "    found[:] = places()\n",
}


@pytest.mark.parametrize("lines", FILLED.values(), ids=FILLED)
def test_list_that_may_have_been_filled_is_not_taken_for_empty(lines: str) -> None:
    find = "def find():\n    found = []\n    find_library('zap')\n{}    return found\nif not find():\n    raise ImportError"
    assert needed(find.format(lines)) == []
    assert needed(find.format("")) == [("zap",)]


def test_text_that_doubles_line_by_line_takes_no_memory() -> None:
    assert needed(
        "a = 'x'\n" + "a = a + a\n" * 60 + "b = ['x']\n" + "b = b + b\n" * 60 + "lib = ctypes.CDLL('x.dll')"
    ) == [("x.dll",)]


DOUBLING = {
    "unpacked": "a = [*a, *a]\n",
    "nested": "a = [a, a]\n",
    "extended": "a.extend(a)\n",
    "given": "a = f(*a, *a)\n",
    "looked for": "a = find_library('zap') or (a or a)\n",
}


@pytest.mark.parametrize("line", DOUBLING.values(), ids=DOUBLING)
def test_list_that_doubles_line_by_line_takes_no_memory(line: str) -> None:
    start = "def f(*given):\n    return given\na = ['x', 'y']\n"
    assert needed(start + line * 60 + "lib = ctypes.CDLL('x.dll')") == [("x.dll",)]


def test_list_of_too_many_names_is_not_known() -> None:
    load = "for each in a:\n    ctypes.CDLL(each)\n"
    assert needed("a = ['x.dll']\n" + "a.append('y.dll')\n" + load) == [("x.dll", "y.dll")]
    assert needed("a = ['x.dll']\n" + "".join(f"a.append('y{n}.dll')\n" for n in range(1_000)) + load) == []


def test_functions_are_followed_no_further_once_their_statements_are_spent() -> None:
    called: list[str] = []

    def open_module(name: str) -> ParsedModule | None:
        called.append(name)
        return parse_source(b"import ctypes\ndef bind(name):\n    return name\n")

    source = "from b import bind\ndef f():\n" + "    x = 1\n" * 500 + "    return 1\nf() + bind('a')\n"
    parsed = parse_source(source.encode())
    assert parsed is not None
    find_library_loads(parsed, import_target(parse_target("win_amd64", "3.11")), {"bind": "b.bind"}, open_module)
    assert called == []


def test_chain_of_a_thousand_calls_is_no_error() -> None:
    assert needed("a = 1\na" + ".b()" * 1_000 + "\n") == []


@pytest.mark.parametrize(
    "deep", ["if a:\n    b\n" + "elif a:\n    b\n" * 1_500, f"x = ctypes.CDLL({'-' * 1_800}a)\n"], ids=["elif", "minus"]
)
def test_loads_before_and_beside_what_is_nested_beyond_all_sense_are_told(deep: str) -> None:
    source = f"{HEAD}ctypes.CDLL('one.dll')\n{deep}def g():\n    ctypes.CDLL('two.dll')\n"
    found = loads({"a.py": source})
    assert [(load.names, load.is_needed) for load in found] == [(("one.dll",), True), (("two.dll",), False)]


def test_another_module_of_the_archive_is_read_once_for_all_that_is_called_of_it() -> None:
    opened: list[str] = []

    def open_module(name: str) -> ParsedModule | None:
        opened.append(name)
        return parse_source(b"import ctypes\ndef bind(name):\n    return name\n")

    parsed = parse_source(b"from .dll import bind\n" + b"f = bind('f')\n" * 50)
    assert parsed is not None
    assert (
        find_library_loads(
            parsed, import_target(parse_target("win_amd64", "3.11")), {"bind": "a.dll.bind"}, open_module
        )
        == ()
    )
    assert opened == ["a.dll"]


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


@pytest.mark.parametrize(
    "source",
    [
        "class C:\n def add(self): self.x=1\nc=C()\n" + "".join(f"v{each}='x'\nc.add()\n" for each in range(4_000)),
        "def f():\n" + " x=1\n" * 2_000 + "f()\n" * 2_000,
        "a=[]\n" + "a.append('x')\n" * 30_000,
    ],
    ids=["variables", "calls", "statements"],
)
def test_module_is_followed_no_further_than_its_bound(source: str) -> None:
    late = "raise_late = ctypes.CDLL('libabsent.so')\n"
    assert needed(f"import ctypes\n{late}{source}") == [("libabsent.so",)]
    assert needed(f"import ctypes\n{source * 5}{late}") == []
