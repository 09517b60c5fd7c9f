"""Projects of which more is allowed than of others: both passes take their source archives for good."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.resolver.test_passes import WHEELS, asked
from wheelcheck.model.distribution import Installability
from wheelcheck.model.resolution import Conflict, Exemption, Policy, Resolution
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Question
from wheelcheck.targets.targets import parse_target

PROJECTS = FakeProjects(
    {
        "app": {"1": [wheel(requires=["old", "other"])]},
        "old": {
            "1.0": [wheel("cp311-cp311-win_amd64")],
            "2.0": [sdist(purity="native")],
            "3.0": [sdist(purity="pure")],
        },
        "other": {"1.0": [wheel()], "2.0": [sdist(purity="native")]},
        "lone": {"1.0": [sdist(purity="native")]},
    }
)


def exempt(name: str, specifier: str = "", *installabilities: Installability) -> Exemption:
    judged = {"installabilities": frozenset(installabilities)} if installabilities else {}
    return Exemption(name=canonicalize_name(name), specifier=SpecifierSet(specifier), **judged)


def answer(*requirements: str, exemptions: tuple[Exemption, ...] = ()) -> Resolution | Conflict:
    policy = Policy(allowed=WHEELS, exempt=exemptions)
    question = Question(
        requirements=tuple(map(asked, requirements)), target=parse_target("win_amd64", "3.11"), policy=policy
    )
    return resolve(question, PROJECTS)


def chosen(outcome: Resolution | Conflict) -> dict[str, str]:
    assert isinstance(outcome, Resolution), outcome
    return {str(name): str(pin.version) for name, pin in outcome.pins.items()}


def test_exempt_project_keeps_its_newest_version_in_the_wheel_aware_pass() -> None:
    assert chosen(answer("app")) == {"app": "1", "old": "1.0", "other": "1.0"}
    assert chosen(answer("app", exemptions=(exempt("old"),))) == {"app": "1", "old": "3.0", "other": "1.0"}


def test_natural_answer_stands_where_all_its_source_archives_are_exempt() -> None:
    outcome = answer("lone", exemptions=(exempt("lone"),))
    assert chosen(outcome) == {"lone": "1.0"}
    assert isinstance(answer("lone"), Conflict)


def test_exemption_counts_for_its_versions_only() -> None:
    assert chosen(answer("old", exemptions=(exempt("old", "<3"),))) == {"old": "2.0"}
    assert isinstance(answer("lone", exemptions=(exempt("lone", ">1.0"),)), Conflict)


def test_exemption_counts_for_its_kinds_of_source_archive_only() -> None:
    assert chosen(answer("old<3", exemptions=(exempt("old", "", Installability.SDIST_PURE),))) == {"old": "1.0"}
    assert chosen(answer("old", exemptions=(exempt("old", "", Installability.SDIST_PURE),))) == {"old": "3.0"}


def test_file_named_by_its_url_may_be_exempt() -> None:
    url = "https://index.example/files/lone-1.0.tar.gz"
    projects = FakeProjects({"b": PROJECTS_OF_B}, links={url: ("lone-1.0.tar.gz", sdist(purity="native"))})
    requirements = (asked(f"lone @ {url}"), asked("b"))
    for exemptions, expected in (((), Conflict), ((exempt("lone"),), Resolution)):
        policy = Policy(allowed=WHEELS, exempt=exemptions)
        question = Question(requirements=requirements, target=parse_target("win_amd64", "3.11"), policy=policy)
        assert isinstance(resolve(question, projects), expected)


# The newest of b is not exempt, so that the wheel-aware pass is reached.
PROJECTS_OF_B = {"1": [wheel()], "2": [sdist(purity="native")]}


def test_nothing_at_all_is_never_exempt() -> None:
    everything = frozenset(Installability)
    policy = Policy(allowed=WHEELS, exempt=(Exemption(name=canonicalize_name("a"), installabilities=everything),))
    assert not policy.allows(canonicalize_name("a"), Version("1"), Installability.MISSING)
    assert policy.allows(canonicalize_name("a"), Version("1"), Installability.SDIST_UNKNOWN)
    assert not policy.allows(canonicalize_name("b"), Version("1"), Installability.SDIST_PURE)
    assert hash(policy) == hash(policy)
