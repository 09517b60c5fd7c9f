"""What is true of other projects, whose names come before and after, changes nothing for the one that is in the way."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from tests.fakes.projects import wheel
from tests.repairs.questions import Index, Situation
from tests.repairs.rare_situations import FROM_ELSEWHERE, TOGETHER, VERSIONS, code_of
from tests.repairs.situations import SITUATIONS, any_wheels, own_platform, substitute, vendor
from tests.repairs.test_import_repairs import IMPORTING
from tests.repairs.test_recorded import rendered


def between_neighbours(situation: Situation) -> Situation:
    """*situation* beside two projects with bounds, extras, pins, overrides and all that can be known of a project."""
    names = ("aa", "zz")
    beside: Index = {
        "aa": {"1.0": [wheel(requires=["zz<9", 'mm; extra == "x"'], extras=["x"])], "2.0": [wheel(extras=["x"])]},
        "zz": {
            "1.0": [wheel(requires=["aa>=0.1", 'mm==1.0; extra == "x"'], extras=["x"])],
            "2.0": [wheel(extras=["x"])],
        },
        "mm": any_wheels("1.0", "2.0"),
        **{f"{name}-bin": any_wheels("1.0") for name in names},
    }
    ours, known = situation.knowledge, [substitute(name, f"{name}-bin").substitutes[0] for name in names]
    made_elsewhere = [own_platform(name, "darwin").own_platforms[0] for name in names]
    return replace(
        situation,
        line=replace(
            situation.line,
            inputs=("aa[x]==1.0", *situation.line.inputs, "zz[x]<2"),
            constraints=(*situation.line.constraints, "aa<5", "zz<5"),
            overrides=(*situation.line.overrides, "aa==1.0", "zz==1.0"),
        ),
        index={**situation.index, **beside},
        code={**situation.code, **code_of(aa_1_0="import mm, zz\n", zz_1_0="import mm, aa\n", mm_1_0="", mm_2_0="")},
        knowledge=replace(
            ours,
            substitutes=(known[0], *ours.substitutes, known[1]),
            own_platforms=(made_elsewhere[0], *ours.own_platforms, made_elsewhere[1]),
            indexes=(*vendor("aa").indexes, *ours.indexes, *vendor("zz").indexes),
            import_names={**ours.import_names, **{canonicalize_name(name): frozenset({name}) for name in names}},
        ),
    )


_MET = {**SITUATIONS, **IMPORTING, **VERSIONS, **TOGETHER, **FROM_ELSEWHERE}
_NAMES = (
    *("own-pin", "own-pin-and-a-dependants", "withdrawn-dependency", "one-pin-above-for-two", "pin-above-a-bound"),
    *(
        "pin-runs-into-anothers-bound",
        "constraint-admits-nothing",
        "clash-of-three",
        "older-version-asks-for-what-can-be-had",
    ),
    *("bound-above-on-the-users-own", "one-unrepairable-one-not", "patch-release", "vendors-index", "extra-in-all"),
    *("substitute-for-the-users-own", "substitute-for-a-transitive", "users-second-index", "override-given"),
    *("made-for-another-system-and-marked-already", "made-for-another-system-and-asked-for-below"),
    *("advisory-beside-a-blocker", "imported-name-is-gone", "unguarded-import", "native-at-a-url-below"),
    *("name-that-newer-releases-lost-of-a-pin", "names-that-two-lost", "module-that-newer-releases-lost"),
    *("backport-that-a-dependant-guards", "old-archive-that-is-read", "two-that-are-not-imported"),
    *("pair-that-moves-on-together", "what-the-user-names-is-bounded-by-two", "two-left-out-two-years-apart"),
    *("local-build-at-the-vendor", "clash-below-what-nobody-pins", "extras-of-two-projects"),
)


def _said(situation: Situation) -> list[str]:
    """All that is proposed, but for how many packages the answer has."""
    return [re.sub(r", \d+ packages,", "", line) for line in rendered(situation.proposals())]


@pytest.mark.parametrize("name", _NAMES)
def test_neighbours_change_no_proposal(name: str) -> None:
    assert _said(between_neighbours(_MET[name])) == _said(_MET[name])
