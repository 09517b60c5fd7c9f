"""The two passes, on indexes small enough to check by eye."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from tests.fakes.projects import FakeFile, FakeProjects, sdist, wheel
from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.distribution import (
    CoreMetadata,
    Distribution,
    Installability,
    Judgement,
    MetadataSource,
    Sdist,
    Wheel,
)
from wheelcheck.model.requirement import CommandLineOrigin, Constraint, HashPin, Requirement
from wheelcheck.model.resolution import Conflict, Policy, Resolution
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Budget, Question
from wheelcheck.targets.project_view import PageFacts, purity_from_siblings
from wheelcheck.targets.targets import parse_target


class PythonInMetadataOnly(FakeProjects):
    """An index whose pages and links say nothing of Python, while the metadata of every wheel asks for 3.12."""

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        return replace(super().metadata(wheel), requires_python=">=3.12")

    def direct(self, url: str) -> tuple[Distribution, CoreMetadata | None, Judgement | None]:
        found, metadata, judgement = super().direct(url)
        return found, replace(metadata, requires_python=">=3.12") if metadata is not None else None, judgement


PURE = frozenset({Installability.WHEEL, Installability.SDIST_PURE})
WHEELS = frozenset({Installability.WHEEL})


def asked(text: str) -> Requirement:
    return Requirement.parse(text, CommandLineOrigin(text=text))


def answer(
    projects: FakeProjects,
    *requirements: str,
    platform: str = "win_amd64",
    python: str = "3.11",
    constraints: Sequence[str] = (),
    allowed: frozenset[Installability] = PURE,
    overrides: Sequence[str] = (),
    excludes: Sequence[str] = (),
    exclude_newer: str | None = None,
    pre: bool = False,
    budget: Budget | None = None,
) -> Resolution | Conflict:
    return resolve(
        Question(
            requirements=tuple(asked(text) for text in requirements),
            constraints=tuple(Constraint.from_requirement(asked(text)) for text in constraints),
            target=parse_target(platform, python),
            policy=Policy(
                allowed=allowed,
                overrides=tuple(asked(text) for text in overrides),
                excludes=frozenset(canonicalize_name(name) for name in excludes),
                exclude_newer=exclude_newer,
                pre=pre,
            ),
            budget=budget or Budget(),
        ),
        projects,
    )


@pytest.mark.parametrize(("lines", "ahead"), [(0, 1), (100, 101), (200, 0)])
def test_nothing_is_read_ahead_for_one_new_version_where_hundreds_are_at_hand(lines: int, ahead: int) -> None:
    """Reading ahead goes through all lines, and a search for repairs asks for a new version in each of its trials."""
    others = [f"p{number}" for number in range(lines)]
    projects = FakeProjects({name: {"1": [wheel()], "2": [wheel()]} for name in (*others, "app")})
    first = answer(projects, *others, "app==1")
    assert projects.count("prefetch_pages") == lines + 1
    projects.calls.clear()
    assert picks(answer(projects, *others, "app==2")) == {**picks(first), "app": "2"}
    assert projects.count("prefetch_pages") == ahead


def picks(outcome: Resolution | Conflict) -> dict[str, str]:
    assert isinstance(outcome, Resolution), outcome
    return {str(name): str(pin.version) for name, pin in outcome.pins.items()}


def test_newest_wheel_wins_over_older_ones() -> None:
    projects = FakeProjects({"a": {"1.0": [wheel()], "2.0": [wheel()]}})
    assert picks(answer(projects, "a")) == {"a": "2.0"}


def test_older_version_with_a_wheel_replaces_a_native_sdist_and_is_reported() -> None:
    projects = FakeProjects({"a": {"1.0": [wheel("cp311-cp311-win_amd64")], "2.0": [sdist(purity="native")]}})
    outcome = answer(projects, "a")
    assert picks(outcome) == {"a": "1.0"}
    assert isinstance(outcome, Resolution)
    assert [(pick.name, str(pick.natural), str(pick.chosen)) for pick in outcome.older] == [("a", "2.0", "1.0")]


def test_pure_sdist_is_kept_when_the_policy_allows_it_and_left_when_not() -> None:
    projects = FakeProjects({"a": {"1.0": [wheel()], "2.0": [sdist(purity="pure")]}})
    assert picks(answer(projects, "a")) == {"a": "2.0"}
    assert picks(answer(projects, "a", allowed=WHEELS)) == {"a": "1.0"}


def test_blocked_set_lists_every_offender_of_the_natural_pass() -> None:
    projects = FakeProjects(
        {
            "app": {"1.0": [wheel(requires=["one==1", "two==1", "fine"])]},
            "one": {"1": [sdist(purity="native")], "2": [wheel()]},
            "two": {"1": [wheel("cp310-cp310-win_amd64")]},
            "fine": {"1": [wheel()]},
        }
    )
    outcome = answer(projects, "app")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    states = {str(name): pin.installability for name, pin in outcome.natural.pins.items()}
    assert states == {
        "app": Installability.WHEEL,
        "one": Installability.SDIST_NATIVE,
        "two": Installability.MISSING,
        "fine": Installability.WHEEL,
    }


def test_project_that_would_install_as_an_older_version_is_no_blocker_beside_another() -> None:
    """The kind of mkdocs-exclude (its newest version is source only) beside a pin that has no wheel."""
    projects = FakeProjects(
        {
            "plugin": {"1.0.0": [wheel()], "1.0.2": [sdist(purity="pure")]},
            "socket": {"0.1.16": [sdist(purity="native")]},
        }
    )
    outcome = answer(projects, "plugin", "socket==0.1.16", allowed=WHEELS)
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    assert {name: str(pin.version) for name, pin in outcome.natural.pins.items()} == {
        "plugin": "1.0.0",
        "socket": "0.1.16",
    }
    assert [(pick.name, str(pick.natural), str(pick.chosen)) for pick in outcome.natural.older] == [
        ("plugin", "1.0.2", "1.0.0")
    ]


def test_pins_that_an_old_bound_drags_down_are_no_blockers_where_others_can_be_had() -> None:
    """The kind of scipy<1.11 on a Python that is too new for it: numpy and pandas install in other versions."""
    projects = FakeProjects(
        {
            "scipy": {"1.10": [wheel("cp310-cp310-win_amd64", requires=["numpy<1.27"])]},
            "numpy": {
                "1.25": [sdist(purity="native")],
                "1.26": [wheel()],
                "1.26.4": [sdist(purity="native")],
                "2.0": [wheel()],
            },
            "pandas": {"2.1": [wheel(requires=["numpy<1.26"])], "2.0": [wheel(requires=["numpy"])]},
        }
    )
    outcome = answer(projects, "numpy", "scipy<1.11", "pandas")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    missing = [
        str(name) for name, pin in outcome.natural.pins.items() if pin.installability is not Installability.WHEEL
    ]
    assert missing == ["scipy"]
    assert str(outcome.natural.pins[NormalizedName("numpy")].version) == "1.26"


def test_blockers_that_could_not_be_narrowed_down_are_those_of_the_natural_pass_and_it_is_said() -> None:
    projects = FakeProjects(
        {"plugin": {"1": [wheel()], "2": [sdist(purity="native")]}, "socket": {"1": [sdist(purity="native")]}}
    )
    outcome = answer(projects, "plugin", "socket", budget=Budget(blocker_rounds=0))
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    assert outcome.unnarrowed
    assert {name: str(pin.version) for name, pin in outcome.natural.pins.items()} == {"plugin": "2", "socket": "1"}


def test_version_clash_is_a_conflict_with_the_path_of_each_side() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["c<2"])]},
            "b": {"1": [wheel(requires=["mid"])]},
            "mid": {"1": [wheel(requires=["c>=2"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
        }
    )
    outcome = answer(projects, "a", "b")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is None
    clash = next(clash for clash in outcome.clashes if clash.name == "c")
    assert set(clash.paths) == {("a", "c<2"), ("b", "mid==1", "c>=2")}


@pytest.mark.parametrize(
    ("asked_besides", "clashing"),
    [(("one", "two"), "c"), (("three",), "c"), (("four",), "withdrawn"), (("one", "two", "four"), "c")],
)
def test_clash_is_never_on_a_project_that_all_can_agree_on(asked_besides: Sequence[str], clashing: str) -> None:
    """The search ends where the extras meet, which fit; what is in the way lies in the rest of the question."""
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=['m; extra == "x"'], extras=["x"])]},
            "z": {"1": [wheel(requires=['m==1; extra == "x"'], extras=["x"])]},
            "m": {"1": [wheel()], "2": [wheel()]},
            "one": {"1": [wheel(requires=["c<2"])]},
            "two": {"1": [wheel(requires=["c>=2"])]},
            "three": {"1": [wheel(requires=["c>2"])]},
            "four": {"1": [wheel(requires=["withdrawn"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
            "withdrawn": {"1": [wheel(yanked="broken")]},
        }
    )
    outcome = answer(projects, "a[x]==1", *asked_besides, "z[x]==1")
    assert isinstance(outcome, Conflict)
    assert [clash.name for clash in outcome.clashes] == [clashing]
    assert isinstance(answer(projects, "a[x]==1", "z[x]==1"), Resolution)


def test_a_conflict_whose_cause_was_not_found_in_time_is_not_told_as_one() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=['m; extra == "x"'], extras=["x"])]},
            "z": {"1": [wheel(requires=['m==1; extra == "x"'], extras=["x"])]},
            "m": {"1": [wheel()], "2": [wheel()]},
            "one": {"1": [wheel(requires=["c<2"])]},
            "two": {"1": [wheel(requires=["c>=2"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
        }
    )
    told: list[tuple[bool, bool]] = []
    for looks in range(1, 100):
        clock = map(float, count()).__next__
        budget = Budget(seconds=looks, clock=clock)
        found = answer(projects, "a[x]==1", "one", "two", "z[x]==1", budget=budget)
        assert isinstance(found, Conflict)
        assert found.budget_spent or [clash.name for clash in found.clashes] == ["c"]
        told.append((found.budget_spent, bool(found.clashes)))
    # The time ends in the first search, in the second, or not at all.
    assert set(told) == {(True, False), (True, True), (False, True)}


def test_every_project_of_which_no_version_is_asked_for_is_a_clash() -> None:
    projects = FakeProjects({name: {"1": [wheel()]} for name in ("a", "b", "c", "d")})
    outcome = answer(projects, "a>=2", "b<1", "c", "d", "d<1", "d>0.5")
    assert isinstance(outcome, Conflict)
    assert {clash.name: clash.paths for clash in outcome.clashes} == {
        "a": (("a>=2",),),
        "b": (("b<1",),),
        "d": (("d",), ("d<1",), ("d>0.5",)),
    }


def test_override_replaces_requirement_and_marker() -> None:
    projects = FakeProjects(
        {
            "app": {"1": [wheel(requires=['dep==1; sys_platform == "linux"'])]},
            "dep": {"1": [wheel()], "2": [wheel()]},
        }
    )
    assert picks(answer(projects, "app")) == {"app": "1"}
    assert picks(answer(projects, "app", overrides=["dep==2"])) == {"app": "1", "dep": "2"}


def test_override_leaves_a_requirement_of_an_extra_to_its_extra() -> None:
    projects = FakeProjects(
        {
            "app": {"1": [wheel(requires=['dep==1; extra == "more"'], extras=["more"])]},
            "dep": {"1": [wheel()], "2": [wheel()]},
        }
    )
    assert picks(answer(projects, "app", overrides=["dep==2"])) == {"app": "1"}
    assert picks(answer(projects, "app[more]", overrides=["dep==2"])) == {"app": "1", "dep": "2"}


def test_excluded_project_is_left_out_with_all_it_alone_needs() -> None:
    projects = FakeProjects(
        {
            "app": {"1": [wheel(requires=["heavy", "light"])]},
            "heavy": {"1": [sdist(purity="native", requires=["lead"])]},
            "lead": {"1": [wheel()]},
            "light": {"1": [wheel()]},
        }
    )
    assert picks(answer(projects, "app", excludes=["heavy"])) == {"app": "1", "light": "1"}


def test_constraints_never_add_packages() -> None:
    projects = FakeProjects({"a": {"1": [wheel()], "2": [wheel()]}, "b": {"1": [wheel()]}})
    assert picks(answer(projects, "a", constraints=["a<2", "b==1"])) == {"a": "1"}


def test_self_referential_extras_are_flattened() -> None:
    requires = ['b; extra == "x"', 'a[x]; extra == "all"']
    projects = FakeProjects({"a": {"1": [wheel(requires=requires, extras=["x", "all"])]}, "b": {"1": [wheel()]}})
    assert picks(answer(projects, "a[all]")) == {"a": "1", "b": "1"}


def test_extras_are_normalised_as_pep_685_says() -> None:
    projects = FakeProjects(
        {"a": {"1": [wheel(requires=['b; extra == "dev-test"'], extras=["dev-test"])]}, "b": {"1": [wheel()]}}
    )
    assert picks(answer(projects, "a[Dev_Test]")) == {"a": "1", "b": "1"}


def test_edges_of_base_and_extra_are_both_kept() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["b", 'c; extra == "x"'], extras=["x"])]},
            "b": {"1": [wheel()]},
            "c": {"1": [wheel()]},
        }
    )
    outcome = answer(projects, "a[x]")
    assert isinstance(outcome, Resolution)
    assert {(edge.parent, edge.child) for edge in outcome.edges} == {(None, "a"), ("a", "b"), ("a", "c")}
    assert outcome.pins[canonicalize_name("a")].extras == {"x"}


def test_pre_release_is_taken_only_when_nothing_final_is_admitted() -> None:
    projects = FakeProjects({"a": {"1.0": [wheel()], "2.0rc1": [wheel()]}, "b": {"0.1a1": [wheel()]}})
    assert picks(answer(projects, "a", "b")) == {"a": "1.0", "b": "0.1a1"}
    assert picks(answer(projects, "a>=2.0rc1")) == {"a": "2.0rc1"}
    assert picks(answer(projects, "a", pre=True)) == {"a": "2.0rc1"}


def test_final_release_without_a_wheel_holds_no_pre_release_back_where_wheels_alone_are_taken() -> None:
    projects = FakeProjects({"a": {"1.0": [sdist(purity="native")], "2.0rc1": [wheel()]}})
    assert isinstance(answer(projects, "a"), Conflict)
    assert picks(answer(projects, "a", allowed=WHEELS)) == {"a": "2.0rc1"}
    assert isinstance(answer(projects, "a<2", allowed=WHEELS), Conflict)


def test_yanked_version_is_refused_unless_pinned() -> None:
    projects = FakeProjects({"a": {"1.0": [wheel()], "2.0": [wheel(yanked="broken")]}})
    assert picks(answer(projects, "a")) == {"a": "1.0"}
    assert isinstance(answer(projects, "a>1"), Conflict)
    assert picks(answer(projects, "a==2.0")) == {"a": "2.0"}


def test_yanked_file_does_not_hide_its_standing_sibling() -> None:
    projects = FakeProjects({"a": {"1.0": [wheel("cp311-cp311-win_amd64", yanked="bad build"), wheel()]}})
    outcome = answer(projects, "a")
    assert isinstance(outcome, Resolution)
    distribution = outcome.pins[canonicalize_name("a")].distribution
    assert distribution is not None
    assert distribution.filename.endswith("py3-none-any.whl")


def test_requires_python_is_judged_per_file() -> None:
    projects = FakeProjects({"a": {"1.0": [wheel(requires_python=">=3.12"), wheel("py2.py3-none-any")]}})
    assert picks(answer(projects, "a")) == {"a": "1.0"}


def test_version_that_excludes_the_target_gives_way_to_an_older_one() -> None:
    projects = FakeProjects({"a": {"2.0": [wheel(requires_python=">=3.12")], "1.0": [wheel()]}})
    assert picks(answer(projects, "a")) == {"a": "1.0"}


def test_files_newer_than_the_cutoff_do_not_exist() -> None:
    projects = FakeProjects(
        {
            "a": {
                "1.0": [wheel(upload_time="2025-01-01T00:00:00Z")],
                "2.0": [wheel(upload_time="2026-12-01T00:00:00Z")],
                "3.0": [wheel(upload_time=None)],
            }
        }
    )
    assert picks(answer(projects, "a", exclude_newer="2026-11-01T00:00:00Z")) == {"a": "1.0"}


@pytest.mark.parametrize(
    ("uploaded", "version"), [("2026-10-31T23:59:59.999999Z", "2.0"), ("2026-11-01T00:00:00Z", "1.0")]
)
def test_file_of_the_very_instant_of_the_cutoff_does_not_exist(uploaded: str, version: str) -> None:
    files = {"1.0": [wheel(upload_time="2025-01-01T00:00:00Z")], "2.0": [wheel(upload_time=uploaded)]}
    projects = FakeProjects({"a": files})
    assert picks(answer(projects, "a", exclude_newer="2026-11-01T00:00:00Z")) == {"a": version}
    page = projects.page(canonicalize_name("a"))
    assert page.view(PageFacts).newest_standing("2026-11-01T00:00:00Z") == (
        Version(version),
        uploaded if version == "2.0" else "2025-01-01T00:00:00Z",
    )


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        (["py3-none-any"], Installability.SDIST_PURE),
        (["py3-none-any", "cp39-cp39-win32"], None),
        (["cp39-cp39-win32"], Installability.SDIST_NATIVE),
        ([], None),
    ],
)
def test_release_with_pure_and_platform_wheels_tells_nothing_of_its_source(
    tags: list[str], kind: Installability | None
) -> None:
    page = FakeProjects({"a": {"1": [sdist(), *map(wheel, tags)]}}).page(canonicalize_name("a"))
    told = purity_from_siblings(page.distributions[Version("1")])
    assert (told and told[0]) == kind


@pytest.mark.parametrize(
    ("platform", "is_native"),
    [
        ("musllinux_1_2_x86_64", False),
        ("manylinux_2_28_riscv64", False),
        ("macosx_13_0_arm64", True),
        ("win_amd64", True),
    ],
)
def test_wheels_of_a_system_that_suit_every_python_beside_those_of_another_for_one_leave_it_to_the_archive(
    platform: str, is_native: bool
) -> None:
    """The kind of watchdog: an extension for macOS, and packed files alone for Linux. What has no wheel there is as the others."""
    tags = ("py3-none-manylinux2014_x86_64", "cp313-cp313-macosx_11_0_arm64")
    page = FakeProjects({"a": {"1": [sdist(), *map(wheel, tags)]}}).page(canonicalize_name("a"))
    told = purity_from_siblings(page.distributions[Version("1")], platform)
    assert (told is not None) is is_native


def test_a_program_packed_for_every_system_is_native_although_its_wheels_suit_every_python() -> None:
    tags = ("py3-none-manylinux2014_x86_64", "py3-none-win_amd64", "py3-none-macosx_11_0_arm64")
    page = FakeProjects({"a": {"1": [sdist(), *map(wheel, tags)]}}).page(canonicalize_name("a"))
    told = purity_from_siblings(page.distributions[Version("1")], "musllinux_1_2_x86_64")
    assert told is not None
    assert told[0] is Installability.SDIST_NATIVE


_OPTIONAL = frozenset({*PURE, Installability.SDIST_OPTIONAL})


@pytest.mark.parametrize(
    ("purity", "size", "kind"),
    [
        ("optional", 1024**2, Installability.SDIST_OPTIONAL),
        ("optional", 1024**2 + 1, Installability.SDIST_NATIVE),
        ("optional", None, Installability.SDIST_NATIVE),
        ("pure", 100, Installability.SDIST_NATIVE),
        ("native", 100, Installability.SDIST_NATIVE),
    ],
)
def test_small_archive_that_blocks_is_read_whatever_wheels_its_release_has(
    purity: str, size: int | None, kind: Installability
) -> None:
    """The kind of simplejson 3.16: wheels for old Pythons, and a source that leaves out what it cannot compile."""
    old = [wheel("cp36-cp36m-win_amd64"), sdist(purity=purity, size=size)]
    projects = FakeProjects({"a": {"1": old}, "b": {"1": [wheel(requires=["a"])]}})
    found = answer(projects, "b", allowed=_OPTIONAL)
    assert isinstance(found, Resolution) is (kind is Installability.SDIST_OPTIONAL)
    natural = found.natural if isinstance(found, Conflict) else found
    assert natural is not None
    assert natural.pins[canonicalize_name("a")].installability is kind


def test_small_archives_that_block_are_asked_for_at_once() -> None:
    old = [wheel("cp36-cp36m-win_amd64"), sdist(purity="optional", size=1000)]
    projects = FakeProjects({"a": {"1": old}, "b": {"1": old}, "c": {"1": [wheel()]}})
    assert isinstance(answer(projects, "a", "b", "c", allowed=_OPTIONAL), Resolution)
    assert projects.count("prefetch_sources") == projects.count_fetched("source") == 2


def _of_years(*years: int) -> dict[str, list[FakeFile]]:
    """One version a year, all pure archives but the newest, which compiles."""
    return {
        f"{year}.1": [sdist(purity="native" if year == years[-1] else "pure", upload_time=f"{year}-01-01T00:00:00Z")]
        for year in years
    }


@pytest.mark.parametrize(("before", "blocks"), [(2019, True), (2020, False)])
def test_release_of_many_years_before_is_none_to_fall_back_on(before: int, *, blocks: bool) -> None:
    """The kind of RPi.GPIO 0.2.0 of 2012, beside what blocks and alone."""
    projects = FakeProjects({"old": _of_years(before, 2025), "other": {"1": [sdist(purity="native")]}})
    assert isinstance(answer(projects, "old"), Conflict) is blocks
    blocked = answer(projects, "old", "other")
    assert isinstance(blocked, Conflict)
    assert blocked.natural is not None
    assert {str(name): str(pin.version) for name, pin in blocked.natural.pins.items()} == {
        "old": "2025.1" if blocks else f"{before}.1",
        "other": "1",
    }


def test_release_of_many_years_before_is_taken_where_bounds_ask_for_it() -> None:
    """What an installer would choose counts, and not the newest of all: old pins bring old neighbours."""
    plugin = {
        "1": [wheel(requires=["base<2"], upload_time="2015-01-01T00:00:00Z")],
        "9": [wheel(requires=["base>=9"], upload_time="2025-01-01T00:00:00Z")],
    }
    projects = FakeProjects({"plugin": plugin, "base": {"1": [wheel()], "9": [wheel()]}, "old": _of_years(2021, 2025)})
    assert picks(answer(projects, "plugin", "base==1", "old")) == {"plugin": "1", "base": "1", "old": "2021.1"}


def test_local_version_satisfies_its_public_pin() -> None:
    projects = FakeProjects({"a": {"2.6.0+cpu": [wheel()]}})
    assert picks(answer(projects, "a==2.6.0")) == {"a": "2.6.0+cpu"}


def test_epoch_outranks_every_plain_version() -> None:
    projects = FakeProjects({"a": {"2026.1": [wheel()], "1!1.0": [wheel()]}})
    assert picks(answer(projects, "a")) == {"a": "1!1.0"}


def test_markers_are_evaluated_for_the_target_not_the_host() -> None:
    requires = ['win; sys_platform == "win32"', 'lin; "linux" in sys_platform', 'amd; platform_machine == "AMD64"']
    files = {"1": [wheel()]}
    projects = FakeProjects({"a": {"1": [wheel(requires=requires)]}, "win": files, "lin": files, "amd": files})
    assert picks(answer(projects, "a", platform="win_amd64")) == {"a": "1", "win": "1", "amd": "1"}
    assert picks(answer(projects, "a", platform="linux")) == {"a": "1", "lin": "1"}


def test_marker_on_a_value_the_target_cannot_know_is_noted() -> None:
    requires = ['b; platform_release >= "5"']
    projects = FakeProjects({"a": {"1": [wheel(requires=requires)]}, "b": {"1": [wheel()]}})
    outcome = answer(projects, "a")
    assert picks(outcome) == {"a": "1"}
    assert isinstance(outcome, Resolution)
    assert [variable for _, variable, _ in outcome.unknowable_markers] == ["platform_release"]


def test_absent_project_is_listed_beside_the_other_offenders() -> None:
    projects = FakeProjects({"a": {"1": [wheel(requires=["ghost", "n==1"])]}, "n": {"1": [sdist(purity="native")]}})
    outcome = answer(projects, "a")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    assert outcome.natural.absent == ("ghost",)
    assert outcome.natural.pins[canonicalize_name("n")].installability is Installability.SDIST_NATIVE


def test_metadata_of_another_wheel_serves_where_the_sdist_says_nothing() -> None:
    projects = FakeProjects(
        {
            "a": {
                "1": [wheel("cp311-cp311-manylinux_2_28_x86_64", requires=["b"]), sdist(requires=None, purity="native")]
            },
            "b": {"1": [wheel()]},
        }
    )
    outcome = answer(projects, "a")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    assert outcome.natural.pins[canonicalize_name("a")].metadata.source is MetadataSource.OTHER_WHEEL
    assert "b" in outcome.natural.pins


def test_archive_of_a_release_of_platform_wheels_is_not_read_unless_it_may_be_built() -> None:
    others = [
        wheel(f"cp39-cp39-{system}", requires=[needed])
        for system, needed in (("macosx_11_0_arm64", "m"), ("win_amd64", "w"))
    ]
    projects = FakeProjects(
        {"a": {"1": [*others, sdist(requires=["s"], purity="native")]}, **{each: {"1": [wheel()]} for each in "msw"}}
    )
    outcome = answer(projects, "a")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    # The wheel of the target's system differs least from what would be built there.
    assert sorted(outcome.natural.pins) == ["a", "w"]
    assert projects.count_fetched("source") == 0
    assert picks(answer(projects, "a", allowed=frozenset(Installability))) == {"a": "1", "s": "1"}


def test_chain_of_1200_projects_is_resolved() -> None:
    described = {f"p{n}": {"1": [wheel(requires=[f"p{n + 1}"] if n < 1199 else [])]} for n in range(1200)}
    assert len(picks(answer(FakeProjects(described), "p0"))) == 1200


def test_cycle_of_projects_and_extras_is_resolved() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["b[x]"])], "2": [wheel(requires=["b[x]", "c<1"])]},
            "b": {"1": [wheel(requires=['a[y]; extra == "x"', "a"], extras=["x"])]},
            "c": {"1": [wheel()]},
        }
    )
    assert picks(answer(projects, "a")) == {"a": "1", "b": "1"}


def test_backtracking_goes_to_an_older_parent() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["c==1"])], "2": [wheel(requires=["c==2"])]},
            "b": {"1": [wheel(requires=["c==1"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
        }
    )
    assert picks(answer(projects, "a", "b")) == {"a": "1", "b": "1", "c": "1"}


def test_wheel_aware_pass_backtracks_over_a_parent_that_pins_a_native_sdist() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["n==1"])], "2": [wheel(requires=["n==2"])]},
            "n": {"1": [wheel("cp311-abi3-win_amd64")], "2": [sdist(purity="native")]},
        }
    )
    assert picks(answer(projects, "a")) == {"a": "1", "n": "1"}


def test_spent_budget_is_said_and_keeps_what_was_found() -> None:
    ticks = iter(range(1000))
    described = {f"p{n}": {"1": [wheel(requires=[f"p{n + 1}"] if n < 50 else [])]} for n in range(51)}
    budget = Budget(seconds=10, clock=lambda: float(next(ticks)))
    outcome = answer(FakeProjects(described), "p0", budget=budget)
    assert isinstance(outcome, Conflict)
    assert outcome.budget_spent
    assert 0 < len(outcome.partial) < 51


def test_budget_is_held_while_one_projects_source_archives_are_judged() -> None:
    projects = FakeProjects({"a": {str(n): [sdist(purity="native")] for n in range(1, 100)}})
    ticks = iter(range(1000))
    outcome = answer(projects, "a", budget=Budget(seconds=20, clock=lambda: float(next(ticks))))
    assert isinstance(outcome, Conflict)
    assert outcome.budget_spent
    assert len([what for what, _ in projects.fetched if what == "source"]) < 25


def test_direct_reference_is_checked_against_the_target() -> None:
    url = "https://index.example/files/a-1.0-cp310-cp310-win_amd64.whl"
    links = {url: ("a-1.0-cp310-cp310-win_amd64.whl", wheel("cp310-cp310-win_amd64"))}
    outcome = answer(FakeProjects({}, links=links), f"a @ {url}")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    assert outcome.natural.pins[canonicalize_name("a")].installability is Installability.MISSING


def test_constraint_binds_a_direct_reference_too() -> None:
    url = "https://index.example/files/a-1.0-py3-none-any.whl"
    projects = FakeProjects({"a": {"0.9": [wheel()]}}, links={url: ("a-1.0-py3-none-any.whl", wheel())})
    assert isinstance(answer(projects, f"a @ {url}", constraints=["a<1"]), Conflict)
    assert picks(answer(projects, f"a @ {url}", constraints=["a<2"])) == {"a": "1.0"}


def test_older_pick_in_place_of_a_direct_reference_has_no_date_to_compare() -> None:
    url = "https://index.example/files/dep-2.0.tar.gz"
    projects = FakeProjects(
        {"app": {"2": [wheel(requires=[f"dep @ {url}"])], "1": [wheel(requires=["dep"])]}, "dep": {"1": [wheel()]}},
        links={url: ("dep-2.0.tar.gz", sdist(purity="native"))},
    )
    outcome = answer(projects, "app")
    assert picks(outcome) == {"app": "1", "dep": "1"}
    assert isinstance(outcome, Resolution)
    assert [(pick.name, pick.natural_date is None) for pick in outcome.older] == [("app", False), ("dep", True)]


def test_direct_reference_whose_metadata_excludes_the_target_is_missing_not_a_clash() -> None:
    url = "https://index.example/files/a-1.0-py3-none-any.whl"
    links = {url: ("a-1.0-py3-none-any.whl", wheel())}
    outcome = answer(PythonInMetadataOnly({}, links=links), f"a @ {url}")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    pin = outcome.natural.pins[canonicalize_name("a")]
    assert pin.installability is Installability.MISSING
    assert pin.evidence == ("a-1.0-py3-none-any.whl: requires-python >=3.12",)


def test_version_whose_metadata_alone_excludes_the_target_gives_way_or_is_missing() -> None:
    projects = PythonInMetadataOnly({"a": {"1.0": [wheel()]}, "app": {"1": [wheel(requires=["a"])]}})
    outcome = answer(projects, "a")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    assert outcome.natural.pins[canonicalize_name("a")].installability is Installability.MISSING


def test_every_version_that_its_metadata_rejects_is_listed_however_many_there_are() -> None:
    described = {f"p{n}": {"1": [wheel(requires=[f"p{n + 1}"] if n < 29 else [])]} for n in range(30)}
    outcome = answer(PythonInMetadataOnly(described), "p0")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    assert len(outcome.natural.pins) == 30


def test_clash_is_sought_once_when_no_version_was_rejected() -> None:
    projects = FakeProjects({"a": {"1": [wheel()]}})
    ticks = iter(range(1000))
    outcome = answer(projects, "a>1", "a<1", budget=Budget(seconds=4, clock=lambda: float(next(ticks))))
    assert isinstance(outcome, Conflict)
    assert not outcome.budget_spent


def test_long_backtracking_reads_the_versions_to_come_together() -> None:
    parents = {f"1.{n}": [wheel(requires=[f"b=={n}"])] for n in range(40)}
    projects = FakeProjects({"a": parents, "b": {str(n): [wheel()] for n in range(40)}})
    assert picks(answer(projects, "b==7", "a>0")) == {"a": "1.7", "b": "7"}
    assert projects.calls["prefetch_metadata", "a-1.7-py3-none-any.whl"]
    assert projects.count_fetched("metadata") <= 60


def test_source_archives_of_older_versions_are_not_read_where_none_is_allowed() -> None:
    described = {str(n): [sdist(purity="pure")] for n in range(9)}
    projects = FakeProjects({"a": described})
    assert isinstance(answer(projects, "a", allowed=WHEELS), Conflict)
    assert projects.count_fetched("source") == 1  # the natural choice, to tell what it is


class HostileArchives(FakeProjects):
    """An index whose every source archive is refused."""

    def source(self, sdist: Sdist) -> Judgement:
        raise ArchiveRefused("a path leads out of it", address=sdist.filename)


def test_refused_archive_is_told_only_where_it_was_chosen() -> None:
    projects = HostileArchives({"a": {"2.0": [sdist()], "1.0": [wheel()]}, "b": {"1": [sdist()]}})
    outcome = answer(projects, "a")
    assert picks(outcome) == {"a": "1.0"}
    assert isinstance(outcome, Resolution)
    assert outcome.refused == ()
    blocked = answer(projects, "b")
    assert isinstance(blocked, Conflict)
    assert blocked.natural is not None
    assert [name for name, _ in blocked.natural.refused] == ["b"]


@pytest.mark.parametrize("python", ["3.13", "3.13t"])
def test_abi3_runs_on_newer_cpython_but_never_on_free_threaded(python: str) -> None:
    projects = FakeProjects({"a": {"1": [wheel("cp38-abi3-win_amd64")]}})
    outcome = answer(projects, "a", python=python)
    assert isinstance(outcome, Conflict) == python.endswith("t")


def test_version_rejected_on_its_metadata_gives_way_to_an_older_one() -> None:
    # The page does not say what the metadata does: some indexes leave data-requires-python out.
    new = wheel(requires_python=">=3.12")
    projects = FakeProjects({"a": {"2.0": [new], "1.0": [wheel()]}})
    outcome = answer(projects, "a")
    assert picks(outcome) == {"a": "1.0"}


def test_pure_looking_source_with_manylinux_wheels_only_counts_as_native() -> None:
    # The archive shows no compiler, but whoever released it needed one: every wheel of the release is for a platform.
    projects = FakeProjects({"a": {"1": [wheel("cp311-cp311-manylinux_2_28_x86_64"), sdist(purity="pure")]}})
    outcome = answer(projects, "a")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    assert outcome.natural.pins[canonicalize_name("a")].installability is Installability.SDIST_NATIVE


def test_every_way_of_hashing_a_requirement_is_checked_against_the_files() -> None:
    projects = FakeProjects({"a": {"1": [wheel()], "2": [wheel()]}})
    good = answer(projects, "a==1")
    assert isinstance(good, Resolution)
    distribution = good.pins[canonicalize_name("a")].distribution
    assert distribution is not None
    for digest, fits in ((distribution.at.sha256, True), ("0" * 64, False)):
        hashed = Requirement.parse(
            "a==1", CommandLineOrigin(text="a"), hashes=(HashPin(algorithm="sha256", digest=digest),)
        )
        question = Question(
            requirements=(hashed,), target=parse_target("win_amd64", "3.11"), policy=Policy(allowed=PURE)
        )
        assert isinstance(resolve(question, projects), Resolution) is fits


def test_project_that_keeps_failing_is_decided_before_those_it_clashes_with() -> None:
    # Many links between y, which is asked for first, and x: going through x again for every version of y takes 50,000 rounds.
    links = {f"m{n}": {str(v): [wheel(requires=[f"y=={v}"])] for v in range(1, 201)} for n in range(4)}
    projects = FakeProjects(
        {
            "app": {"1": [wheel(requires=["y", *links, "x"])]},
            "y": {str(v): [wheel()] for v in range(1, 201)},
            **links,
            "x": {str(v): [wheel(requires=["y<=20"])] for v in range(1, 51)},
        }
    )
    outcome = answer(projects, "app")
    assert picks(outcome)["y"] == "20"
    assert isinstance(outcome, Resolution)
    assert outcome.rounds < 400


def test_dead_end_is_learnt_once_however_many_choices_stand_before_it() -> None:
    # b has no wheel; every version of a wants it; forty other projects with ten versions each are decided first. Going through
    # their combinations to prove it would take longer than the universe has.
    others = {f"o{n}": {str(v): [wheel()] for v in range(1, 11)} for n in range(40)}
    projects = FakeProjects(
        {
            **others,
            "a": {str(v): [wheel(requires=["middle"])] for v in range(1, 6)},
            "middle": {str(v): [wheel(requires=["b"])] for v in range(1, 6)},
            "b": {"1": [sdist(purity="native")]},
        }
    )
    outcome = answer(projects, *others, "a")
    assert isinstance(outcome, Conflict)
    assert outcome.natural is not None
    assert not outcome.budget_spent
    assert outcome.rounds < 100


def test_older_parent_that_does_not_want_the_dead_end_is_found() -> None:
    projects = FakeProjects(
        {
            "a": {"3": [wheel(requires=["m"])], "2": [wheel(requires=["m"])], "1": [wheel()]},
            "m": {str(v): [wheel(requires=["b"])] for v in range(1, 6)},
            "b": {"1": [sdist(purity="native")]},
        }
    )
    assert picks(answer(projects, "a")) == {"a": "1"}


def test_pre_release_that_another_bound_admits_keeps_a_version_alive() -> None:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["b>=1"])]},
            "c": {"1": [wheel(requires=["b>=2.0rc1"])]},
            "b": {"1.5": [sdist(purity="native")], "2.0rc1": [wheel()]},
        }
    )
    assert picks(answer(projects, "a", "c")) == {"a": "1", "b": "2.0rc1", "c": "1"}
    assert picks(answer(projects, "c", "a")) == {"a": "1", "b": "2.0rc1", "c": "1"}


def test_any_bound_that_names_a_pre_release_admits_them_except_an_exclusion() -> None:
    projects = FakeProjects({"a": {"1.48": [wheel()], "1.49rc1": [wheel()]}})
    assert picks(answer(projects, "a<2.0dev")) == {"a": "1.49rc1"}
    assert picks(answer(projects, "a>1.0a1")) == {"a": "1.49rc1"}
    assert picks(answer(projects, "a!=1.49rc2")) == {"a": "1.48"}
    assert picks(answer(projects, "a>=1.49rc1,<2.0dev")) == {"a": "1.49rc1"}
