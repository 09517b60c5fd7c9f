"""Answers that resolve and fail when they are imported: bounds on what is too new, other versions, and what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from msgspec import UNSET
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeFile, wheel
from tests.repairs.questions import CommandLine, Index, Situation, commands, the_one
from tests.repairs.situations import WIN, advisory, native, substitute
from wheelcheck.imports.suspects import LARGEST
from wheelcheck.knowledge.loading import load_repair_knowledge, load_standard_library
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import EditKind, Risk

_OLD = "2022-01-01T00:00:00.000000Z"
_HAS, _LACKS = {"lib.py": "def quote(text): ...\n"}, {"lib.py": "def render(text): ...\n"}


def _at(day: str, *requires: str) -> list[FakeFile]:
    return [wheel(upload_time=f"{day}T00:00:00.000000Z", requires=requires)]


# The name came with 2.0, and went with 3.0.
_LIB = {
    "1.0": _at("2021-01-01"),
    "2.0": _at("2022-01-01"),
    "2.1": _at("2023-01-01"),
    "2.2": _at("2024-01-01"),
    "3.0.0": _at("2025-01-01"),
    "3.1": _at("2026-01-01"),
}
_LIBS = {f"lib-{version}-py3-none-any.whl": _HAS if version.startswith("2") else _LACKS for version in _LIB}


def situation(
    inputs: Sequence[str], index: Index, code: Mapping[str, str], *failing: str, python: str = "3.11"
) -> Situation:
    """A question that resolves; *code* is the module of each wheel, by its project and version."""
    return Situation(
        line=replace(CommandLine(inputs=tuple(inputs)), python=python),
        index={"lib": _LIB, **index},
        code=_LIBS
        | {f"{name}-py3-none-any.whl": {f"{name.partition('-')[0]}.py": text} for name, text in code.items()},
        library=load_standard_library(),
        failing=frozenset(failing),
    )


_APP = situation(
    ["app==1.0"], {"app": {"1.0": _at("2023-06-01", "lib")}}, {"app-1.0": "from lib import quote\n"}, "app"
)


def _missing(source: str, module: str, project: str, versions: Mapping[str, bool], python: str = "3.12") -> Situation:
    """An app whose *source* imports *module*, and *project*, whose *versions* have it or not."""
    asked = situation(
        ["app==1.0"],
        {
            "app": {"1.0": _at("2023-06-01")},
            project: {each: _at(f"2023-07-0{day}") for day, each in enumerate(versions, 1)},
        },
        {"app-1.0": source},
        "app",
        python=python,
    )
    file = f"{project.replace('-', '_')}-{{}}-py3-none-any.whl"
    code = {file.format(each): {f"{module if has else 'other'}.py": ""} for each, has in versions.items()}
    names = {
        canonicalize_name("legacy-cgi"): frozenset({"cgi"}),
        canonicalize_name("setuptools"): frozenset({"pkg_resources"}),
    }
    return replace(asked, code={**asked.code, **code}, knowledge=RepairKnowledge(import_names=names))


@pytest.mark.parametrize(
    ("asked", "added"),
    [
        (_missing("import six\n", "six", "six", {"1": True, "2": True}), "six"),
        (
            _missing("import pkg_resources\n", "pkg_resources", "setuptools", {"80": True, "81": True, "82": False}),
            "setuptools<82",
        ),
        (
            _missing(
                "import pkg_resources\n",
                "pkg_resources",
                "setuptools",
                {"80": True, "81": True, "82": False, "83": False, "84": False},
            ),
            "setuptools<82",
        ),
        (_missing("from cgi import parse\n", "cgi", "legacy-cgi", {"2.6": True}, python="3.13"), "legacy-cgi"),
        (_missing("import distutils.core\n", "setuptools", "setuptools", {"80": True}), "setuptools"),
        (_missing("from importlib.metadata import version\nversion('six')\n", "six", "six", {"1": True}), "six"),
    ],
    ids=[
        "of a well-known name",
        "which newer releases lost",
        "which three releases have lost since",
        "that Python lost",
        "with a stand-in",
        "that is looked up",
    ],
)
def test_project_is_asked_for_that_brings_a_module_which_nobody_brings(asked: Situation, added: str) -> None:
    repair = asked.proposals().repairs[0]
    assert [edit.kind for edit in repair.edits] == [EditKind.ADD]
    assert repair.options == (added,)
    assert repair.edits[0].because.startswith(("app 1.0 imports ", "app 1.0 looks for six"))
    assert "imports setuptools" not in repair.edits[0].because
    assert repair.risk is Risk.LOW


@pytest.mark.parametrize(
    ("known_for", "is_asked_for"),
    [("space", True), ("space.part", True), ("space.part.inner", True), ("space.part.inner.most", False)],
)
def test_project_that_is_known_for_a_part_of_a_namespace_is_asked_for_by_what_is_within_that_part(
    known_for: str, is_asked_for: bool
) -> None:
    asked = _missing("import space.part.inner\n", "other", "space-part", {"1": True})
    code = {"space_part-1-py3-none-any.whl": {"space/__init__.py": "", "space/part/inner.py": ""}}
    known = RepairKnowledge(import_names={canonicalize_name("space-part"): frozenset({known_for})})
    proposals = replace(asked, code={**asked.code, **code}, knowledge=known).proposals()
    assert ("space-part" in commands(proposals)) is is_asked_for


def test_project_that_nobody_knows_is_not_asked_for_by_the_name_of_a_module() -> None:
    asked = _missing("import helper\n", "helper", "helper", {"1": True})
    assert all(EditKind.ADD not in repair.kinds for repair in asked.proposals().repairs)


def test_release_of_years_after_what_imports_it_is_no_low_risk() -> None:
    asked = _missing("import six\n", "six", "six", {"1": True})
    late = {**asked.index, "six": {"1": _at("2026-07-01")}}
    repair = replace(asked, index=late).proposals().repairs[0]
    assert repair.risk is Risk.MEDIUM
    said = [ground.text for ground in repair.grounds if ground.risk is Risk.MEDIUM]
    assert said == ["six 1 (2026-07-01) was released years after app 1.0 (2023-06-01)"]


def test_dependency_that_is_too_new_is_kept_below_the_release_that_lost_the_name() -> None:
    repair = the_one(_APP.proposals())
    assert repair.options == ("-c", "lib<3")
    assert [(str(move.before), str(move.after)) for move in repair.verified.changed] == [("3.1", "2.2")]
    assert repair.edits[0].because == "app 1.0 imports lib.quote"
    assert repair.risk is Risk.LOW
    assert "app imports lib.quote: it is in lib 2.2" in [ground.text for ground in repair.grounds]


@pytest.mark.parametrize("lost", range(1, 5))
def test_bound_is_the_release_directly_above_the_last_that_has_the_name(lost: int) -> None:
    lib = {"2.0": _at("2022-01-01"), **{f"3.{number}": _at(f"2025-0{number}-01") for number in range(1, lost + 1)}}
    code = {**dict.fromkeys([f"lib-{each}" for each in lib], "def render(text): ...\n"), "lib-2.0": _HAS["lib.py"]}
    index = {"lib": lib, "app": {"1.0": _at("2023-06-01", "lib")}}
    proposals = situation(["app==1.0"], index, {**code, "app-1.0": "from lib import quote\n"}, "app").proposals()
    assert the_one(proposals).options == ("-c", "lib<3.1")
    assert proposals.tried == 1


def test_module_that_is_gone_is_treated_as_a_name_that_is_gone() -> None:
    code = {
        f"lib-{version}-py3-none-any.whl": {"lib/__init__.py": "", f"lib/{part}.py": "def quote(text): ...\n"}
        for version in _LIB
        for part in [("urls" if version.startswith("2") else "links")]
    }
    app = {"app-1.0-py3-none-any.whl": {"app.py": "from lib.urls import quote\n"}}
    assert commands(replace(_APP, code={**code, **app}).proposals()) == ["-c lib<3"]


def test_users_own_pin_of_what_is_too_new_takes_the_nearest_release_that_has_the_name() -> None:
    pinned = replace(_APP, line=CommandLine(inputs=("app==1.0", "lib==3.1")))
    assert commands(pinned.proposals()) == ["--replace lib==2.2"]


def test_bound_of_somebody_else_is_no_reason_to_break_it() -> None:
    other = {"app": {"1.0": _at("2023-06-01", "lib")}, "other": {"1.0": _at("2026-01-01", "lib>=3")}}
    code = {"app-1.0": "from lib import quote\n", "other-1.0": "from lib import render\n"}
    asked = situation(["app==1.0", "other"], other, code, "app")
    assert commands(asked.proposals()) == []


def test_dependencies_that_lost_a_name_each_are_kept_in_one_repair() -> None:
    index = {
        "app": {"1.0": _at("2023-06-01", "lib", "web")},
        "web": {"1.0": _at("2023-01-01"), "2.0": _at("2026-01-01")},
    }
    code = {
        "app-1.0": "from lib import quote\nfrom web import escape\n",
        "web-1.0": "def escape(): ...\n",
        "web-2.0": "",
    }
    assert the_one(situation(["app==1.0"], index, code, "app").proposals()).options == ("-c", "lib<3", "-c", "web<2")


def test_later_release_of_what_fails_stands_beside_the_bound() -> None:
    index = {"app": {"1.0": _at("2023-06-01", "lib"), "1.1": _at("2025-06-01", "lib")}}
    code = {"app-1.0": "from lib import quote\n", "app-1.1": "from lib import render\n"}
    assert commands(situation(["app==1.0"], index, code, "app").proposals()) == ["-c lib<3", "--replace app==1.1"]


def test_module_that_a_project_of_the_plan_brought_in_older_releases_is_kept_by_a_bound() -> None:
    """The kind of pkg_resources, which setuptools had until 81."""
    code = {
        f"lib-{version}-py3-none-any.whl": {"lib.py": "", **({"lib_extra.py": ""} if version < "3" else {})}
        for version in _LIB
    }
    app = {"app-1.0-py3-none-any.whl": {"app.py": "import lib_extra\n"}}
    known = RepairKnowledge(import_names={canonicalize_name("lib"): frozenset({"lib", "lib_extra"})})
    assert commands(replace(_APP, code={**code, **app}, knowledge=known).proposals()) == ["-c lib<3"]
    assert commands(replace(_APP, code={**code, **app}).proposals()) == []


def test_bound_for_another_reason_is_not_judged_by_what_failed_without_it() -> None:
    """The kind of numpy<2 for torch, where what imports numpy too fails without another project."""
    index = {"app": {"1.0": [wheel(requires=["lib", "av==1.0"])]}, "av": {"1.0": native(), "2.0": [wheel(WIN)]}}
    code = {
        "app-1.0-py3-none-any.whl": {"app.py": "import av\nimport lib\nlib.made_at_run_time\n"},
        f"av-2.0-{WIN}.whl": {"av.py": ""},
    }
    bounded = replace(
        _APP,
        line=CommandLine(inputs=("app",)),
        index={"lib": _LIB, **index},
        code={key: {"lib.py": "def __getattr__(name): ...\n"} for key in _LIBS} | code,
        failing=frozenset(),
        knowledge=advisory("app", "lib>=3", remedies=("lib<3",)),
    )
    proposals = bounded.proposals()
    assert [each.kinds for each in proposals.failing] == [{EditKind.EXCLUDE}]
    assert commands(proposals) == ["--override av==2.0 -c lib<3"]
    assert not any("made_at_run_time" in ground.text for ground in proposals.repairs[0].grounds)


def test_name_that_no_release_had_when_the_dependant_was_made_is_no_bound() -> None:
    asked = replace(_APP, code=_LIBS | {"app-1.0-py3-none-any.whl": {"app.py": "from lib import never\n"}})
    proposals = asked.proposals()
    assert commands(proposals) == []
    assert [str(each.package) for each in proposals.unrepairable] == ["app"]


def test_what_is_gone_from_python_is_mended_by_the_python_that_has_it() -> None:
    asked = situation(
        ["app==1.0"], {"app": {"1.0": _at("2023-06-01")}}, {"app-1.0": "import imp\n"}, "app", python="3.12"
    )
    assert commands(asked.proposals())[0] == "--python 3.11"


def test_way_back_from_a_missing_wheel_is_kept_importable_by_a_bound() -> None:
    index = {
        "app": {"1.0": [wheel(upload_time=_OLD, requires=["lib"])], "1.1": native()},
    }
    blocked = replace(_APP, line=CommandLine(inputs=("app==1.1",)), index={"lib": _LIB, **index}, failing=frozenset())
    assert "--replace app==1.0 -c lib<3" in commands(blocked.proposals())


def test_wheel_that_cannot_be_had_leaves_a_repair_undecided_and_never_low() -> None:
    index = {"app": {"1.0": native(), "1.1": [wheel(WIN)]}}
    asked = replace(
        _APP,
        index=index,
        failing=frozenset(),
        code={f"app-1.1-{WIN}.whl": {"app.py": ""}},
    )
    proposals = asked.proposals()
    assert the_one(proposals).risk is Risk.LOW
    assert proposals.complete
    proposals = replace(asked, code_failing=frozenset({f"app-1.1-{WIN}.whl"})).proposals()
    assert the_one(proposals).risk is Risk.MEDIUM
    assert not proposals.complete
    assert "the code of app was not read" in the_one(proposals).grounds[0].text


# What asks the metadata of other distributions

_ASKS = """
from importlib.metadata import version
deps = {"lib": "lib<2"}
def require(text):
    name, _, below = text.partition("<")
    if version(name) >= below:
        raise ImportError(text)
for name in ["lib"]:
    require(deps[name])
"""


def test_override_that_the_dependant_refuses_when_it_is_imported_is_no_repair() -> None:
    """The kind of transformers 4.11 with a tokenizers that is newer than it asks for."""
    asked = Situation(
        line=CommandLine(inputs=("app",)),
        index={"app": {"1.0": [wheel(requires=["lib<2"])]}, "lib": {"1.0": native(), "2.0": [wheel(WIN)]}},
        code={"app-1.0-py3-none-any.whl": {"app.py": _ASKS}, f"lib-2.0-{WIN}.whl": {"lib.py": ""}},
        library=load_standard_library(),
    )
    proposals = asked.proposals()
    assert EditKind.OVERRIDE not in {kind for repair in proposals.repairs for kind in repair.kinds}
    failing = next(each for each in proposals.failing if EditKind.OVERRIDE in each.kinds)
    assert failing.grounds[0].text.startswith(
        "app 1.0: `import app` fails on Python 3.11, which refuses lib 2.0, as it is not <2: app.py:9 has"
    )


def test_substitute_whose_dependant_looks_for_the_name_of_its_project_is_no_repair() -> None:
    asked = Situation(
        line=CommandLine(inputs=("app",)),
        index={
            "app": {"1.0": [wheel(requires=["dlib"])]},
            "dlib": {"1.0": native()},
            "dlib-bin": {"1.0": [wheel(WIN)]},
        },
        code={
            "app-1.0-py3-none-any.whl": {"app.py": "import dlib\n"},
            f"dlib_bin-1.0-{WIN}.whl": {"dlib.py": ""},
        },
        library=load_standard_library(),
        knowledge=substitute("dlib", "dlib-bin"),
    )
    assert EditKind.SUBSTITUTE in asked.proposals().repairs[0].kinds
    looking = "import dlib\nfrom importlib.metadata import version\n__lib__ = version('dlib')\n"
    asked = replace(asked, code={**asked.code, "app-1.0-py3-none-any.whl": {"app.py": looking}})
    assert commands(asked.proposals()) == []
    texts = [ground.text for each in asked.proposals().failing for ground in each.grounds]
    assert any(
        "which looks for a distribution named dlib, and no project of this plan has that name" in text for text in texts
    )


def test_check_that_the_metadata_does_not_tell_is_met_by_a_bound() -> None:
    index = {"app": {"1.0": [wheel(requires=["lib"])]}, "lib": {"1.0": [wheel()], "2.0": [wheel()]}}
    asked = replace(_APP, index=index, code={"app-1.0-py3-none-any.whl": {"app.py": _ASKS}})
    assert commands(asked.proposals())[0] == "-c lib<2"


# Backports


def _backport(*inputs: str, name: str = "backports.zoneinfo", python: str = "3.12", code: str = "") -> Situation:
    app = {"app": {"1.0": [wheel(requires=[name])]}}
    return Situation(
        line=replace(CommandLine(inputs=inputs), python=python),
        index={name: {"1.0": native()}, **app},
        code={"app-1.0-py3-none-any.whl": {"app.py": code}},
        library=load_standard_library(),
    )


def test_backport_of_what_python_has_is_asked_for_where_python_is_older_alone() -> None:
    repair = the_one(_backport("backports.zoneinfo").proposals())
    assert repair.options == ("--replace", 'backports-zoneinfo; python_version < "3.9"')
    texts = [ground.text for ground in repair.grounds]
    assert "Python 3.12 has `zoneinfo` in its standard library, which backports-zoneinfo brings to older ones" in texts
    assert any(text.endswith("has to do without it on Python 3.12") for text in texts)


def test_backport_that_a_dependant_asks_for_is_judged_by_what_that_imports() -> None:
    guarded = "try:\n    import zoneinfo\nexcept ImportError:\n    from backports import zoneinfo\n"
    marked = _backport("app", code=guarded).proposals().repairs[0]
    assert marked.options == ("--override", 'backports-zoneinfo; python_version < "3.9"')
    always = _backport("app", code="from backports import zoneinfo\n").proposals()
    assert EditKind.MARKER not in {kind for repair in always.repairs for kind in repair.kinds}


def test_backport_of_what_python_has_not_yet_gets_no_marker() -> None:
    proposals = _backport("backports.tomllib", name="backports.tomllib", python="3.10").proposals()
    assert EditKind.MARKER not in {kind for repair in proposals.repairs for kind in repair.kinds}
    assert "backports.tomllib".replace(".", "-") in [str(each.package) for each in proposals.unrepairable]


def test_what_fails_as_before_and_is_not_imported_by_who_asks_for_it_is_told_with_the_repair_of_another() -> None:
    index = {
        "app": {"1.0": _at("2021-01-01", "old")},
        "old": {"1.0": _at("2021-01-01")},
        "own": {"1.0": native(), "1.1": [wheel(WIN)]},
    }
    inputs = ["app==1.0", "old==1.0", "own==1.0"]
    lazy, at_once = (
        situation(inputs, index, {"old-1.0": "import fcntl\n", "app-1.0": app}, "old")
        for app in ("def run():\n    import old\n", "import old\n")
    )
    own = {f"own-1.1-{WIN}.whl": {"own.py": ""}}
    told, refused = (replace(each, code={**each.code, **own}).proposals() for each in (lazy, at_once))
    assert commands(told) == ["--replace own==1.1"]
    [said] = [ground for ground in the_one(told).grounds if ground.text.startswith("old 1.0: `import old` fails")]
    assert said.text.endswith("app can be imported without it, so that only your own code may meet this")
    assert (said.risk, said.fails) == (Risk.MEDIUM, UNSET)
    assert commands(refused) == []


def test_old_archive_that_is_imported_and_too_large_to_be_read_is_never_a_low_risk() -> None:
    """The kind of face-recognition-models, 100 MB of 2017 that import what Python 3.12 does not bring."""

    def risk(size: int, code: str) -> Risk:
        return _beside_an_old_archive(size, code).proposals().repairs[0].risk

    assert risk(1000, "import dlib, big\n") is Risk.LOW
    assert risk(LARGEST + 1, "import dlib, big\n") is Risk.MEDIUM
    assert risk(LARGEST + 1, "import dlib\n") is Risk.LOW


def _beside_an_old_archive(size: int, code: str) -> Situation:
    day, tags = "2017-01-01T00:00:00.000000Z", "cp312-cp312-win_amd64"
    return Situation(
        line=CommandLine(inputs=("app",), python="3.12"),
        index={
            "app": {"1.0": [wheel(requires=["dlib", "big"])]},
            "big": {"1.0": [wheel(tags, upload_time=day, size=size)]},
            "dlib": {"1.0": native()},
            "dlib-bin": {"1.0": [wheel()]},
        },
        code={
            "app-1.0-py3-none-any.whl": {"app.py": code},
            f"big-1.0-{tags}.whl": {"big.py": ""},
            "dlib_bin-1.0-py3-none-any.whl": {"dlib.py": ""},
        },
        library=load_standard_library(),
        knowledge=replace(substitute("dlib", "dlib-bin"), pythons=load_repair_knowledge().pythons),
    )


def _beside_what_is_not_imported() -> Situation:
    """Two that fail as before and are not imported by who asks for them, before one that is moved."""
    index = {
        "app": {"1.0": _at("2021-01-01", "old", "older")},
        "old": {"1.0": _at("2021-01-01")},
        "older": {"1.0": _at("2021-01-01")},
        "own": {"1.0": native(), "1.1": [wheel(WIN)]},
    }
    code = {
        "old-1.0": "import fcntl\n",
        "older-1.0": "import fcntl\n",
        "app-1.0": "def run():\n    import old, older\n",
    }
    asked = situation(["app==1.0", "old==1.0", "older==1.0", "own==1.0"], index, code, "old", "older")
    return replace(asked, code={**asked.code, f"own-1.1-{WIN}.whl": {"own.py": ""}})


IMPORTING: Mapping[str, Situation] = {
    "two-that-are-not-imported": _beside_what_is_not_imported(),
    "name-that-newer-releases-lost": _APP,
    "name-that-newer-releases-lost-of-a-pin": replace(_APP, line=CommandLine(inputs=("app==1.0", "lib==3.1"))),
    "name-that-no-release-had": replace(
        _APP, code=_LIBS | {"app-1.0-py3-none-any.whl": {"app.py": "from lib import never\n"}}
    ),
    "names-that-two-lost": situation(
        ["app==1.0"],
        {
            "app": {"1.0": _at("2023-06-01", "lib", "web")},
            "web": {"1.0": _at("2023-01-01"), "2.0": _at("2026-01-01")},
        },
        {
            "app-1.0": "from lib import quote\nfrom web import escape\n",
            "web-1.0": "def escape(): ...\n",
            "web-2.0": "",
        },
        "app",
    ),
    "later-release-beside-the-bound": situation(
        ["app==1.0"],
        {"app": {"1.0": _at("2023-06-01", "lib"), "1.1": _at("2025-06-01", "lib")}},
        {"app-1.0": "from lib import quote\n", "app-1.1": "from lib import render\n"},
        "app",
    ),
    "module-of-a-well-known-project": _missing("import six\n", "six", "six", {"1": True, "2": True}),
    "module-that-newer-releases-lost": _missing(
        "import pkg_resources\n", "pkg_resources", "setuptools", {"79": True, "80": True, "81": True, "82": False}
    ),
    "module-that-python-lost": _missing("from cgi import parse\n", "cgi", "legacy-cgi", {"2.6": True}, python="3.13"),
    "module-that-nobody-knows": _missing("import helper\n", "helper", "helper", {"1": True}),
    "module-gone-from-python": situation(
        ["app==1.0"], {"app": {"1.0": _at("2023-06-01")}}, {"app-1.0": "import imp\n"}, "app", python="3.12"
    ),
    "way-back-that-needs-a-bound": replace(
        _APP,
        line=CommandLine(inputs=("app==1.1",)),
        index={"lib": _LIB, "app": {"1.0": [wheel(upload_time=_OLD, requires=["lib"])], "1.1": native()}},
        failing=frozenset(),
    ),
    "backport-of-the-users-own": _backport("backports.zoneinfo"),
    "backport-that-a-dependant-guards": _backport(
        "app", code="try:\n    import zoneinfo\nexcept ImportError:\n    from backports import zoneinfo\n"
    ),
    "backport-that-a-dependant-needs": _backport("app", code="from backports import zoneinfo\n"),
    "backport-of-what-is-not-there-yet": _backport("backports.tomllib", name="backports.tomllib", python="3.10"),
    "old-archive-that-is-read": _beside_an_old_archive(1000, "import dlib, big\n"),
    "old-archive-that-is-too-large": _beside_an_old_archive(LARGEST + 1, "import dlib, big\n"),
}


@pytest.mark.parametrize("names", [("app",), ("app", "tool")])
def test_another_python_for_what_fails_when_it_is_imported_is_no_matter_of_files(names: tuple[str, ...]) -> None:
    asked = situation(
        [f"{name}==1.0" for name in names],
        {name: {"1.0": _at("2023-06-01")} for name in names},
        {f"{name}-1.0": "import imp\n" for name in names},
        *names,
        python="3.12",
    )
    proposals = asked.proposals()
    edits = [edit for each in (*proposals.repairs, *proposals.failing) for edit in each.edits]
    says = "app and tool fail when they are imported on " if len(names) > 1 else "app 1.0 fails when it is imported on "
    assert {edit.kind for edit in edits} == {EditKind.PYTHON}
    assert all(edit.because.startswith(says) for edit in edits)


def _large(*requires: str) -> list[FakeFile]:
    """A release of long ago that is too large to be read for nothing."""
    return [wheel(upload_time="2019-01-01T00:00:00.000000Z", requires=requires, size=3_000_000)]


def test_old_project_that_a_bound_brings_in_is_read_however_large() -> None:
    """What a plan of the repaired answer would show next is part of the search for that answer."""
    index = {
        "app": {"1.0": _at("2023-06-01", "lib")},
        "lib": {**_LIB, "2.2": _at("2024-01-01", "aged")},
        "aged": {"1.0": _large()},
    }
    code = {"app-1.0": "from lib import quote\n", "aged-1.0": "import imp\n"}
    asked = replace(situation(["app==1.0"], index, code, "app", python="3.12"), knowledge=load_repair_knowledge())
    proposals = asked.proposals()
    assert "-c lib<3" not in commands(proposals)
    assert "-c lib<2.2" in commands(proposals) or "--python 3.11 -c lib<3" in commands(proposals)
    assert "aged 1.0: `import aged` fails" in proposals.failing[0].grounds[0].text


def test_old_project_that_asks_for_what_a_bound_keeps_is_read_however_large() -> None:
    index = {
        "app": {"1.0": _at("2023-06-01", "lib")},
        "more": {"1.0": _at("2023-06-01", "tool")},
        "tool": {"1.0": _large("lib")},
    }
    code = {"app-1.0": "from lib import quote\n", "more-1.0": "import tool\n", "tool-1.0": "from lib import special\n"}
    asked = situation(["app==1.0", "more"], index, code, "app")
    special = {
        name: {
            "lib.py": text["lib.py"] + ("def special(): ...\n" if not name.startswith(("lib-2.1", "lib-2.2")) else "")
        }
        for name, text in _LIBS.items()
    }
    asked = replace(asked, code={**asked.code, **special}, knowledge=load_repair_knowledge())
    assert commands(asked.proposals()) == ["-c lib<2.1"]
