"""What is no way out, however well it resolves: half of a pair, a release of long ago, a Python past its end, one outcome twice."""

from __future__ import annotations

import pytest

from tests.fakes.projects import wheel
from tests.repairs.questions import CommandLine, Situation, commands, with_command
from tests.repairs.situations import SEVERAL, SINGLE, TARGETS, WIN, native
from wheelcheck.knowledge.loading import load_repair_knowledge, load_standard_library
from wheelcheck.model.knowledge import PythonLife, RepairKnowledge
from wheelcheck.model.repair import Risk
from wheelcheck.repairs.context import Limits


def test_half_of_an_exact_pair_is_not_overridden_and_the_pair_moves_together_first() -> None:
    """The kind of pydantic and pydantic-core."""
    situation = Situation(
        line=CommandLine(inputs=("model==1.1",), python="3.12"),
        index={
            "model": {
                "1.0": [wheel(requires=["core==1.0"])],
                "1.1": [wheel(requires=["core==1.1"])],
                "1.2": [wheel(requires=["core==1.3"])],
            },
            "core": {
                version: [wheel(f"cp{python}-cp{python}-win_amd64")]
                for version, python in (("1.0", "311"), ("1.1", "311"), ("1.2", "312"), ("1.3", "312"))
            },
        },
    )
    shown = commands(situation.proposals())
    assert shown[0] == "--replace model==1.2"
    assert "--python 3.11" in shown
    assert not any("--override" in words for words in shown)


def test_pair_that_has_no_later_release_is_moved_back_only_after_another_python() -> None:
    """The kind of pydantic 2.14 on a free-threaded musl: pydantic 1 has no such pair, and is not what was asked for."""
    situation = Situation(
        line=CommandLine(inputs=("model>=1.1",), python="3.12"),
        index={
            "model": {"0.9": [wheel()], **{f"1.{n}": [wheel(requires=[f"core==1.{n}"])] for n in (1, 2)}},
            "core": {f"1.{n}": [wheel("cp311-cp311-win_amd64")] for n in (1, 2)},
        },
    )
    assert commands(situation.proposals())[:2] == ["--python 3.11", "--replace model==0.9"]


def test_exact_pin_that_the_neighbouring_releases_do_not_repeat_is_overridden() -> None:
    situation = Situation(
        line=CommandLine(inputs=("app==1.1",)),
        index={
            "app": {"1.0": [wheel(requires=["av"])], "1.1": [wheel(requires=["av==1.0"])]},
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
        },
    )
    assert "--override av==2.0" in commands(situation.proposals())


def test_release_of_many_years_before_that_declared_nothing_yet_is_no_repair() -> None:
    """The kind of django-auth-ldap 1.1 of 2012, which does not say that it needs python-ldap."""
    situation = Situation(
        line=CommandLine(inputs=("auth==4.8",)),
        index={
            "auth": {
                "1.1": [wheel(upload_time="2012-05-01T00:00:00Z")],
                "4.8": [wheel(requires=["ldap>=3"], upload_time="2024-04-01T00:00:00Z")],
            },
            "ldap": {"3.4": native()},
        },
    )
    assert commands(situation.proposals()) == ["--exclude ldap"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-10-31", ["--python 3.10", "--replace gevent==2.0"]),
        ("2026-11-01", ["--replace gevent==2.0", "--python 3.10"]),
    ],
)
def test_python_past_its_end_comes_after_what_keeps_a_maintained_one(day: str, expected: list[str]) -> None:
    lives = (PythonLife(minor="3.10", secure_until="2026-10-31", evidence=("https://peps.example/3.10",)),)
    situation = Situation(
        line=CommandLine(inputs=("gevent==1.0",), python="3.12"),
        index={
            "gevent": {
                "1.0": [wheel("cp310-cp310-win_amd64")],
                "2.0": [wheel("cp310-cp310-win_amd64"), wheel("cp312-cp312-win_amd64")],
            }
        },
        knowledge=RepairKnowledge(pythons=lives),
        day=day,
    )
    proposals = situation.proposals()
    assert commands(proposals) == expected
    switch = with_command(proposals, "--python 3.10")
    has_ended = day > "2026-10-31"
    assert ("past its end" in switch.grounds[0].text) is has_ended
    assert (switch.risk is Risk.HIGH) is has_ended


def test_two_repairs_with_the_same_outcome_are_one() -> None:
    for situations in (SINGLE, SEVERAL, TARGETS):
        for situation in situations.values():
            proved = situation.proved()
            outcomes = [
                (proof.question.target, tuple(proof.resolution.pins.items())) for proof in proved.proofs.values()
            ]
            assert len(set(map(repr, outcomes))) == len(outcomes)


def test_release_that_runs_by_its_pure_wheel_alone_comes_after_one_that_was_compiled_for_the_python() -> None:
    """The kind of SQLAlchemy 2.0.0 on Python 3.13, which installs and fails, while 2.0.36 has a wheel for it."""
    situation = Situation(
        line=CommandLine(inputs=("sql==1.4",), python="3.13"),
        index={
            "sql": {
                "1.4": native(),
                "2.0.0": [wheel(), wheel("cp311-cp311-win_amd64")],
                "2.0.36": [wheel(), wheel("cp313-cp313-win_amd64")],
            }
        },
    )
    assert commands(situation.proposals())[0] == "--replace sql==2.0.36"


def test_more_is_left_out_together_where_one_alone_would_bring_a_version_of_long_ago() -> None:
    """The kind of requests-kerberos: pyspnego needs gssapi and krb5, and its first releases only gssapi."""
    situation = Situation(
        line=CommandLine(inputs=("auth==1",)),
        index={
            "auth": {"1": [wheel(requires=["spnego"])]},
            "spnego": {
                "0.1": [wheel(requires=["gssapi"], upload_time="2021-01-01T00:00:00Z")],
                "0.12": [wheel(requires=["gssapi", "krb5"], upload_time="2025-01-01T00:00:00Z")],
            },
            "gssapi": {"1": native()},
            "krb5": {"1": native()},
        },
    )
    assert commands(situation.proposals())[0] == "--exclude gssapi --exclude krb5"


@pytest.mark.parametrize(
    ("native_bound", "sets", "tried"),
    [
        ("native", "1 set of changes took too many rounds to resolve and was", 14),
        ("native==1", "2 sets of changes took too many rounds to resolve and were", 31),
    ],
)
def test_versions_read_count_as_rounds_do_whether_they_are_at_hand_or_not(
    native_bound: str, sets: str, tried: int
) -> None:
    """One round may read the metadata of hundreds of versions: a trial that does so is given up by its count."""
    old = {f"1.{number}": [wheel(requires=["gone==1"])] for number in range(300)}
    situation = Situation(
        line=CommandLine(inputs=("app==2",)),
        index={
            "app": {"1": [wheel(requires=["many<2"])], "2": [wheel(requires=[native_bound])]},
            "many": old,
            "native": {"1": native()},
        },
    )
    whole = situation.proposals()
    assert (whole.complete, whole.tried) == (True, tried)
    few = situation.proposals(Limits(rounds=300))
    assert not few.complete
    assert few.unreached == f"{sets} given up"
    assert commands(few) == ["--exclude native"]


def _on_python_312(*versions: str, broken: int) -> Situation:
    """The user's pin has no wheel; the next versions have one, and the first *broken* of them need a module that 3.12 lacks."""
    texts = ["import imp\n"] * broken + [""] * (len(versions) - broken)
    return Situation(
        line=CommandLine(inputs=("tool==1.0",), python="3.12"),
        index={"tool": {"1.0": native(), **{version: [wheel()] for version in versions}}},
        code={f"tool-{each}-py3-none-any.whl": {"tool.py": text} for each, text in zip(versions, texts, strict=True)},
        library=load_standard_library(),
        target_is_named=False,
    )


@pytest.mark.parametrize(("broken", "taken"), [(0, "1.1"), (1, "1.2"), (2, "1.3"), (3, "1.4")])
def test_version_that_fails_when_it_is_imported_is_passed_over(broken: int, taken: str) -> None:
    """The kind of SQLAlchemy 2.0.0 on Python 3.13."""
    proposals = _on_python_312("1.1", "1.2", "1.3", "1.4", broken=broken).proposals()
    assert commands(proposals) == [f"--replace tool=={taken}"]
    assert not proposals.failing


def test_last_version_is_passed_over_by_none_before_it() -> None:
    proposals = _on_python_312("1.1", "1.2", "1.3", broken=2).proposals()
    assert commands(proposals) == ["--replace tool==1.3"]


@pytest.mark.parametrize(
    ("broken", "taken"), [(4, "1.5"), (6, "1.7"), (7, "1.8"), (8, "1.9"), (11, "1.12"), (15, "1.16"), (16, None)]
)
def test_more_versions_are_passed_over_each_time_and_the_nearest_of_them_that_serves_is_taken(
    broken: int, taken: str | None
) -> None:
    proposals = _on_python_312(*(f"1.{number}" for number in range(1, 41)), broken=broken).proposals()
    assert commands(proposals) == ([f"--replace tool=={taken}"] if taken else [])
    assert [" ".join(each.options) for each in proposals.failing] == ([] if taken else ["--replace tool==1.16"])


def test_where_every_version_fails_there_is_no_repair_and_the_place_is_told() -> None:
    proposals = _on_python_312("1.1", "1.2", broken=2).proposals()
    assert not proposals.repairs
    (failing,) = proposals.failing
    ground = next(each for each in failing.grounds if each.fails is True)
    assert (ground.file, ground.line, ground.quote) == ("tool.py", 1, "import imp")


@pytest.mark.parametrize(
    ("uploaded", "shown", "fails"),
    [("2023-10-01T00:00:00Z", [], ["old.py"]), ("2023-10-03T00:00:00Z", ["--replace tool==1.1"], [])],
)
def test_repair_is_none_where_an_old_pin_of_the_user_fails_all_the_same(
    uploaded: str, shown: list[str], fails: list[str]
) -> None:
    """The kind of docker 4.4.4 beside PyYAML 5.4.1 on Python 3.12. What is newer than that Python is not read for it."""
    situation = Situation(
        line=CommandLine(inputs=("tool==1.0", "old==1"), python="3.12"),
        index={
            "tool": {"1.0": native(), "1.1": [wheel()]},
            "old": {"1": [wheel(upload_time=uploaded)]},
        },
        code={"tool-1.1-py3-none-any.whl": {"tool.py": ""}, "old-1-py3-none-any.whl": {"old.py": "import imp\n"}},
        library=load_standard_library(),
        knowledge=RepairKnowledge(pythons=load_repair_knowledge().pythons),
        target_is_named=False,
    )
    proposals = situation.proposals()
    assert commands(proposals) == shown
    assert [ground.file for each in proposals.failing for ground in each.grounds if ground.fails is True] == fails


def test_older_python_is_no_repair_where_an_old_pin_fails_there_too() -> None:
    """The kind of Flask 2.0 beside Werkzeug 3, with pins whose wheels end at an older Python: what was suspect stays so."""
    situation = Situation(
        line=CommandLine(inputs=("tool==1.0", "old==1"), python="3.12"),
        index={
            "tool": {"1.0": [wheel("cp311-cp311-win_amd64"), *native()]},
            "old": {"1": [wheel(requires=["lib"], upload_time="2023-06-01T00:00:00Z")]},
            "lib": {"3": [wheel()]},
        },
        code={
            "tool-1.0-cp311-cp311-win_amd64.whl": {"tool.py": ""},
            "old-1-py3-none-any.whl": {"old.py": "from lib import gone\n"},
            "lib-3-py3-none-any.whl": {"lib.py": ""},
        },
        library=load_standard_library(),
        knowledge=RepairKnowledge(pythons=load_repair_knowledge().pythons),
    )
    proposals = situation.proposals()
    assert not proposals.repairs
    assert [" ".join(each.options) for each in proposals.failing] == ["--python 3.11"]


def test_search_goes_on_beyond_what_fails_when_it_is_imported() -> None:
    """Three kinds of change are wanted, and one that fails takes the place of none."""
    situation = Situation(
        line=CommandLine(inputs=("app==2.0",), python="3.12"),
        index={
            "app": {"1.0": [wheel()], "2.0": [wheel(requires=["av==1.0"])]},
            "av": {"1.0": native(), "2.0": [wheel()]},
        },
        code={
            "app-2.0-py3-none-any.whl": {"app.py": "from av import gone\n"},
            "av-2.0-py3-none-any.whl": {"av.py": ""},
        },
        library=load_standard_library(),
        target_is_named=False,
    )
    proposals = situation.proposals()
    assert commands(proposals) == ["--replace app==1.0"]
    assert [" ".join(each.options) for each in proposals.failing] == ["--override av==2.0", "--exclude av"]


def test_what_fails_beside_a_repair_is_mended_by_another_python_or_a_later_version() -> None:
    """The kind of Django 3.2 on Python 3.13 beside a psycopg2 that has no wheel."""
    situation = Situation(
        line=CommandLine(inputs=("driver==1.0", "web==1.0"), python="3.12"),
        index={
            "driver": {"1.0": native(), "1.1": [wheel()]},
            "web": {"1.0": [wheel(requires=["driver"])], "2.0": [wheel(requires=["driver"])]},
        },
        code={
            "driver-1.1-py3-none-any.whl": {"driver.py": ""},
            "web-1.0-py3-none-any.whl": {"web.py": "import driver, imp\n"},
            "web-2.0-py3-none-any.whl": {"web.py": "import driver\n"},
        },
        library=load_standard_library(),
    )
    proposals = situation.proposals()
    assert [" ".join(each.options) for each in proposals.failing] == ["--replace driver==1.1"]
    assert commands(proposals) == [
        "--python 3.11 --replace driver==1.1",
        "--python 3.10 --replace driver==1.1",
        "--replace driver==1.1 --replace web==2.0",
    ]
    assert proposals.repairs[0].edits[0].because.startswith("web 1.0 fails when it is imported on win_amd64")
