"""The answer of ``tree``: what a plan installs, by who requires it, or what requires a project; as text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

from msgspec import Struct
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.document import SCHEMA_KEY, Count, ProjectName, about, document_of, render_json
from wheelcheck.model.finding import Severity
from wheelcheck.model.judgement import FROM_SOURCE, Installability, Status
from wheelcheck.model.plan import Plan, PlannedPackage
from wheelcheck.model.target import TargetName
from wheelcheck.report.page import Detail, Page, Segment, on_page, size_text
from wheelcheck.report.summary import verdict
from wheelcheck.texts.words import counted

_BRANCHES = ("├── ", "└── ", "│   ", "    ")
_IN_ASCII = ("|-- ", "`-- ", "|   ", "    ")
_SEEN = " (*)"


@on_page("ascii")
def render_tree(
    page: Page, plan: Plan, detail: Detail, *, invert: bool = False, roots: Sequence[str] = (), depth: int | None = None
) -> None:
    """Draw *plan* as a tree from the requirements on; under *invert* from the blockers, or the projects that nothing requires more.

    *roots* are names to begin with instead, *depth* is how many levels below them are shown. What stands above already is not drawn
    again: its line ends in ``(*)``. ``full`` names each file too.
    """
    tree = _Tree(page, plan, detail, invert=invert, depth=depth)
    page.paragraph(verdict(plan), style="bold red" if plan.status is Status.BLOCKED else "bold")
    page.blank()
    for name in tree.roots(roots):
        tree.draw(name)
    known = [package.size for package in plan.packages if package.size is not None]
    more = len(plan.packages) - len(known)
    unknown = f", and {counted(more, 'file')} of unknown size" if more else ""
    notes = [f"{counted(len(plan.packages), 'project')}, {size_text(sum(known))}{unknown}"] if known else []
    notes += ["(*) is drawn above"] if tree.repeated else []
    if notes:
        page.paragraph("; ".join(notes), style="dim", apart=True)


class _Tree:
    """One drawing: which lines follow a line, and what was drawn already."""

    def __init__(self, page: Page, plan: Plan, detail: Detail, *, invert: bool, depth: int | None) -> None:
        self._page, self._detail, self._invert, self._depth = page, detail, invert, depth
        self._packages = {package.name: package for package in plan.packages}
        self._errors = {error.package: error.code.title for error in reversed(plan.errors) if error.package is not None}
        self._branches = _BRANCHES if page.has("├") else _IN_ASCII
        self._drawn: set[NormalizedName] = set()
        self.repeated = False

    def roots(self, named: Sequence[str]) -> list[NormalizedName]:
        """The projects to begin with; a cycle that nothing outside requires has its first one."""
        names = list(self._packages)
        if named:
            return [name for name in names if name in named]
        if self._invert:
            return [name for name in names if name in self._errors] or self._ends(names)
        first = [name for name in names if self._packages[name].requested]
        reached = self._reached(first)
        return [*first, *(name for name in names if name not in reached and not self._packages[name].required_by)]

    def _ends(self, names: Iterable[NormalizedName]) -> list[NormalizedName]:
        return [name for name in names if not self._packages[name].requires]

    def _reached(self, first: Iterable[NormalizedName]) -> set[NormalizedName]:
        found: set[NormalizedName] = set()
        waiting = list(first)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._next(name)
        return found

    def _next(self, name: NormalizedName) -> list[NormalizedName]:
        package = self._packages[name]
        return [each for each in (package.required_by if self._invert else package.requires) if each in self._packages]

    def draw(self, root: NormalizedName) -> None:
        """Add the lines of *root*; a stack in place of recursion, since chains may be long."""
        stack: list[tuple[NormalizedName, str, str, int]] = [(root, "", "", 0)]
        while stack:
            name, lead, branch, level = stack.pop()
            following = self._next(name) if self._depth is None or level < self._depth else []
            is_repeated = bool(following) and name in self._drawn
            self.repeated |= is_repeated
            self._page.line(
                (lead + branch, "dim"), *self._row(self._packages[name]), (_SEEN if is_repeated else "", "dim")
            )
            self._drawn.add(name)
            if is_repeated:
                continue
            below = "" if not branch else lead + self._branches[3 if branch == self._branches[1] else 2]
            for position, each in reversed(list(enumerate(following))):
                stack.append((each, below, self._branches[position == len(following) - 1], level + 1))

    def _row(self, package: PlannedPackage) -> Iterator[Segment]:
        extras = f"[{','.join(package.extras)}]" if package.extras else ""
        error = self._errors.get(package.name)
        yield f"{package.name}{extras} {package.version}", "bold red" if error else ""
        yield (f"  {size_text(package.size)}" if package.size is not None else ""), "dim"
        if self._detail == "full" and package.filename is not None:
            yield f"  {package.filename}", "dim"
        if error:
            yield f"  {'✗' if self._page.has('✗') else 'x'} {error}", "red"
        elif package.installability in FROM_SOURCE:
            yield "  built once from source", "cyan"
        if self._invert and package.requested:
            yield "  you ask for it", "bold"


class TreePackage(Struct, frozen=True, kw_only=True):
    """A project of the plan, with those that it requires and that require it."""

    name: Annotated[ProjectName, about("The project.")]
    version: Annotated[Version, about("The chosen version.")]
    extras: Annotated[tuple[str, ...], about("The extras that are asked for.")]
    requested: Annotated[bool, about("Whether the input asks for it.")]
    requires: Annotated[tuple[ProjectName, ...], about("The projects that it requires.")]
    required_by: Annotated[tuple[ProjectName, ...], about("The projects that require it.")]
    installability: Annotated[Installability, about("What it installs from.")]
    blocked: Annotated[bool, about("Whether an error is about it.")]
    size: Annotated[Count | None, about("The bytes of its file; null where they are not known.")]


class TreeDocument(Struct, frozen=True, kw_only=True):
    """Who requires whom in a plan: each project once."""

    schema: Annotated[Literal["wheelcheck.tree/1"], SCHEMA_KEY]
    status: Annotated[Status, about("What the plan says of its own use.")]
    target: Annotated[TargetName, about("The target of the plan.")]
    packages: Annotated[tuple[TreePackage, ...], about("In the order of the plan.")]


def render_tree_json(plan: Plan) -> str:
    """Render *plan* as JSON (schema ``wheelcheck.tree/1``): each project once, with those that it requires and that require it."""
    blocked = {finding.package for finding in plan.findings if finding.severity is Severity.ERROR}
    packages = tuple(document_of(TreePackage, package, blocked=package.name in blocked) for package in plan.packages)
    return render_json(
        TreeDocument(schema="wheelcheck.tree/1", status=plan.status, target=plan.target.name, packages=packages)
    ).decode()
