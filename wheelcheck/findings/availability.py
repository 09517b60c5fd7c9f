"""Every version of a project beside the chosen one: why each was passed over, as a few ranges; resolves and fetches nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from wheelcheck.findings.versions import Purity, day_of, refusal_phrase, telling_reason
from wheelcheck.model.answers import Bounding, Standing, VersionRange
from wheelcheck.model.distribution import Installability, Sdist, Wheel
from wheelcheck.model.resolution import Pin, Policy
from wheelcheck.model.target import Refusal, RefusalReason, Target
from wheelcheck.targets.project_view import ProjectView, Release
from wheelcheck.texts.words import folded

_LINES = 6
_BOUNDS_NAMED = 2
# These lie scattered among the others and would cut every range in pieces.
_APART = frozenset({Standing.NEVER_MET, Standing.YANKED, Standing.PRE_RELEASE})
_SOURCES = {
    Installability.SDIST_NATIVE: "needs a compiler",
    Installability.SDIST_PURE: "is pure Python, which the policy refuses as well",
    Installability.SDIST_OPTIONAL: "builds without its compiled part, which the policy refuses as well",
    Installability.SDIST_UNKNOWN: "says nothing of a compiler",
}


class AnswerView(Struct, frozen=True, kw_only=True):
    """A project as seen from the answer: the *chosen* pin, and the *bounds* on it.

    *lock* is the path of the lock that chose, empty where a resolution did. *purity* judges a source archive
    unread, *read* reads one that was newer than the choice, as the solver has done. *objection* says why a version that would do
    by itself was not chosen, empty where nothing is known; it may read metadata and is asked once a range.
    """

    project: ProjectView
    target: Target
    policy: Policy
    chosen: Pin | None
    bounds: tuple[Bounding, ...]
    lock: str = ""
    purity: Purity
    read: Callable[[Sdist], Installability]
    objection: Callable[[Version], str]


class _Placed(Struct, frozen=True):
    """A version and how it stands; versions of one *key* read as one line."""

    release: Release
    standing: Standing
    detail: Hashable = None

    @property
    def key(self) -> tuple[Standing, Hashable]:
        return (self.standing, self.detail)


def version_ranges(view: AnswerView) -> tuple[VersionRange, ...]:
    """Every version of the project in *view* in ranges that stand alike, newest first; eight lines or so, however many versions.

    Pre-releases, withdrawn and hidden versions have ranges of their own. Where the rest still falls into many pieces, near
    ones that stand alike are joined and marked as scattered. Costs a judgement of every file on the page.
    """
    limits = _limits(view)
    placed = [_placed(view, limits, version) for version in view.project.versions]
    every = {version: place for place, version in enumerate(view.project.versions)}
    apart = [each for each in placed if each.standing in _APART]
    rest = [each for each in placed if each.standing not in _APART]
    # Versions with ranges of their own leave no gaps in the ranges of the others.
    places = {each.release.version: place for place, each in enumerate(rest)}
    groups = [*_joined(apart, every, len(placed)), *_runs(rest, places)]
    groups.sort(key=lambda group: every[group[0].release.version])
    return tuple(_range(view, limits, group, every if group[0].standing in _APART else places) for group in groups)


def _runs(placed: Sequence[_Placed], places: Mapping[Version, int]) -> list[list[_Placed]]:
    """*placed* in runs of one key; where there are too many, runs of one key are joined over ever wider gaps."""
    gap = 0
    groups = _joined(placed, places, gap)
    while len(groups) > _LINES and gap < len(placed):
        gap = 2 * gap + 1
        groups = _joined(placed, places, gap)
    return groups


def _joined(placed: Sequence[_Placed], places: Mapping[Version, int], gap: int) -> list[list[_Placed]]:
    """*placed* in groups of one key, in which no more than *gap* versions, and never the chosen one, lie between neighbours."""
    groups: list[list[_Placed]] = []
    latest: dict[Hashable, list[_Placed]] = {}
    for each in placed:
        if each.standing is Standing.CHOSEN:
            latest.clear()
        group = latest.get(each.key)
        if group is None or places[each.release.version] - places[group[-1].release.version] > gap + 1:
            group = latest[each.key] = []
            groups.append(group)
        group.append(each)
    return groups


# Bounds


class _Limit(Struct, frozen=True):
    """One bound, with all its authors as a phrase."""

    specifier: SpecifierSet
    phrase: str

    def admits(self, version: Version) -> bool:
        """Whether *version* is within the bound; pre-releases are judged for themselves."""
        return self.specifier.contains(version, prereleases=True)


def _limits(view: AnswerView) -> tuple[_Limit, ...]:
    """The bounds, each once, those that exclude most first: a version is described by the first that excludes it."""
    askers: dict[str, list[str]] = {}
    for bound in view.bounds:
        if bound.specifier:
            askers.setdefault(bound.specifier, []).append(bound.by)
    found = [_Limit(SpecifierSet(text), f"{text} ({_folded(list(dict.fromkeys(by)))})") for text, by in askers.items()]
    versions = view.project.versions
    return tuple(sorted(found, key=lambda limit: sum(limit.admits(each) for each in versions)))


def _folded(words: Sequence[str]) -> str:
    return " and ".join(words) if len(words) <= _BOUNDS_NAMED else folded(words, _BOUNDS_NAMED)


# The standing of each version


def _placed(view: AnswerView, limits: Sequence[_Limit], version: Version) -> _Placed:
    release = view.project.release(version)
    chosen = view.chosen.version if view.chosen is not None else None
    if version == chosen:
        return _Placed(release, Standing.CHOSEN)
    if release.hidden:
        return _Placed(release, Standing.NEVER_MET)
    if release.fit is None:
        return _Placed(release, Standing.NO_FILE, telling_reason(release.refusals, view.target))
    excluding = next((place for place, each in enumerate(limits) if not each.admits(version)), None)
    is_older = chosen is not None and version < chosen
    source = _source(view, release, may_read=excluding is None and not is_older)
    if source is not None and source not in {Installability.SDIST_UNKNOWN, *view.policy.allowed}:
        return _Placed(release, Standing.SOURCE_ONLY, (source, telling_reason(_wheels(release), view.target)))
    if excluding is not None:
        return _Placed(release, Standing.OUTSIDE, (excluding, source is Installability.SDIST_UNKNOWN))
    if release.yanked is not None:
        return _Placed(release, Standing.YANKED)
    if (
        version.is_prerelease
        and not view.policy.admits_pre_releases_of(view.project.page.name)
        and not any(limit.specifier.prereleases is True for limit in limits)
    ):
        return _Placed(release, Standing.PRE_RELEASE)
    if source is Installability.SDIST_UNKNOWN and not is_older and source not in view.policy.allowed:
        return _Placed(release, Standing.SOURCE_ONLY, (source, telling_reason(_wheels(release), view.target)))
    return _Placed(release, Standing.OLDER if is_older else Standing.NOT_COMBINED)


def _source(view: AnswerView, release: Release, *, may_read: bool) -> Installability | None:
    """The kind of the source archive that is all the target has of *release*; ``None`` where it has a wheel."""
    fit = release.fit
    if fit is None or not isinstance(fit.distribution, Sdist):
        return None
    told = view.purity(view.project.page.distributions[release.version])
    if told is None and may_read:
        told = view.read(fit.distribution)
    return told or Installability.SDIST_UNKNOWN


def _wheels(release: Release) -> tuple[Refusal, ...]:
    return tuple(each for each in release.refusals if isinstance(each.distribution, Wheel))


# One line


def _range(
    view: AnswerView, limits: Sequence[_Limit], group: Sequence[_Placed], places: Mapping[Version, int]
) -> VersionRange:
    first, last = group[0].release, group[-1].release
    return VersionRange(
        newest=first.version,
        oldest=last.version,
        versions=len(group),
        files=sum(len(each.release.answers) for each in group),
        standing=group[0].standing,
        because=_because(view, limits, group),
        scattered=places[last.version] - places[first.version] + 1 != len(group),
        newest_date=day_of(first.upload_time),
        oldest_date=day_of(last.upload_time),
    )


def _because(view: AnswerView, limits: Sequence[_Limit], group: Sequence[_Placed]) -> str:
    newest = group[0]
    refusals = [refusal for each in group for refusal in each.release.refusals]
    match newest.standing:
        case Standing.CHOSEN:
            return _chosen_phrase(view.chosen)
        case Standing.NEVER_MET:
            return refusal_phrase(RefusalReason.UPLOAD_DATE, refusals, view.target)
        case Standing.NO_FILE:
            reason = telling_reason(refusals, view.target)
            return refusal_phrase(reason, refusals, view.target) if reason is not None else "no file"
        case Standing.SOURCE_ONLY:
            return _source_phrase(view, group)
        case Standing.OUTSIDE:
            outside = "outside " + _folded([each.phrase for each in limits if _excludes_all(each, group)])
            only_source = isinstance(newest.detail, tuple) and newest.detail[1]
            return f"only source archives, not read; {outside}" if only_source else outside
        case Standing.YANKED:
            return "withdrawn by the maintainers (yanked)"
        case Standing.PRE_RELEASE:
            return "pre-releases, which were not asked for"
        case Standing.OLDER:
            return "older than the one chosen"
        case Standing.NOT_COMBINED:
            if view.chosen is None:
                return "within every bound"
            if view.lock:
                return f"newer than the one in {view.lock}"
            return view.objection(newest.release.version) or "would do, but not together with what else is chosen"


def _excludes_all(limit: _Limit, group: Sequence[_Placed]) -> bool:
    return not any(limit.admits(each.release.version) for each in group)


def _source_phrase(view: AnswerView, group: Sequence[_Placed]) -> str:
    detail = group[0].detail
    what = _SOURCES[detail[0]] if isinstance(detail, tuple) else _SOURCES[Installability.SDIST_UNKNOWN]
    wheels = [refusal for each in group for refusal in _wheels(each.release)]
    reason = telling_reason(wheels, view.target)
    if reason is None:
        return f"only a source archive, which {what}"
    return f"{refusal_phrase(reason, wheels, view.target)}; the source archive {what}"


def _chosen_phrase(pin: Pin | None) -> str:
    if pin is None:
        return "chosen"
    match pin.installability:
        case Installability.WHEEL:
            return "chosen: a wheel"
        case Installability.SDIST_PURE:
            return "chosen: a source archive, pure Python"
        case Installability.SDIST_OPTIONAL:
            return "chosen: a source archive, built without its compiled part"
        case Installability.SDIST_NATIVE:
            return "chosen: a source archive that needs a compiler"
        case Installability.SDIST_UNKNOWN:
            return "chosen: a source archive; whether it needs a compiler is not known"
        case Installability.MISSING:
            return "chosen, though the target has no usable file of it"
