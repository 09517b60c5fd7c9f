"""Grounds of an override: the distance, and whether what its dependants import is still there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from packaging.version import Version

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.repairs.risk.cases import (
    CannedCode,
    described,
    edit,
    judged,
    module,
    natural,
    overridden,
    proved,
    survey,
    texts,
    use,
)
from tests.resolver.test_passes import answer
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.code import ImportKind, ImportUse, ModuleNames, ModuleState
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import EditKind, Risk
from wheelcheck.repairs.repair_case import Distance, RepairCase
from wheelcheck.repairs.risk import risk_of

WINDOWS = "cp311-cp311-win_amd64"

AV = FakeProjects(
    {
        "audio": {"1.3": [wheel(requires=["av==11.0.0"])]},
        "av": {
            "11.0.0": [sdist(purity="native", upload_time="2023-11-01T00:00:00Z")],
            "12.0.0": [wheel(WINDOWS, upload_time="2024-03-01T00:00:00Z")],
            "14.0.0": [wheel(WINDOWS, upload_time="2024-11-01T00:00:00Z")],
        },
    }
)
NAMES = {"av": frozenset({"av"}), "audio": frozenset({"audio"})}
OFFERED = {"av==12.0.0": described(module("av", "open", "VideoFrame"), module("av.codec", "Codec"))}


def distance(before: str, after: str, first: str | None, second: str | None, *, kind: EditKind) -> tuple[str, str]:
    """The one ground of moving ``lib`` for the user, who alone asks for it."""
    projects = FakeProjects(
        {"lib": {before: [sdist(purity="native", upload_time=first)], after: [wheel(upload_time=second)]}}
    )
    edits = [edit(kind, "lib", f"=={before}", f"=={after}")]
    [ground] = judged(
        projects, edits, before=answer(projects, f"lib=={before}"), after=answer(projects, f"lib=={after}")
    )
    return ground.risk.value, ground.text


@pytest.mark.parametrize(
    ("before", "after", "first", "second", "expected"),
    [
        ("1.2.3", "1.2.4", "2024-01-01", "2024-01-11", ("low", "one patch version, 10 days newer")),
        ("1.2.3", "1.4.0", "2024-01-01", "2024-05-01", ("low", "2 minor versions, 4 months newer")),
        ("0.2.3", "0.3.0", "2024-01-01", "2024-05-01", ("medium", "one minor version, 4 months newer")),
        ("11.0.0", "12.0.0", "2023-11-01", "2024-03-01", ("medium", "one major version, 4 months newer")),
        ("16.0.1", "15.1.0", "2025-11-01", "2025-09-01", ("medium", "one major version, 2 months older")),
        ("11.0.0", "13.0.0", "2023-11-01", "2024-03-01", ("high", "2 major versions, 4 months newer")),
        ("1.2.0", "1.3.0", "2020-01-01", "2024-01-01", ("high", "one minor version, 4 years newer")),
        ("2.0.0", "1.9.9", "2024-01-01", "2024-03-11", ("medium", "one major version older, released 2 months later")),
        ("1.0", "2.0", None, "2024-01-01", ("medium", "one major version newer")),
        ("1.0", "1.0.post1", "2024-01-01", "2024-01-03", ("low", "the same release, 2 days newer")),
        ("2023.1", "2024.2", "2023-04-01", "2024-02-01", ("low", "10 months newer")),
        ("2022.1", "2024.2", "2022-04-01", "2024-02-01", ("medium", "22 months newer")),
        ("2019.1", "2024.2", "2019-04-01", "2024-02-01", ("high", "4.8 years newer")),
    ],
)
def test_distance_is_judged_and_said_in_releases_and_time(
    before: str, after: str, first: str | None, second: str | None, expected: tuple[str, str]
) -> None:
    times = [f"{day}T00:00:00Z" if day else None for day in (first, second)]
    risk, text = distance(before, after, *times, kind=EditKind.OVERRIDE)
    assert (risk, text) == (expected[0], f"lib moves {before} → {after}: {expected[1]}")


@pytest.mark.parametrize(
    ("after", "risk"),
    [("11.0.1", "low"), ("11.4.0", "low"), ("12.0.0", "medium"), ("10.0.0", "medium"), ("14.0.0", "medium")],
)
def test_the_users_own_pin_is_one_step_milder_than_an_override(after: str, risk: str) -> None:
    day = "2024-01-01T00:00:00Z"
    assert distance("11.0.0", after, day, day, kind=EditKind.PIN)[0] == risk


@pytest.mark.parametrize(
    ("before", "after", "days", "risk"),
    [
        ("1.4", "1.2", ("2024-06-01", "2023-06-02"), "low"),
        ("1.4", "1.2", ("2024-06-01", "2023-05-30"), "medium"),
        ("1.2", "1.4", ("2023-05-30", "2024-06-01"), "medium"),
        ("2.14.4", "1.10.27", ("2026-10-01", "2026-09-10"), "medium"),
        ("1.0", "0.9", ("2024-06-01", "2024-05-01"), "medium"),
    ],
)
def test_a_year_or_a_major_version_is_not_low_in_either_direction(
    before: str, after: str, days: tuple[str, str], risk: str
) -> None:
    """The kind of pydantic 1.10.27 in place of 2.14, which was released 20 days earlier."""
    times = [f"{day}T00:00:00Z" for day in days]
    assert distance(before, after, *times, kind=EditKind.OVERRIDE)[0] == risk
    assert distance(before, after, *times, kind=EditKind.PIN)[0] == risk


@pytest.mark.parametrize(("between", "risk"), [(19, "low"), (20, "medium")])
def test_many_releases_between_are_not_low(between: int, risk: str) -> None:
    numbers = range(between + 2)
    projects = FakeProjects({"lib": {f"1.0.{number}": [wheel()] for number in numbers}})
    edits = [edit(EditKind.PIN, "lib", "==1.0.0", f"==1.0.{numbers[-1]}")]
    before, after = answer(projects, "lib==1.0.0"), answer(projects, f"lib==1.0.{numbers[-1]}")
    ((found, text),) = texts(judged(projects, edits, before=before, after=after))
    assert found == risk
    assert ("20 releases between" in text) == (risk == "medium")


def test_distance_after_a_clash_is_from_the_nearest_release_that_was_declared() -> None:
    projects = FakeProjects(
        {
            "audio": {"1.3": [wheel(requires=["av<12"])]},
            "av": {"10.0": [wheel()], "11.2": [wheel()], "16.0.1": [wheel()]},
        }
    )
    clash = answer(projects, "audio", "av==16.0.1")
    edits = [edit(EditKind.PIN, "av", "==16.0.1", "==11.2")]
    grounds = judged(projects, edits, before=clash, after=answer(projects, "audio", "av==11.2"))
    assert texts(grounds) == [("medium", "av moves 16.0.1 → 11.2: 5 major versions older")]
    edits = [edit(EditKind.OVERRIDE, "av", "<12", "==16.0.1")]
    grounds = judged(projects, edits, before=clash, after=answer(projects, "audio", overrides=["av==16.0.1"]))
    assert texts(grounds)[0] == ("high", "av moves 11.2 → 16.0.1: 5 major versions newer")


def test_distance_is_from_the_version_that_was_chosen_where_a_nearer_one_was_declared_too() -> None:
    projects = FakeProjects(
        {
            "audio": {"1.3": [wheel(requires=["av<12"])]},
            "av": {"10.0": [wheel()], "11.2": [wheel()], "16.0.1": [wheel()]},
        }
    )
    before = answer(projects, "audio", constraints=["av<11"])
    edits = [edit(EditKind.OVERRIDE, "av", "<12", "==16.0.1")]
    after = answer(projects, "audio", overrides=["av==16.0.1"])
    assert texts(judged(projects, edits, before=before, after=after))[0][1].startswith("av moves 10.0 → 16.0.1")


def test_wheel_that_was_chosen_tells_its_modules_and_not_another_of_its_version() -> None:
    projects = FakeProjects({"av": {"1": [wheel("cp311-cp311-manylinux_2_17_x86_64"), wheel(WINDOWS)]}})
    after = proved(answer(projects, "av"))
    case = RepairCase(
        edits=(), before=after, after=after, projects=projects, code=CannedCode(), knowledge=RepairKnowledge()
    )
    (pin,) = after.pins.values()
    assert pin.distribution is not None
    assert WINDOWS in pin.distribution.filename
    assert case.telling_file(pin) == pin.distribution


def test_names_that_are_all_there_are_a_low_ground_and_the_major_move_stays_medium() -> None:
    uses = [use("import av", attributes=["open"]), use("from av import VideoFrame", line=30)]
    code = CannedCode(names=NAMES, surveys={"audio": survey(*uses)}, modules=OFFERED)
    grounds = overridden(AV, code, before="==11.0.0", after="==12.0.0")
    assert texts(grounds) == [
        ("medium", "av moves 11.0.0 → 12.0.0: one major version, 4 months newer"),
        ("low", "audio imports av.VideoFrame, av.open: all are in av 12.0.0"),
    ]
    assert risk_of(grounds) is Risk.MEDIUM


@pytest.mark.parametrize(
    ("modules", "says"),
    [
        (OFFERED, "audio imports av.open: it is in av 12.0.0"),
        (
            {"av==12.0.0": described(module("av", state=ModuleState.COMPILED))},
            "audio takes av.open: av of av 12.0.0 is compiled: not looked into",
        ),
    ],
)
def test_name_that_is_taken_in_several_places_is_shown_in_the_first(
    modules: Mapping[str, Mapping[str, ModuleNames]], says: str
) -> None:
    uses = [
        use("from av import open", file=f"audio/{name}.py", line=line) for name, line in (("b", 3), ("a", 9), ("a", 7))
    ]
    code = CannedCode(names=NAMES, surveys={"audio": survey(*uses)}, modules=modules)
    [found] = [each for each in overridden(AV, code, before="==11.0.0", after="==12.0.0") if each.text == says]
    assert (found.file, found.line) == ("audio/a.py", 7)


def test_missing_name_is_told_after_a_clash_too_where_no_version_was_chosen_before() -> None:
    before, after = answer(AV, "audio", "av==14.0.0"), answer(AV, "audio", overrides=["av==12.0.0"])
    code = CannedCode(names=NAMES, surveys={"audio": survey(use("from av import gone"))}, modules=OFFERED)
    edits = [edit(EditKind.OVERRIDE, "av", "==11.0.0", "==12.0.0", because="audio 1.3")]
    assert natural(before) is None
    found = texts(judged(AV, edits, before=before, after=after, code=code))
    assert found[0] == ("high", "audio/data.py:20 takes av.gone, which av 12.0.0 does not have")


def test_first_of_several_names_that_are_not_known_to_be_there_is_quoted() -> None:
    uses = [use(f"from av import {name}", file=f"audio/{name}.py") for name in ("one", "two", "three")]
    compiled = {"av==12.0.0": described(module("av", state=ModuleState.COMPILED))}
    code = CannedCode(names=NAMES, surveys={"audio": survey(*uses)}, modules=compiled)
    grounds = overridden(AV, code, before="==11.0.0", after="==12.0.0")
    [ground] = [each for each in grounds if "is compiled" in each.text]
    assert ground.text.startswith("audio takes av.one, av.three, av.two: ")
    assert (ground.file, ground.quote) == ("audio/one.py", "from av import one")


def test_what_is_used_of_an_imported_submodule_is_taken_from_it_and_so_is_the_submodule() -> None:
    uses = survey(use("import av.codec", attributes=("open", "Context.create")))
    found = overridden(AV, CannedCode(names=NAMES, surveys={"audio": uses}), before="==11.0.0", after="==12.0.0")
    taken = sorted(text.split(" takes ")[1].split(",")[0] for _, text in texts(found) if " takes " in text)
    assert taken == ["av.codec", "av.codec.Context", "av.codec.open"]


def test_missing_name_is_high_with_file_line_and_quote() -> None:
    uses = [use("import av", line=20, attributes=["frob", "open"])]
    code = CannedCode(names=NAMES, surveys={"audio": survey(*uses)}, modules=OFFERED)
    worst = overridden(AV, code, before="==11.0.0", after="==12.0.0")[0]
    assert (worst.risk, worst.text) == (Risk.HIGH, "audio/data.py:20 takes av.frob, which av 12.0.0 does not have")
    assert (worst.file, worst.line, worst.quote) == ("audio/data.py", 20, "import av")


def test_missing_module_is_high() -> None:
    code = CannedCode(names=NAMES, surveys={"audio": survey(use("from av.gone import it"))}, modules=OFFERED)
    assert ("high", "audio/data.py:20 takes av.gone.it, which av 12.0.0 does not have") in texts(
        overridden(AV, code, before="==11.0.0", after="==12.0.0")
    )


@pytest.mark.parametrize(
    ("kind", "attributes", "risk"),
    [
        (ImportKind.GUARDED, (), "low"),
        (ImportKind.GUARDED, ("frob",), "medium"),
        (ImportKind.TYPE_CHECKING, ("frob",), "low"),
        (ImportKind.IN_FUNCTION, ("frob",), "high"),
    ],
)
def test_missing_name_is_milder_where_its_import_is_guarded_or_for_type_checking(
    kind: ImportKind, attributes: tuple[str, ...], risk: str
) -> None:
    statement = "import av" if attributes else "from av import frob"
    used = use(statement, kind=kind, attributes=attributes)
    code = CannedCode(names=NAMES, surveys={"audio": survey(used)}, modules=OFFERED)
    found = texts(overridden(AV, code, before="==11.0.0", after="==12.0.0"))
    assert (risk, f"audio/data.py:20 takes av.frob, which av 12.0.0 does not have, {kind.value}") in found


def test_another_build_of_one_version_is_no_distance() -> None:
    found = Distance(before=Version("2.1.0"), after=Version("2.1.0+cpu"), time=None)
    assert (found.risk, str(found)) == (Risk.LOW, "another build of the same version")


def test_what_the_declared_version_lacks_too_is_no_ground() -> None:
    linux = wheel("cp311-cp311-manylinux_2_17_x86_64")
    projects = FakeProjects({**AV.projects, "av": {**AV.projects["av"], "11.0.0": [sdist(purity="native"), linux]}})
    uses = survey(use("from av import old_name"), use("from av_namespace.other import thing"))
    old = {"av==11.0.0": described(module("av", "open"))}
    code = CannedCode(names=NAMES, surveys={"audio": uses}, modules={**OFFERED, **old})
    found = texts(overridden(projects, code, before="==11.0.0", after="==12.0.0"))
    assert found[1:] == [("low", "audio's code does not import av")]


def test_what_machine_code_takes_from_the_new_version_is_not_known() -> None:
    code = CannedCode(names=NAMES, modules=OFFERED, native={"audio": frozenset({"audio._core"})})
    found = texts(overridden(AV, code, before="==11.0.0", after="==12.0.0"))
    assert (
        "medium",
        "audio's Python code does not import av, but its 1 compiled module may, such as audio._core, which cannot be read",
    ) in found


def test_module_that_a_native_source_archive_does_not_show_counts_as_gone_in_the_new_version() -> None:
    code = CannedCode(names=NAMES, surveys={"audio": survey(use("import av.frame"))}, modules=OFFERED)
    assert overridden(AV, code, before="==11.0.0", after="==12.0.0")[0].risk is Risk.HIGH


def test_compiled_module_is_medium_and_said_so() -> None:
    modules = {"av==12.0.0": described(module("av", state=ModuleState.COMPILED))}
    code = CannedCode(names=NAMES, surveys={"audio": survey(use("from av import open"))}, modules=modules)
    found = texts(overridden(AV, code, before="==11.0.0", after="==12.0.0"))
    assert ("medium", "audio takes av.open: av of av 12.0.0 is compiled: not looked into") in found


@pytest.mark.parametrize(
    ("offered", "says"),
    [
        (module("av", state=ModuleState.UNREAD), "av 12.0.0 was not read"),
        (module("av", open_ended=True), "av 12.0.0 makes its names at run time, so reading does not tell"),
    ],
)
def test_module_that_does_not_tell_is_medium(offered: ModuleNames, says: str) -> None:
    code = CannedCode(
        names=NAMES,
        surveys={"audio": survey(use("from av import open"))},
        modules={"av==12.0.0": {"av": offered}},
    )
    found = texts(overridden(AV, code, before="==11.0.0", after="==12.0.0"))
    assert ("medium", f"audio takes av.open: {says}") in found


def test_dependant_that_was_not_read_is_medium_with_the_reason() -> None:
    code = CannedCode(surveys={"audio": survey(unread="audio-1.3.tar.gz is larger than 64 MB")})
    found = texts(overridden(AV, code, before="==11.0.0", after="==12.0.0"))
    says = "audio's code was not read, so what it takes from av is not known: audio-1.3.tar.gz is larger than 64 MB"
    assert ("medium", says) in found


@pytest.mark.parametrize(("uses", "risk"), [((use("from av import open"),), "low"), ((), "medium")])
def test_dependant_that_was_read_but_for_some_files_is_judged_by_what_was_found(
    uses: tuple[ImportUse, ...], risk: str
) -> None:
    partly = survey(*uses, inner={"audio": []}, unread="1 of 9 files are not Python 3")
    code = CannedCode(names=NAMES, surveys={"audio": partly}, modules=OFFERED)
    found = texts(overridden(AV, code, before="==11.0.0", after="==12.0.0"))
    says = "not all of audio's code was read: 1 of 9 files are not Python 3; they may take more from av"
    assert found[-1] == (risk, says)


def test_dependant_whose_range_admits_the_chosen_version_is_not_read() -> None:
    projects = FakeProjects(
        {
            "audio": {"1.3": [wheel(requires=["av==11.0.0", "video"])]},
            "video": {"1": [wheel(requires=["av>=9"])]},
            "av": AV.projects["av"],
        }
    )
    code = CannedCode()
    overridden(projects, code, before="==11.0.0", after="==12.0.0")
    assert [name for name, _ in code.asked] == ["audio"]


def test_index_that_goes_away_while_code_is_read_is_passed_on() -> None:
    with pytest.raises(IndexUnavailable):
        overridden(AV, CannedCode(failing=frozenset({"audio"})), before="==11.0.0", after="==12.0.0")


def test_override_of_an_unknown_distance_is_medium() -> None:
    clash = answer(AV, "audio", "av==12.0.0")
    edits = [edit(EditKind.OVERRIDE, "av", "", "==12.0.0")]
    found = judged(AV, edits, before=clash, after=answer(AV, "audio", overrides=["av==12.0.0"]))
    assert texts(found)[0] == ("medium", "av 12.0.0: how far that is from what was declared is not known")


def test_star_import_does_not_tell_which_names_it_needs() -> None:
    code = CannedCode(names=NAMES, surveys={"audio": survey(use("from av import *"))}, modules=OFFERED)
    found = texts(overridden(AV, code, before="==11.0.0", after="==12.0.0"))
    assert ("medium", "audio takes av.*: a star import does not tell which names it needs") in found


def test_many_missing_names_are_listed_in_one_more_ground() -> None:
    names = [f"gone_{number}" for number in range(9)]
    code = CannedCode(
        names=NAMES, surveys={"audio": survey(use(f"from av import {', '.join(names)}"))}, modules=OFFERED
    )
    found = overridden(AV, code, before="==11.0.0", after="==12.0.0")
    assert [ground.risk.value for ground in found] == ["high"] * 4 + ["medium"]
    says = "audio takes av.gone_3, av.gone_4, av.gone_5, av.gone_6, av.gone_7 and 1 more as well, which av 12.0.0 does not have"
    assert found[3].text == says


def test_one_missing_name_in_several_places_is_told_once() -> None:
    uses = [use("from av import frob", line=line) for line in (3, 5, 8)]
    code = CannedCode(names=NAMES, surveys={"audio": survey(*uses)}, modules=OFFERED)
    worst = overridden(AV, code, before="==11.0.0", after="==12.0.0")[0]
    assert worst.text == "audio/data.py:3 takes av.frob, which av 12.0.0 does not have (and 2 more places)"


def test_override_of_a_project_that_nobody_needs_any_more_has_no_ground() -> None:
    same = answer(AV, "av==12.0.0")
    assert judged(AV, [edit(EditKind.OVERRIDE, "other", "==1", "==2")], before=same, after=same) == ()


def test_project_that_came_by_a_direct_reference_is_not_asked_of_the_index() -> None:
    url = "https://files.example/lib-2.0-py3-none-any.whl"
    described_file = wheel(upload_time="2024-03-01T00:00:00Z")
    projects = FakeProjects({}, links={url: ("lib-2.0-py3-none-any.whl", described_file)})
    after = answer(projects, f"lib @ {url}")
    projects.calls.clear()
    found = judged(projects, [edit(EditKind.PIN, "lib", "==1.0", "==2.0")], before=after, after=after)
    assert texts(found) == [("medium", "lib moves 1.0 → 2.0: one major version newer")]
    assert projects.count("page") == 0
