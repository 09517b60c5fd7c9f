"""Files from elsewhere or from another day: substitutes, vendors' indexes, dates, dropped extras; no code is read for them."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wheelcheck.model.compatibility import Substitute
from wheelcheck.model.repair import Edit, Ground, Risk
from wheelcheck.model.urls import masked, masked_within
from wheelcheck.repairs.risk.case import RepairCase
from wheelcheck.repairs.risk.distance import MILDER, distance_of


def judge_substitute(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """The same code under another name: what the data file says that differs, and how far its version is from the one asked for."""
    replacement = _requirement(edit.after)
    name = canonicalize_name(replacement.name) if replacement is not None else None
    for known in case.knowledge.substitutes:
        if known.project == edit.package and known.replacement == name:
            yield Ground(risk=Risk.LOW, text=f"{name} stands in for {edit.package}. {known.differs}")
            if known.same_versions:
                yield from _other_version(case, known)
            return
    yield Ground(risk=Risk.MEDIUM, text=f"{edit.after} instead of {edit.package}: in what they differ is not known")


def _other_version(case: RepairCase, known: Substitute) -> Iterator[Ground]:
    """One ground where the replacement is not had in its project's version; as mild as another pin where the user asked for it."""
    natural, chosen = case.natural(known.project), case.chosen(known.replacement)
    if natural is None or chosen is None or natural.version.public == chosen.version.public:
        return
    distance = distance_of(case, known.replacement, natural.version, chosen.version)
    text = f"{known.project} {natural.version} becomes {known.replacement} {chosen.version}: {distance}"
    own = case.is_asked_by_user(known.project)
    yield Ground(risk=MILDER[distance.risk] if own else distance.risk, text=text)


def judge_index(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """Another build of a project, from a vendor's index."""
    chosen = case.chosen(edit.package) if edit.package is not None else None
    natural = case.natural(edit.package) if edit.package is not None else None
    what = f"{edit.package or 'the project'} {chosen.version if chosen is not None else ''}".strip()
    url = masked(edit.after)
    vendor = next((each.name for each in case.knowledge.indexes if each.url.rstrip("/") == url.rstrip("/")), "")
    same = chosen is not None and natural is not None and chosen.version.public == natural.version.public
    build = "another build of the same version" if same else "another build"
    where = f"{vendor} ({url})" if vendor else masked_within(url) or "another index"
    yield Ground(risk=Risk.MEDIUM, text=f"{what} comes from {where}: {build}")


def judge_date(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """All of an earlier day: how many projects are older for it."""
    natural = case.before.pins if case.before is not None else {}
    older = sum(1 for name, pin in case.after.pins.items() if name in natural and pin.version < natural[name].version)
    what = f"{older} project{'s' if older != 1 else ''} get{'s an' if older == 1 else ''} older version{'s' if older != 1 else ''}"
    told = f"{what}, without later security fixes" if older else "no later release, security fixes included"
    yield Ground(risk=Risk.MEDIUM, text=f"everything as of {edit.after[:10]}: {told}")


def judge_extra(case: RepairCase, edit: Edit) -> Iterator[Ground]:  # noqa: ARG001 - one signature for every kind
    """An extra that is dropped takes its features along."""
    before, after = _requirement(edit.before), _requirement(edit.after)
    kept = after.extras if after is not None else set()
    names = sorted(before.extras - kept) if before is not None else []
    if not names:
        names = [(edit.before or edit.after).strip("[] ")]
    whose = f" of {edit.package}" if edit.package else ""
    word = "extras" if len(names) > 1 else "extra"
    yield Ground(risk=Risk.MEDIUM, text=f"features of the {word} {', '.join(names)}{whose} are gone")


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None
