"""What the golden files show: a plan, and how it is drawn.

After a wanted change of the words, write the files anew with ``python -m tests.report.scenes`` and read the diff.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.fakes import samples
from wheelcheck.model.plan import Plan
from wheelcheck.report.page import Detail
from wheelcheck.report.summary import render_summary

GOLDEN = Path(__file__).with_name("golden")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One golden file: *name* without ``.txt``, and what is drawn in it."""

    name: str
    plan: Plan
    width: int = 80
    detail: Detail = "brief"
    encoding: str = "utf-8"
    color: bool = False

    @property
    def path(self) -> Path:
        return GOLDEN / f"{self.name}.txt"

    def drawn(self) -> str:
        return render_summary(self.plan, width=self.width, color=self.color, detail=self.detail, encoding=self.encoding)


SCENES = (
    *(Scene(name=word, plan=plan) for word, plan in samples.every_plan().items()),
    Scene(name="blocked-ascii", plan=samples.blocked_plan(), encoding="ascii"),
    Scene(name="blocked-color", plan=samples.blocked_plan(), color=True),
    Scene(name="blocked-full", plan=samples.blocked_plan(), detail="full"),
    Scene(name="crowded-120", plan=samples.crowded_plan(), width=120),
    Scene(name="fixed-full", plan=samples.fixed_plan(), detail="full"),
    Scene(name="three-ways-120", plan=samples.every_plan()["three-ways"], width=120),
    Scene(name="three-ways-ascii", plan=samples.every_plan()["three-ways"], encoding="ascii"),
    Scene(name="three-ways-color", plan=samples.every_plan()["three-ways"], color=True),
    Scene(name="three-ways-full", plan=samples.every_plan()["three-ways"], detail="full"),
    Scene(name="needs-build-full", plan=samples.needs_build_plan(), detail="full"),
)


if __name__ == "__main__":
    for scene in SCENES:
        scene.path.write_text(scene.drawn(), encoding="utf-8", newline="\n")
