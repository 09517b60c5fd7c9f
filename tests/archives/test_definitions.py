"""What a module binds is read from its text, star imports followed, and what cannot be known is said."""

from __future__ import annotations

import io

import pytest

from tests.archives.readers import READER
from tests.fakes.archives import Content, make_sdist, make_wheel
from wheelcheck.model.code import ModuleNames, ModuleState


def define(files: dict[str, Content], *modules: str) -> dict[str, ModuleNames]:
    """What *modules* of the wheel ``demo`` of *files* bind."""
    filename, content = make_wheel("demo", "1.0", files=files)
    found = READER.definitions(io.BytesIO(content), filename, frozenset(modules))
    assert [each.module for each in found] == sorted(modules)
    return {each.module: each for each in found}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = b = 1\nc, (d, *e) = x\nf: int = 1\ng: int\nh += 1\n", "a b c d e f h"),
        ("def a(x): y = 1\nasync def b(): ...\nclass C:\n    z = 1\n", "a b C"),
        ("import a, b.c, d.e as f\nfrom g import h, i as j\n", "a b f h j"),
        ("for a, b in x:\n    c = 1\nelse:\n    d = 1\nwhile x:\n    e = 1\n", "a b c d e"),
        ("with x as a, y as (b, c):\n    d = 1\n", "a b c d"),
        ("try:\n    import a\nexcept ImportError:\n    a = b = 1\nelse:\n    c = 1\nfinally:\n    d = 1\n", "a b c d"),
        ("if x:\n    def a(): ...\nelif (b := y):\n    c = 1\nelse:\n    d = 1\n", "a b c d"),
        ("a.b = 1\nc[d] = 2\ne = [f for f in g]\nh = lambda i: i\n", "e h"),
        ("def a():\n    global b\n    b = 1\n", "a b"),
        ("__all__ = ['a', 'b']\n__all__ += ['c']\n__all__.extend(['d'])\n", "__all__ a b c d"),
        ("match x:\n    case 1:\n        a = 1\n", "a"),
    ],
)
def test_names_of_a_module(source: str, names: str) -> None:
    found = define({"demo/m.py": source}, "demo.m")["demo.m"]
    assert found == ModuleNames(module="demo.m", state=ModuleState.READ, names=frozenset(names.split()))


def test_a_package_has_its_submodules() -> None:
    files: dict[str, Content] = {
        "demo/__init__.py": "x = 1\n",
        "demo/a.py": "",
        "demo/b/__init__.py": "",
        "demo/b/deep.py": "",
        "demo/c.cp311-win_amd64.pyd": b"",
        "demo/data/table.csv": "",
        "demo/space/m.py": "",
    }
    found = define(files, "demo", "demo.space", "demo.c", "demo.gone")
    assert found["demo"].names == {"x", "a", "b", "c", "space"}
    assert found["demo.space"].names == {"m"}
    assert (found["demo.c"].state, found["demo.c"].open_ended) == (ModuleState.COMPILED, True)
    assert found["demo.gone"].state is ModuleState.ABSENT


def test_star_imports_of_own_modules_are_followed() -> None:
    files: dict[str, Content] = {
        "demo/__init__.py": "from .a import *\nfrom .b import *\nfrom .c import *\n",
        "demo/a.py": "from demo.d import *\nx = _y = 1\n",
        "demo/b.py": "__all__ = ('only',)\nonly = other = 1\n",
        "demo/c.py": "from .a import *\nfrom . import *\nz = 1\n",
        "demo/d.py": "deep = 1\n",
    }
    found = define(files, "demo")["demo"]
    assert found.names == {"x", "deep", "only", "z", "a", "b", "c", "d"}
    assert not found.open_ended


@pytest.mark.parametrize(
    "source",
    [
        "from numpy import *\n",
        "from ._core import *\n",
        "def __getattr__(name): ...\n",
        "def __getattr__(name):\n    if name == 'x':\n        return 1\n    return load(name)\n",
        "def __getattr__(name):\n    if name in 'xyz':\n        return 1\n    raise AttributeError(name)\n",
        "def __getattr__(name):\n    if name in NAMES:\n        return 1\n    raise AttributeError(name)\n",
        "def __getattr__(name):\n    for each in it:\n        return 1\n    raise AttributeError(name)\n",
        "__getattr__, __dir__, __all__ = attach(__name__)\n",
        "globals().update(x)\n",
        "for n in x:\n    globals()[n] = 1\n",
        "exec(x)\n",
        "import sys\nsetattr(sys.modules[__name__], 'x', 1)\n",
    ],
)
def test_what_cannot_be_known_makes_it_open_ended(source: str) -> None:
    files: dict[str, Content] = {"demo/m.py": source, "demo/_core.abi3.so": b""}
    assert define(files, "demo.m")["demo.m"].open_ended


@pytest.mark.parametrize("before", ["", "if not TYPE_CHECKING:\n "])
def test_a_getattr_that_answers_to_literal_names_alone_adds_just_those(before: str) -> None:
    source = before + (
        "def __getattr__(name):\n"
        "    'Old names.'\n"
        "    import warnings\n"
        "    if name == '__version__':\n        return 1\n"
        "    if name in ('old', 'older'):\n        return 2\n"
        "    raise AttributeError(name)\n"
    ).replace("\n", "\n " if before else "\n")
    found = define({"demo/m.py": source}, "demo.m")["demo.m"]
    assert found.names == {"__getattr__", "__version__", "old", "older"}
    assert not found.open_ended


def test_a_module_that_is_not_python_3_is_unread() -> None:
    found = define({"demo/m.py": "print 'x'\n", "demo/n.py": "from .m import *\n"}, "demo.m", "demo.n")
    assert (found["demo.m"].state, found["demo.m"].open_ended) == (ModuleState.UNREAD, True)
    assert found["demo.n"].open_ended


def test_source_archives_are_read_too() -> None:
    filename, content = make_sdist("demo", "1.0", files={"src/demo/__init__.py": "x = 1\n"})
    (found,) = READER.definitions(io.BytesIO(content), filename, frozenset({"demo"}))
    assert found.names == {"x"}
