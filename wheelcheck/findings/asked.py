"""What is wrong with the question itself: clashes, unsupported kinds, markers, extras, hashes (the four hundreds)."""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.findings.context import Diagnosis
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.resolution import Clash, Conflict

_VERSIONS_NAMED = 3
_BOUNDS_NAMED = 6
_ASKERS_NAMED = 12


def find_clashes(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Requirements that no version satisfies together; nothing to do with wheels."""
    outcome = diagnosis.outcome
    if not isinstance(outcome, Conflict) or outcome.natural is not None:
        return
    for clash in outcome.clashes:
        yield Finding(
            code=Code.CONFLICT,
            severity=Code.CONFLICT.severity,
            package=clash.name,
            message=_clash_sentence(diagnosis, clash),
            evidence=(
                *(
                    f"{requirement} — asked by {requirement.origin}"
                    for requirement in clash.requirements[:_ASKERS_NAMED]
                ),
                *((f"and {more} more requirements",) if (more := len(clash.requirements) - _ASKERS_NAMED) > 0 else ()),
                *(f"{constraint} — constraint, {constraint.origin}" for constraint in clash.constraints),
            ),
            paths=clash.paths[:_ASKERS_NAMED],
        )


def _clash_sentence(diagnosis: Diagnosis, clash: Clash) -> str:
    urls = {requirement.url for requirement in clash.requirements if requirement.url}
    if urls:
        return f"the direct reference to {clash.name} does not agree with the other requirements on it"
    asked = sorted({str(requirement.specifier) or "any version" for requirement in clash.requirements})
    bounds = sorted({str(constraint.specifier) for constraint in clash.constraints})
    versions = diagnosis.shelf(clash.name).versions
    newest = ", ".join(str(version) for version in versions[:_VERSIONS_NAMED])
    if len(asked) > _BOUNDS_NAMED:
        asked = [*asked[:_BOUNDS_NAMED], f"{len(asked) - _BOUNDS_NAMED} more bounds"]
    if not versions:
        return f"{clash.name} has no releases on the index"
    wanted = " and ".join([*asked, *(f"{bound} (constraint)" for bound in bounds)])
    admitted = [version for version in versions if clash.specifier.contains(version, prereleases=True)]
    if admitted and all(diagnosis.shelf(clash.name).release(version).hidden for version in admitted):
        return (
            f"every version of {clash.name} that the requirements admit was uploaded after the day of --exclude-newer"
        )
    if admitted:
        return f"no admitted version of {clash.name} ({wanted}) can be combined with the other requirements"
    verb = "satisfies" if len(asked) + len(bounds) > 1 else "is"
    return f"no version of {clash.name} {verb} {wanted}; the newest are {newest}"


def find_spent_budget(diagnosis: Diagnosis) -> Iterator[Finding]:
    """A search that ended at its limit: what it knew then, and no more."""
    outcome = diagnosis.outcome
    if isinstance(outcome, Conflict) and outcome.budget_spent:
        yield Finding(
            code=Code.BUDGET_SPENT,
            severity=Code.BUDGET_SPENT.severity,
            message=f"the search ended at its budget after {outcome.rounds} rounds with {len(outcome.partial)} projects chosen",
            evidence=tuple(f"{pin.name}=={pin.version}" for pin in outcome.partial.values()),
        )


def find_unsupported(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Editable, version-control and other requirements that have no released file."""
    for unsupported in diagnosis.outcome.unsupported:
        what = {"vcs": "a version-control requirement", "editable": "an editable requirement"}.get(
            unsupported.kind, "a source tree whose metadata is not static"
        )
        yield Finding(
            code=Code.UNSUPPORTED,
            severity=Code.UNSUPPORTED.severity,
            package=unsupported.name,
            message=f"{unsupported.text} is {what} and cannot be planned",
            evidence=tuple(text for text in (f"asked by {unsupported.origin}", unsupported.hint) if text),
        )


def find_excluded_pythons(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Inputs whose own requires-python does not admit the target."""
    for bound, origin in diagnosis.input_bounds:
        if not diagnosis.compatibility.admits_python(str(bound)):
            yield Finding(
                code=Code.INPUT_REQUIRES_PYTHON,
                severity=Code.INPUT_REQUIRES_PYTHON.severity,
                message=f"{origin} requires Python {bound}; the target has {diagnosis.target.python_full}",
            )


def find_missing_hashes(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Under pip's all-or-nothing rule, projects that were reached without a hash being given for them."""
    if not diagnosis.require_hashes:
        return
    hashed = {edge.child for edge in diagnosis.edges if edge.requirement.hashes} | set(diagnosis.hashes)
    for name, pin in diagnosis.pins.items():
        if name not in hashed:
            yield Finding(
                code=Code.HASH_ABSENT,
                severity=Code.HASH_ABSENT.severity,
                package=name,
                version=pin.version,
                message=f"{name} is needed, but the requirements give no hash for it, and hashes are all or nothing",
                paths=diagnosis.paths(name),
            )


def find_unknowable_markers(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Markers that used a value which only the machine itself knows."""
    resolution = diagnosis.resolution
    for marker, variable, requirement in resolution.unknowable_markers if resolution is not None else ():
        yield Finding(
            code=Code.MARKER_UNKNOWABLE,
            severity=Code.MARKER_UNKNOWABLE.severity,
            message=f"{requirement} depends on {variable}, which --platform does not determine; it was read as empty",
            evidence=(marker,),
        )


def find_unknown_extras(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Extras that were asked of a version which does not offer them (PEP 685)."""
    for name, pin in diagnosis.pins.items():
        metadata = pin.metadata
        if not pin.extras or metadata.source.value == "unknown":
            continue
        stated = " ".join(metadata.requires)
        for extra in sorted(pin.extras - metadata.provides_extra):
            if f'"{extra}"' in stated or f"'{extra}'" in stated:
                continue
            offered = ", ".join(sorted(metadata.provides_extra)) or "none"
            yield Finding(
                code=Code.EXTRA_UNKNOWN,
                severity=Code.EXTRA_UNKNOWN.severity,
                package=name,
                version=pin.version,
                message=f"{name} {pin.version} has no extra {extra!r}; it offers: {offered}",
                paths=diagnosis.paths(name),
            )
