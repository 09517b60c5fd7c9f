"""``setup.cfg`` and ``setup.py``, each named or beside a project that leaves its dependencies to them."""

from __future__ import annotations

import operator
import os
import time
import tracemalloc

import pytest

from tests.requirements.readings import asked, failure, read, write
from wheelcheck.texts.setuptools import NotStatic, parse_script

pytestmark = pytest.mark.usefixtures("folder")

CONFIG = """\
[metadata]
name = thing

[options]
python_requires = >=3.9
install_requires =
    # the base
    requests>=2
    colorama ; sys_platform == "win32"

[options.extras_require]
Plot = matplotlib; numpy
all =
    thing[plot]
"""


def test_setup_cfg_gives_its_lists_with_lines() -> None:
    write({"setup.cfg": CONFIG})
    found = read("setup.cfg", extras=("all",))
    assert asked(found) == ["requests>=2", "colorama", "matplotlib", "numpy"]
    assert [str(each.origin) for each in found.requirements[:3]] == ["setup.cfg:8", "setup.cfg:9", "setup.cfg:12"]
    assert str(found.requirements[1].marker) == 'sys_platform == "win32"'
    assert [(str(bound), str(origin)) for bound, origin in found.requires_python] == [(">=3.9", "setup.cfg:5")]
    assert failure("setup.cfg", extras=("plt",)).hint == "did you mean plot?"


def test_requirements_files_that_setup_cfg_names_are_read() -> None:
    write(
        {
            "p/setup.cfg": "[options]\ninstall_requires = file: a.txt, b.txt\n[options.extras_require]\nx = file: x.txt\ny = q\n",
            "p/a.txt": "one\n",
            "p/b.txt": "two\n",
            "p/x.txt": "three\n",
        }
    )
    assert asked(read("p/setup.cfg", extras=("x", "y"))) == ["q", "one", "two", "three"]


def test_dashes_of_old_files_are_read() -> None:
    write({"setup.cfg": "[options]\ninstall-requires = a; b\npython-requires = >=3.8\n"})
    found = read("setup.cfg")
    assert asked(found) == ["a", "b"]
    assert [str(bound) for bound, _ in found.requires_python] == [">=3.8"]


SCRIPTS = {
    "setup(name='n', install_requires=['a>=1', 'b'], python_requires='>=3.8')": ["a>=1", "b"],
    "kwargs = {'install_requires': ['a>=1']}\nkwargs['install_requires'].append('b')\nsetup(**kwargs)": ["a>=1", "b"],
    "setup(**{'install_requires': 'a>=1\\nb'})": ["a>=1", "b"],
    "setup(**dict(install_requires=('a>=1', 'b')))": ["a>=1", "b"],
    "base = ['a>=1']\nif __name__ == '__main__':\n    setup(install_requires=base + ['b'])": ["a>=1", "b"],
    "setup(install_requires=['a>=1'], extras_require={':python_version < \"4\"': ['b']})": ["a>=1", "b"],
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_literal_arguments_of_setup_are_read(script: str) -> None:
    write({"setup.py": f"import os\nfrom setuptools import setup\n\n{script}\n"})
    found = read("setup.py")
    assert asked(found) == SCRIPTS[script]
    assert str(found.requirements[0].origin).startswith("setup.py:")


def test_extras_of_a_script_keep_their_markers_and_bring_its_own_extras() -> None:
    write(
        {
            "setup.py": "from setuptools import setup\nsetup(name='n', install_requires=['z'], extras_require={\n"
            "'x:os_name == \"nt\"': ['a ; python_version > \"3\"'],\n'all': ['n[x]', 'b'],\n})\n"
        }
    )
    found = read("setup.py", extras=("all",))
    assert asked(found) == ["z", "a", "b"]
    assert str(found.requirements[1].marker) == 'python_version > "3" and os_name == "nt"'
    assert [each.origin.line for each in found.requirements if hasattr(each.origin, "line")] == [2, 3, 4]


COMPUTED = {
    "setup(install_requires=open('requirements.txt').read().split())": (3, "open('requirements.txt').read().split()"),
    "def read():\n    return x\nNEEDS = [line for line in read()]\nsetup(install_requires=NEEDS)": (
        5,
        "[line for line in read()]",
    ),
    "kwargs = {\n 'install_requires': needs(),\n}\nsetup(**kwargs)": (4, "install_requires is not literal but needs()"),
    "needs = []\nneeds += load()\nsetup(install_requires=needs)": (4, "install_requires is not literal but load()"),
    "setup(install_requires=open('../needs.txt').read())": (3, "open('../needs.txt')"),
    "setup(**load())": (3, "a mapping that is not literal"),
    "setup(setup_requires=['pbr>=2'], pbr=True)": (3, "pbr tells"),
    "if x():\n    setup(install_requires=['a'])\nelse:\n    setup(install_requires=['b'])": (4, "in several ways"),
    "print 'no'": (3, "not Python 3"),
}


@pytest.mark.parametrize("script", COMPUTED)
def test_what_a_script_computes_is_an_error_with_line_and_reason(script: str) -> None:
    write({"setup.py": f"import os\nfrom setuptools import setup\n{script}\n"})
    error = failure("setup.py")
    line, reason = COMPUTED[script]
    assert error.address == f"setup.py:{line}"
    assert reason in error.message
    assert "name the requirements file" in error.hint


FROM_FILES = [
    "setup(install_requires=open('needs.txt').readlines())",
    "with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'needs.txt'), encoding='utf-8') as f:\n"
    "    needs = f.read().splitlines()\nsetup(install_requires=needs)",
    "with open('needs.txt') as f:\n    needs = [x.strip() for x in f if x.strip() and not x.startswith('#')]\n"
    "setup(install_requires=needs)",
    "def needs(name):\n    found = []\n    for line in open(name):\n        line = line.strip()\n        if line.startswith('#'):\n"
    "            continue\n        found.append(line)\n    return found\nsetup(install_requires=needs('needs.txt'))",
    "from pathlib import Path\nHERE = Path(__file__).parent.resolve()\nsetup(install_requires=(HERE / 'needs.txt').read_text())",
    "from pathlib import Path\ndef read(name):\n    with (Path(__file__).resolve().parent / name).open() as f:\n"
    "        text = f.read().strip()\n    return text\nsetup(install_requires=read('needs.txt').splitlines())",
    "from pip._internal.req import parse_requirements\n"
    "setup(install_requires=[str(each.requirement) for each in parse_requirements('needs.txt', session=False)])",
    "import pkg_resources\nwith open('needs.txt') as f:\n"
    "    setup(install_requires=[str(each) for each in pkg_resources.parse_requirements(f)])",
]


@pytest.mark.parametrize("script", FROM_FILES)
def test_a_script_that_reads_its_requirements_from_a_file_is_followed_into_it(script: str) -> None:
    write(
        {"setup.py": f"import os\nfrom setuptools import setup\n{script}\n", "needs.txt": "# all\na>=1\n\nb  # for c\n"}
    )
    found = read("setup.py")
    assert asked(found) == ["a>=1", "b"]
    assert ("needs.txt" in [path for path, _ in found.files]) is True


def test_extras_that_a_script_computes_keep_nothing_else_from_being_read() -> None:
    write({"setup.py": "from setuptools import setup\nsetup(install_requires=['a'], extras_require={'x': y()})\n"})
    assert asked(read("setup.py")) == ["a"]
    assert failure("setup.py", extras=("x",)).hint == "it declares no extras, or computes them"


def test_a_pyproject_without_a_project_names_what_lists_the_dependencies_beside_it() -> None:
    write({"pyproject.toml": "[tool.black]\n", "setup.py": "", "requirements.txt": ""})
    assert failure("pyproject.toml").hint.endswith("such as setup.py or requirements.txt beside it")


@pytest.mark.parametrize("named", ["setup.cfg", "setup.py"])
def test_both_files_count_whichever_is_named_and_the_script_goes_first(named: str) -> None:
    write({"setup.cfg": CONFIG, "setup.py": "from setuptools import setup\nsetup(extras_require={'all': ['only']})\n"})
    found = read(named, extras=("all",))
    assert asked(found) == ["requests>=2", "colorama", "only"]
    assert [str(each.origin) for each in found.requirements] == ["setup.cfg:8", "setup.cfg:9", "setup.py:2"]
    assert sorted(path for path, _ in found.files) == ["setup.cfg", "setup.py"]


def test_a_script_that_computes_what_setup_cfg_states_is_not_passed_over() -> None:
    write({"setup.cfg": CONFIG, "setup.py": "from setuptools import setup\nsetup(install_requires=needs())\n"})
    assert failure("setup.cfg").address == "setup.py:2"


@pytest.mark.parametrize(
    ("files", "named", "address", "message"),
    [
        (
            {"setup.py": "from setuptools import setup\nsetup()\n"},
            "setup.py",
            "setup.py",
            "says nothing of dependencies",
        ),
        ({"setup.cfg": "[flake8]\nx = 1\n"}, "setup.cfg", "setup.cfg", "says nothing of dependencies"),
        ({"setup.cfg": "x = 1\n"}, "setup.cfg", "setup.cfg:1", "a line outside of any section"),
        ({"setup.cfg": "[a]\nx\n"}, "setup.cfg", "setup.cfg:2", "a line without a value"),
        ({"setup.py": "import os\n"}, "setup.py", "setup.py", "setup() is never called"),
    ],
)
def test_files_without_an_answer_say_so(files: dict[str, str], named: str, address: str, message: str) -> None:
    write(files)
    error = failure(named)
    assert error.address == address
    assert message in error.message


def test_a_project_file_that_leaves_its_dependencies_to_the_older_files_is_completed() -> None:
    write(
        {
            "pyproject.toml": "[project]\nname = 'thing'\ndynamic = ['dependencies', 'optional-dependencies']\n",
            "setup.cfg": CONFIG,
        }
    )
    assert asked(read("pyproject.toml", extras=("plot",))) == ["requests>=2", "colorama", "matplotlib", "numpy"]
    write({"setup.cfg": "[metadata]\nname = thing\n"})
    assert "only its build backend" in failure("pyproject.toml").message


def test_a_folder_is_named_by_its_script() -> None:
    write(
        {
            "one/setup.py": "from setuptools import setup\nsetup(name='One.X', version=v())\n",
            "two/setup.py": "setup(name=n())\n",
        }
    )
    write({"requirements.txt": "./one\n-e ./two\n"})
    found = read("requirements.txt")
    assert asked(found) == ["one-x"]
    assert [each.kind for each in found.unsupported] == ["folder-dynamic"]


@pytest.mark.skipif(os.name == "nt", reason="files of such names are elsewhere there")
@pytest.mark.parametrize("path", ["C:/needs.txt", "..\\needs.txt", "a\\..\\..\\needs.txt"])
def test_file_that_is_outside_of_the_folder_on_windows_is_not_read(path: str) -> None:
    write(
        {
            path: "kept\n",
            "setup.py": f"from setuptools import setup\nsetup(install_requires=open({path!r}).readlines())\n",
        }
    )
    assert "is not literal" in failure("setup.py").message


DOUBLING = {
    "a sum": "x = x + x\n",
    "a sum in place": "x += x\n",
    "a path": "x = os.path.join(x, x)\n",
    "a replacement": "x = x.replace('a', 'aaaaaaaa')\n",
    "a list": "x = [*x, *x]\n",
}


@pytest.mark.parametrize("line", DOUBLING.values(), ids=DOUBLING)
def test_script_whose_values_double_line_by_line_is_too_long_to_be_followed(line: str) -> None:
    start = "['a']" if "[" in line else "'a'"
    write(
        {"setup.py": f"import os\nfrom setuptools import setup\nx = {start}\n{line * 100}setup(install_requires=[])\n"}
    )
    tracemalloc.start()
    try:
        assert "too long to be followed" in failure("setup.py").message
        assert tracemalloc.get_traced_memory()[1] < 500_000_000
    finally:
        tracemalloc.stop()


def test_script_may_name_a_long_text_often() -> None:
    line = "y = x.strip()\n" * 20
    write(
        {
            "README": "word " * 20_000,
            "setup.py": f"from setuptools import setup\nx = open('README').read()\n{line}setup(install_requires=['kept'])\n",
        }
    )
    assert asked(read("setup.py")) == ["kept"]


def holding(script: str, *environments: tuple[str, str]) -> list[list[str]]:
    """What the *script* asks for in each of *environments*: a system and a Python."""
    write({"setup.py": f"import os, platform, sys\nfrom setuptools import setup\nwanted = ['base']\n{script}\n"})
    found = read("setup.py").requirements
    names = {"linux": ("Linux", "posix"), "darwin": ("Darwin", "posix"), "win32": ("Windows", "nt")}
    return [
        [
            each.name
            for each in found
            if each.marker is None
            or each.marker.evaluate(
                {"sys_platform": system, "platform_system": names[system][0], "os_name": names[system][1], "python_version": python}
            )
        ]
        for system, python in environments
    ]  # fmt: skip


SETUP = "setup(name='p', install_requires=wanted)"
MACHINES = (("linux", "3.8"), ("linux", "3.12"), ("darwin", "3.12"), ("win32", "3.8"), ("win32", "3.12"))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("platform.system() == 'Windows'", "00011"),
        ("sys.platform.startswith('win') and sys.version_info >= (3, 0)", "00011"),
        ("os.name == 'posix'", "11100"),
        ("sys.platform != 'darwin'", "11011"),
        ("sys.version_info < (3, 9)", "10010"),
        ("sys.version_info[:2] <= (3, 8)", "10010"),
        ("sys.version_info.minor > 8", "01101"),
        ("sys.version_info[0] == 2", "00000"),
        ("sys.version_info < (3, 9) and sys.platform == 'win32'", "00010"),
        ("sys.version_info < (3, 9) or sys.platform == 'win32'", "10011"),
        ("sys.version_info < (3, 9, 0)", "10010"),
        ("sys.version_info[:3] >= (3, 12, 0)", "01101"),
        ("sysconfig.get_platform() == 'win-amd64'", "00011"),
    ],
)
def test_what_a_script_asks_for_on_some_machines_alone_has_their_marker(condition: str, holds: str) -> None:
    script = f"if {condition}:\n    wanted.append('some')\n{SETUP}"
    assert holding(script, *MACHINES) == [["base", *["some"] * int(each)] for each in holds]


@pytest.mark.parametrize(("python", "names"), [("3.6", ["base", "some"]), ("3.7", ["base"]), ("3.20", ["base"])])
def test_the_oldest_and_the_newest_python_of_targets_have_their_markers(python: str, names: list[str]) -> None:
    script = f"if sys.version_info < (3, 7):\n    wanted.append('some')\n{SETUP}"
    assert holding(script, ("linux", python)) == [names]
    later = f"if sys.version_info >= (3, 20):\n    wanted.append('some')\n{SETUP}"
    assert holding(later, ("linux", python)) == [["base", "some"] if python == "3.20" else ["base"]]


@pytest.mark.parametrize(
    ("imported", "called"),
    [
        ("import platform", "platform.system"),
        ("import platform as p", "p.system"),
        ("from platform import system", "system"),
        ("from platform import system as s", "s"),
    ],
)
def test_the_name_of_the_system_is_known_however_it_is_imported(imported: str, called: str) -> None:
    script = f"{imported}\nif {called}() == 'Windows':\n    wanted.append('some')\n{SETUP}"
    assert holding(script, ("linux", "3.12"), ("win32", "3.12")) == [["base"], ["base", "some"]]


@pytest.mark.parametrize(
    "condition",
    [
        "os.system('pkg-config --exists foo') != 0",
        "thing.get_platform() == 'linux-x86_64'",
        "sys.version_info < (3, 11, 3)",
        "sys.version_info[:3] == (3, 11, 0)",
        "sys.version_info[:3] != (3, 11, 1)",
        "sys.version_info >= (3, 11, 0, 'final')",
        "sys.version_info[:3] in [(3, 11, 0)]",
        "sys.version_info[2] > 3",
    ],
)
def test_what_a_machine_alone_would_tell_is_computed(condition: str) -> None:
    write(
        {
            "setup.py": f"import os, platform, sys\nfrom setuptools import setup\nwanted = ['base']\nif {condition}:\n"
            f"    wanted.append('some')\n{SETUP}\n"
        }
    )
    assert "install_requires is not literal" in failure("setup.py").message


def test_extras_without_requirements_stay_where_others_differ_between_machines() -> None:
    script = "extras = {'a': ['b'] if sys.platform == 'win32' else [], 'all': []}\n"
    text = f"import sys\nfrom setuptools import setup\n{script}setup(install_requires=[], extras_require=extras)\n"
    write({"setup.py": text})
    assert asked(read("setup.py", extras=("all",))) == []
    assert [str(each.marker) for each in read("setup.py", extras=("a",)).requirements] == ['sys_platform == "win32"']
    assert parse_script(text).requires == ()
    assert parse_script("setup(install_requires=[])").requires == ()
    assert parse_script("setup(extras_require={'x': []})").requires is None


@pytest.mark.parametrize(("listed", "names"), [("[]", ["requests>=2", "colorama"]), ("['own']", ["own"])])
def test_setup_cfg_counts_where_the_list_of_the_script_is_empty(listed: str, names: list[str]) -> None:
    write({"setup.cfg": CONFIG, "setup.py": f"from setuptools import setup\nsetup(install_requires={listed})\n"})
    assert asked(read("setup.py")) == names


CHANGED = {
    "a list below another name": "also = {'n': wanted}\nif COND:\n    wanted.append('some')\nwanted = also['n']",
    "a list in a function": "def more():\n    if COND:\n        wanted.append('some')\nmore()",
    "a return": "def more():\n    if COND:\n        return ['base', 'some']\n    return ['base']\nwanted = more()",
    "a loop": "for each in ['some']:\n    if not COND:\n        continue\n    wanted.append(each)",
    "a function": "if not COND:\n    def more(): return []\nelse:\n    def more(): return ['some']\nwanted += more()",
    "a choice": "wanted.append('some') if COND else None",
    "a conjunction": "COND and wanted.append('some')",
    "a key": "also = {'n': ['base']}\nheld = {'h': also}\nif COND:\n    also['n'] = ['base', 'some']\nwanted = held['h']['n']",
}


@pytest.mark.parametrize("condition", ["(sys.platform == 'win32')", "(sys.version_info < (3, 9))"])
@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_what_a_condition_on_the_machine_changes_has_its_marker(change: str, condition: str) -> None:
    holds = "00011" if "win32" in condition else "10010"
    found = holding(f"{change.replace('COND', condition)}\n{SETUP}", *MACHINES)
    assert found == [["base", *["some"] * int(each)] for each in holds]


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("if sys.version_info < (3, 6): sys.exit('old')", 1),
        ("# of any platform", 1),
        ("wanted += ['some'] if sys.platform == 'win32' else []", 4),
    ],
)
def test_a_script_is_read_for_each_machine_only_where_that_changes_what_it_states(line: str, times: int) -> None:
    opened: list[str] = []

    def file_text(path: str) -> str:
        opened.append(path)
        return "base"

    parse_script(f"import sys\nwanted = open('needs.txt').readlines()\n{line}\n{SETUP}", file_text)
    assert opened == ["needs.txt"] * times


def test_a_text_of_many_places_is_read_in_linear_time() -> None:
    began = time.thread_time()
    values = ", ".join(["''"] * 16_000)
    text = "{0}" * 16_000
    assert parse_script(f"setup(name='{text}'.format({values}), install_requires=['a'])").name == ""
    assert time.thread_time() - began < 3


def test_a_script_that_ends_on_some_machines_says_nothing_of_them() -> None:
    script = f"if sys.version_info < (3, 9):\n    sys.exit('old')\nwanted.append('more')\n{SETUP}"
    assert holding(script, ("linux", "3.12"), ("win32", "3.12")) == [["base", "more"]] * 2
    assert [each.marker for each in read("setup.py").requirements] == [None, None]


@pytest.mark.parametrize(
    "line",
    [
        "wanted += ['%s>=%d' % (each, 2) for each in ['some']]",
        "wanted.extend(['%s>=2' % each for each in ('some',)])",
        "wanted.append('{}>={}'.format('some', 2))",
        "wanted.append('{0}>={bound}'.format('some', bound=2))",
        "wanted += [f'{each}>={2}' for each in ['some']]",
    ],
)
def test_requirements_that_a_script_puts_together_are_read(line: str) -> None:
    write({"setup.py": f"from setuptools import setup\nwanted = ['base']\n{line}\n{SETUP}\n"})
    assert [each.text for each in read("setup.py").requirements] == ["base", "some>=2"]


@pytest.mark.parametrize(
    "line",
    [
        "'%5s' % 'some'",
        "'{!r}'.format('some')",
        "f'{name:>9}'",
        "'%s %s' % 'some'",
        "'{'.format(1)",
        "'a==%s' % ['1']",
        "'b>=%s' % (1, 2)",
        "'b' % 1",
        "'b>=%d' % '1'",
        "'b>={1}'.format(1)",
        "'b>={" + "9" * 5_000 + "}'.format(1)",
    ],
    ids=lambda line: line[:20],
)
def test_requirements_that_are_put_together_otherwise_are_computed(line: str) -> None:
    write({"setup.py": f"from setuptools import setup\nname = 'some'\nwanted = ['base', {line}]\n{SETUP}\n"})
    assert "install_requires is not literal" in failure("setup.py").message


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (
            "if found():\n    wanted.append('some')",
            "setup.py:4: install_requires is not literal but wanted.append('some')",
        ),
        ("wanted += found()", "setup.py:3: install_requires is not literal but found()"),
        (
            "wanted.extend(found())\nwanted.append('some')",
            "setup.py:3: install_requires is not literal but wanted.extend(found())",
        ),
    ],
)
def test_a_list_that_is_changed_later_is_told_by_its_change(change: str, shown: str) -> None:
    write({"setup.py": f"from setuptools import setup\nwanted = ['base']\n{change}\n{SETUP}\n"})
    told = failure("setup.py")
    assert f"{told.address}: {told.message}" == shown


@pytest.mark.parametrize(
    ("condition", "readings"),
    [
        ("sys.version_info < (3, 9)", 1 + 3),
        ("(3, 9) > sys.version_info", 1 + 3),
        ("sys.version_info[:2] in [(3, 8), (3, 10)]", 1 + 5),
        ("(sys.platform == 'win32') and sys.version_info.minor < 9", 1 + 3 * 3),
        # What is not compared with numbers alone may tell each minor.
        ("[sys.version_info][0] < (3, 9)", 1 + 15),
    ],
)
def test_script_is_read_once_for_all_pythons_that_it_cannot_tell_apart(condition: str, readings: int) -> None:
    opened: list[str] = []

    def file_text(path: str) -> str:
        opened.append(path)
        return "words"

    script = f"import sys\nfrom setuptools import setup\nwanted = ['one']\nif {condition}:\n    wanted.append('two')\n"
    parse_script(f"{script}open('words').read()\nsetup(name='a', install_requires=wanted)\n", file_text)
    assert len(opened) == readings


@pytest.mark.parametrize("number", range(5, 22))
@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
def test_a_condition_on_the_minor_holds_where_its_marker_does(number: int, sign: str) -> None:
    script = f"if sys.version_info[1] {sign} {number}:\n    wanted.append('some')\n{SETUP}"
    compare = {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "==": operator.eq,
        "!=": operator.ne,
    }
    machines = [("linux", f"3.{minor}") for minor in range(6, 21)]
    assert holding(script, *machines) == [["base", *["some"] * compare[sign](minor, number)] for minor in range(6, 21)]


def test_branches_of_a_script_with_thousands_of_names_count_as_the_work_that_they_are() -> None:
    opened: list[str] = []

    def file_text(path: str) -> str:
        opened.append(path)
        return "one"

    names = "".join(f"x{number} = {number}\n" for number in range(5_000))
    branches = "if unknown():\n    open('words').read()\n" * 5_000
    with pytest.raises(NotStatic, match="too long to be followed"):
        parse_script(f"from setuptools import setup\n{names}{branches}setup(install_requires=['a'])\n", file_text)
    assert len(opened) < 500
