"""``wheelcheck plan`` and ``why``: inputs and a target → a plan with a summary for a person, or why a project is in it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wheelcheck.cli.commands import command, listed_words, request_options, table_options
from wheelcheck.cli.showing import (
    Showing,
    answer_format,
    print_note,
    print_patch,
    refuse_overwriting,
    refuse_twice,
    refuse_unwritable,
    repeatable,
    write_result,
)
from wheelcheck.errors import UsageProblem

if TYPE_CHECKING:
    from wheelcheck.api.preparing import Prepared
    from wheelcheck.api.request import Request
    from wheelcheck.model.lock import Lock
    from wheelcheck.model.plan import Plan
    from wheelcheck.model.repair import Edit
    from wheelcheck.ports import Reporter
    from wheelcheck.report.html.page import Patch
    from wheelcheck.requirements.in_place import FileChange


_EXECUTABLE = ("installable", "needs-build")
_STATUS = {"installable": 0, "needs-build": 0, "blocked": 1, "undecided": 4}


@command(
    "plan",
    examples=(
        ("wheelcheck plan requirements.txt -t windows -p 3.11", "what installs there, what does not, and what helps"),
        (
            "wheelcheck plan . -t alpine -p 3.13 --all-extras -o plan.json",
            "the project in this folder, and its plan as a file",
        ),
        ("wheelcheck plan uv.lock -t raspberry-pi -p 3.11", "a lock, as it stands"),
    ),
    short_help="Resolve for one target, flag what has no wheel, and plan.",
)
@click.argument("inputs", metavar="INPUT...", nargs=-1)
@table_options("plan")
@click.option("-o", "--output", metavar="FILE", help="Write the plan (JSON) here too; - for stdout alone.")
@answer_format(
    "plan", "What goes to stdout: a summary, a page, the plan, or the applied repair as a patch.", "json", "patch"
)
@click.option("--sizes", is_flag=True, help="Show the sizes too; those that the index does not give are asked for.")
@click.option("--write-requirements", metavar="FILE", help="Write your requirements with the applied repair here.")
@click.option("--write-overrides", metavar="FILE", help="Write the overrides here, in uv's format.")
@click.option("--in-place", is_flag=True, help="Write the applied repair into your files, after showing what changes.")
@click.option("--yes", is_flag=True, help="Let --in-place write without asking.")
@click.pass_obj
def plan_command(
    words: Sequence[str] | None,
    /,
    inputs: tuple[str, ...],
    output: str | None,
    form: str,
    sizes: bool,
    write_requirements: str | None,
    write_overrides: str | None,
    in_place: bool,
    yes: bool,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Resolve INPUT... for one target and plan its installation, with repairs where it is blocked.

    INPUT is a requirements file, a lock, pyproject.toml, a literal setup.py or setup.cfg, conda's environment.yml, a script with
    inline metadata (PEP 723), a folder, "-" for standard input, or a requirement such as "audiocraft==1.3.0". Without --platform
    and --python the target is the running interpreter, unless the input names others.
    """
    from wheelcheck.api.plan import plan_of
    from wheelcheck.api.preparing import prepare
    from wheelcheck.api.request import Request

    showing = Showing.taken_from(options)
    request = showing.with_files(Request(inputs=inputs, **request_options(options)))
    repaired = RepairedFiles(requirements=write_requirements, overrides=write_overrides, beside=output)
    repaired.refuse_unusable()
    _refuse_aimless(request.options["fix"], in_place=in_place, yes=yes, form=form)
    with showing.reporter() as reporter:
        prepared = prepare(request, reporter)
        repaired.refuse_inputs(prepared.files)
        plan = plan_of(prepared, reporter)
        known = None
        if sizes:
            from wheelcheck.api.fetch import sizes_of

            known = sizes_of(plan, request, reporter)
        changes = _changes(prepared, plan, reporter) if in_place or form == "patch" else ()
        if in_place:
            _write_in_place(changes, prepared, plan, reporter, yes=yes)
    document = _document(plan) if output is not None or form == "json" else b""
    if output is not None:
        write_result(document, output)
    repaired.write(prepared, plan, quiet=showing.quiet)
    if form == "json" and output != "-":
        write_result(document, None)
    elif form == "patch":
        from wheelcheck.requirements.in_place import render_patch

        write_result(render_patch(changes), None)
    elif output != "-":
        asked = repeatable(words) if words else ()
        more = {"patches": _patches(request, plan)} if form == "html" else {"sizes": known, "written": output or ""}
        showing.write("plan", form, plan, asked=asked, **more)
    tell_of_fix(request.options["fix"], plan)
    if prepared.read.lock is not None and plan.status.value not in _EXECUTABLE and not showing.quiet:
        print_note(_note_on_lock(prepared.read.lock))
    tell_of_interruption(plan)
    return 3 if plan.is_unverified else _STATUS[plan.status.value]


def _note_on_lock(lock: Lock) -> str:
    """The input whose plan has repairs, as that of *lock* has none."""
    from wheelcheck.api.reading import source_of

    try:
        made_of = source_of(lock)
    except UsageProblem:
        made_of = "what it was made of"
    return f"{lock.path} is taken as it stands; for repairs, plan {made_of} for the same target"


def _refuse_aimless(fix: str | None, *, in_place: bool, yes: bool, form: str) -> None:
    """Raise ``UsageProblem`` where there is no repair to write, or nobody to ask whether to write it."""
    word = "--in-place" if in_place else "--format patch" if form == "patch" else ""
    if word and fix is None:
        raise UsageProblem(f"{word} writes the repair that --fix applies, and there is no --fix", hint="add --fix")
    if yes and not in_place:
        raise UsageProblem(
            "--yes is the answer to --in-place, which is not given", hint="add --in-place, or take --yes out"
        )
    if in_place and not yes and not (sys.stdin is not None and sys.stdin.isatty()):
        raise UsageProblem("--in-place asks before it writes, and there is no terminal to ask in", hint="add --yes")


def _changes(prepared: Prepared, plan: Plan, reporter: Reporter) -> tuple[FileChange, ...]:
    """The files with the repair that *plan* applied; none where it applied none, or is no plan to follow."""
    from wheelcheck.api.plan import applied_edits, changed_files, wanted_by_others

    edits = applied_edits(plan)
    if not edits or plan.status.value not in _EXECUTABLE:
        return ()
    return changed_files(prepared, edits, ", ".join(plan.applied), wanted_by_others(prepared, reporter))


def _write_in_place(
    changes: Sequence[FileChange], prepared: Prepared, plan: Plan, reporter: Reporter, *, yes: bool
) -> None:
    """Show *changes* on stderr and write them, where somebody agrees or has agreed with *yes*."""
    from wheelcheck.api.plan import write_changes
    from wheelcheck.requirements.in_place import render_patch

    if not changes:
        print_note("no file changes")
        return
    print_patch(render_patch(changes))
    if not yes and not click.confirm("Write this into your files?", err=True):
        print_note("nothing was written")
        return
    write_changes(changes, prepared, plan, write_result, reporter)
    print_note(f"written: {', '.join(change.place for change in changes)}")


def _patches(request: Request, plan: Plan) -> Mapping[tuple[Edit, ...], Patch]:
    from wheelcheck.api.plan import patches_of
    from wheelcheck.api.reading import PLANNING

    return patches_of(request, PLANNING, ((repair, plan.target, plan) for repair in plan.repairs))


def _document(plan: Plan) -> bytes:
    from wheelcheck.plans.documents import render_plan

    return render_plan(plan)


class RepairedFiles(NamedTuple):
    """The files for repaired *requirements* and *overrides*, *beside* that of the plan; ``None`` for one that is not wanted."""

    requirements: str | None
    overrides: str | None
    beside: str | None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The files that were named."""
        return tuple(output for output in (self.requirements, self.overrides) if output is not None)

    @property
    def _written(self) -> tuple[str, ...]:
        beside = () if self.beside is None or self.beside == "-" else (self.beside,)
        return (*self.outputs, *beside)

    def refuse_unusable(self) -> None:
        """Raise before any work is done where a file cannot be written or is named twice."""
        refuse_unwritable(self.beside)
        for each in self.outputs:
            if each in ("", "-"):
                raise UsageProblem("stdout has the answer; requirements and overrides go to files", hint="name a file")
            refuse_unwritable(each)
        refuse_twice(self._written)

    def refuse_inputs(self, files: Sequence[str]) -> None:
        """Raise before anything is resolved where a file is one of *files*, which the request was read from."""
        refuse_overwriting(self._written, files)

    def write(self, prepared: Prepared, plan: Plan, *, quiet: bool) -> None:
        """Write the files if *plan* is executable; say on stderr if it is not, or if no repair was applied."""
        if not self.outputs:
            return
        from wheelcheck.api.plan import repaired_overrides, repaired_requirements

        named = " and ".join(self.outputs)
        if plan.status.value not in _EXECUTABLE:
            print_note(f"{named} not written: the plan is {plan.status.value}")
            return
        if self.requirements is not None:
            text = repaired_requirements(prepared, plan, folder=Path(self.requirements).parent)
            write_result(text.encode("utf-8", "surrogateescape"), self.requirements)
        if self.overrides is not None:
            write_result(repaired_overrides(prepared, plan).encode("utf-8", "surrogateescape"), self.overrides)
        if not plan.applied and not quiet:
            print_note(f"no repair was applied; as it was asked: {named}")


def tell_of_fix(fix: str | None, plan: Plan) -> None:
    """Say on stderr why the repair that *fix* asks for is not in *plan*, where one was looked for."""
    if fix is None or plan.applied or plan.proposals is None:
        return
    risks = ", ".join(f"{repair.id} is {repair.risk.value}" for repair in plan.repairs)
    print_note(f"no repair at or under {fix} risk: {risks}" if risks else "no repair was found")


def tell_of_interruption(plan: Plan) -> None:
    """Say on stderr that the search for repairs was cut short; the answer itself was proved before, and keeps its exit status."""
    if plan.proposals is not None and plan.proposals.interrupted:
        print_note(f"the search for repairs was cut short: {plan.proposals.interrupted}; run it again for the rest")


@command(
    "tree",
    examples=(
        ("wheelcheck tree . -t windows -p 3.12", "what is installed there, by who requires it"),
        ("wheelcheck tree . -t windows -p 3.12 --invert", "from each blocker back to what you asked for"),
        ("wheelcheck tree uv.lock --invert --package numpy", "everything that wants one project"),
    ),
    short_help="What is installed, as a tree of who requires it.",
)
@click.argument("inputs", metavar="INPUT...", nargs=-1)
@click.option("--invert", is_flag=True, help="From the blockers, or from --package, back to the requirements.")
@click.option("--package", "packages", metavar="NAME", multiple=True, callback=listed_words,
              help="Begin with this project.")  # fmt: skip
@click.option("--depth", metavar="N", type=click.IntRange(min=0), help="Show so many levels.")
@table_options("tree")
@answer_format("tree")
def tree_command(
    inputs: tuple[str, ...],
    invert: bool,
    packages: tuple[str, ...],
    depth: int | None,
    form: str,
    **options: Any,  # noqa: ANN401 - click
) -> int:
    """Show what INPUT... installs on one target as a tree, with blockers marked and the size of each file.

    INPUT is what `wheelcheck plan` takes. What stands above already is not drawn again. No repairs are looked for, and no imports
    are read.

    Exit status: as of `wheelcheck plan`.
    """
    from wheelcheck.api.plan import names_in, plan
    from wheelcheck.api.request import Request

    showing = Showing.taken_from(options)
    request = showing.with_files(Request(inputs=inputs, **request_options(options))).changed(repairs=0, imports="none")
    with showing.reporter() as reporter:
        answer = plan(request, reporter=reporter)
    roots = names_in(answer, packages)
    showing.write("tree", form, answer, invert=invert, roots=roots, depth=depth)
    return 3 if answer.is_unverified else _STATUS[answer.status.value]


@command(
    "why",
    examples=(("wheelcheck why numpy requirements.txt -t windows -p 3.13", "who wants it, and what there is of it"),),
    short_help="Who requires a project, by which paths, and what was available.",
)
@click.argument("package", metavar="PACKAGE")
@click.argument("inputs", metavar="INPUT...", nargs=-1)
@table_options("why", "platforms", "pythons", "target_files")
@table_options("why")
@answer_format("why")
def why_command(package: str, inputs: tuple[str, ...], form: str, **options: Any) -> int:  # noqa: ANN401 - click
    """Explain why PACKAGE is in the resolution of INPUT..., and why no other version of it was taken, on each target.

    INPUT is what `wheelcheck plan` takes. Shown are the paths from your requirements, shortest first, with the bound that each step
    sets, and every version on the index, similar ones in one line. For a project that is not there: who mentions it, and what
    keeps it out. No repairs are searched for.

    Exit status: 0 it is there, 1 it is not; of several targets on none.
    """
    from wheelcheck.api.plan import why_each
    from wheelcheck.api.request import Request
    from wheelcheck.api.targets import TargetWords

    showing, targets = Showing.taken_from(options), TargetWords.taken_from(options)
    request = showing.with_files(Request(inputs=inputs, **request_options(options)))
    with showing.reporter() as reporter:
        answers = why_each(request, package, targets, reporter=reporter)
    showing.write("why", form, answers)
    if unverified := tuple(dict.fromkeys(name for answer in answers for name in answer.unverified)):
        print_note(f"not verified, because the host does not answer: {', '.join(unverified)}")
        return 3
    return 0 if any(answer.is_found for answer in answers) else 1
