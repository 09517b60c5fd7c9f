"""What the golden files show: an answer of the gate, and the format it is told in.

After a wanted change of the words, write the files anew with ``python -m tests.report.check.scenes`` and read the diff.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.fakes import checks
from wheelcheck.model.check import Check
from wheelcheck.report.check.text import render_text
from wheelcheck.report.formats import formats_of
from wheelcheck.report.page import Detail

FORMATS = formats_of("check")
GOLDEN = Path(__file__).with_name("golden")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One golden file: *name* with its suffix, and what is told in it."""

    name: str
    content: str

    @property
    def path(self) -> Path:
        return GOLDEN / self.name


def _text(
    name: str, check: Check, *, width: int = 80, encoding: str = "utf-8", color: bool = False, detail: Detail = "brief"
) -> Scene:
    content = render_text(check, width=width, encoding=encoding, color=color, detail=detail)
    return Scene(name=f"{name}.txt", content=content)


SCENES = (
    *(_text(word, check) for word, check in checks.every_check().items()),
    _text("shared-120", checks.shared(), width=120),
    _text("shared-ascii", checks.shared(), encoding="ascii"),
    _text("shared-color", checks.shared(), color=True),
    _text("failing-full", checks.failing(), detail="full"),
    *(
        Scene(name=FORMATS[name].filename, content=FORMATS[name].render(checks.shared()))
        for name in FORMATS
        # SARIF names the release that wrote it, and a page its day; their parts have tests of their own.
        if name not in ("text", "sarif", "html")
    ),
)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for scene in SCENES:
        scene.path.write_text(scene.content, encoding="utf-8", newline="\n")
