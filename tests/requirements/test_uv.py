"""``[tool.uv]``, ``uv.toml`` and workspaces: what stands in the place of a requirement, and what is followed."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.markers import Marker, default_environment

from tests.requirements.readings import asked, failure, read, write
from wheelcheck.errors import InputUnreadable
from wheelcheck.requirements.uv_sources import negated

pytestmark = pytest.mark.usefixtures("folder")

MEMBER = '[project]\nname = "{name}"\nversion = "1"\ndependencies = [{dependencies}]\n'
WORKSPACE = """\
[project]
name = "root"
version = "1"
dependencies = ["lib-a"]

[tool.uv.workspace]
members = ["packages/*"]
exclude = ["packages/old"]

[tool.uv.sources]
lib-a = { workspace = true }
lib-b = { workspace = true }
"""


def project(name: str, *dependencies: str, more: str = "") -> str:
    return MEMBER.format(name=name, dependencies=", ".join(f'"{each}"' for each in dependencies)) + more


def urls(*inputs: str, **options: tuple[str, ...]) -> dict[str, str]:
    """Where each local requirement lies, from the current folder."""
    found = read(*inputs, **options).requirements  # type: ignore[arg-type]
    return {
        each.name: Path(each.url.removeprefix("file://")).relative_to(Path.cwd()).as_posix()
        for each in found
        if each.url
    }


def test_a_member_of_the_workspace_is_its_folder_and_so_is_what_it_requires_of_others() -> None:
    write(
        {
            "pyproject.toml": WORKSPACE,
            "packages/a/pyproject.toml": project("lib_a", "lib-b; os_name == 'nt'", "six"),
            "packages/b/pyproject.toml": project("lib.b"),
            "packages/old/pyproject.toml": project("lib-old"),
        }
    )
    assert urls("pyproject.toml") == {"lib-a": "packages/a", "lib-b": "packages/b"}
    found = {str(each.name): each for each in read("pyproject.toml").requirements}
    assert str(found["lib-b"].marker) == 'os_name == "nt"'
    assert "six" not in found, "the metadata of the folder tells what else it requires"


def test_what_stands_in_the_place_of_a_requirement_can_be_written_down(tmp_path: Path) -> None:
    write(
        {
            "pyproject.toml": project(
                "p", "x>=1", more='[tool.uv.sources]\nx = { path = "lib", marker = "os_name == \'nt\'" }\n'
            ),
            "lib/pyproject.toml": project("x"),
        }
    )
    assert [str(each) for each in read("pyproject.toml").requirements] == [
        f'x @ {(tmp_path / "lib").as_uri()} ; os_name == "nt"',
        'x>=1 ; os_name != "nt"',
    ]


def test_a_member_is_read_with_the_sources_and_settings_of_its_root() -> None:
    write(
        {
            "pyproject.toml": WORKSPACE + '[tool.uv]\noverride-dependencies = ["six==1.16"]\n',
            "packages/a/pyproject.toml": project("lib-a", "lib-b"),
            "packages/b/pyproject.toml": project("lib-b"),
        }
    )
    found = read("packages/a/pyproject.toml")
    assert [each.local for each in found.requirements] == ["folder"]
    assert [str(each) for each in found.tools.overrides] == ["six==1.16"]
    assert [path for path, _ in found.files] == [
        "packages/a/pyproject.toml",
        "pyproject.toml",
        "packages/b/pyproject.toml",
    ]


def test_a_member_that_no_source_names_is_refused_since_another_project_may_have_its_name() -> None:
    write(
        {
            "pyproject.toml": WORKSPACE.replace("lib-a = { workspace = true }\n", ""),
            "packages/a/pyproject.toml": project("lib-a"),
        }
    )
    error = failure("pyproject.toml")
    assert error.address == "pyproject.toml:4"
    assert "lib-a = { workspace = true }" in error.hint


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{ workspace = true }", "tool.uv.sources.x: x is no member of the workspace"),
        ("{ path = 3 }", "tool.uv.sources.x.path must be a string"),
        ('{ marker = "os_name == 1" }', "tool.uv.sources.x names none of workspace, path, git, url, index"),
        ('{ index = "i", marker = "nonsense" }', "tool.uv.sources.x: no environment marker: 'nonsense'"),
        ('"x"', "tool.uv.sources.x must be a table, or a list of tables"),
    ],
)
def test_a_source_that_cannot_be_followed_names_tool_key_file_and_line(entry: str, message: str) -> None:
    write({"pyproject.toml": project("p", "x", more=f"[tool.uv.sources]\nx = {entry}\n")})
    error = failure("pyproject.toml")
    assert (error.message, error.address) == (message, "pyproject.toml:6")


def test_a_workspace_whose_root_is_no_project_asks_for_every_member() -> None:
    write(
        {
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["*"]\n',
            "a/pyproject.toml": project("lib-a"),
            "b/pyproject.toml": project("lib-b", "lib-a", more="[tool.uv.sources]\nlib-a = { workspace = true }\n"),
        }
    )
    assert urls("pyproject.toml") == {"lib-a": "a", "lib-b": "b"}


def test_a_source_counts_under_its_marker_and_the_index_elsewhere() -> None:
    url = "https://index.example/x-2-py3-none-any.whl"
    source = f'[tool.uv.sources]\nx = [{{ url = "{url}", marker = "os_name == \'nt\'" }}]\n'
    write({"pyproject.toml": project("p", "x>=1; python_version >= '3.9'", more=source)})
    direct, rest = read("pyproject.toml").requirements
    assert (direct.url, str(direct.marker)) == (url, 'python_version >= "3.9" and os_name == "nt"')
    assert (str(rest.specifier), str(rest.marker)) == (">=1", 'python_version >= "3.9" and os_name != "nt"')


def test_an_override_comes_from_where_its_source_says() -> None:
    more = (
        '[tool.uv]\noverride-dependencies = ["x>=1", "torch"]\n[[tool.uv.index]]\nname = "i"\nurl = "https://i.example/"\n'
        '[tool.uv.sources]\nx = { path = "lib" }\ntorch = { index = "i" }\n'
    )
    write({"pyproject.toml": project("p", "y", more=more), "lib/pyproject.toml": project("x")})
    found = read("pyproject.toml")
    assert [(each.name, each.local) for each in found.tools.overrides] == [("x", "folder"), ("torch", "")]
    assert [(each.project, each.index) for each in found.options.sources] == [("torch", "i")]


def test_a_source_for_an_extra_counts_for_that_extra_alone() -> None:
    write(
        {
            "lib/pyproject.toml": project("x"),
            "pyproject.toml": project(
                "p", "x",
                more='[project.optional-dependencies]\nlocal = ["x"]\n[tool.uv.sources]\nx = { path = "lib", extra = "local" }\n',
            ),
        }
    )  # fmt: skip
    assert urls("pyproject.toml") == {}
    assert urls("pyproject.toml", extras=("local",)) == {"x": "lib"}


def test_repositories_are_named_with_their_revision() -> None:
    write(
        {
            "pyproject.toml": project(
                "p", "x", more='[tool.uv.sources]\nx = { git = "https://git.example/x", tag = "v1.2" }\n'
            )
        }
    )
    (unsupported,) = read("pyproject.toml").unsupported
    assert (unsupported.name, unsupported.kind) == ("x", "vcs")
    assert unsupported.stand_in is not None
    assert str(unsupported.stand_in.specifier) == "==1.2"


SETTINGS = """\
[tool.uv]
override-dependencies = ["numpy==2.3.5"]
constraint-dependencies = ["httpx<0.28"]
exclude-dependencies = ["Old.One"]
exclude-newer = "2026-06-01T00:00:00Z"
exclude-newer-package = { six = "2025-01-01", attrs = false }
prerelease = "allow"
no-build-package = ["lxml"]
no-binary = true
resolution = "lowest-direct"
link-mode = "copy"
default-groups = ["dev"]
surprise = 1
dev-dependencies = ["pytest"]
"""


def test_settings_are_followed_with_their_lines_or_named() -> None:
    write({"pyproject.toml": project("p", "numpy", more=SETTINGS)})
    found = read("pyproject.toml")
    tools = found.tools
    assert [str(each) for each in tools.overrides] == ["numpy==2.3.5"]
    assert [str(each) for each in found.constraints] == ["httpx<0.28"]
    assert tools.excludes == {"old-one"}
    assert tools.exclude_newer == "2026-06-01T00:00:00Z"
    assert tools.exclude_newer_of == (("six", "2025-01-01"), ("attrs", ""))
    assert found.options.pre
    assert found.options.only_binary == {"lxml"}
    assert found.options.no_binary == {":all:"}
    told = {each.key: (each.origin.line, each.option, bool(each.unheeded), each.decides) for each in tools.settings}
    assert told == {
        "tool.uv.override-dependencies": (6, "overrides", False, False),
        "tool.uv.constraint-dependencies": (7, "constraints", False, False),
        "tool.uv.exclude-dependencies": (8, "excludes", False, False),
        "tool.uv.exclude-newer": (9, "exclude-newer", False, False),
        "tool.uv.exclude-newer-package": (10, "exclude-newer-package", False, False),
        "tool.uv.prerelease": (11, "pre", False, False),
        "tool.uv.no-build-package": (12, "only-binary", False, False),
        "tool.uv.no-binary": (13, "no-binary", False, False),
        "tool.uv.resolution": (14, "", True, True),
        "tool.uv.default-groups": (16, "", True, False),
        "tool.uv.surprise": (17, "", True, True),
        "tool.uv.dev-dependencies": (18, "groups", False, False),
    }
    assert asked(read("pyproject.toml", groups=("dev",))) == ["numpy", "pytest"]


def test_uv_toml_beside_wins_but_for_what_uv_reads_in_pyproject_toml_alone() -> None:
    write(
        {
            "pyproject.toml": project("p", more=SETTINGS),
            "uv.toml": 'exclude-newer = "2026-01-01"\noverride-dependencies = ["six==1"]\n',
        }
    )
    tools = read("pyproject.toml").tools
    assert (tools.exclude_newer, [str(each) for each in tools.overrides]) == ("2026-01-01", ["numpy==2.3.5"])
    unheeded = {str(each.origin): each.unheeded for each in tools.settings if each.unheeded}
    assert unheeded["uv.toml:2"] == "uv takes this key from pyproject.toml alone"
    assert unheeded["pyproject.toml:9"] == "uv takes this key from uv.toml, which lies beside"


def test_configuration_of_user_and_system_says_what_the_project_does_not_and_adds_to_lists(tmp_path: Path) -> None:
    write(
        {
            "own/pyproject.toml": project("p", more=(
                '[tool.uv]\nexclude-newer = "2026-06-01"\nindex = [{ url = "https://one.example/simple" }]\n'
            )),
            "home/.config/uv/uv.toml": (
                'exclude-newer = "2026-01-01"\nindex-strategy = "unsafe-best-match"\n'
                '[[index]]\nurl = "https://two.example/simple"\ndefault = true\n'
            ),
        }
    )  # fmt: skip
    home = {"HOME": str(tmp_path / "home")}
    found = read("own/pyproject.toml", environ=home)
    assert [each.url for each in found.options.indexes] == ["https://one.example/simple", "https://two.example/simple"]
    assert (found.tools.exclude_newer, found.options.strategy) == ("2026-06-01", "unsafe-best-match")
    assert read("own/pyproject.toml", environ={**home, "UV_NO_CONFIG": "1"}).options.strategy is None
    other = {"UV_CONFIG_FILE": str(tmp_path / "home/.config/uv/uv.toml")}
    assert read("own/pyproject.toml", environ=other).tools.exclude_newer == "2026-01-01"


def test_configuration_of_the_machine_that_is_no_text_is_told_with_its_path(tmp_path: Path) -> None:
    write({"pyproject.toml": project("p", more='[tool.uv]\nexclude-newer = "2026-06-01"\n')})
    file = tmp_path / "home/.config/uv/uv.toml"
    file.parent.mkdir(parents=True)
    file.write_bytes(b'index-url = "https://\xe9.example/simple"\n')
    for environ in ({"HOME": str(tmp_path / "home")}, {"UV_CONFIG_FILE": str(file)}):
        error = failure("pyproject.toml", environ=environ)
        assert str(file) in error.address


def test_extras_that_ask_for_one_another_under_markers_end() -> None:
    optional = """
[project.optional-dependencies]
x = ["idna", "p[y] ; python_version < '4'"]
y = ["six", "p[x] ; os_name != 'nt'"]
"""
    write({"pyproject.toml": project("p", more=optional)})
    assert asked(read("pyproject.toml", extras=("x",))) == ["idna", "six"]


@pytest.mark.parametrize("pattern", ["/somewhere/*", "**x"])
def test_pattern_of_members_that_is_none_is_told_with_its_line(pattern: str) -> None:
    write({"pyproject.toml": project("p", more=f'[tool.uv.workspace]\nmembers = ["{pattern}"]\n')})
    error = failure("pyproject.toml")
    assert (error.address, pattern in error.message) == ("pyproject.toml:6", True)


def test_a_workspace_may_name_its_own_folder() -> None:
    write({"pyproject.toml": project("p", "six", more='[tool.uv.workspace]\nmembers = ["."]\n')})
    assert asked(read("pyproject.toml")) == ["six"]


def test_all_settings_that_cannot_be_read_are_told_in_one_run() -> None:
    more = "[tool.uv]\nno-build = 3\nexclude-newer = 4\n[tool.uv.sources]\na = { workspace = true }\n"
    write({"pyproject.toml": project("p", "a", "b c d", more=more)})
    error = failure("pyproject.toml")
    assert isinstance(error, InputUnreadable)
    assert [each.address for each in (error, *error.further)] == [f"pyproject.toml:{line}" for line in (6, 7, 9, 4)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('override-dependencies = "x"', "tool.uv.override-dependencies must be a list of strings"),
        ('constraint-dependencies = ["a b c"]', "tool.uv.constraint-dependencies: no requirement: 'a b c'"),
        ("exclude-newer = 3", 'tool.uv.exclude-newer must be a day such as "2026-11-01"'),
        ('exclude-newer = "soon"', 'tool.uv.exclude-newer must be a day such as "2026-11-01"'),
        (
            'exclude-newer-package = { a = "soon" }',
            'tool.uv.exclude-newer-package.a must be a day such as "2026-11-01"',
        ),
        ("no-build = 3", "tool.uv.no-build must be true or false"),
        ('no-build-package = "x y"', "tool.uv.no-build-package must be a list of strings"),
        ("workspace = 3", "tool.uv.workspace must be a table"),
        ("conflicts = 3", "tool.uv.conflicts must be a list of lists of tables"),
    ],
)
def test_a_setting_of_the_wrong_kind_names_tool_key_file_and_line(line: str, message: str) -> None:
    write({"pyproject.toml": project("p", more=f"[tool.uv]\n{line}\n")})
    error = failure("pyproject.toml")
    assert error.message.startswith(message)
    assert error.address == "pyproject.toml:6"


INDEXES = """\
[[tool.uv.index]]
name = "cpu"
url = "https://cpu.example/simple"
explicit = true

[[tool.uv.index]]
name = "own"
url = "https://own.example/simple"
default = true
ignore-error-codes = [403]

[[tool.uv.index]]
url = "files"
format = "flat"

[tool.uv]
index-strategy = "unsafe-best-match"
extra-index-url = ["https://more.example/simple"]
no-index = false

[tool.uv.sources]
torch = [{ index = "cpu", marker = "sys_platform == 'linux'" }]
"""


def test_indexes_and_the_projects_that_come_from_one_of_them() -> None:
    write({"pyproject.toml": project("p", "torch; python_version > '3.9'", "six", more=INDEXES)})
    options = read("pyproject.toml").options
    assert [(each.name, each.url, each.role, each.absent_statuses) for each in options.indexes] == [
        ("cpu", "https://cpu.example/simple", "explicit", ()),
        ("own", "https://own.example/simple", "default", (403,)),
    ]
    assert (options.installer, options.strategy) == ("uv", "unsafe-best-match")
    assert options.extra_index_urls == ("https://more.example/simple",)
    assert options.find_links == ((Path.cwd() / "files").as_uri(),)
    (source,) = options.sources
    assert (source.project, source.index, str(source.origin)) == ("torch", "cpu", "pyproject.toml:26")
    assert str(source.marker) == 'python_version > "3.9" and sys_platform == "linux"'


def test_a_source_on_an_index_that_is_not_described_is_refused() -> None:
    write({"pyproject.toml": project("p", "torch", more=INDEXES.replace('name = "cpu"', 'name = "cpus"'))})
    error = failure("pyproject.toml")
    assert (error.message, error.hint) == ("tool.uv.sources.torch: no index is called cpu", "did you mean cpus?")
    assert error.address == "pyproject.toml:26"


def test_extras_that_conflict_are_refused_together() -> None:
    more = (
        '[project.optional-dependencies]\ncpu = ["x"]\ngpu = ["y"]\n'
        '[tool.uv]\nconflicts = [[{ extra = "cpu" }, { extra = "gpu" }]]\n'
    )
    write({"pyproject.toml": project("p", more=more)})
    assert asked(read("pyproject.toml", extras=("gpu",))) == ["y"]
    error = failure("pyproject.toml", extras=("gpu", "cpu"))
    assert error.message == "--extra cpu and --extra gpu exclude each other"
    assert error.address == "pyproject.toml:9: tool.uv.conflicts"


@pytest.mark.parametrize(
    "text",
    [
        "os_name == 'nt'",
        "python_version < '3.8' and (os_name == 'nt' or 'x' in sys_platform)",
        "python_version >= '3.8' or os_name == 'nt' and sys_platform not in 'win32 linux'",
        "(python_version > '3.8' or os_name != 'nt') and sys_platform == 'linux'",
    ],
)
@pytest.mark.parametrize("os_name", ["nt", "posix"])
@pytest.mark.parametrize("sys_platform", ["linux", "win32", "xnu"])
@pytest.mark.parametrize("python_version", ["3.7", "3.8", "3.9"])
def test_a_negated_marker_holds_where_the_marker_does_not(
    text: str, os_name: str, sys_platform: str, python_version: str
) -> None:
    environment = {
        **{key: str(value) for key, value in default_environment().items()},
        "os_name": os_name,
        "sys_platform": sys_platform,
        "python_version": python_version,
    }
    assert Marker(negated(Marker(text))).evaluate(environment) is not Marker(text).evaluate(environment)


SCRIPT = """\
# /// script
# dependencies = ["lib", "six"]
# [tool.uv]
# exclude-newer = "2026-06-01"
# override-dependencies = ["six==1.16"]
# [tool.uv.sources]
# lib = { path = "lib" }
# ///
print()
"""


def test_the_block_of_a_script_has_settings_of_uv_too() -> None:
    write({"app.py": SCRIPT, "lib/pyproject.toml": project("lib")})
    found = read("app.py")
    assert [(each.name, each.local, str(each.origin)) for each in found.requirements] == [
        ("lib", "folder", "app.py:2"),
        ("six", "", "app.py:2"),
    ]
    assert found.tools.exclude_newer == "2026-06-01"
    assert [(each.key, str(each.origin)) for each in found.tools.settings] == [
        ("tool.uv.exclude-newer", "app.py:4"),
        ("tool.uv.override-dependencies", "app.py:5"),
        ("tool.uv.sources", "app.py:6"),
    ]
    assert found.options.installer == "uv"
    write({"app.py": SCRIPT.replace('path = "lib"', 'path = "gone"')})
    # A folder that is not here is told beside the rest, and no project of that name on an index stands in for it.
    (missing,) = read("app.py").unsupported
    assert (missing.kind, missing.name, missing.stand_in, str(missing.origin)) == ("missing", "lib", None, "app.py:2")
