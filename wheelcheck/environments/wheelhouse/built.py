"""Checks the wheel that a build made: pure, of the planned project and version, without unplanned requirements."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename

from wheelcheck.environments.wheelhouse.folder import Wanted
from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.plan import Plan
from wheelcheck.targets.fitting import Compatibility


def refuse_unplanned(path: Path, wanted: Wanted, plan: Plan) -> None:
    """Raise ``ArchiveRefused`` unless the wheel at *path* is what *plan* expects to be built of *wanted*.

    A platform wheel is named with its tag: it was built for this machine, with this machine's compiler, and not for the target.
    """
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise _refused(wanted, f"gave a file that is no wheel: {error}") from error
    if (name, version) != (wanted.package.name, wanted.package.version):
        raise _refused(wanted, f"gave {name} {version}", "the source archive says another version than the index does")
    _refuse_platform(tags, wanted)
    if not any((tag.interpreter, tag.abi, tag.platform) in plan.target.rank for tag in tags):
        raise _refused(wanted, f"gave a wheel for {_shown(tags)}, which {plan.target} does not take")
    unplanned = sorted(set(_stated(path, wanted, plan)) - _expected(wanted, plan))
    if unplanned:
        raise _refused(
            wanted,
            f"gave a wheel that asks for {', '.join(unplanned)}, which the plan does not have it require",
            "the build adds what the source archive does not say: name it beside the other requirements and plan again",
        )


def _refuse_platform(tags: Iterable[Tag], wanted: Wanted) -> None:
    native = [tag for tag in tags if tag.platform != "any" or tag.abi != "none"]
    if native:
        raise _refused(
            wanted,
            f"gave a wheel for one platform: {_shown(native)}",
            "it compiles something, so it must be built on the target's platform: take a version with a wheel, or "
            "--sdist deny to see the others",
        )


def _shown(tags: Iterable[Tag]) -> str:
    return ", ".join(sorted(str(tag) for tag in tags))


def _stated(path: Path, wanted: Wanted, plan: Plan) -> Iterator[NormalizedName]:
    """Yield the requirements of the wheel at *path* on the plan's target."""
    judge = Compatibility(plan.target)
    extras = ("", *wanted.package.extras)
    for text in _requires_dist(path, wanted):
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise _refused(wanted, f"gave a wheel with a requirement that means nothing: {text!r}") from error
        marker = requirement.marker
        if marker is None or any(judge.evaluate(marker, extra).holds for extra in extras):
            yield canonicalize_name(requirement.name)


def _requires_dist(path: Path, wanted: Wanted) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            member = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
            text = archive.read(member).decode("utf-8", "replace")
    except (zipfile.BadZipFile, StopIteration, OSError) as error:
        raise _refused(wanted, "gave a wheel that cannot be read") from error
    found: list[str] = HeaderParser().parsestr(text).get_all("Requires-Dist") or []
    return found


def _expected(wanted: Wanted, plan: Plan) -> set[NormalizedName]:
    """The allowed requirements: planned ones, excluded or overridden ones, and the package itself (for its extras)."""
    changed = {_named(text) for text in (*plan.options.overrides, *plan.options.excludes)}
    return {wanted.package.name, *wanted.package.requires, *changed}


def _named(text: str) -> NormalizedName:
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return canonicalize_name(text)


def _refused(wanted: Wanted, fact: str, hint: str = "") -> ArchiveRefused:
    return ArchiveRefused(
        f"building {wanted.file.filename} {fact}", address=str(wanted), hint=hint or "take another version"
    )
