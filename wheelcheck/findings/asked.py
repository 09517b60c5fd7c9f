"""Rules on the input itself: requirements that clash or cannot be planned (four hundreds), locks that disagree with the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace
from packaging.version import Version

from wheelcheck.errors import OfflineMiss
from wheelcheck.findings.chosen import lacking_evidence
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.indexes import exact_version, places_of
from wheelcheck.model.distribution import Distribution, PageView, ProjectPage
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.lock import Lock, LockedPackage
from wheelcheck.model.requirement import CommandLineOrigin, FileOrigin, UnsupportedRequirement
from wheelcheck.model.resolution import Clash, Conflict, Pin, Resolution
from wheelcheck.model.target import Target
from wheelcheck.model.urls import hashes_in, masked, reference_key
from wheelcheck.ports import Projects
from wheelcheck.texts.words import folded

_VERSIONS_NAMED = 3
_BOUNDS_NAMED = 6
_ASKERS_NAMED = 12
_NAMED = 3


def find_clashes(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Requirements that no version satisfies together; nothing to do with wheels."""
    for clash in diagnosis.clashes:
        withdrawn = _withdrawal(diagnosis, clash)
        yield Finding.of(
            Code.WITHDRAWN if withdrawn else Code.CONFLICT,
            package=clash.name,
            message=withdrawn or _clash_sentence(diagnosis, clash),
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
    urls = {reference_key(each.url): masked(each.url) for each in (*clash.requirements, *clash.constraints) if each.url}
    if len(urls) > 1:
        return f"{clash.name} is asked for from {len(urls)} different places: {' and '.join(urls.values())}"
    if urls:
        return f"the direct reference to {clash.name} ({urls.popitem()[1]}) does not agree with the other requirements on it"
    asked = sorted({str(requirement.specifier) or "any version" for requirement in clash.requirements})
    bounds = sorted({str(constraint.specifier) for constraint in clash.constraints})
    versions = diagnosis.project(clash.name).versions
    newest = ", ".join(str(version) for version in versions[:_VERSIONS_NAMED])
    if len(asked) > _BOUNDS_NAMED:
        asked = [*asked[:_BOUNDS_NAMED], f"{len(asked) - _BOUNDS_NAMED} more bounds"]
    if not versions:
        return f"{clash.name} has no releases on the index"
    wanted = " and ".join([*asked, *(f"{bound} (constraint)" for bound in bounds)])
    admitted = [version for version in versions if clash.specifier.contains(version, prereleases=True)]
    if admitted and all(diagnosis.project(clash.name).release(version).hidden for version in admitted):
        return (
            f"every version of {clash.name} that the requirements admit was uploaded after the day of --exclude-newer"
        )
    if admitted:
        return f"no admitted version of {clash.name} ({wanted}) can be combined with the other requirements"
    named = exact_version(clash.specifier)
    if named is not None and named.local:
        builds = ", ".join(str(version) for version in versions if version.public == named.public)
        there = f"the builds of {named.public} there are {builds}" if builds else f"the newest are {newest}"
        where = places_of(diagnosis.page(clash.name))
        return f"the build {named} of {clash.name} is not on {where}; {there}"
    verb = "satisfies" if len(asked) + len(bounds) > 1 else "is"
    return f"no version of {clash.name} {verb} {wanted}; the newest are {newest}"


def _withdrawal(diagnosis: Diagnosis, clash: Clash) -> str:
    """That the maintainers withdrew each version that is admitted (PEP 592), with their reasons; empty where one stands."""
    if any(each.url for each in (*clash.requirements, *clash.constraints)):
        return ""
    project = diagnosis.project(clash.name)
    admitted = [version for version in project.versions if clash.specifier.contains(version, prereleases=True)]
    finals = [version for version in admitted if not version.is_prerelease] or admitted
    reasons = [(version, project.release(version).yanked) for version in finals]
    if not reasons or any(reason is None for _, reason in reasons):
        return ""
    named = folded([f"{version} ({reason or 'no reason given'})" for version, reason in reasons], _VERSIONS_NAMED)
    return f"{clash.name} was withdrawn by the maintainers in every version that is admitted: {named}; only a pin reaches one"


def find_spent_budget(diagnosis: Diagnosis) -> Iterator[Finding]:
    """A search that ended at its limit, with the projects that it had chosen by then."""
    outcome = diagnosis.outcome
    if isinstance(outcome, Conflict) and outcome.budget_spent:
        yield Finding.of(
            Code.BUDGET_SPENT,
            message=f"the search ended at its budget after {outcome.rounds} rounds with {len(outcome.partial)} projects chosen",
            evidence=tuple(f"{pin.name}=={pin.version}" for pin in outcome.partial.values()),
        )


_KINDS = {
    "vcs": "a version-control requirement",
    "editable": "an editable requirement",
    "elsewhere": "a path of another machine",
    "missing": "a path to nothing that is here",
    "archive-unreadable": "an archive whose name and version its address does not tell",
}


def find_unnarrowed(diagnosis: Diagnosis) -> Iterator[Finding]:
    """A list of blockers that may hold more than have to change."""
    outcome = diagnosis.outcome
    if isinstance(outcome, Conflict) and outcome.unnarrowed and not outcome.budget_spent:
        yield Finding.of(
            Code.BLOCKERS_UNNARROWED, message=f"fewer projects than those listed may block: {outcome.unnarrowed}"
        )


def find_unsupported(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Repositories, paths of another machine and others that have no released file; or the release judged in their place."""
    for unsupported in diagnosis.outcome.unsupported:
        if unsupported.kind == "conda":
            continue
        what = _KINDS.get(unsupported.kind, "a source tree whose metadata is not static")
        evidence = tuple(text for text in (f"asked by {unsupported.origin}", unsupported.hint) if text)
        if unsupported.is_judged and unsupported.stand_in is not None:
            version = "" if unsupported.stand_in.specifier else ", of which it tells no version,"
            yield Finding.of(
                Code.JUDGED_BY_NAME,
                package=unsupported.name,
                message=f"{unsupported.text} is {what}, which was not read: {unsupported.stand_in}{version} was judged "
                "as the index has it",
                evidence=evidence,
            )
            continue
        absent = f", and no index has {unsupported.stand_in}" if unsupported.stand_in is not None else ""
        yield Finding.of(
            Code.UNSUPPORTED,
            package=unsupported.name,
            message=f"{unsupported.text} is {what} and cannot be planned{absent}",
            evidence=evidence,
        )


def find_conda_packages(diagnosis: Diagnosis) -> Iterator[Finding]:
    """The packages of conda's lists: those judged as releases of an index, and those of which nothing can be said."""
    packages = [each for each in diagnosis.outcome.unsupported if each.kind == "conda"]
    judged = [each for each in packages if each.is_judged]
    if judged:
        named = folded(list(dict.fromkeys(str(each.stand_in) for each in judged)), _ASKERS_NAMED)
        yield Finding.of(
            Code.JUDGED_BY_NAME,
            message=f"{len(judged)} conda packages were judged as what the index has of their name and version: {named}",
            evidence=tuple(f"{each.text} — {each.stand_in}, asked by {each.origin}" for each in judged),
        )
    others = [each for each in packages if not each.is_judged]
    if others:
        yield Finding.of(
            Code.CONDA_UNJUDGED,
            message=f"{len(others)} conda packages were not judged: {folded([each.text for each in others], _ASKERS_NAMED)}",
            evidence=tuple(f"{each.text} — {_reason(each)}, asked by {each.origin}" for each in others),
        )


def _reason(package: UnsupportedRequirement) -> str:
    return f"no index has {package.stand_in}" if package.stand_in is not None else package.hint


def find_local_folders(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Folders of this machine that the user asks for, editable or not."""
    asked = {edge.requirement: edge.child for edge in diagnosis.edges if edge.parent is None and edge.requirement.local}
    for requirement, name in asked.items():
        manner = "editable: it works on this machine alone" if requirement.local == "editable" else "on this machine"
        yield Finding.of(
            Code.LOCAL_FOLDER,
            package=name,
            message=f"{requirement} is a folder, {manner}; elsewhere a wheel built from it is installed",
            evidence=(f"asked by {requirement.origin}",),
        )


def find_unheeded_settings(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Settings of other tools that were seen and are not followed, each once."""
    for setting in dict.fromkeys(diagnosis.tool_settings):
        if setting.unheeded:
            yield Finding(
                code=Code.TOOL_SETTING,
                severity=Severity.WARNING if setting.decides else Severity.INFO,
                message=f"{setting.key} is not followed: {setting.unheeded}",
                evidence=(f"{setting.origin}: {', '.join(setting.value)}",),
            )


def find_excluded_pythons(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Inputs whose own requires-python does not admit the target."""
    for bound, origin in diagnosis.input_bounds:
        if not diagnosis.compatibility.admits_python(str(bound)):
            yield Finding.of(
                Code.INPUT_REQUIRES_PYTHON,
                message=f"{origin} requires Python {bound}; the target has {diagnosis.target.python_full}",
            )


def find_missing_hashes(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Under pip's all-or-nothing rule, projects that were reached without a hash being given for them."""
    if not diagnosis.require_hashes:
        return
    # The hash in an address that a dependency names proves nothing: whoever could change the file could change that too.
    own = [edge.requirement for edge in diagnosis.edges if edge.parent is None]
    hashed = {each.name for each in (*own, *diagnosis.constraints) if hashes_in(each.url or "")} | set(
        diagnosis.hashes.lines
    )
    # Whoever replaces a line for once, or leaves it out and names another project, asks what would be; the hashes that stand there
    # are those of other files.
    named = CommandLineOrigin if diagnosis.policy.excludes else ()
    hashed |= {each.name for each in own if each.is_replaced or isinstance(each.origin, named)}
    for name, pin in diagnosis.pins.items():
        if name in hashed:
            continue
        if name in diagnosis.bundled and _is_kept(diagnosis, name):
            message = f"{name} has no hash: pip keeps the one that environments of this Python bring"
            yield replace(diagnosis.finding(Code.HASH_ABSENT, pin, f"{message}; uv refuses"), severity=Severity.WARNING)
        else:
            message = f"{name} is needed, but the requirements give no hash for it, and hashes are all or nothing"
            yield diagnosis.finding(Code.HASH_ABSENT, pin, message=message)


def _is_kept(diagnosis: Diagnosis, name: str) -> bool:
    asked = (*(edge.requirement for edge in diagnosis.edges if edge.child == name), *diagnosis.constraints)
    mine = [each for each in asked if each.name == name]
    return not any(each.url or not all(map(each.specifier.contains, diagnosis.bundled[name])) for each in mine)


def find_unknowable_markers(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Markers that used a value which only the machine itself knows."""
    resolution = diagnosis.resolution
    for marker, variable, requirement in resolution.unknowable_markers if resolution is not None else ():
        yield Finding.of(
            Code.MARKER_UNKNOWABLE,
            message=f"{requirement} depends on {variable}, which --platform does not determine; it was read as empty",
            evidence=(marker,),
        )


def find_unknown_extras(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Extras that were asked of a version which does not offer them (PEP 685)."""
    older = {pick.name: pick for pick in diagnosis.resolution.older} if diagnosis.resolution is not None else {}
    for name, pin in diagnosis.pins.items():
        metadata = pin.metadata
        if not pin.extras or metadata.source.value == "unknown":
            continue
        stated = " ".join(metadata.requires)
        for extra in sorted(pin.extras - metadata.provides_extra):
            if f'"{extra}"' in stated or f"'{extra}'" in stated:
                continue
            offered = ", ".join(sorted(metadata.provides_extra)) or "none"
            message = f"{name} {pin.version} has no extra {extra!r}; it offers: {offered}"
            pick = older.get(name)
            if pick is not None and (ways := lacking_evidence(pick, diagnosis)):
                message = f"{name} {pin.version}, an older version, has no extra {extra!r}; {'; '.join(ways[-2:])}"
            yield diagnosis.finding(Code.EXTRA_UNKNOWN, pin, message=message)


def find_disagreements(
    packages: Iterable[LockedPackage], resolution: Resolution, projects: Projects, asked: Iterable[str] = ()
) -> Iterator[Finding]:
    """Where the indexes *asked* and the lock of *packages*, from which *resolution* was made, do not agree, or no longer do.

    Every listed file that the page has too must have its hash there; the file to be installed must be on the page. Packages that
    came from an address of their own, or whose files the lock does not list, have nothing to compare. Offline, what the cache does
    not hold is not compared. Costs one page a project; raises ``IndexUnavailable``.
    """
    compared = [
        package for package in packages if package.files and package.name in resolution.pins and not _is_direct(package)
    ]
    projects.prefetch_pages(package.name for package in compared)
    by_count = [index for index, _ in Counter(package.index for package in compared).most_common()]
    here = {each.rstrip("/") for each in asked}
    # Where none of the lock's indexes is asked, a mirror is: of that from which most of it came.
    main = {index for index in by_count if index.rstrip("/") in here} or set(by_count[:1])
    for package in compared:
        try:
            page = projects.page(package.name)
        except OfflineMiss:
            continue
        yield from _disagreements(package, resolution.pins[package.name], page, main)


def find_unjudged(lock: Lock) -> Iterator[Finding]:
    """The conda packages that *lock* lists beside those of an index."""
    if lock.conda:
        yield Finding.of(
            Code.CONDA_UNJUDGED,
            message=f"{lock.path} lists {lock.conda} conda packages, which were not judged",
            evidence=("only what pip would install was",),
        )


def silent_lock(path: str, reason: str, target: Target) -> Finding:
    """The finding for a lock that does not cover *target*, for *reason*."""
    return Finding.of(Code.LOCK_SILENT, message=f"{path} is {reason}, and not for {target}")


def _is_direct(package: LockedPackage) -> bool:
    # A format that distinguishes its sources names the index; one that does not lists files of the index.
    return bool(package.source) and not package.index


class _Offered(PageView):
    """The files that a page offers of locked packages, and those of each package that differ, found once for all targets."""

    def __init__(self, page: ProjectPage) -> None:
        super().__init__(page)
        self._compared: dict[
            tuple[Version, FileOrigin, str], tuple[Mapping[str, Distribution], tuple[Distribution, ...]]
        ] = {}

    def of(
        self, package: LockedPackage, version: Version
    ) -> tuple[Mapping[str, Distribution], tuple[Distribution, ...]]:
        """What the page offers of *version* by file name, and the files of *package* that differ from that."""
        key = (version, package.origin, str(package.source))
        known = self._compared.get(key)
        if known is None:
            # Only the version's own files: a page may list thousands, and reading one costs 10 µs.
            offered = {file.filename: file for file in self.page.distributions.get(version, ())}
            changed = tuple(file for file in package.files or () if _differs(file, offered))
            known = self._compared[key] = (offered, changed)
        return known


def _disagreements(package: LockedPackage, pin: Pin, page: ProjectPage, main: Collection[str]) -> Iterator[Finding]:
    offered, changed = page.view(_Offered).of(package, pin.version)
    is_gone = pin.distribution is not None and pin.distribution.filename not in offered
    if (changed or is_gone) and package.index not in ("", *main) and not _is_same(package, page):
        # What this page has under the same names are other files.
        yield Finding.of(
            Code.LOCK_ELSEWHERE,
            package=package.name,
            version=pin.version,
            message=f"{package} is locked from {package.index}, which was not asked; its files were taken as the lock lists them",
            evidence=(f"--source {package.name}={package.index} asks it",),
        )
        return
    if changed:
        named = folded([file.filename for file in changed], _NAMED)
        yield Finding.of(
            Code.LOCK_DISAGREES,
            package=package.name,
            version=pin.version,
            message=f"{package}: the index has other bytes than the lock under the name {named}",
            evidence=tuple(_hashes(file, offered) for file in changed[:_NAMED]),
        )
    if pin.distribution is not None and is_gone:
        known = "the index does not know the project" if page.state == "absent" else "the index does not offer it"
        yield Finding.of(
            Code.LOCK_FILE_GONE,
            package=package.name,
            version=pin.version,
            message=f"{pin.distribution.filename} is locked, but {known}",
            evidence=(f"locked from {package.index}",) if package.index else (),
        )
    elif pin.distribution is not None:
        yield from _withdrawn(package, pin, offered[pin.distribution.filename])


def _is_same(package: LockedPackage, page: ProjectPage) -> bool:
    return package.index.rstrip("/") in {each.rstrip("/") for each in (page.index, *page.indexes)}


def _withdrawn(package: LockedPackage, pin: Pin, offered: Distribution) -> Iterator[Finding]:
    # Locks do not keep it; of a file that is pinned here from the index itself, another rule speaks.
    if offered.at.yanked is None or pin.distribution is None or pin.distribution.at.yanked is not None:
        return
    yield Finding.of(
        Code.YANKED_PINNED,
        package=package.name,
        version=pin.version,
        message=f"{package.name} {pin.version} was withdrawn by its maintainers and is used because it is locked",
        evidence=(f"their reason: {offered.at.yanked}",) if offered.at.yanked else (),
    )


def _differs(file: Distribution, offered: Mapping[str, Distribution]) -> bool:
    other = offered.get(file.filename)
    if other is None:
        return False
    announced = dict(other.at.hashes)
    return any(name in announced and announced[name] != digest for name, digest in file.at.hashes)


def _hashes(file: Distribution, offered: Mapping[str, Distribution]) -> str:
    return f"{file.filename}: locked {file.at.sha256 or '?'}, offered {offered[file.filename].at.sha256 or '?'}"
