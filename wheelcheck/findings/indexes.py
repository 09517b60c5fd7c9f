"""Rules on several indexes: projects that more than one of them lists, and indexes that could not be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.findings.context import Diagnosis
from wheelcheck.model.distribution import Distribution, MetadataSource, ProjectPage
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.resolution import Pin
from wheelcheck.texts.words import folded

_NAMES_SHOWN = 5
_COMMON = re.compile(
    "api|artifactory|artifacts?|cloud|com|data|dev|devpi|downloads?|feeds?|files|gitlab|group|index|internal|local|mirror|nexus|org|"
    "packages?|packaging|pip|proxy|pypi|python|releases?|repo|repository|root|simple|snapshot|stable|www"
)
"""Words of addresses that say nothing of whose an index is."""


def find_shared_names(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Projects whose version was chosen from what several indexes list: whoever owns the name on one of them decides.

    None where a hash settles which file it is. Where an exact bound and one index alone settle it, or where all of the indexes
    list the very file that was taken, that is information.
    """
    for name, pin in diagnosis.pins.items():
        if pin.distribution is None or pin.metadata.source is MetadataSource.LOCK or name in diagnosis.hashes.lines:
            continue
        page, taken = diagnosis.page(name), pin.distribution.at.index
        # What lies in a folder was put there by whoever owns the machine.
        rivals = [index for index in page.indexes if index == taken or not index.startswith("file:")]
        if len(rivals) < 2 or taken not in page.indexes:
            continue
        newest = _newest_by_index(page)
        others = "; ".join(f"{index} has {_newest(newest.get(index))}" for index in page.indexes if index != taken)
        yield Finding(
            code=Code.SEVERAL_INDEXES,
            severity=Severity.INFO
            if _is_settled(diagnosis, pin, page) or _is_the_same(pin.distribution, page, rivals)
            else Code.SEVERAL_INDEXES.severity,
            package=name,
            version=pin.version,
            message=f"{name} is on {len(page.indexes)} indexes: {pin.version} was taken from {taken}; {others}",
            evidence=(
                *(f"{index}: {_newest(newest.get(index))}" for index in page.indexes),
                f"--source {name}={taken} takes it from that index alone",
            ),
            paths=diagnosis.paths(name),
        )


def _newest_by_index(page: ProjectPage) -> dict[str, Version]:
    found: dict[str, Version] = {}
    for version in page.newest_first:
        for file in page.distributions[version]:
            found.setdefault(file.at.index, version)
        if found.keys() >= set(page.indexes):
            break
    return found


def _newest(version: Version | None) -> str:
    return f"{version} as its newest" if version is not None else "no version"


def _is_settled(diagnosis: Diagnosis, pin: Pin, page: ProjectPage) -> bool:
    """Whether an exact bound admits no version but that of *pin*, which one index alone has."""
    listing = {file.at.index for file in page.distributions.get(pin.version, ())} & set(page.indexes)
    bounds = [edge.requirement.specifier for edge in diagnosis.edges if edge.child == pin.name]
    exact = {part.version for bound in bounds for part in bound if part.operator in ("==", "===")}
    return len(listing) == 1 and str(pin.version) in exact


def _is_the_same(taken: Distribution, page: ProjectPage, rivals: list[str]) -> bool:
    """Whether each of *rivals* lists the file *taken* with the same hash, as an index and its mirror do."""
    files = page.distributions.get(taken.version, ())
    same = {file.at.index for file in files if file.at.sha256 and file.at.sha256 == taken.at.sha256}
    return same >= set(rivals)


def find_failed_indexes(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Indexes that did not answer while others did: pip goes on without them, so what they have was not seen."""
    failed: dict[str, list[NormalizedName]] = {}
    reasons: dict[str, str] = {}
    clashing = [clash.name for clash in diagnosis.clashes]
    for name in dict.fromkeys((*diagnosis.pins, *clashing)):
        for index, reason in diagnosis.page(name).unasked:
            failed.setdefault(index, []).append(name)
            reasons.setdefault(index, reason)
    for index, names in failed.items():
        yield Finding.of(
            Code.INDEX_FAILED,
            message=f"{index} could not be asked, and the other indexes answered alone",
            evidence=(reasons[index], f"not seen there: {folded(names, _NAMES_SHOWN)}"),
        )


def find_refused_names(diagnosis: Diagnosis) -> Iterator[Finding]:
    """Projects that look private to an index that refused them, taken from another one; none where a hash settles the file."""
    telling = {index for name in diagnosis.pins for index in diagnosis.page(name).unlisted}
    for name, pin in diagnosis.pins.items():
        if pin.distribution is None or pin.metadata.source is MetadataSource.LOCK or name in diagnosis.hashes.lines:
            continue
        page, taken = diagnosis.page(name), pin.distribution.at.index
        for index in page.refused:
            own = name.partition("-")[0] in _words(index)
            if not own and index not in telling:
                continue
            why = "the name begins with a word of its address" if own else "it answers 404 for what it does not have"
            yield Finding.of(
                Code.REFUSED_NAME,
                package=name,
                version=pin.version,
                message=f"{name} {pin.version} was taken from {taken}, but {index} refused to show it and may be its own: {why}. "
                f"Sign in there anew, or take it from the other one on purpose with --source {name}={taken}",
                evidence=(dict(page.unasked)[index],),
                paths=diagnosis.paths(name),
            )


def _words(index: str) -> set[str]:
    """The words of the address *index* that may name whose it is."""
    parts = urlsplit(index)
    host, _, _ = (parts.hostname or "").rpartition(".")
    words = re.findall(r"[a-z][a-z0-9]{2,}", f"{host}/{parts.path}".lower())
    return {word for word in words if not _COMMON.fullmatch(word)}


def places_of(page: ProjectPage) -> str:
    """The indexes that list the project of *page*, in words."""
    return " and ".join(page.indexes or (page.index,)) or "any index"


def exact_version(specifier: SpecifierSet) -> Version | None:
    """The version that *specifier* names with ``==``, ``None`` where it names none or several."""
    named = {part.version for part in specifier if part.operator == "==" and not part.version.endswith(".*")}
    return Version(named.pop()) if len(named) == 1 else None


def asked_label(specifier: SpecifierSet) -> str:
    """The local version that *specifier* asks for (``cu124``), empty where it asks for none."""
    named = exact_version(specifier)
    return (named.local or "") if named is not None else ""
