"""Grounds of an exclusion: where the dependants import what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.repairs.risk.cases import CannedCode, edit, excluded, judged, module, survey, texts, use
from tests.resolver.test_passes import answer
from wheelcheck.model.code import ImportKind, ImportUse, ModuleNames
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import EditKind, Risk

AV = FakeProjects(
    {"audio": {"1.3": [wheel(requires=["av==11.0.0"])]}, "av": {"11.0.0": [sdist(purity="native")]}},
)


def code(*uses: ImportUse, inner: Mapping[str, Sequence[str]] | None = None, unread: str = "") -> CannedCode:
    return CannedCode(
        names={"av": frozenset({"av"}), "audio": frozenset({"audio"})},
        surveys={"audio": survey(*uses, inner=inner, unread=unread)},
    )


def test_unconditional_import_is_high_and_names_the_modules_that_will_fail() -> None:
    inner = {
        "audio.models": ["audio.data"],
        "audio.models.gen": ["audio.data"],
        "audio._private": ["audio.data"],
        "audio.app.cli": ["audio.models"],
        "audio.app.web": ["audio.models"],
    }
    [ground] = excluded(AV, code(use("import av"), inner=inner))
    assert ground.risk is Risk.HIGH
    assert ground.text == (
        "audio will fail on `import audio.data`, `import audio.models`, `import audio.app.cli`, `import audio.app.web`: "
        "audio/data.py:20 has `import av`"
    )
    assert (ground.file, ground.line, ground.quote) == ("audio/data.py", 20, "import av")


def test_top_level_package_that_runs_the_import_is_named_first_then_those_that_lead_there_by_themselves() -> None:
    inner = {
        "audio": ["audio.data"],
        "audio.data": ["audio"],
        "audio.app": ["audio"],
        "audio.models": ["audio", "audio.data"],
        "audio.models.gen": ["audio", "audio.models"],
        "audio.solvers": ["audio", "audio.data"],
    }
    [ground] = excluded(AV, code(use("import av"), inner=inner))
    assert ground.text.startswith(
        "audio will fail on `import audio`, `import audio.data`, `import audio.models`, `import audio.solvers`: "
    )


def test_package_that_imports_it_itself_stands_for_all_its_modules() -> None:
    [ground] = excluded(AV, code(use("import av", file="audio/__init__.py"), inner={"audio.app": ["audio"]}))
    assert ground.text == "audio will fail on `import audio`: audio/__init__.py:20 has `import av`"


def test_import_in_a_private_module_that_nothing_reaches_names_that_module() -> None:
    [ground] = excluded(AV, code(use("import av", file="audio/_av.py")))
    assert "will fail on `import audio._av`" in ground.text


def test_several_places_of_one_kind_are_one_ground_with_the_best_quoted() -> None:
    uses = [
        use("import av", file="audio/deep/er.py"),
        use("from av import open", file="audio/near.py", line=3),
        use("import av.codec", file="audio/near.py", line=9),
    ]
    [ground] = excluded(AV, code(*uses))
    assert "audio/near.py:3 has `from av import open` (and 2 more places)" in ground.text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ImportKind.GUARDED, ("medium", "audio falls back when av is missing: audio/data.py:20 has `import av`")),
        (
            ImportKind.IN_FUNCTION,
            ("medium", "audio fails when `audio.data` calls av: audio/data.py:20 has `import av`"),
        ),
        (
            ImportKind.TYPE_CHECKING,
            ("low", "audio needs av for type checking only: audio/data.py:20 has `import av`"),
        ),
    ],
)
def test_milder_kinds_of_import_are_milder_grounds(kind: ImportKind, expected: tuple[str, str]) -> None:
    assert texts(excluded(AV, code(use("import av", kind=kind)))) == [expected]


def test_machine_code_may_import_what_no_python_code_does() -> None:
    of_machine_code = replace(code(), native={"audio": frozenset({"audio.codecs._fast", "audio._core"})})
    assert texts(excluded(AV, of_machine_code)) == [
        (
            "high",
            "audio's Python code does not import av, but its 2 compiled modules may, such as audio._core, which cannot be read",
        )
    ]


def test_an_import_in_python_code_is_the_ground_whatever_is_compiled_besides() -> None:
    guarded = replace(code(use("import av", kind=ImportKind.GUARDED)), native={"audio": frozenset({"audio._core"})})
    assert [risk for risk, _ in texts(excluded(AV, guarded))] == ["medium"]


def test_long_statement_is_cut_in_the_sentence_and_quoted_whole() -> None:
    statement = f"from av import {', '.join(f'name_{number}' for number in range(40))}"
    [ground] = excluded(AV, code(use(statement)))
    assert ground.text.endswith("name_7, …`")
    assert ground.quote == statement


def test_each_kind_of_import_is_its_own_ground_worst_first() -> None:
    uses = [use("import av", line=1, kind=ImportKind.TYPE_CHECKING), use("import av", line=2, kind=ImportKind.GUARDED)]
    assert [ground.line for ground in excluded(AV, code(*uses))] == [2, 1]


def test_code_that_was_read_whole_and_imports_nothing_is_low() -> None:
    assert texts(excluded(AV, code())) == [("low", "audio's code does not import av")]


def test_code_that_was_not_read_is_high_since_nothing_is_proved() -> None:
    found = texts(excluded(AV, code(unread="audio-1.3.tar.gz is larger than 64 MB")))
    says = "whether audio imports av is not known, its code was not read: audio-1.3.tar.gz is larger than 64 MB"
    assert found == [("high", says)]


def test_tests_and_setup_scripts_do_not_count() -> None:
    uses = [use("import av", file="audio/tests/test_data.py"), use("import av", file="setup.py")]
    assert texts(excluded(AV, code(*uses))) == [("low", "audio's code does not import av")]


def test_tests_that_a_public_module_imports_do_count() -> None:
    inner = {"audio.selftest": ["audio.tests.test_data"]}
    [ground] = excluded(AV, code(use("import av", file="audio/tests/test_data.py"), inner=inner))
    assert "`import audio.selftest`" in ground.text


def test_import_names_come_from_the_archive_then_from_knowledge_then_from_the_name() -> None:
    projects = FakeProjects(
        {"audio": {"1": [wheel(requires=["py-yaml"])]}, "py-yaml": {"1": [sdist(purity="native")]}},
    )
    known = RepairKnowledge(import_names={canonicalize_name("py-yaml"): frozenset({"yaml"})})
    told = CannedCode(names={"py-yaml": frozenset({"yaml", "_yaml"})})
    excluded(projects, told, project="py-yaml", knowledge=known)
    silent, ignorant = CannedCode(), CannedCode()
    excluded(projects, silent, project="py-yaml", knowledge=known)
    excluded(projects, ignorant, project="py-yaml")
    assert [each.asked[0][1] for each in (told, silent, ignorant)] == [{"yaml", "_yaml"}, {"yaml"}, {"py_yaml"}]


def test_dependants_that_leave_as_well_are_not_judged() -> None:
    projects = FakeProjects(
        {
            "audio": {"1": [wheel(requires=["mid"])]},
            "mid": {"1": [wheel(requires=["av"])]},
            "av": {"1": [sdist(purity="native")]},
        }
    )
    edits = [edit(EditKind.EXCLUDE, "mid"), edit(EditKind.EXCLUDE, "av")]
    found = judged(
        projects, edits, before=answer(projects, "audio"), after=answer(projects, "audio", excludes=["mid", "av"])
    )
    assert texts(found) == [("low", "audio's code does not import mid")]


def test_dependant_that_is_another_version_now_and_asks_for_it_no_more_is_not_judged() -> None:
    projects = FakeProjects(
        {
            "audio": {"1": [wheel()], "2": [wheel(requires=["av"])], "3": [wheel()]},
            "av": {"1": [wheel()]},
        }
    )
    for moved in ("1", "3"):
        before, after = answer(projects, "audio==2"), answer(projects, f"audio=={moved}", excludes=["av"])
        found = texts(judged(projects, [edit(EditKind.EXCLUDE, "av")], before=before, after=after))
        assert not [text for _, text in found if "import av" in text]


def test_requirements_of_other_targets_and_extras_make_no_dependant() -> None:
    requires = ["av; sys_platform == 'linux'", "av; extra == 'video'", "mid"]
    projects = FakeProjects(
        {
            "audio": {"1": [wheel(requires=requires, extras=["video"])]},
            "mid": {"1": [wheel(requires=["av"])]},
            "av": {"1": [sdist(purity="native")]},
        }
    )
    assert [text for _, text in texts(excluded(projects))] == ["mid's code does not import av"]


def test_exclusion_of_what_the_user_asks_for_is_high() -> None:
    before, after = answer(AV, "audio", "av"), answer(AV, "audio", excludes=["av"])
    found = texts(judged(AV, [edit(EditKind.EXCLUDE, "av")], before=before, after=after))
    assert found[0] == ("high", "you ask for av yourself: your own code was not looked into")


def test_exclusion_after_a_clash_finds_its_dependants_in_the_metadata() -> None:
    after = answer(AV, "audio", excludes=["av"])
    before = answer(AV, "audio", "av==16")
    found = texts(judged(AV, [edit(EditKind.EXCLUDE, "av")], before=before, after=after, code=code(use("import av"))))
    assert found[0][0] == "high"


def test_partly_read_code_adds_a_medium_ground_unless_it_is_known_to_fail() -> None:
    guarded = excluded(AV, code(use("import av", kind=ImportKind.GUARDED), unread="1 of 9 files are not Python 3"))
    says = "not all of audio's code was read: 1 of 9 files are not Python 3; they may import av as well"
    assert texts(guarded)[1] == ("medium", says)
    assert len(excluded(AV, code(use("import av"), unread="1 of 9 files are not Python 3"))) == 1


SHARED = FakeProjects(
    {
        "audio": {"1": [wheel(requires=["acme-native", "acme-cloud"])]},
        "acme-native": {"1": [sdist(purity="native"), wheel("cp311-cp311-manylinux_2_17_x86_64")]},
        "acme-cloud": {"1": [wheel()]},
    }
)


def acme_names(top: ModuleNames, *others: ModuleNames) -> frozenset[str]:
    """The names by which ``acme-native`` is looked for in the code of ``audio``."""
    native = {each.module: each for each in (top, *others)}
    reader = CannedCode(names={"acme-native": frozenset({"acme"})}, modules={"acme-native==1": native})
    excluded(SHARED, reader, project="acme-native")
    return reader.asked[0][1]


def test_namespace_that_other_projects_share_is_narrowed_to_the_projects_own_part() -> None:
    inner = module("acme.native", "run", "stop")
    assert acme_names(module("acme", "native"), inner) == {"acme.native"}


def test_package_with_names_of_its_own_is_no_namespace() -> None:
    assert acme_names(module("acme", "native", "run"), module("acme.native", "run")) == {"acme"}


def test_namespace_is_known_by_the_data_file_too() -> None:
    projects = FakeProjects({"audio": {"1": [wheel(requires=["proto"])]}, "proto": {"1": [sdist(purity="native")]}})
    known = RepairKnowledge(import_names={canonicalize_name("proto"): frozenset({"acme.proto"})})
    reader = CannedCode(names={"proto": frozenset({"acme", "_proto"})})
    excluded(projects, reader, project="proto", knowledge=known)
    assert reader.asked[0][1] == {"acme.proto", "_proto"}
