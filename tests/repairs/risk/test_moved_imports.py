"""What a repair moves is imported in thought: a statement that fails on the target makes its risk high."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.code import FakeCode
from tests.fakes.projects import FakeProjects, wheel
from tests.repairs.risk.cases import edit
from tests.resolver.test_passes import answer
from wheelcheck.knowledge.loading import load_standard_library
from wheelcheck.model.knowledge import RepairKnowledge, StandardLibrary
from wheelcheck.model.repair import EditKind, Ground, Risk
from wheelcheck.model.resolution import Resolution
from wheelcheck.repairs.import_grounds import judge_imports
from wheelcheck.repairs.repair_case import RepairCase

PROJECTS = FakeProjects(
    {
        "user": {"1": [wheel(requires=["moved>=2"])]},
        "moved": {"1": [wheel()], "2": [wheel()]},
        "apart": {"1": [wheel()]},
    }
)


def judged(archives: Mapping[str, Mapping[str, str]], library: StandardLibrary | None) -> list[Ground]:
    before = answer(PROJECTS, "user", "apart", python="3.12")
    after = answer(PROJECTS, "user", "apart", python="3.12", overrides=["moved==1"])
    assert isinstance(before, Resolution)
    assert isinstance(after, Resolution)
    case = RepairCase(
        edits=(edit(EditKind.OVERRIDE, "moved", ">=2", "==1"),),
        before=before,
        after=after,
        projects=PROJECTS,
        code=FakeCode(archives={f"{name}-1-py3-none-any.whl": files for name, files in archives.items()}),
        knowledge=RepairKnowledge(),
        library=library,
    )
    return list(judge_imports(case))


def test_import_that_fails_in_what_is_moved_or_near_it_is_a_high_risk_with_its_place() -> None:
    archives = {
        "moved": {"moved.py": "import imp"},
        "user": {"user/__init__.py": "", "user/late.py": "import never"},
        "apart": {"apart.py": "import imp"},
    }
    (ground,) = judged(archives, load_standard_library())
    assert (ground.risk, ground.file, ground.line, ground.quote) == (Risk.HIGH, "moved.py", 1, "import imp")
    archives["user"] = {"user.py": "from moved import gone"}
    archives["moved"] = {"moved.py": "kept = 1"}
    (ground,) = judged(archives, load_standard_library())
    assert "moved's `moved` has no `gone`" in ground.text


def test_nothing_is_read_where_imports_are_not_asked_for() -> None:
    assert judged({"moved": {"moved.py": "import imp"}}, None) == []
