"""``[tool.poetry]``, ``[tool.pdm]`` and Hatch's environments: what they ask for, and what is followed."""

from __future__ import annotations

import pytest

from tests.requirements.readings import asked, failure, read, write

pytestmark = pytest.mark.usefixtures("folder")

POETRY = """\
[tool.poetry]
name = "p"
version = "1"

[tool.poetry.dependencies]
python = "^3.11"
caret = "^1.2"
tilde = "~1.2"
star = "1.*"
either = "^1.2 || ^3"
marked = { version = ">=1", python = "<3.12", platform = "win32", extras = ["x"] }
several = [
  { version = "1.0", markers = "os_name == 'nt'" },
  { version = "^2", python = ">=3.13 || 3.11.*" },
]
local = { path = "lib", develop = true }
repo = { git = "https://git.example/repo.git", tag = "v1.2" }
web = { url = "https://index.example/web-1-py3-none-any.whl" }
fast = { version = "^4", optional = true }
never = { version = "^4", optional = true }

[tool.poetry.extras]
Speed = ["Fast"]

[tool.poetry.group.docs]
include-groups = ["Spelling"]

[tool.poetry.group.docs.dependencies]
sphinx = "*"

[tool.poetry.group.spelling.dependencies]
checker = { version = "*", allow-prereleases = true }

[tool.poetry.dev-dependencies]
pytest = "^9"
"""
LIBRARY = {"lib/pyproject.toml": '[project]\nname = "local"\nversion = "3"\n'}


def test_poetry_s_dependencies_are_requirements_with_their_lines() -> None:
    write({"pyproject.toml": POETRY, **LIBRARY})
    found = read("pyproject.toml")
    told = [(f"{each.name}{each.specifier}", str(each.marker or ""), str(each.origin)) for each in found.requirements]
    assert told == [
        ("caret<2,>=1.2", "", "pyproject.toml:7"),
        ("tilde<1.3,>=1.2", "", "pyproject.toml:8"),
        ("star==1.*", "", "pyproject.toml:9"),
        ("either!=2.*,<4,>=1.2", "", "pyproject.toml:10"),
        ("marked>=1", 'python_version < "3.12" and sys_platform == "win32"', "pyproject.toml:11"),
        ("several==1.0", 'os_name == "nt"', "pyproject.toml:12"),
        ("several<3,>=2", 'python_version >= "3.13" or python_version == "3.11.*"', "pyproject.toml:12"),
        ("local", "", "pyproject.toml:16"),
        ("web", "", "pyproject.toml:18"),
    ]
    assert found.requirements[4].extras == {"x"}
    assert found.requirements[7].local == "folder"
    assert [(each.name, each.kind) for each in found.unsupported] == [("repo", "vcs")]
    ((bound, origin),) = found.requires_python
    assert (str(bound), str(origin)) == ("<4,>=3.11", "pyproject.toml:6")


def test_poetry_s_extras_and_groups_are_chosen() -> None:
    write({"pyproject.toml": POETRY, **LIBRARY})
    assert asked(read("pyproject.toml", extras=("speed",), groups=("docs", "dev")))[9:] == [
        "fast<5,>=4",
        "sphinx",
        "checker",
        "pytest<10,>=9",
    ]
    assert read("pyproject.toml", groups=("docs",)).tools.pre_of == {"checker"}


def test_poetry_s_table_completes_what_the_project_table_lists() -> None:
    write(
        {
            "pyproject.toml": '[project]\nname = "p"\ndependencies = ["local[x]; os_name == \'nt\'", "six>=1.10"]\n'
            '[tool.poetry.dependencies]\nlocal = { path = "lib" }\nsix = "<1.17"\nunlisted = "*"\n',
            **LIBRARY,
        }
    )
    found = read("pyproject.toml")
    local, six = found.requirements
    assert (local.local, str(local.marker)) == ("folder", 'os_name == "nt"')
    assert local.extras == {"x"}
    assert str(six.specifier) == ">=1.10"
    assert [str(each) for each in found.constraints] == ["six<1.17"]


def test_a_local_project_of_poetry_brings_the_local_projects_that_it_requires() -> None:
    write(
        {
            "app/pyproject.toml": '[tool.poetry]\nname = "app"\n[tool.poetry.dependencies]\na = { path = "../a" }\n',
            "a/pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nb = { path = "../b" }\nsix = "*"\n',
            "b/pyproject.toml": '[tool.poetry]\nname = "b"\n[tool.poetry.dependencies]\npython = "*"\n',
        }
    )
    assert asked(read("app/pyproject.toml")) == ["a", "b"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('"1.2.* || >=2"', "tool.poetry.dependencies.x: the union ==1.2.* || >=2 cannot be said as a requirement"),
        (
            "3",
            "tool.poetry.dependencies.x: a value that is neither a string nor a table cannot be said as a requirement",
        ),
        ('"what"', "tool.poetry.dependencies.x: the version constraint 'what' cannot be said as a requirement"),
    ],
)
def test_an_entry_of_poetry_that_cannot_be_followed_names_tool_key_file_and_line(entry: str, message: str) -> None:
    write({"pyproject.toml": f'[tool.poetry]\nname = "p"\n[tool.poetry.dependencies]\nx = {entry}\n'})
    error = failure("pyproject.toml")
    assert (error.message, error.address) == (message, "pyproject.toml:4")


def test_a_path_of_poetry_to_nothing_that_is_here_is_told_beside_the_rest_and_no_index_stands_in() -> None:
    write(
        {
            "pyproject.toml": '[tool.poetry]\nname = "p"\n[tool.poetry.dependencies]\nx = { path = "../gone" }\nsix = "*"\n'
        }
    )
    found = read("pyproject.toml")
    assert [(each.kind, each.name, each.stand_in) for each in found.unsupported] == [("missing", "x", None)]
    assert asked(found) == ["six"]


SOURCES = """\
[tool.poetry]
name = "p"

[tool.poetry.dependencies]
torch = { version = "^2", source = "Vendor", markers = "os_name == 'nt'" }

[[tool.poetry.source]]
name = "vendor"
url = "https://vendor.example/simple"
priority = "explicit"
"""
MIRRORS = """
[[tool.poetry.source]]
name = "mirror"
url = "https://mirror.example/simple"

[[tool.poetry.source]]
name = "spare"
url = "https://spare.example/simple"

[[tool.poetry.source]]
name = "last"
url = "https://last.example/simple"
priority = "supplemental"
"""


def test_poetry_s_sources_have_their_priority() -> None:
    write({"pyproject.toml": SOURCES})
    options = read("pyproject.toml").options
    assert [(each.name, each.role) for each in options.indexes] == [("vendor", "explicit")]
    assert options.installer == "poetry"
    assert [(each.project, each.index, str(each.marker)) for each in options.sources] == [
        ("torch", "vendor", 'os_name == "nt"')
    ]
    write({"pyproject.toml": SOURCES + MIRRORS})
    assert [(each.name, each.role) for each in read("pyproject.toml").options.indexes] == [
        ("vendor", "explicit"),
        ("mirror", "extra"),
        ("spare", "default"),
        ("last", "supplemental"),
    ]
    write({"pyproject.toml": SOURCES.replace('"explicit"', '"highest"')})
    error = failure("pyproject.toml")
    assert error.message == "tool.poetry.source: highest is no priority"
    assert error.address.startswith("pyproject.toml:")


def test_a_source_of_poetry_that_is_not_described_is_refused() -> None:
    write({"pyproject.toml": SOURCES.replace('"Vendor"', '"Vender"')})
    error = failure("pyproject.toml")
    assert (error.message, error.hint) == (
        "tool.poetry.dependencies.torch: no index is called vender",
        "did you mean vendor?",
    )
    assert error.address == "pyproject.toml:5"


PDM = """\
[project]
name = "p"
dependencies = ["numpy"]

[tool.pdm.dev-dependencies]
test = ["pytest>=9", "-e file:///${PROJECT_ROOT}/lib#egg=local"]

[tool.pdm.resolution]
excludes = ["Left.Out"]
allow-prereleases = true
exclude-newer = "2026-06-01"
surprise = 1

[tool.pdm.resolution.overrides]
six = "1.16"
attrs = ">=25"
web = "https://index.example/web-1-py3-none-any.whl"
"""


def test_pdm_s_groups_and_resolution_are_followed() -> None:
    write({"pyproject.toml": PDM, **LIBRARY})
    found = read("pyproject.toml", groups=("test",))
    assert asked(found) == ["numpy", "pytest>=9", "local"]
    assert found.requirements[-1].local == "editable"
    tools = found.tools
    assert [f"{each.name}{each.specifier}" for each in tools.overrides] == ["six==1.16", "attrs>=25", "web"]
    assert tools.overrides[-1].url == "https://index.example/web-1-py3-none-any.whl"
    assert tools.excludes == {"left-out"}
    assert (found.options.pre, tools.exclude_newer) == (True, "2026-06-01")
    assert [(each.key, each.origin.line) for each in tools.settings if each.unheeded] == [
        ("tool.pdm.resolution.surprise", 12)
    ]


PDM_SOURCES = """\
[project]
name = "p"

[tool.pdm.resolution]
respect-source-order = true

[[tool.pdm.source]]
name = "pypi"
url = "https://mirror.example/simple"
username = "u@h"
password = "p/w"

[[tool.pdm.source]]
name = "torch"
url = "https://${HOST}/whl/cpu"
include_packages = ["Torch", "torch*"]
exclude_packages = ["*"]
verify_ssl = false

[[tool.pdm.source]]
name = "files"
url = "wheels"
type = "find_links"
"""


def test_pdm_s_sources_and_their_projects_are_followed() -> None:
    write({"pyproject.toml": PDM_SOURCES})
    found = read("pyproject.toml", environ={"HOST": "torch.example"})
    options = found.options
    assert [(each.name, each.url, each.role) for each in options.indexes] == [
        ("pypi", "https://u%40h:p%2Fw@mirror.example/simple", "default"),
        ("torch", "https://torch.example/whl/cpu", "explicit"),
    ]
    assert (options.installer, options.strategy) == ("pdm", "unsafe-first-match")
    assert [(each.project, each.index) for each in options.sources] == [("torch", "torch")]
    assert options.find_links[0].endswith("/wheels")
    assert [(each.key, each.decides) for each in found.tools.settings if each.unheeded] == [
        ("tool.pdm.source.include_packages", True),
        ("tool.pdm.source.verify_ssl", False),
    ]
    assert "p/w" not in str(found.tools)


HATCH = """\
[project]
name = "p"
dependencies = ["numpy"]

[project.optional-dependencies]
cli = ["rich"]

[tool.hatch.envs.default]
dependencies = ["pytest"]

[tool.hatch.envs.docs]
dependencies = ["sphinx"]
features = ["cli"]

[tool.hatch.envs.more]
extra-dependencies = ["coverage"]

[[tool.hatch.envs.more.matrix]]
python = ["3.12"]

[tool.hatch.envs.apart]
detached = true
extra-dependencies = ["mkdocs"]
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("default", ["pytest"]),
        ("docs", ["sphinx", "rich"]),
        ("more", ["pytest", "coverage"]),
        ("apart", ["mkdocs"]),
    ],
)
def test_an_environment_of_hatch_is_chosen_like_a_group(name: str, expected: list[str]) -> None:
    write({"pyproject.toml": HATCH})
    found = read("pyproject.toml", groups=(name,))
    assert asked(found) == ["numpy", *expected]
    unheeded = [each.key for each in found.tools.settings if each.unheeded]
    assert unheeded == (["tool.hatch.envs.more.matrix"] if name == "more" else [])


def test_hatch_toml_beside_has_the_environments() -> None:
    write({"pyproject.toml": HATCH, "hatch.toml": '[envs.lint]\ndependencies = ["ruff"]\n'})
    assert asked(read("pyproject.toml", groups=("lint",))) == ["numpy", "ruff"]
    assert failure("pyproject.toml", groups=("docs",)).hint == "it has lint"
