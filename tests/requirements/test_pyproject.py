"""``pyproject.toml``: dependencies, extras, groups, and what is dynamic."""

from __future__ import annotations

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.requirements.readings import asked, failure, read, write
from wheelcheck.errors import InputUnreadable, UsageProblem

pytestmark = pytest.mark.usefixtures("folder")

PROJECT = """\
[project]
name = "My.Project"
requires-python = ">=3.11"
dependencies = [
  "numpy>=1.0",
  'tomli; python_version < "3.11"',
]

[project.optional-dependencies]
Fast_Mode = ["orjson"]
web = ["flask", "numpy>=1.0"]
all = ["my-project[fast-mode]; os_name == 'nt'", "My_Project[web]", "extra[x]"]

[dependency-groups]
test = ["pytest >= 9 ; os_name=='nt'"]
Dev_Tools = [{ include-group = "test" }, "ruff"]
"""


def test_dependencies_have_their_lines_and_requires_python_is_kept() -> None:
    write({"pyproject.toml": PROJECT})
    found = read("pyproject.toml")
    assert asked(found) == ["numpy>=1.0", "tomli"]
    assert [str(requirement.origin) for requirement in found.requirements] == ["pyproject.toml:5", "pyproject.toml:6"]
    ((bound, origin),) = found.requires_python
    assert (str(bound), str(origin)) == (">=3.11", "pyproject.toml:3")
    assert [path for path, _ in found.files] == ["pyproject.toml"]


def test_extras_are_chosen_by_any_spelling_with_their_own_lines() -> None:
    write({"pyproject.toml": PROJECT})
    found = read("pyproject.toml", extras=("FAST-mode", "web"))
    assert asked(found) == ["numpy>=1.0", "tomli", "orjson", "flask", "numpy>=1.0"]
    assert [str(requirement.origin) for requirement in found.requirements[2:]] == [
        "pyproject.toml:10",
        "pyproject.toml:11",
        "pyproject.toml:11",
    ]


def test_self_referential_extras_are_flattened_under_both_markers() -> None:
    write({"pyproject.toml": PROJECT})
    found = read("pyproject.toml", extras=("all",))
    assert asked(found)[2:] == ["orjson", "flask", "numpy>=1.0", "extra"]
    assert str(found.requirements[2].marker) == 'os_name == "nt"'


def test_self_referential_extras_may_form_a_circle() -> None:
    write(
        {
            "pyproject.toml": "[project]\nname='x'\n[project.optional-dependencies]\na=['x[b]', 'one']\nb=['x[a]', 'two']\n"
        }
    )
    assert asked(read("pyproject.toml", extras=("a",))) == ["two", "one"]


def test_groups_follow_includes() -> None:
    write({"pyproject.toml": PROJECT})
    assert asked(read("pyproject.toml", groups=("dev.tools",)))[2:] == ["pytest>=9", "ruff"]
    found = read("pyproject.toml", groups=("test",)).requirements[-1]
    assert (found.text, str(found.origin)) == ("pytest >= 9 ; os_name=='nt'", "pyproject.toml:15")


def test_unknown_extras_and_groups_name_the_nearest_good_ones() -> None:
    write({"pyproject.toml": PROJECT})
    error = failure("pyproject.toml", extras=("fastmode",))
    assert (str(error), error.hint) == ("pyproject.toml: no extra 'fastmode'", "did you mean fast-mode?")
    error = failure("pyproject.toml", groups=("tests",))
    assert (str(error), error.hint) == ("pyproject.toml: no dependency group 'tests'", "did you mean test?")


def test_extras_need_a_project_among_the_inputs() -> None:
    error = failure("numpy", extras=("x",))
    assert isinstance(error, UsageProblem)


def test_group_include_cycles_and_unknown_includes_name_file_and_group() -> None:
    write({"pyproject.toml": "[dependency-groups]\na = [{include-group = 'b'}]\nb = [{include-group = 'a'}]\n"})
    error = failure("pyproject.toml", groups=("a",))
    assert "dependency group a" in error.message
    assert "yclic" in error.message
    assert error.address == "pyproject.toml:2"
    write({"pyproject.toml": "[dependency-groups]\na = [{include-group = 'b'}]\n"})
    assert "'b' not found" in failure("pyproject.toml", groups=("a",)).message
    write({"pyproject.toml": "[dependency-groups]\na = ['not a requirement']\n"})
    assert failure("pyproject.toml", groups=("a",)).address == "pyproject.toml:2"


def test_groups_alone_need_no_project_table() -> None:
    write({"pyproject.toml": "[dependency-groups]\na = ['x']\n"})
    assert asked(read("pyproject.toml", groups=("a",))) == ["x"]
    assert failure("pyproject.toml").hint == "--group a"


def test_dynamic_dependencies_in_a_file_are_read_with_its_lines() -> None:
    write(
        {
            "sub/pyproject.toml": "[project]\nname='x'\ndynamic=['dependencies', 'optional-dependencies']\n"
            "[tool.setuptools.dynamic]\ndependencies = {file = ['base.txt']}\n"
            "optional-dependencies.Fast = {file = 'fast.txt'}\n",
            "sub/base.txt": "\nnumpy\n",
            "sub/fast.txt": "orjson\n",
        }
    )
    found = read("sub/pyproject.toml", extras=("fast",))
    assert [str(requirement.origin) for requirement in found.requirements] == ["sub/base.txt:2", "sub/fast.txt:1"]


def test_other_dynamic_dependencies_are_told() -> None:
    write({"pyproject.toml": "[project]\nname='x'\ndynamic=['dependencies']\n"})
    error = failure("pyproject.toml")
    assert (error.address, error.message[:24]) == ("pyproject.toml:3", "the dependencies are dyn")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[project]\nname='x'\ndependencies='numpy'\n", "pyproject.toml:3"),
        ("[project]\nname='x'\ndependencies=['numpy', 'a b c']\n", "pyproject.toml:3"),
        ("[project]\nname='x'\n\nrequires-python='three'\n", "pyproject.toml:4"),
        ("[project]\nname='x'\nname='y'\n", "pyproject.toml:3"),
        ("[project\n", "pyproject.toml:1"),
        ("project = 1\n", "pyproject.toml"),
        ("[build-system]\nrequires = []\n", "pyproject.toml"),
        ("", "pyproject.toml"),
    ],
)
def test_malformed_projects_name_file_and_line(text: str, address: str) -> None:
    write({"pyproject.toml": text})
    error = failure("pyproject.toml")
    assert error.exit_status == 2
    assert error.address.startswith(address)


def test_a_vcs_dependency_of_a_project_is_named() -> None:
    write({"pyproject.toml": "[project]\nname='x'\ndependencies=['y @ git+https://u:pw@git.example/y']\n"})
    (unsupported,) = read("pyproject.toml").unsupported
    assert (unsupported.kind, unsupported.name) == ("vcs", "y")
    assert "pw" not in unsupported.text


shapes = st.recursive(
    st.sampled_from([1, True, "a", "a b", "x[b]", "a @ git+https://h/x", ">=3", 2.5]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "A", "b", "file", "include-group", "name", "dependencies"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "project": shapes
        | st.fixed_dictionaries(
            {"name": st.just("x")},
            optional=dict.fromkeys(("dependencies", "optional-dependencies", "requires-python", "dynamic"), shapes),
        ),
        "dependency-groups": shapes | st.dictionaries(st.sampled_from(["a", "b"]), shapes),
        "tool": shapes | st.fixed_dictionaries({"setuptools": shapes | st.fixed_dictionaries({"dynamic": shapes})}),
    },
)
KEYS_OF_TOOLS = {
    "uv": (
        "sources", "workspace", "index", "index-url", "find-links", "no-index", "index-strategy", "override-dependencies",
        "constraint-dependencies", "exclude-dependencies", "exclude-newer", "exclude-newer-package", "environments", "conflicts",
        "no-build", "no-binary-package", "prerelease", "dev-dependencies", "resolution", "pip", "no-sources", "no-sources-package",
    ),
    "poetry": ("name", "dependencies", "group", "extras", "source", "dev-dependencies"),
    "pdm": ("source", "resolution", "dev-dependencies"),
    "hatch": ("envs",),
}  # fmt: skip
entries = st.recursive(
    shapes
    | st.sampled_from(["^1", "1.0", "*", "os_name == 'nt'", "2026-01-01", "https://index.example/x-1-py3-none-any.whl", "gone"]),
    lambda inner: st.dictionaries(
        st.sampled_from(
            [
                "a", "b", "version", "markers", "python", "extras", "optional", "path", "url", "git", "index", "marker",
                "workspace", "members", "name", "priority", "dependencies", "include-groups", "overrides", "excludes", "features",
                "template",
            ]
        ),
        inner | st.lists(inner, max_size=2),
        max_size=3,
    ),
    max_leaves=5,
)  # fmt: skip
tool_tables = st.fixed_dictionaries(
    {"project": st.just({"name": "x", "dependencies": ["a", "b[c]>=1"], "optional-dependencies": {"a": ["b"]}})}
    | {
        "tool": st.fixed_dictionaries(
            {},
            optional={
                tool: entries | st.fixed_dictionaries({}, optional=dict.fromkeys(keys, entries))
                for tool, keys in KEYS_OF_TOOLS.items()
            },
        )
    }
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(document=tool_tables, is_listed=st.booleans())
def test_any_table_of_another_tool_is_followed_or_refused_naming_the_file(
    document: dict[str, object], is_listed: bool
) -> None:
    write({"pyproject.toml": tomli_w.dumps(document if is_listed else {"tool": document["tool"]})})
    for options in ({}, {"extras": ("a",)}, {"groups": ("a", "dev")}):
        try:
            read("pyproject.toml", **options)
        except (InputUnreadable, UsageProblem) as error:
            assert "pyproject.toml" in f"{error}{error.address}"


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(document=documents)
def test_any_shape_of_project_is_read_or_refused_naming_the_file(document: dict[str, object]) -> None:
    write({"pyproject.toml": tomli_w.dumps(document)})
    for options in ({}, {"extras": ("a",)}, {"groups": ("a", "b")}):
        try:
            read("pyproject.toml", **options)
        except InputUnreadable as error:
            assert "pyproject.toml" in f"{error}{error.address}" or "no such file" in error.message


def test_editable_lines_of_pdm_that_cannot_be_read_are_told_with_the_others() -> None:
    write(
        {
            "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['a b']\n"
            "[tool.pdm.dev-dependencies]\ndev = ['-e ./her', '-e file:./here ; x']\n",
            "here/setup.cfg": "[metadata]\nname = here\n",
        }
    )
    error = failure("pyproject.toml", groups=("dev",))
    told = [(each.address, each.message) for each in (error, *error.further)]  # type: ignore[attr-defined]
    assert [address for address, _ in told] == ["pyproject.toml:3", "pyproject.toml:5", "pyproject.toml:5"]
    assert "no such file: her" in told[1][1]
    assert "no environment marker: 'x'" in told[2][1]
