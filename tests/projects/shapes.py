"""The projects: each a few files with settings of one tool, what is asked of it, and the two indexes that serve them all.

``<main>`` and ``<vendor>`` in the texts stand for the addresses of the indexes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.archives import make_sdist, make_wheel
from tests.server.catalog import IndexFile, Made, index_file
from tests.server.index_server import IndexServer
from tests.server.mode import Mode

TARGETS = ("win_amd64/3.11", "manylinux_2_28_x86_64/3.12")
EARLY, LATE = "2026-01-01T00:00:00.000000Z", "2026-08-01T00:00:00.000000Z"

MAIN: Mapping[str, Sequence[Made | IndexFile]] = {
    "alpha": [
        index_file(make_wheel("alpha", "1.0"), upload_time=EARLY),
        index_file(make_wheel("alpha", "1.1"), upload_time=EARLY),
        index_file(make_wheel("alpha", "2.0"), upload_time=LATE),
    ],
    "beta": [
        index_file(make_wheel("beta", "1.0", requires=["alpha"]), upload_time=EARLY),
        index_file(make_wheel("beta", "1.5", requires=["alpha>=1.1"]), upload_time=EARLY),
        index_file(make_wheel("beta", "2.0", requires=["alpha>=2"]), upload_time=LATE),
    ],
    "gamma": [
        make_wheel("gamma", "1.0", requires=['colour; sys_platform == "win32"', "delta[fast]>=1"]),
        make_wheel("gamma", "1.2", requires=['colour; sys_platform == "win32"', "delta[fast]>=1"]),
    ],
    "delta": [
        make_wheel("delta", version, requires=['epsilon; extra == "fast"'], extras=["fast"])
        for version in ("1.0", "1.5", "3.0")
    ],
    "epsilon": [make_wheel("epsilon", "0.9"), make_wheel("epsilon", "1.0")],
    "colour": [make_wheel("colour", "0.4")],
    "torchy": [make_wheel("torchy", "2.0", requires=["alpha"])],
    "pinned": [make_wheel("pinned", "1.0", requires=["epsilon==0.9", "unwanted"])],
    "unwanted": [make_wheel("unwanted", "1.0")],
    "source-later": [make_wheel("source-later", "1.0"), make_sdist("source-later", "2.0")],
    "early": [make_wheel("early", "1.0"), make_wheel("early", "2.0rc1")],
    "docs-tool": [make_wheel("docs-tool", "4.0", requires=["epsilon"])],
    "test-tool": [make_wheel("test-tool", "7.0", requires=["delta<2"])],
}  # fmt: skip
VENDOR: Mapping[str, Sequence[Made | IndexFile]] = {
    "torchy": [
        make_wheel("torchy", "2.0+cpu", requires=["alpha"], filename="torchy-2.0+cpu-py3-none-any.whl"),
        make_wheel("torchy", "2.1+cpu", requires=["alpha"], filename="torchy-2.1+cpu-py3-none-any.whl"),
    ],
    "beta": [make_wheel("beta", "9.0")],
    "epsilon": [make_wheel("epsilon", "0.5")],
    "vendored": [make_wheel("vendored", "1.0", requires=["epsilon"])],
}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One project: its *files* by path, the *tool* that locks it, and the *extra* and *group* that are asked for."""

    tool: str
    files: Mapping[str, str]
    extra: str = ""
    group: str = ""
    members: frozenset[str] = field(default_factory=frozenset)
    """The local projects, which tools list by path or not at all."""

    def write(self, folder: Path, urls: Mapping[str, str]) -> Path:
        """Write the files to *folder*; the answer is the ``pyproject.toml`` to ask about."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("<main>", urls["main"]).replace("<vendor>", urls["vendor"]))
        return folder / "pyproject.toml"


@contextmanager
def served() -> Iterator[Mapping[str, str]]:
    """The addresses of the two indexes, by name; they tell upload times, which days are about."""
    mode = Mode(pages="json")
    with IndexServer(MAIN, mode=mode) as main, IndexServer(VENDOR, mode=mode) as vendor:
        yield {"main": main.simple_url, "vendor": vendor.simple_url}


def _project(*dependencies: str, name: str = "own", more: str = "") -> str:
    listed = ", ".join(f"'{each}'" for each in dependencies)
    return f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = [{listed}]\n{more}\n'


_UV_MAIN = '[[tool.uv.index]]\nname = "main"\nurl = "<main>"\ndefault = true\n'
_UV_VENDOR = '[[tool.uv.index]]\nname = "vendor"\nurl = "<vendor>"\n'
_POETRY_MAIN = '[[tool.poetry.source]]\nname = "main"\nurl = "<main>"\npriority = "primary"\n'
_PDM_MAIN = '[[tool.pdm.source]]\nname = "pypi"\nurl = "<main>"\n'


def _poetry(dependencies: str, more: str = "") -> str:
    return (
        f'[tool.poetry]\nname = "own"\nversion = "1"\ndescription = ""\nauthors = []\npackage-mode = false\n'
        f'[tool.poetry.dependencies]\npython = "^3.11"\n{dependencies}\n{_POETRY_MAIN}{more}\n'
    )


SHAPES: Mapping[str, Shape] = {
    "uv-overrides": Shape(
        tool="uv",
        files={
            "pyproject.toml": _project("pinned", "beta", "gamma", more=(
                '[tool.uv]\noverride-dependencies = ["epsilon==1.0"]\nconstraint-dependencies = ["beta<2", "delta<2"]\n'
                f'exclude-dependencies = ["unwanted"]\n{_UV_MAIN}'
            ))
        },
    ),
    "uv-days": Shape(
        tool="uv",
        files={
            "pyproject.toml": _project("beta", more=(
                '[tool.uv]\nexclude-newer = "2026-03-01"\nexclude-newer-package = { alpha = "2026-09-01T00:00:00Z" }\n' + _UV_MAIN
            ))
        },
    ),
    "uv-toml-beside": Shape(
        tool="uv",
        files={
            "pyproject.toml": _project("beta", more='[tool.uv]\nexclude-newer = "2026-09-01"\n' + _UV_MAIN),
            "uv.toml": 'exclude-newer = "2026-03-01"\n[[index]]\nurl = "<main>"\ndefault = true\n',
        },
    ),
    "uv-workspace": Shape(
        tool="uv",
        members=frozenset({"lib-a", "lib-b"}),
        files={
            "pyproject.toml": _project("lib-a[more]", more=(
                '[tool.uv.workspace]\nmembers = ["libs/*"]\n[tool.uv.sources]\nlib-a = { workspace = true }\n'
                f'lib-b = {{ workspace = true }}\n{_UV_MAIN}'
            )),
            "libs/a/pyproject.toml": _project(
                'lib-b; sys_platform == "win32"', name="lib-a", more='[project.optional-dependencies]\nmore = ["gamma"]\n'
            ),
            "libs/b/pyproject.toml": _project("beta<2", name="lib_b"),
        },
    ),
    "uv-path": Shape(
        tool="uv",
        members=frozenset({"beta"}),
        group="tests",
        files={
            "pyproject.toml": _project("beta", more=(
                '[dependency-groups]\ntests = ["test-tool", "gamma"]\ndocs = ["docs-tool"]\n'
                f'[tool.uv.sources]\nbeta = {{ path = "vendored/beta" }}\n{_UV_MAIN}'
            )),
            "vendored/beta/pyproject.toml": _project("alpha<2", name="beta"),
        },
    ),
    "uv-index-by-marker": Shape(
        tool="uv",
        files={
            "pyproject.toml": _project("torchy", more=(
                f"{_UV_MAIN}{_UV_VENDOR}explicit = true\n[tool.uv.sources]\n"
                "torchy = [{ index = \"vendor\", marker = \"sys_platform == 'linux'\" }]\n"
            ))
        },
    ),
    "uv-first-index": Shape(
        tool="uv", files={"pyproject.toml": _project("beta", "vendored", "epsilon", more=_UV_MAIN + _UV_VENDOR)}
    ),
    "uv-best-match": Shape(
        tool="uv",
        files={
            "pyproject.toml": _project("vendored", "beta<9", more=(
                f'[tool.uv]\nindex-strategy = "unsafe-best-match"\n{_UV_MAIN}{_UV_VENDOR}'
            ))
        },
    ),
    "uv-kinds-and-pre-releases": Shape(
        tool="uv",
        files={
            "pyproject.toml": _project("source-later", "early", more=(
                f'[tool.uv]\nno-build-package = ["source-later"]\nprerelease = "allow"\n{_UV_MAIN}'
            ))
        },
    ),
    "uv-conflicts": Shape(
        tool="uv",
        extra="old",
        files={
            "pyproject.toml": _project("gamma", more=(
                '[project.optional-dependencies]\nold = ["alpha<2"]\nnew = ["alpha>=2"]\n'
                '[tool.uv]\nconflicts = [[{ extra = "old" }, { extra = "new" }]]\ndev-dependencies = ["docs-tool"]\n'
                f'environments = ["sys_platform == \'win32\'", "sys_platform == \'linux\'"]\n{_UV_MAIN}'
            ))
        },
    ),
    "uv-index-by-extra": Shape(
        tool="uv",
        extra="gpu",
        files={
            "pyproject.toml": _project("alpha", more=(
                '[project.optional-dependencies]\ncpu = ["torchy"]\ngpu = ["torchy"]\n'
                '[tool.uv]\nconflicts = [[{ extra = "cpu" }, { extra = "gpu" }]]\n'
                f"{_UV_MAIN}{_UV_VENDOR}explicit = true\n[tool.uv.sources]\n"
                'torchy = [{ index = "vendor", extra = "gpu" }, { index = "main", extra = "cpu" }]\n'
            ))
        },
    ),
    "uv-index-of-a-member": Shape(
        tool="uv",
        members=frozenset({"lib-a"}),
        files={
            "pyproject.toml": _project("lib-a", more=(
                '[tool.uv.workspace]\nmembers = ["libs/*"]\n[tool.uv.sources]\nlib-a = { workspace = true }\n'
                f"{_UV_MAIN}{_UV_VENDOR}explicit = true\n"
            )),
            "libs/a/pyproject.toml": _project(
                "torchy", name="lib-a", more='[tool.uv.sources]\ntorchy = { index = "vendor" }\n'
            ),
        },
    ),
    "uv-workspace-without-project": Shape(
        tool="uv",
        members=frozenset({"lib-a", "lib-b"}),
        files={
            "pyproject.toml": f'[tool.uv.workspace]\nmembers = ["libs/*"]\n{_UV_MAIN}',
            "libs/a/pyproject.toml": _project("gamma", name="lib-a"),
            "libs/b/pyproject.toml": _project(
                "beta", "lib-a", name="lib-b", more="[tool.uv.sources]\nlib-a = { workspace = true }\n"
            ),
        },
    ),
    "uv-group-with-a-source": Shape(
        tool="uv",
        group="local",
        members=frozenset({"alpha"}),
        files={
            "pyproject.toml": _project("beta", more=(
                f'[dependency-groups]\nlocal = ["alpha"]\n{_UV_MAIN}'
                '[tool.uv.sources]\nalpha = { path = "alpha", group = "local" }\n'
            )),
            "alpha/pyproject.toml": '[project]\nname = "alpha"\nversion = "2.5"\n',
        },
    ),
    "poetry-bounds": Shape(
        tool="poetry",
        extra="colours",
        files={
            "pyproject.toml": _poetry(
                'alpha = "1.*"\nbeta = "~1.0"\ndelta = "^1 || ^3"\nearly = { version = "*", allow-prereleases = true }\n'
                'epsilon = { version = "^0.9", python = "<3.13" }\n'
                'gamma = [{ version = "1.0", platform = "win32" }, { version = "^1.1", markers = "sys_platform != \'win32\'" }]\n'
                'colour = { version = "^0.4", optional = true }\n[tool.poetry.extras]\ncolours = ["colour"]\n'
            )
        },
    ),
    "poetry-groups": Shape(
        tool="poetry",
        members=frozenset({"local"}),
        group="test",
        files={
            "pyproject.toml": _poetry(
                'local = { path = "local", develop = true }\n[tool.poetry.group.test.dependencies]\ntest-tool = "^7"\n'
                '[tool.poetry.group.docs]\noptional = true\n[tool.poetry.group.docs.dependencies]\ndocs-tool = "*"\n'
            ),
            "local/pyproject.toml": _project("gamma", name="local", more=(
                '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
            )),
        },
    ),
    "poetry-sources": Shape(
        tool="poetry",
        files={
            "pyproject.toml": _poetry(
                'torchy = { version = "*", source = "vendor" }\nbeta = "*"\n',
                '[[tool.poetry.source]]\nname = "vendor"\nurl = "<vendor>"\npriority = "explicit"\n',
            )
        },
    ),
    "poetry-supplemental": Shape(
        tool="poetry",
        files={
            "pyproject.toml": _poetry(
                'vendored = "*"\nbeta = "*"\n',
                '[[tool.poetry.source]]\nname = "vendor"\nurl = "<vendor>"\npriority = "supplemental"\n',
            )
        },
    ),
    "poetry-supplemental-for-a-version": Shape(
        tool="poetry",
        files={
            "pyproject.toml": _poetry(
                'beta = ">=9"\nepsilon = "*"\n',
                '[[tool.poetry.source]]\nname = "vendor"\nurl = "<vendor>"\npriority = "supplemental"\n',
            )
        },
    ),
    "poetry-index-by-marker": Shape(
        tool="poetry",
        files={
            "pyproject.toml": _poetry(
                'torchy = [{ version = "*", source = "vendor", markers = "sys_platform == \'linux\'" }, '
                '{ version = "*", source = "main", markers = "sys_platform != \'linux\'" }]\n',
                '[[tool.poetry.source]]\nname = "vendor"\nurl = "<vendor>"\npriority = "explicit"\n',
            )
        },
    ),
    "poetry-pythons": Shape(
        tool="poetry",
        extra="Fast",
        files={
            "pyproject.toml": _poetry(
                'beta = { version = "<2", python = "~3.11" }\n'
                'alpha = { version = ">=1,!=1.1", markers = "python_version >= \'3.12\'" }\ngamma = "==1.0"\n'
                'delta = { version = "^1.0.0", optional = true, extras = ["fast"] }\n[tool.poetry.extras]\nfast = ["delta"]\n'
            )
        },
    ),
    "poetry-with-project-table": Shape(
        tool="poetry",
        files={
            "pyproject.toml": _project("torchy", "beta>=1", more=(
                '[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\ntorchy = { source = "vendor" }\nbeta = "<2"\n'
                f'{_POETRY_MAIN}[[tool.poetry.source]]\nname = "vendor"\nurl = "<vendor>"\npriority = "explicit"\n'
            ))
        },
    ),
    "pdm-resolution": Shape(
        tool="pdm",
        group="test",
        files={
            "pyproject.toml": _project("pinned", "gamma", more=(
                '[tool.pdm]\ndistribution = false\n[tool.pdm.resolution]\nexcludes = ["unwanted"]\n'
                '[tool.pdm.resolution.overrides]\nepsilon = "1.0"\n[tool.pdm.dev-dependencies]\ntest = ["test-tool"]\n' + _PDM_MAIN
            ))
        },
    ),
    "pdm-sources": Shape(
        tool="pdm",
        files={
            "pyproject.toml": _project("torchy", "beta", "vendored; sys_platform != \"nowhere\"", more=(
                f'[tool.pdm]\ndistribution = false\n{_PDM_MAIN}[[tool.pdm.source]]\nname = "vendor"\nurl = "<vendor>"\n'
                'include_packages = ["torchy", "vendored"]\nexclude_packages = ["*"]\n'
            ))
        },
    ),
    "pdm-groups-and-days": Shape(
        tool="pdm",
        group="test",
        files={
            "pyproject.toml": _project("beta", more=(
                '[dependency-groups]\ntest = ["docs-tool"]\n[tool.pdm]\ndistribution = false\n'
                f'[tool.pdm.resolution]\nexclude-newer = "2026-03-01"\n{_PDM_MAIN}'
            ))
        },
    ),
    "pdm-pooled": Shape(
        tool="pdm",
        files={
            "pyproject.toml": _project("beta", "vendored", more=(
                f'[tool.pdm]\ndistribution = false\n{_PDM_MAIN}[[tool.pdm.source]]\nname = "vendor"\nurl = "<vendor>"\n'
            ))
        },
    ),
    "pdm-in-order": Shape(
        tool="pdm",
        files={
            "pyproject.toml": _project("beta", "vendored", more=(
                '[tool.pdm]\ndistribution = false\n[tool.pdm.resolution]\nrespect-source-order = true\n'
                f'{_PDM_MAIN}[[tool.pdm.source]]\nname = "vendor"\nurl = "<vendor>"\n'
            ))
        },
    ),
}  # fmt: skip
