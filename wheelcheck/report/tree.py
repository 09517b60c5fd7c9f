"""The answers of ``tree`` and ``why``, as text and JSON: what a plan installs, by who requires it; the paths to a project.

``why`` shows a project's versions too, a line for each range of a kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

from msgspec import Struct
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.answers import Bounding, Mention, Outcome, Standing, VersionRange, WayStep, Why
from wheelcheck.model.distribution import FROM_SOURCE, Installability, Status
from wheelcheck.model.document import SCHEMA_KEY, Count, ProjectName, about, document_of, render_json
from wheelcheck.model.finding import Severity
from wheelcheck.model.plan import Plan, PlannedPackage
from wheelcheck.model.target import TargetName
from wheelcheck.report.page import Detail, Page, Segment, glued, on_page, size_text
from wheelcheck.report.summary import verdict
from wheelcheck.report.wording import listed_targets
from wheelcheck.texts.words import counted, folded, grouped

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
            ends = [name for name in names if not self._packages[name].requires]
            return [name for name in names if name in self._errors] or ends
        first = [name for name in names if self._packages[name].requested]
        reached = self._reached(first)
        return [*first, *(name for name in names if name not in reached and not self._packages[name].required_by)]

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


_WAYS_IN_BRIEF = 5
_WIDEST_LABEL = 36
_STANDING_STYLES = {
    Standing.CHOSEN: "bold green",
    Standing.NO_FILE: "red",
    Standing.SOURCE_ONLY: "red",
    Standing.OUTSIDE: "yellow",
    Standing.NOT_COMBINED: "yellow",
}
_INSTALLS = {
    Installability.WHEEL: "from a wheel",
    Installability.SDIST_PURE: "from a source archive, which is pure Python",
    Installability.SDIST_OPTIONAL: "from a source archive, built without its compiled part",
    Installability.SDIST_NATIVE: "from a source archive that needs a compiler",
    Installability.SDIST_UNKNOWN: "from a source archive that could not be judged",
    Installability.MISSING: "no usable file",
}


@on_page("ascii")
def render_whys(page: Page, answers: Sequence[Why], detail: Detail) -> None:
    """Draw *answers* for several targets, those that say the same once, where ``brief`` has the versions as the first sees them."""
    before = None
    for same in grouped(answers, _alike if detail == "brief" else lambda each: str(each.target)).values():
        page.blank()
        targets = [each.target for each in same]
        _draw(page, same[0], detail, str(targets[0]) if len(targets) == 1 else listed_targets(targets), before)
        if any(each.ranges != same[0].ranges for each in same):
            page.paragraph(f"as {targets[0]} sees them; -v tells each target", indent=4, style="dim")
        before = same[0]


def _alike(why: Why) -> bytes:
    # Why a mention does not count names the target.
    mentions = tuple((mention.by, mention.requirement) for mention in why.mentions)
    return render_json((why.outcome, why.clashing, why.version, why.installability, why.ways, why.bounds, mentions))


def _draw(page: Page, why: Why, detail: Detail, where: str, before: Why | None) -> None:
    page.paragraph(headline(why, where), style="bold" if why.is_found else "bold yellow")
    _ended(page, why)
    if not why.is_found:
        _mentions(page, why)
        return
    if before is not None and (before.ways, before.bounds) == (why.ways, why.bounds):
        page.paragraph("Wanted in the same ways", indent=2, apart=True)
    else:
        _ways(page, why, detail)
    if before is not None and before.ranges == why.ranges:
        page.paragraph("The same versions on the index", indent=2)
    else:
        _available(page, why, detail)


def headline(why: Why, where: str) -> str:
    """The first line: which version there is on the targets *where* and how it installs, or that there is none."""
    if not why.is_found:
        return f"{why.package} is not installed on {where}"
    if why.version is None:
        what = "requirements on it clash" if why.outcome is Outcome.CLASH else "no version was chosen"
        return f"{why.package} on {where}: {what}"
    how = f": {_INSTALLS[why.installability]}" if why.installability is not None else ""
    return f"{why.package} {why.version} on {where}{how}"


def _ended(page: Page, why: Why) -> None:
    match why.outcome:
        case Outcome.RESOLVED:
            return
        case Outcome.BLOCKED:
            text = "The plan is blocked by the policy; this is what an installer would pick."
        case Outcome.CLASH:
            text = "No version satisfies everything that is asked of it."
        case Outcome.CLASH_ELSEWHERE:
            named = f"The requirements on {' and '.join(why.clashing)} clash" if why.clashing else "Requirements clash"
            text = f"{named}; this is as far as the search came."
        case Outcome.UNDECIDED:
            text = "The search ended at its budget; this is as far as it came."
    page.paragraph(text, indent=2, style="dim")


def _ways(page: Page, why: Why, detail: Detail) -> None:
    shown = why.ways if detail == "full" else why.ways[:_WAYS_IN_BRIEF]
    count = f"more than {len(why.ways)}" if why.more_ways else str(len(why.ways))
    more = "" if len(shown) == len(why.ways) else f", the {len(shown)} shortest (-v shows {len(why.ways)})"
    page.blank()
    if why.ways:
        page.line((f"  Wanted in {count} way{'s' if count != '1' else ''}{more}", "bold"))
    for way in shown:
        page.paragraph(_way(way), indent=4, lead=("• ", "dim"))
    for bound in (each for each in why.bounds if each.is_constraint):
        page.paragraph(f"{bound.requirement} ({bound.by})", indent=4, lead=("constraint ", "dim"))


def _way(way: tuple[WayStep, ...]) -> str:
    last = way[-1]
    end = glued(f"{last.name} {last.version}") if last.version is not None else str(last.name)
    return " → ".join((*map(_step, way), end))


def _step(step: WayStep) -> str:
    by = glued(step.by) if " (" not in step.by else step.by
    if not step.requirement:
        return f"{by} needs {glued(f'{step.name} {step.version}')}"
    return f"{by} {'ask' if step.by.startswith('you') else 'asks'} {glued(step.requirement)}"


def _available(page: Page, why: Why, detail: Detail) -> None:
    page.blank()
    if not why.ranges:
        named = "; its file is named by a direct reference or a lock" if why.filename else ""
        page.paragraph(f"No index has {why.package}{named}.", indent=2)
        return
    versions = counted(why.versions, "version")
    files = f"{why.files:,} file{'s' if why.files != 1 else ''}"
    where = f"On {len(why.indexes)} indexes" if why.indexes else "On the index"
    page.line((f"  {where}: {versions}, {files}", "bold"))
    for index in why.indexes:
        page.paragraph(f"{index}{', which has the file that was chosen' if index == why.index else ''}", indent=4)
    labels = [_label(each) for each in why.ranges]
    room = min(max(len(page.clean(label)) for label in labels), _WIDEST_LABEL)
    for each, label in zip(why.ranges, labels, strict=True):
        text = each.because + (_days(each) if detail == "full" or each.standing is Standing.CHOSEN else "")
        lead = page.clean(label)
        style = _STANDING_STYLES.get(each.standing, "")
        if len(lead) > room:
            page.line(("    ", ""), (lead, style))
            lead = ""
        page.paragraph(text, lead=(lead.ljust(room + 2), style), indent=4)
    for text in why.evidence if detail == "full" else why.evidence[:1]:
        page.paragraph(text, lead=("because ", "dim"), indent=4)


def _label(each: VersionRange) -> str:
    if each.versions == 1:
        return str(each.newest)
    return f"{each.oldest} … {each.newest} ({each.versions}{' of them' if each.scattered else ' versions'})"


def _days(each: VersionRange) -> str:
    if each.newest_date is None or each.oldest_date is None:
        return ""
    if each.newest_date == each.oldest_date:
        return f" ({each.newest_date})"
    return f" ({each.oldest_date} to {each.newest_date})"


def _mentions(page: Page, why: Why) -> None:
    page.blank()
    if not why.mentions:
        page.paragraph("Nothing that is installed asks for it, under any marker or extra.", indent=2)
    for mention in why.mentions:
        asks = "ask" if mention.by.startswith("you") else "asks"
        page.paragraph(f"{glued(mention.by)} {asks} for {mention.requirement}", indent=2)
        page.paragraph(mention.because, indent=4, style="dim")
    if why.near:
        page.paragraph(folded(list(why.near), len(why.near)), lead=("Near names: ", "bold"), indent=2)


class WayStepDocument(Struct, frozen=True, kw_only=True):
    """One step of a way from the user to a project."""

    name: Annotated[ProjectName, about("The project that is asked for.")]
    version: Annotated[Version | None, about("The version that was chosen; null where none was.")]
    requirement: Annotated[str | None, about("With what it is asked for; null for any version.")]
    by: Annotated[str, about("Who asks: you, requirements.txt:3, or a project with its version.")]


class AvailableDocument(Struct, frozen=True, kw_only=True):
    """Every version of the project on the index."""

    versions: Annotated[Count, about("How many versions there are.")]
    files: Annotated[Count, about("How many files they have.")]
    ranges: Annotated[tuple[VersionRange, ...], about("Those that stand alike, as one entry; newest first.")]


class WhyDocument(Struct, frozen=True, kw_only=True):
    """Why a project is there on a target, or is not."""

    schema: Annotated[Literal["wheelcheck.why/1"], SCHEMA_KEY]
    package: Annotated[ProjectName, about("The project that was asked about.")]
    found: Annotated[bool, about("Whether anything asks for the project on this target.")]
    outcome: Annotated[Outcome, about("How the resolution ended; a clash is on the project itself, or elsewhere.")]
    clashing: Annotated[tuple[ProjectName, ...], about("The projects on which requirements clash.")]
    target: Annotated[TargetName, about("The target that it was resolved for.")]
    version: Annotated[Version | None, about("The chosen version; null where there is none.")]
    installability: Annotated[Installability | None, about("What that version installs from.")]
    file: Annotated[str | None, about("The file that is installed.")]
    evidence: Annotated[tuple[str, ...], about("The facts that this stands on, strongest first.")]
    index: Annotated[str | None, about("The index that has the file, or else the project.")]
    ways: Annotated[tuple[tuple[WayStepDocument, ...], ...], about("The ways from the user to it, shortest first.")]
    more_ways: Annotated[bool, about("Whether there are more ways than were looked for.")]
    bounds: Annotated[tuple[Bounding, ...], about("Each requirement and constraint that bears on it.")]
    available: Annotated[AvailableDocument, about("What the index has of it.")]
    mentions: Annotated[
        tuple[Mention, ...], about("Requirements that do not count; of a project that nothing asks for.")
    ]
    near: Annotated[tuple[ProjectName, ...], about("Projects with such a name, where nothing asks for it.")]


class WhysDocument(Struct, frozen=True, kw_only=True):
    """Why projects are there on several targets; of one answer, it is printed alone."""

    schema: Annotated[Literal["wheelcheck.whys/1"], SCHEMA_KEY]
    answers: Annotated[tuple[WhyDocument, ...], about("An answer for each project and target.")]


def render_whys_json(answers: Sequence[Why]) -> str:
    """Render *answers* as JSON: one as ``wheelcheck.why/1``, several as a list of such (``wheelcheck.whys/1``)."""
    documents = tuple(map(_document, answers))
    several = WhysDocument(schema="wheelcheck.whys/1", answers=documents)
    return render_json(documents[0] if len(documents) == 1 else several).decode()


def _document(why: Why) -> WhyDocument:
    return document_of(
        WhyDocument,
        why,
        schema="wheelcheck.why/1",
        found=why.is_found,
        target=why.target.name,
        file=why.filename or None,
        index=why.index or None,
        ways=tuple(
            tuple(document_of(WayStepDocument, step, requirement=step.requirement or None) for step in way)
            for way in why.ways
        ),
        available=document_of(AvailableDocument, why),
    )
