"""What code imports, and when that is carried out, is read from its text."""

from __future__ import annotations

import io

import pytest

from tests.archives.readers import READER
from tests.fakes.archives import Content, make_sdist, make_wheel
from wheelcheck.imports.failing import import_target
from wheelcheck.model.code import ImportKind, ImportSurvey, ImportUse
from wheelcheck.targets.targets import parse_target

TARGET = import_target(parse_target("manylinux_2_28_x86_64", "3.12"))
CONDITIONAL = ImportKind.CONDITIONAL
UNCONDITIONAL, GUARDED = ImportKind.UNCONDITIONAL, ImportKind.GUARDED
IN_FUNCTION, TYPE_CHECKING = ImportKind.IN_FUNCTION, ImportKind.TYPE_CHECKING


def survey(files: dict[str, Content], *names: str) -> ImportSurvey:
    """The survey of the wheel ``demo`` of *files*."""
    filename, content = make_wheel("demo", "1.0", files=files)
    return READER.imports(io.BytesIO(content), filename, frozenset(names or ("av",)), TARGET)


def uses(source: Content, *names: str) -> tuple[ImportUse, ...]:
    """The uses in one module of *source*."""
    return survey({"demo/a.py": source}, *names).uses


def kinds(source: str) -> list[ImportKind]:
    return [use.kind for use in uses(source)]


@pytest.mark.parametrize(
    "test", ["sys.platform == 'win32'", "os.name == 'nt'", "sys.version_info < (3, 8)", "platform.system() == 'Darwin'"]
)
def test_import_that_does_not_run_on_the_target_is_none(test: str) -> None:
    source = f"import os, platform, sys\nif {test}:\n    import av\nelse:\n    import numpy"
    assert kinds(source) == []
    assert [use.kind for use in uses(source, "numpy")] == [UNCONDITIONAL]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import av", UNCONDITIONAL),
        ("class A:\n    import av", UNCONDITIONAL),
        ("if x:\n    import av", CONDITIONAL),
        ("with x:\n    for y in z:\n        import av", UNCONDITIONAL),
        ("match x:\n    case 1:\n        import av", CONDITIONAL),
        ("import_module('av')", UNCONDITIONAL),
        ("m = __import__('av')", UNCONDITIONAL),
        ("try:\n    import av\nexcept ImportError:\n    av = None", GUARDED),
        ("try:\n    import av\nexcept (OSError, ModuleNotFoundError):\n    pass", GUARDED),
        ("try:\n    import av\nexcept Exception:\n    pass", GUARDED),
        ("try:\n    import av\nexcept:\n    pass", GUARDED),
        ("try:\n    import av\nexcept ImportError as e:\n    raise RuntimeError('install av') from e", UNCONDITIONAL),
        (
            "try:\n    import av\nexcept ImportError:\n    if not os.environ.get('AV_OFF', False):\n        raise\n    av = None",
            UNCONDITIONAL,
        ),
        (
            "try:\n    import av\nexcept ImportError:\n    if os.environ.get('DEMO_NEEDS_AV'):\n        raise\n    av = None",
            GUARDED,
        ),
        ("try:\n    import av\nexcept ImportError:\n    if needed:\n        raise\n    av = None", GUARDED),
        ("try:\n    import av\nexcept OSError:\n    pass", UNCONDITIONAL),
        ("try:\n    import av\nfinally:\n    pass", UNCONDITIONAL),
        ("try:\n    import x\nexcept ImportError:\n    import av", GUARDED),
        ("import contextlib\nwith contextlib.suppress(ImportError):\n    import av", GUARDED),
        ("with suppress(KeyError):\n    import av", UNCONDITIONAL),
        ("if HAS_AV:\n    import av", GUARDED),
        ("if is_av_available():\n    import av", GUARDED),
        ("if importlib.util.find_spec('av') is not None:\n    import av", GUARDED),
        ("if not is_av_available():\n    pass\nelse:\n    import av", GUARDED),
        ("if is_windows:\n    import av", CONDITIONAL),
        ("def f():\n    import av", IN_FUNCTION),
        ("async def f():\n    if x:\n        import av", IN_FUNCTION),
        ("f = lambda: __import__('av')", IN_FUNCTION),
        ("class A:\n    def f(self):\n        import av", IN_FUNCTION),
        ("try:\n    def f():\n        import av\nexcept ImportError:\n    pass", IN_FUNCTION),
        ("if __name__ == '__main__':\n    import av", IN_FUNCTION),
        ("def f():\n    try:\n        import av\n    except ImportError:\n        pass", GUARDED),
        ("if TYPE_CHECKING:\n    import av", TYPE_CHECKING),
        ("if typing.TYPE_CHECKING and x:\n    import av", TYPE_CHECKING),
        ("if not TYPE_CHECKING:\n    x\nelse:\n    from av import x", TYPE_CHECKING),
        ("if not TYPE_CHECKING:\n    import av", UNCONDITIONAL),
    ],
)
def test_an_import_is_classed_by_when_it_is_carried_out(source: str, kind: ImportKind) -> None:
    assert kinds(source) == [kind]


def test_a_use_says_where_and_what() -> None:
    (use,) = uses("x = 1\nfrom av.video import (\n    frame,  # much used\n    stream as s,\n)\n")
    assert (use.file, use.line, use.importer, use.module) == ("demo/a.py", 2, "demo.a", "av.video")
    assert use.names == ("frame", "stream")
    assert use.statement == "from av.video import ( frame, # much used stream as s, )"


def test_two_statements_on_a_line_are_told_apart_after_wide_characters() -> None:
    first, second = uses('s = "ü€"; import av; import av.video as v')
    assert (first.statement, second.statement) == ("import av", "import av.video as v")


def test_other_names_and_names_that_only_begin_alike_are_no_use() -> None:
    assert uses("import avro, numpy\nfrom . import av\nfrom .av import x\nfrom demo import av\n") == ()


@pytest.mark.parametrize(
    ("call", "modules"),
    [
        ("__import__('av', globals(), locals(), ['x'], level=1)", ["demo.av"]),
        ("__import__('av', globals(), locals(), ['x'], 1)", ["demo.av"]),
        ("__import__('av', globals(), locals(), ['x'], 0)", ["av"]),
        ("__import__('av', level=0)", ["av"]),
        ("__import__('av', level=2)", []),
        ("__import__('av', level=-1)", []),
        ("__import__('av', level=how_far)", []),
    ],
)
def test_level_of_an_import_by_call_says_from_where_it_counts(call: str, modules: list[str]) -> None:
    assert [use.module for use in uses(call, "av", "demo", "demo.av")] == modules


def test_attributes_are_those_taken_from_the_module() -> None:
    source = (
        "import av\nimport av.video as v\nav.open(av.time_base)\nv.frame.x = 1\nav.logging = None\nav.__version__\n"
        "def f(av):\n    return av.hidden\n"
        "if hasattr(av, 'perhaps'):\n    av.perhaps()\n"
    )
    plain, video = uses(source)
    assert plain.attributes == ("__version__", "open", "time_base")
    assert video.attributes == ("frame",)


def test_importing_a_submodule_binds_the_package_too() -> None:
    video, package = uses("import av.video\nav.video.frame()\nav.open()")
    assert (video.module, video.attributes) == ("av.video", ("frame",))
    assert (package.module, package.attributes, package.line) == ("av", ("open", "video"), 1)


def test_dotted_names_ask_for_what_is_below_them() -> None:
    source = "import google.auth\nfrom google import protobuf, auth\nfrom google.protobuf import message\n"
    found = uses(source, "google.protobuf")
    assert [(use.line, use.names) for use in found] == [(2, ("protobuf",)), (3, ("message",))]


def test_relative_imports_tell_which_modules_run_an_import() -> None:
    found = survey(
        {
            "demo/__init__.py": "from . import models\n",
            "demo/models/__init__.py": "from .gen import Gen\n",
            "demo/models/gen.py": "from ..data import audio\nfrom ... import nothing\n",
            "demo/data/__init__.py": "",
            "demo/data/audio.py": "import av\n",
            "demo/_private.py": "import demo.data.audio\n",
            "demo/lazy.py": "def f():\n    from demo.data import audio\n",
            "demo/optional.py": "try:\n    from .data import audio\nexcept ImportError:\n    pass\n",
            "other/tool.py": "import importlib\nimportlib.import_module('demo.models')\n",
        }
    )
    assert found.inner["demo.models.gen"] == {"demo", "demo.models", "demo.data", "demo.data.audio"}
    assert found.inner["demo.lazy"] == {"demo"}
    assert found.reaching("demo.data.audio")[:3] == ("demo.data.audio", "demo", "demo.data")
    assert "other.tool" in found.reaching("demo.data.audio")
    assert "demo._private" not in found.reaching("demo.data.audio")


def test_an_import_may_go_on_below_a_backslash() -> None:
    (use,) = uses("import sys, \\\n    av\n")
    assert use.statement == "import sys, \\ av"


def test_relative_dynamic_imports_are_resolved() -> None:
    files: dict[str, Content] = {
        "demo/a.py": "import av\n",
        "demo/b.py": "import importlib\nimportlib.import_module('.a', package=__package__)\n",
        "demo/c.py": "import importlib\nimportlib.import_module('.a', 'demo')\nimportlib.import_module(name)\n",
    }
    inner = survey(files).inner
    assert "demo.a" in inner["demo.b"]
    assert "demo.a" in inner["demo.c"]


def test_what_cannot_lead_to_an_import_is_not_parsed_and_its_packages_are_known() -> None:
    found = survey(
        {"demo/a.py": "import av\n", "demo/sub/c.py": "from . import d\n", "demo/sub/d.py": "from ..a import x\n"}
    )
    assert found.inner["demo.sub.d"] == {"demo", "demo.sub", "demo.a"}
    assert found.reaching("demo.a") == ("demo.a", "demo.sub.c", "demo.sub.d")


def test_modules_below_a_path_file_are_at_the_top() -> None:
    files: dict[str, Content] = {
        "demo.pth": "# folders\nwin\nwin\\lib\nimport os\n",
        "win/api.cp311-win_amd64.pyd": "",
        "win/lib/con.py": "import av\n",
        "other.pth": "import os; os.getcwd()\n",
    }
    filename, content = make_wheel("demo", "1.0", files=files)
    assert READER.top_modules(io.BytesIO(content), filename).names == {"demo", "win", "api", "con"}
    assert [use.importer for use in survey(files).uses] == ["con"]


@pytest.mark.filterwarnings("error")
def test_files_that_are_not_python_3_are_counted_and_warnings_are_not_ours() -> None:
    found = survey(
        {
            "demo/a.py": "import av\nx = '\\d'\n",
            "demo/old.py": "import av\nprint 'av'\n",
            "demo/nul.py": b"import av\0",
            "demo/latin.py": b"# coding: latin-1\nimport av # \xe4\n",
            "demo/silent.py": "print 'no name'\n",
            "demo/deep.py": "import av\nx = " + "(" * 5_000 + ")" * 5_000,
        }
    )
    assert [use.file for use in found.uses] == ["demo/a.py", "demo/latin.py"]
    assert found.unread == "3 of 7 files are not Python 3"


def test_a_wheels_purelib_is_its_root() -> None:
    filename, content = make_wheel(
        "demo",
        "1.0",
        files={"demo-1.0.data/purelib/extra/x.py": "import av\n", "demo-1.0.data/scripts/run.py": "import av\n"},
    )
    found = READER.imports(io.BytesIO(content), filename, frozenset({"av"}), TARGET)
    assert [(use.file, use.importer) for use in found.uses] == [("demo-1.0.data/purelib/extra/x.py", "extra.x")]
    assert READER.top_modules(io.BytesIO(content), filename).names == {"demo", "extra"}


@pytest.mark.parametrize(
    ("files", "names", "file"),
    [
        (
            {"demo/__init__.py": "import av", "tests/__init__.py": "import av", "setup.py": "import av"},
            {"demo"},
            "demo/",
        ),
        (
            {"src/demo/__init__.py": "import av", "docs/conf.py": "import av", "tool/x.py": "import av"},
            {"demo"},
            "src/",
        ),
        ({"demo.py": "import av", "setup.py": "import av"}, {"demo"}, "demo.py"),
        (
            {
                "lib3/demo.egg-info/top_level.txt": "demo\n",
                "lib3/demo.egg-info/PKG-INFO": "",
                "lib3/demo/__init__.py": "import av",
                "junk/__init__.py": "import av",
            },
            {"demo"},
            "lib3/demo/",
        ),
        ({"demo.egg-info/top_level.txt": "tests\n", "tests/__init__.py": "import av"}, {"tests"}, "tests/"),
    ],
)
def test_a_source_archive_is_read_where_its_packages_are(files: dict[str, Content], names: set[str], file: str) -> None:
    filename, content = make_sdist("demo", "1.0", files=files)
    assert READER.top_modules(io.BytesIO(content), filename).names == names
    found = READER.imports(io.BytesIO(content), filename, frozenset({"av"}), TARGET)
    assert [use.file.startswith(file) for use in found.uses] == [True]
    assert {use.importer for use in found.uses} == names
